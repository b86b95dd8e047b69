//! Offers a declined, expired or withdrawn referral again: as a linked referral that keeps the date of first receipt.

use kim_domain::change::ChangeKind;
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::read::{Contact, ReferralRow};
use kim_entity::write::{DraftOf, NewDraft, OwnList};
use kim_entity::{consent, referral_event};
use uuid::Uuid;

use super::offer::{Offer, offer_row};
use super::{ReferralResult, Target};
use crate::import::random_reference;
use crate::list_length::require_room;
use crate::refusal::WorkError;
use crate::work::{Work, mover};

/// Offers it again to the same receiver for the same purpose, with the current values of the case.
///
/// # Errors
/// As [`offer`](super::offer); ILLEGAL_TRANSITION if it is still running or was offered again already; ACTION_NOT_ALLOWED
/// if the case has too many referrals.
pub async fn offer_again(work: &mut Work<'_>, input: Offer) -> Result<ReferralResult, WorkError> {
    let row = work.referral(input.target.id, input.target.expected_version).await?;
    if !row.rest.standing.permits(ReferralAction::OfferAgain, mover(&row)) {
        let why = match mover(&row) {
            kim_domain::life::Mover::Sender => kim_domain::life::MoveError::Illegal,
            kim_domain::life::Mover::Receiver | kim_domain::life::Mover::Timer => kim_domain::life::MoveError::NotYours,
        };
        return Err(WorkError::unmoved(why, ReferralAction::OfferAgain, row.status));
    }
    if work.writes().is_continued(&row).await? {
        return Err(WorkError::illegal(
            "Diese Übergabe wurde schon erneut angeboten. Bitte die neue Übergabe benutzen, auch wenn sie wieder endet.",
        ));
    }
    require_room(work, OwnList::Referrals(row.rest.case_id())).await?;
    // The version is incremented, so that a colleague with the old version gets a CONFLICT.
    work.write_action(&row, ReferralAction::OfferAgain, ChangeKind::Moved, None, Default::default()).await?;
    let (id, next) = (new_uuid(), Continuation { receiver_id: row.receiver_id, purpose: row.purpose, hop: 0 });
    let first = work.draft_event(row.sender_id, id);
    let case = row.own_case().ok_or_else(WorkError::not_found)?;
    let consent = work.writes().consent_of(case, next.receiver_id, next.purpose).await?;
    write_continuation(work, &row, next, consent, first).await?;
    let new = work.referral(Some(id), 1).await?;
    let target = Target { id: Some(id), expected_version: 1 };
    offer_row(work, &new, Offer { target, ..input }).await
}

/// The receiver and purpose of a continuation.
pub(super) struct Continuation {
    pub(super) receiver_id: Uuid,
    pub(super) purpose: ReferralPurpose,
    /// 1 for a forwarding, otherwise 0.
    pub(super) hop: i16,
}

/// Writes a draft of the same sender that continues a referral, with its case, first receipt and application. `consent`
/// is the one in force for the new receiver and purpose, and `first` the first event of the draft.
pub(super) async fn write_continuation(
    work: &Work<'_>,
    row: &ReferralRow,
    next: Continuation,
    consent: Option<consent::Model>,
    first: referral_event::Model,
) -> Result<(), WorkError> {
    let Continuation { receiver_id, purpose, hop } = next;
    let concern = work.writes().concerns(&[row.key()]).await?.remove(&row.key());
    let old = work.writes().referral_as_stored(row).await?.ok_or_else(WorkError::not_found)?;
    let agreement = work.writes().agreement_in_force(receiver_id, purpose).await?;
    let reference = random_reference(&mut rand::rng());
    let draft = NewDraft {
        id: first.referral_id,
        receiver_id,
        purpose,
        kind: old.kind.0,
        reference,
        sender_reference: old.sender_reference,
        agreement_id: agreement.map(|agreement| agreement.id),
        consent_id: consent.map(|consent| consent.id),
        offered: within_ceiling(old.offered_fields, purpose),
        carries_application: old.carries_application,
        first_received_on: old.first_received_on,
        sender_contact: Contact {
            name: old.sender_contact_name,
            phone: old.sender_contact_phone,
            email: old.sender_contact_email,
        },
        hops: old.hops + hop,
        concern,
        created_at: first.at,
    };
    Ok(work.writes().insert_draft(DraftOf::Continued(row), draft, first).await?)
}

/// The offered fields without those that the new receiver's kind may never see.
fn within_ceiling(offered: i64, purpose: ReferralPurpose) -> FieldSet {
    use kim_domain::disclosure::{Stage, ceiling};
    FieldSet::from_i64(offered).and(ceiling(purpose.receiver_kind(), Stage::Full))
}
