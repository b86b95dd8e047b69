//! Ends a proposal without an agreement: the other party rejects it, or the proposing agency takes it back.

use kim_domain::agreement::{ProposalAction, ProposalStatus};
use kim_entity::agreement_proposal;
use kim_entity::write::ProposalChange;

use super::{ProposalResult, ProposalTarget, lock_for_action, update_proposal};
use crate::refusal::WorkError;
use crate::text::text;
use crate::work::Work;

/// Rejects the proposal, or takes back the viewer's own.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED, ILLEGAL_TRANSITION if it is not open, BAD_INPUT.
pub async fn reject(
    work: &mut Work<'_>,
    target: ProposalTarget,
    reason: Option<&str>,
) -> Result<ProposalResult, WorkError> {
    let own = work.own_id();
    let is_own = |row: &agreement_proposal::Model| row.agency_id == own;
    let locked = lock_for_action(work, target, |row| match is_own(row) {
        true => ProposalAction::TakeBack,
        false => ProposalAction::Reject,
    })
    .await?;
    let status = if is_own(&locked.row) { ProposalStatus::TakenBack } else { ProposalStatus::Rejected };
    let reason = reason.map(|reason| text("reason", reason)).transpose()?;
    update_proposal(work, &locked.row, ProposalChange::Closed { status, reason, at: work.now() }).await?;
    Ok(ProposalResult { proposal: locked.row.id })
}
