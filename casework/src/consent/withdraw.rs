//! Withdraws a consent as a whole or in part. Fields that depend on it close in the same transaction (Art. 7(3) DSGVO).

use kim_domain::change::ChangeKind;
use kim_domain::consent::ConsentStep;
use kim_domain::disclosure::Terms;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::referral::ReferralStatus;
use kim_entity::consent;
use kim_entity::read::{OwnConsent, ReferralRow};
use uuid::Uuid;

use super::referral_base::shows_anything;
use super::{ConsentResult, own, write_event};
use crate::referral::suspend;
use crate::refusal::{ErrorCode, Refused, WorkError};
use crate::work::Work;

/// Withdraws these fields of a consent, or all of it. No version is expected, because a withdrawal must not be refused
/// due to a concurrent change. Receivers find the change in their feeds (Art. 19 DSGVO).
///
/// # Errors
/// NOT_FOUND; ILLEGAL_TRANSITION if it was withdrawn already; BAD_INPUT for fields that it does not include.
pub async fn withdraw(
    work: &mut Work<'_>,
    id: Option<Uuid>,
    fields: Option<FieldSet>,
) -> Result<ConsentResult, WorkError> {
    let seen = own(work, id).await?;
    work.writes().lock_person(seen.client(), FieldSet::EMPTY).await?.ok_or_else(WorkError::not_found)?;
    let (receiver, purpose) = (seen.receiver_id, seen.purpose.0);
    let concerned = work.writes().affected_by_consent(seen.client(), receiver, purpose).await?;

    let target = concerned.consents.iter().find(|one| one.id == seen.id);
    let target = target.ok_or_else(|| WorkError::illegal("Diese Einwilligung wurde schon widerrufen."))?;
    if let Some(foreign) = fields.map(|fields| fields.without(target.all_fields())).filter(|set| !set.is_empty()) {
        return Err(not_consented(foreign));
    }
    if fields.is_some_and(FieldSet::is_empty) {
        return Err(WorkError::bad_input(
            "„fields“ ist leer: ohne „fields“ wird die Einwilligung als Ganzes widerrufen.",
        ));
    }
    let mut left = Vec::with_capacity(concerned.consents.len());
    for one in &concerned.consents {
        left.push(withdraw_from(work, one, fields).await?);
    }

    let mut done = ConsentResult { consent: seen.id, referrals: Vec::new() };
    for row in &concerned.referrals {
        let Some(consent) = left.iter().find(|one| Some(one.id) == row.rest.consent_id) else { continue };
        if close(work, row, consent).await? {
            done.referrals.push(row.id);
        }
    }
    work.mark_closed_to(receiver);
    Ok(done)
}

/// Removes fields from a consent, or withdraws it as a whole. Returns the remaining consent.
async fn withdraw_from(
    work: &mut Work<'_>,
    one: &OwnConsent,
    fields: Option<FieldSet>,
) -> Result<consent::Model, WorkError> {
    let mut left = consent::Model::clone(one);
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
    work.writes().withdraw_consent(one.key(), &left).await?;
    let event = if taken.is_empty() { None } else { Some(write_event(work, one.key(), step, taken).await?) };
    work.mark_withdrawn(one.key(), event);
    Ok(left)
}

/// Closes the fields of a referral that are no longer covered. Returns whether anything changed for the referral.
async fn close(work: &mut Work<'_>, row: &ReferralRow, consent: &consent::Model) -> Result<bool, WorkError> {
    let terms = Terms { consent: Some(consent.into()), ..row.terms };
    let after = row.clone().under(terms);
    if row.status.is_open() && !shows_anything(&terms) {
        suspend(work, row).await?;
        return Ok(true);
    }
    if row.status == ReferralStatus::Suspended {
        return Ok(false);
    }
    if row.visible() != after.visible() {
        work.notify(row, ChangeKind::ConsentChanged, None);
    } else if row.visible_if_accepted() != after.visible_if_accepted() {
        // The receiver must not learn that a field was offered that it could not see yet.
        work.notify_sender(row, ChangeKind::ConsentChanged, None);
    } else {
        return Ok(false);
    }
    Ok(true)
}

fn not_consented(fields: FieldSet) -> WorkError {
    let labels: Vec<_> = fields.iter().map(HandoverField::label).collect();
    WorkError::Refused(Refused {
        code: ErrorCode::BadInput,
        text: format!("Darin wurde nicht eingewilligt: {}.", labels.join(", ")),
        version: None,
        fields: fields.iter().map(|field| field.code().to_owned()).collect(),
    })
}
