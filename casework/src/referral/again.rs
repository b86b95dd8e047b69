//! Offers anew what was declined, has expired or was withdrawn: a linked referral that keeps the first receipt.

use kim_domain::change::ChangeKind;
use kim_domain::id::new_uuid;
use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::code::Code;
use kim_entity::read::ReferralRow;
use kim_entity::referral;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, ExprTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use uuid::Uuid;

use super::offer::{Offer, offer_row};
use super::{Done, Target, copy, draft};
use crate::refusal::Refusal;
use crate::work::{Work, mover};

/// Offers it again, to the same receiver and for the same purpose, with the case's values of today.
///
/// # Errors
/// As [`offer`](super::offer), and ILLEGAL_TRANSITION for what still runs or was offered again already.
pub async fn offer_again(work: &mut Work<'_>, input: Offer) -> Result<Done, Refusal> {
    let row = work.referral(input.target.id, input.target.expected_version).await?;
    if !row.standing.permits(ReferralAction::OfferAgain, mover(&row)) {
        let why = match mover(&row) {
            kim_domain::life::Mover::Sender => kim_domain::life::Refused::Illegal,
            kim_domain::life::Mover::Receiver | kim_domain::life::Mover::Clock => kim_domain::life::Refused::NotYours,
        };
        return Err(Refusal::unmoved(why, ReferralAction::OfferAgain, row.standing.status));
    }
    let of_case = referral::Column::CaseId.eq(row.case_id).and(referral::Column::PreviousId.eq(row.id));
    if referral::Entity::find().filter(of_case).one(work.tx()).await?.is_some() {
        return Err(Refusal::illegal(
            "Diese Übergabe wurde schon erneut angeboten. Bitte die neue Übergabe benutzen, auch wenn sie wieder endet.",
        ));
    }
    // Its version counts on, so that a colleague who saw the same is told so.
    work.happen(&row, ReferralAction::OfferAgain, ChangeKind::Moved, None, Default::default()).await?;
    let concern = copy::concern(work, row.id).await?;
    let id = continued(work, &row, row.receiver_id, row.purpose, row_hops(work, row.id).await?, concern).await?;
    let new = work.referral(Some(id), 1).await?;
    let target = Target { id: Some(id), expected_version: 1 };
    offer_row(work, &new, Offer { target, ..input }).await
}

async fn row_hops(work: &Work<'_>, id: Uuid) -> Result<i16, Refusal> {
    Ok(referral::Entity::find_by_id(id).one(work.tx()).await?.map_or(0, |row| row.hops))
}

/// A draft of the same sender that continues a referral: its case, first receipt and application stay.
pub(super) async fn continued(
    work: &mut Work<'_>,
    row: &ReferralRow,
    receiver_id: Uuid,
    purpose: ReferralPurpose,
    hops: i16,
    concern: Option<String>,
) -> Result<Uuid, Refusal> {
    let old = referral::Entity::find_by_id(row.id).one(work.tx()).await?.ok_or_else(Refusal::not_found)?;
    let agreement = work.writing().agreement_in_force(receiver_id, purpose).await?;
    let consent = work.writing().consent_of(row.case_id, receiver_id, purpose).await?;
    let id = new_uuid();
    let stays = old.clone().into_active_model().reset_all();
    let draft = referral::ActiveModel {
        id: Set(id),
        case_id: stays.case_id,
        sender_id: stays.sender_id,
        receiver_id: Set(receiver_id),
        purpose: Set(Code(purpose)),
        kind: stays.kind,
        sender_reference: stays.sender_reference,
        agreement_id: Set(agreement.map(|agreement| agreement.id)),
        consent_id: Set(consent.map(|consent| consent.id)),
        offered_fields: Set(within_ceiling(old.offered_fields, purpose)),
        carries_application: stays.carries_application,
        first_received_on: stays.first_received_on,
        sender_contact_name: stays.sender_contact_name,
        sender_contact_phone: stays.sender_contact_phone,
        sender_contact_email: stays.sender_contact_email,
        previous_id: Set(Some(row.id)),
        hops: Set(hops),
        ..draft::blank(work.now())
    };
    draft::insert(work, draft, concern).await?;
    work.drafted(row.sender_id, id).await?;
    Ok(id)
}

/// What was offered before, as far as the new receiver's kind may ever see it.
fn within_ceiling(offered: i64, purpose: ReferralPurpose) -> i64 {
    use kim_domain::disclosure::{Stage, ceiling};
    use kim_domain::field::FieldSet;
    FieldSet::from_i64(offered).and(ceiling(purpose.receiver_kind(), Stage::Full)).to_i64()
}
