//! Withdraws a referral.

use kim_domain::life::ReferralAction;
use kim_domain::referral::WithdrawalReason;

use super::{Done, Target};
use crate::refusal::Refusal;
use crate::work::{Move, Work};

/// Withdraws it. The receiver no longer sees anything of it. MISDIRECTED is a data breach that must be documented (Art.
/// 33 DSGVO); the event is that record.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED, ILLEGAL_TRANSITION; BAD_INPUT for the reason that only the timer may set.
pub async fn withdraw(work: &mut Work<'_>, target: Target, reason: WithdrawalReason) -> Result<Done, Refusal> {
    let row = work.referral(target.id, target.expected_version).await?;
    if reason == WithdrawalReason::GroundEnded {
        return Err(Refusal::bad_input("„GROUND_ENDED“ setzt nur die Uhr, wenn eine Grundlage zu lange fehlt."));
    }
    work.advance(&row, Move { reason: Some(reason.code()), ..Move::by(&row, ReferralAction::Withdraw) }).await?;
    Ok(Done { referral: row.id })
}
