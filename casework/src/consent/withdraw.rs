//! Withdraws a consent, as a whole or in part: what rested on it closes in the same instant (Art. 7(3) DSGVO).

use kim_domain::change::ChangeKind;
use kim_domain::consent::ConsentStep;
use kim_domain::disclosure::Terms;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::referral::ReferralStatus;
use kim_entity::consent;
use kim_entity::read::ReferralRow;
use uuid::Uuid;

use super::rest::carries_something;
use super::{Done, note, own};
use crate::referral::suspend;
use crate::refusal::{Because, Refusal, Refused};
use crate::work::Work;

/// Withdraws it: these fields of it, or all of it. There is no version to expect: a withdrawal is never refused because
/// somebody else was faster. Whoever received something finds the change in its feed (Art. 19 DSGVO).
///
/// # Errors
/// NOT_FOUND; ILLEGAL_TRANSITION for one that was withdrawn already; BAD_INPUT for fields that it does not have.
pub async fn withdraw(work: &mut Work<'_>, id: Option<Uuid>, fields: Option<FieldSet>) -> Result<Done, Refusal> {
    let seen = own(work, id).await?;
    work.writes().lock_person(seen.person_id, FieldSet::EMPTY).await?.ok_or_else(Refusal::not_found)?;
    let (receiver, purpose) = (seen.receiver_id, seen.purpose.0);
    let concerned = work.writes().affected_by_consent(seen.person_id, receiver, purpose).await?;

    let target = concerned.consents.iter().find(|one| one.id == seen.id);
    let target = target.ok_or_else(|| Refusal::illegal("Diese Einwilligung wurde schon widerrufen."))?;
    if let Some(foreign) = fields.map(|fields| fields.without(target.all_fields())).filter(|set| !set.is_empty()) {
        return Err(not_consented(foreign));
    }
    if fields.is_some_and(FieldSet::is_empty) {
        return Err(Refusal::bad_input(
            "„fields“ ist leer: ohne „fields“ wird die Einwilligung als Ganzes widerrufen.",
        ));
    }
    let mut left = Vec::with_capacity(concerned.consents.len());
    for one in &concerned.consents {
        left.push(take_back(work, one, fields).await?);
    }

    let mut done = Done { consent: seen.id, referrals: Vec::new() };
    for row in &concerned.referrals {
        let Some(consent) = left.iter().find(|one| Some(one.id) == row.rest.consent_id) else { continue };
        if close(work, row, consent).await? {
            done.referrals.push(row.id);
        }
    }
    work.closes(receiver);
    Ok(done)
}

/// Takes fields out of a consent, or all of it back. Returns what is left.
async fn take_back(
    work: &mut Work<'_>,
    one: &consent::Model,
    fields: Option<FieldSet>,
) -> Result<consent::Model, Refusal> {
    let mut left = one.clone();
    let (step, taken) = match fields {
        Some(fields) if !one.all_fields().is_within(fields) => {
            left.fields = FieldSet::from_i64(one.fields).without(fields).to_i64();
            left.ticked = FieldSet::from_i64(one.ticked).without(fields).to_i64();
            (ConsentStep::WithdrawnInPart, fields.and(one.all_fields()))
        }
        Some(_) | None => {
            left.withdrawn_at = Some(work.now());
            (ConsentStep::Withdrawn, one.all_fields())
        }
    };
    work.writes().withdraw_consent(&left).await?;
    let event = if taken.is_empty() { None } else { Some(note(work, one.id, step, taken).await?) };
    work.withdraws(one.id, event);
    Ok(left)
}

/// Closes what a referral no longer carries. Returns whether anything changed for it.
async fn close(work: &mut Work<'_>, row: &ReferralRow, consent: &consent::Model) -> Result<bool, Refusal> {
    let terms = Terms { consent: Some(consent.into()), ..row.terms };
    let after = ReferralRow { terms, ..row.clone() };
    if row.status.is_open() && !carries_something(&terms) {
        suspend(work, row).await?;
        return Ok(true);
    }
    let shows = |row: &ReferralRow| (row.visible(), row.visible_if_accepted());
    if shows(row) == shows(&after) || row.status == ReferralStatus::Suspended {
        return Ok(false);
    }
    work.change(row, ChangeKind::ConsentChanged, None);
    Ok(true)
}

fn not_consented(fields: FieldSet) -> Refusal {
    let labels: Vec<_> = fields.iter().map(HandoverField::label).collect();
    Refusal::Refused(Refused {
        because: Because::BadInput,
        text: format!("Darin wurde nicht eingewilligt: {}.", labels.join(", ")),
        version: None,
        fields: fields.iter().map(|field| field.code().to_owned()).collect(),
    })
}
