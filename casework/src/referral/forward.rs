//! "Not competent, but they are": closes this one and drafts another of the original sender to the agency that is.

use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::referral;
use sea_orm::EntityTrait as _;
use serde_json::json;
use uuid::Uuid;

use super::{Done, Target, again, copy};
use crate::refusal::Refusal;
use crate::work::{Move, Work, may};

/// Where it is to go.
#[derive(Clone, Copy, Debug)]
pub struct Forward {
    /// The referral.
    pub target: Target,
    /// The agency that is competent.
    pub to: Option<Uuid>,
    /// What it is asked for.
    pub purpose: ReferralPurpose,
    /// The agency agreed to take it (§ 14(3) SGB IX).
    pub by_agreement: bool,
}

/// Forwards it. The date of first receipt stays (§ 16(2) SGB I); the draft is offered once agreement and ground exist.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED (a second hop, § 14 SGB IX), ILLEGAL_TRANSITION, BAD_INPUT for an agency that
/// cannot be asked for this.
pub async fn forward(work: &mut Work<'_>, input: Forward) -> Result<Done, Refusal> {
    let row = work.referral(input.target.id, input.target.expected_version).await?;
    may(&row, ReferralAction::Forward)?;
    let hops = referral::Entity::find_by_id(row.id).one(work.tx()).await?.map_or(0, |row| row.hops);
    let of_participation = [row.purpose, input.purpose].contains(&ReferralPurpose::ParticipationSupport);
    if of_participation && hops >= 1 && !(input.by_agreement && hops == 1) {
        return Err(Refusal::not_allowed(
            "Ein Antrag auf Teilhabe wird nur einmal weitergeleitet, ein zweites Mal nur im Einvernehmen \
             (§ 14 Abs. 3 SGB IX; „byAgreement: true“).",
        ));
    }
    let receiver = match input.to {
        Some(id) if id != row.receiver_id && id != row.sender_id => work.writing().receiver(id, input.purpose).await?,
        Some(_) | None => None,
    };
    let receiver = receiver.ok_or_else(|| {
        Refusal::bad_input(
            "„toAgencyId“ ist keine andere Stelle der Kommune, die für diesen Zweck gebeten werden kann.",
        )
    })?;
    let detail = json!({ "to": receiver.id, "purpose": input.purpose.code() });
    work.advance(&row, Move { detail: Some(detail), ..Move::by(&row, ReferralAction::Forward) }).await?;
    let concern = copy::concern(work, row.id).await?;
    again::continued(work, &row, receiver.id, input.purpose, hops + 1, concern).await?;
    Ok(Done { referral: row.id })
}
