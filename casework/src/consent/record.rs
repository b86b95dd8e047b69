//! Records a consent, and a consent that takes the place of another.

use chrono::NaiveDate;
use kim_domain::consent::{ConsentState, ConsentStep};
use kim_domain::disclosure;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::consent;
use kim_entity::read::{ReferralRow, Values};
use kim_entity::write::AffectedRows;
use uuid::Uuid;

use super::{Done, Given, note, own, rest};
use crate::refusal::Refusal;
use crate::work::Work;

/// What a consent asks of a client.
const BIRTH: FieldSet = FieldSet::of(&[HandoverField::BirthDate]);

/// A new consent.
#[derive(Clone, Debug)]
pub struct Record {
    /// One of the viewer's cases.
    pub case: Option<Uuid>,
    /// Who may get it.
    pub receiver: Option<Uuid>,
    /// What for.
    pub purpose: ReferralPurpose,
    /// What was said.
    pub given: Given,
}

/// Records a consent. Drafts of the client to this receiver and for this purpose rest on it from now on, and what was
/// suspended goes on.
///
/// # Errors
/// NOT_FOUND for a case that is not the viewer's; ACTION_NOT_ALLOWED where there is a consent already, or the case is
/// closed; BAD_INPUT for a receiver that cannot be asked, or what is no consent.
pub async fn record(work: &mut Work<'_>, input: &Record) -> Result<Done, Refusal> {
    let case = match input.case {
        Some(id) => work.reads().cases_by_id(&[id], FieldSet::EMPTY).await?.pop(),
        None => None,
    };
    let case = case.ok_or_else(Refusal::not_found)?;
    if case.closed_on.is_some() {
        return Err(Refusal::not_allowed("Der Fall ist abgeschlossen."));
    }
    work.within_token(input.purpose)?;
    let receiver = match input.receiver {
        Some(id) if id != work.own_id() => work.writes().receiver(id, input.purpose).await?,
        Some(_) | None => None,
    };
    let receiver = receiver.ok_or_else(|| {
        Refusal::bad_input("„receiverId“ ist keine Stelle Ihrer Kommune, die für diesen Zweck gebeten werden kann.")
    })?;
    let client = work.writes().lock_person(case.person_id, BIRTH).await?.ok_or_else(Refusal::not_found)?;
    let today = work.today();
    let concerned = work.writes().affected_by_consent(case.person_id, receiver.id, input.purpose).await?;
    if concerned.consents.iter().any(|one| matches!(one.state(today), ConsentState::InForce | ConsentState::NotYet)) {
        return Err(Refusal::not_allowed(
            "Für diese Stelle und diesen Zweck gibt es schon eine Einwilligung: bitte „renewConsent“ benutzen, oder \
             „withdrawConsent“, wenn sie nicht mehr gilt.",
        ));
    }
    let new = input.given.row(work, (case.person_id, receiver.id, input.purpose), born(&client)).await?;
    take_over(work, &concerned, new).await
}

/// Records a consent that takes the place of another, whether that still holds, has ended or was withdrawn.
///
/// # Errors
/// NOT_FOUND; ILLEGAL_TRANSITION for one that was renewed already; ACTION_NOT_ALLOWED where yet another one is in force, or
/// the client's case is closed and nothing runs that could rest on it; BAD_INPUT.
pub async fn renew(work: &mut Work<'_>, id: Option<Uuid>, given: &Given) -> Result<Done, Refusal> {
    let seen = own(work, id).await?;
    let client = work.writes().lock_person(seen.person_id, BIRTH).await?.ok_or_else(Refusal::not_found)?;
    // Again, now that nobody else changes it.
    let old = own(work, id).await?;
    if old.renewed_at.is_some() {
        return Err(Refusal::illegal("Diese Einwilligung wurde schon erneuert: bitte die neuere nehmen."));
    }
    let today = work.today();
    let concerned = work.writes().affected_by_consent(seen.person_id, old.receiver_id, old.purpose.0).await?;
    let another = |one: &&consent::Model| one.id != old.id && one.state(today) == ConsentState::InForce;
    if concerned.consents.iter().any(|one| another(&one)) {
        return Err(Refusal::not_allowed("Für diese Stelle und diesen Zweck gilt schon eine andere Einwilligung."));
    }
    let runs = concerned.referrals.iter().any(|row| row.status.is_open() || is_suspended(row));
    if !runs && !work.writes().has_open_case(seen.person_id).await? {
        return Err(Refusal::not_allowed("Der Fall ist abgeschlossen, und nichts läuft mehr, was darauf beruht."));
    }
    let new = given.row(work, (seen.person_id, old.receiver_id, old.purpose.0), born(&client)).await?;
    let new = consent::Model { renews_id: Some(old.id), ..new };
    work.writes().renew_consent(old.id, work.now()).await?;
    note(work, old.id, ConsentStep::Renewed, new.all_fields()).await?;
    take_over(work, &concerned, new).await
}

fn born(client: &Values) -> Option<NaiveDate> {
    client.get(HandoverField::BirthDate)?.parse().ok()
}

fn is_suspended(row: &ReferralRow) -> bool {
    row.status == ReferralStatus::Suspended
}

/// Writes a consent, and lets everything rest on it that can.
async fn take_over(work: &mut Work<'_>, concerned: &AffectedRows, new: consent::Model) -> Result<Done, Refusal> {
    work.writes().insert_consent(new.clone()).await?;
    note(work, new.id, ConsentStep::Recorded, new.all_fields()).await?;
    let mut done = Done { consent: new.id, referrals: Vec::new() };
    for row in &concerned.referrals {
        // What was closed under another consent is looked at under that one, or no more.
        let runs = row.status.is_open() || is_suspended(row);
        let renewed = row.rest.consent_id.is_some() && row.rest.consent_id == new.renews_id;
        let waits = renewed || !disclosure::consent_holds(&row.terms);
        if row.status == ReferralStatus::Draft || (runs && waits) {
            rest::on(work, row, &new).await?;
            done.referrals.push(row.id);
        }
    }
    Ok(done)
}
