//! Forwards a referral to the competent agency: closes it, and creates a draft of the original sender for that agency.

use kim_domain::id::new_uuid;
use kim_domain::life::{MoveError, Mover, ReferralAction};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::unscoped::Unscoped;
use kim_entity::write::Tx;
use serde_json::json;
use uuid::Uuid;

use super::again::{Continuation, write_continuation};
use super::{ReferralResult, Target};
use crate::refusal::WorkError;
use crate::work::{Move, Work, mover};

/// Input of a forwarding.
#[derive(Clone, Copy, Debug)]
pub struct Forward {
    /// The referral.
    pub target: Target,
    /// The competent agency.
    pub to: Option<Uuid>,
    /// The purpose there.
    pub purpose: ReferralPurpose,
    /// Whether that agency agreed to take it (§ 14(3) SGB IX).
    pub by_agreement: bool,
}

/// Forwards the referral. The date of first receipt stays (§ 16(2) SGB I). The draft can be offered once there are an
/// agreement and a ground.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED (a second hop, § 14 SGB IX; a transfer whose case is closed),
/// ILLEGAL_TRANSITION, BAD_INPUT for an agency that cannot receive this purpose.
#[expect(clippy::disallowed_methods, reason = "the draft belongs to the original sender, with its case and consent")]
pub async fn forward(work: &mut Work<'_>, input: Forward) -> Result<ReferralResult, WorkError> {
    let row = work.referral(input.target.id, input.target.expected_version).await?;
    let why = match mover(&row) {
        Mover::Receiver if row.rest.standing.forwards(row.rest.carries_application) => None,
        Mover::Receiver => Some(MoveError::Illegal),
        Mover::Sender | Mover::Timer => Some(MoveError::NotYours),
    };
    if let Some(why) = why {
        return Err(WorkError::unmoved(why, ReferralAction::Forward, row.status));
    }
    let hops = work.writes().referral_as_stored(&row).await?.map_or(0, |row| row.hops);
    let of_participation = [row.purpose, input.purpose].contains(&ReferralPurpose::ParticipationSupport);
    if of_participation && hops >= 1 && !(input.by_agreement && hops == 1) {
        return Err(WorkError::not_allowed(
            "Ein Antrag auf Teilhabe wird nur einmal weitergeleitet, ein zweites Mal nur im Einvernehmen \
             (§ 14 Abs. 3 SGB IX; „byAgreement: true“).",
        ));
    }
    let receiver = match input.to {
        Some(id) if id != row.receiver_id && id != row.sender_id => work.writes().receiver(id, input.purpose).await?,
        Some(_) | None => None,
    };
    let receiver = receiver.ok_or_else(|| {
        WorkError::bad_input(
            "„toAgencyId“ ist keine andere Stelle der Kommune, die für diesen Zweck gebeten werden kann.",
        )
    })?;
    let is_open = async |all: &Unscoped<&Tx>| all.is_case_open(row.rest.case_id()).await;
    if !work.writes().unscoped(is_open).await? {
        return Err(WorkError::not_allowed(
            "Die übergebende Stelle hat den Fall abgeschlossen und bietet nichts mehr an. Bitte selbst an die zuständige \
             Stelle weiterleiten (§ 16 SGB I) und hier mit dem Ergebnis „REFERRED_ON“ abschließen.",
        ));
    }
    let detail = json!({ "to": receiver.id, "purpose": input.purpose.code() });
    work.advance(&row, Move { detail: Some(detail), ..Move::by(&row, ReferralAction::Forward) }).await?;
    let next = Continuation { receiver_id: receiver.id, purpose: input.purpose, hop: 1 };
    let first = work.draft_event(row.sender_id, new_uuid());
    let consent = async |all: &Unscoped<&Tx>| all.consent_of(row.rest.case_id(), receiver.id, input.purpose).await;
    let consent = work.writes().unscoped(consent).await?;
    write_continuation(work, &row, next, consent, first).await?;
    Ok(ReferralResult { referral: row.id })
}
