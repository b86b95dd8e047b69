//! Ends a proposal without an agreement: the other party rejects it, or its own agency takes it back.

use kim_domain::agreement::{ProposalAction, ProposalStatus};
use kim_entity::agreement_proposal;
use kim_entity::write::ProposalChange;

use super::{ProposalDone, ProposalTarget, count_on, take};
use crate::refusal::Refusal;
use crate::text::text;
use crate::work::Work;

/// Rejects it, or takes back one's own.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED, ILLEGAL_TRANSITION for what is not open, BAD_INPUT.
pub async fn reject(
    work: &mut Work<'_>,
    target: ProposalTarget,
    reason: Option<&str>,
) -> Result<ProposalDone, Refusal> {
    let own = work.own_id();
    let is_own = |row: &agreement_proposal::Model| row.agency_id == own;
    let taken = take(work, target, |row| match is_own(row) {
        true => ProposalAction::TakeBack,
        false => ProposalAction::Reject,
    })
    .await?;
    let status = if is_own(&taken.row) { ProposalStatus::TakenBack } else { ProposalStatus::Rejected };
    let reason = reason.map(|reason| text("reason", reason)).transpose()?;
    count_on(work, &taken.row, ProposalChange::Closed { status, reason, at: work.now() }).await?;
    Ok(ProposalDone { proposal: taken.row.id })
}
