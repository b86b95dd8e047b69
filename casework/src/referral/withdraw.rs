//! Withdraws a referral.

use kim_domain::life::ReferralAction;
use kim_domain::referral::WithdrawalReason;

use super::{ReferralResult, Target};
use crate::refusal::WorkError;
use crate::work::{Move, Work};

/// Withdraws it. The receiver no longer sees anything of it. MISDIRECTED is a data breach that must be documented (Art.
/// 33 DSGVO); the event is that record.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED, ILLEGAL_TRANSITION; BAD_INPUT for the reason that only the timer may set.
pub async fn withdraw(
    work: &mut Work<'_>,
    target: Target,
    reason: WithdrawalReason,
) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    if reason == WithdrawalReason::GroundEnded {
        return Err(WorkError::bad_input("„GROUND_ENDED“ setzt nur die Uhr, wenn eine Grundlage zu lange fehlt."));
    }
    work.advance(&row, Move { reason: Some(reason.code()), ..Move::by(&row, ReferralAction::Withdraw) }).await?;
    Ok(ReferralResult { referral: row.id })
}
