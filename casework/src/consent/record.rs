//! Records a consent, or a renewal of one.

use kim_domain::birth_date::BirthDate;
use kim_domain::consent::{ConsentState, ConsentStep};
use kim_domain::disclosure;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::consent;
use kim_entity::read::{OwnConsent, ReferralRow, Values};
use kim_entity::write::{AffectedRows, OwnList};
use uuid::Uuid;

use super::referral_base::base_on;
use super::{ConsentResult, DeclaredConsent, own, write_event};
use crate::list_length::require_room;
use crate::refusal::WorkError;
use crate::work::Work;

/// The client's data that the check of a consent needs.
const BIRTH: FieldSet = FieldSet::of(&[HandoverField::BirthDate]);

/// A new consent.
#[derive(Clone, Debug)]
pub struct Record {
    /// One of the viewer's cases.
    pub case: Option<Uuid>,
    /// The receiving agency.
    pub receiver: Option<Uuid>,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// The declared consent.
    pub given: DeclaredConsent,
}

/// Records a consent. From now on, drafts of the client for this receiver and purpose are based on it, and suspended
/// referrals are resumed.
///
/// # Errors
/// NOT_FOUND for a case that is not the viewer's; ACTION_NOT_ALLOWED if there is a consent already, the case is closed, or
/// the client has too many consents; BAD_INPUT for a receiver that cannot receive this purpose, or an invalid consent.
pub async fn record(work: &mut Work<'_>, input: &Record) -> Result<ConsentResult, WorkError> {
    let case = match input.case {
        Some(id) => work.reads().cases_by_id(&[id], FieldSet::EMPTY).await?.pop(),
        None => None,
    };
    let case = case.ok_or_else(WorkError::not_found)?;
    if case.closed_on.is_some() {
        return Err(WorkError::not_allowed("Der Fall ist abgeschlossen."));
    }
    work.require_purpose(input.purpose)?;
    let receiver = match input.receiver {
        Some(id) if id != work.own_id() => work.writes().receiver(id, input.purpose).await?,
        Some(_) | None => None,
    };
    let receiver = receiver.ok_or_else(|| {
        WorkError::bad_input("„receiverId“ ist keine Stelle Ihrer Kommune, die für diesen Zweck gebeten werden kann.")
    })?;
    let client = work.writes().lock_person(case.client(), BIRTH).await?.ok_or_else(WorkError::not_found)?;
    require_room(work, OwnList::Consents(case.client())).await?;
    let today = work.today();
    let concerned = work.writes().affected_by_consent(case.client(), receiver.id, input.purpose).await?;
    if concerned.consents.iter().any(|one| matches!(one.state(today), ConsentState::InForce | ConsentState::NotYet)) {
        return Err(WorkError::not_allowed(
            "Für diese Stelle und diesen Zweck gibt es schon eine Einwilligung: bitte „renewConsent“ benutzen, oder \
             „withdrawConsent“, wenn sie nicht mehr gilt.",
        ));
    }
    let new = input.given.row(work, (case.client(), receiver.id, input.purpose), born(&client)).await?;
    write_consent(work, &concerned, new).await
}

/// Records a consent that replaces another one, whether that one is in force, has ended or was withdrawn.
///
/// # Errors
/// NOT_FOUND; ILLEGAL_TRANSITION if it was renewed already; ACTION_NOT_ALLOWED if another consent is in force, if
/// the client's case is closed and no running referral could use the consent, or if the client has too many consents;
/// BAD_INPUT.
pub async fn renew(work: &mut Work<'_>, id: Option<Uuid>, given: &DeclaredConsent) -> Result<ConsentResult, WorkError> {
    let seen = own(work, id).await?;
    let client = work.writes().lock_person(seen.client(), BIRTH).await?.ok_or_else(WorkError::not_found)?;
    // Read again under the lock.
    let old = own(work, id).await?;
    if old.renewed_at.is_some() {
        return Err(WorkError::illegal("Diese Einwilligung wurde schon erneuert: bitte die neuere nehmen."));
    }
    require_room(work, OwnList::Consents(seen.client())).await?;
    let today = work.today();
    let concerned = work.writes().affected_by_consent(seen.client(), old.receiver_id, old.purpose.0).await?;
    let another = |one: &OwnConsent| one.id != old.id && one.state(today) == ConsentState::InForce;
    if concerned.consents.iter().any(another) {
        return Err(WorkError::not_allowed("Für diese Stelle und diesen Zweck gilt schon eine andere Einwilligung."));
    }
    let runs = concerned.referrals.iter().any(|row| row.status.is_open() || is_suspended(row));
    if !runs && !work.writes().has_open_case(seen.client()).await? {
        return Err(WorkError::not_allowed("Der Fall ist abgeschlossen, und nichts läuft mehr, was darauf beruht."));
    }
    let new = given.row(work, (seen.client(), old.receiver_id, old.purpose.0), born(&client)).await?;
    let new = consent::Model { renews_id: Some(old.id), ..new };
    work.writes().renew_consent(old.key(), work.now()).await?;
    write_event(work, old.key(), ConsentStep::Renewed, new.all_fields()).await?;
    write_consent(work, &concerned, new).await
}

fn born(client: &Values) -> Option<BirthDate> {
    client.get(HandoverField::BirthDate)?.parse().ok()
}

fn is_suspended(row: &ReferralRow) -> bool {
    row.status == ReferralStatus::Suspended
}

/// Writes a consent and bases all suitable referrals on it.
async fn write_consent(
    work: &mut Work<'_>,
    concerned: &AffectedRows,
    new: consent::Model,
) -> Result<ConsentResult, WorkError> {
    let key = work.writes().insert_consent(concerned.client, new.clone()).await?;
    write_event(work, key, ConsentStep::Recorded, new.all_fields()).await?;
    let mut done = ConsentResult { consent: new.id, referrals: Vec::new() };
    for row in &concerned.referrals {
        // A closed referral keeps its consent.
        let runs = row.status.is_open() || is_suspended(row);
        let renewed = row.rest.consent_id.is_some() && row.rest.consent_id == new.renews_id;
        let waits = renewed || !disclosure::consent_holds(&row.terms);
        if row.status == ReferralStatus::Draft || (runs && waits) {
            base_on(work, row, &new).await?;
            done.referrals.push(row.id);
        }
    }
    Ok(done)
}
