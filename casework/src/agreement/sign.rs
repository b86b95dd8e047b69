//! Signs a proposal for a party. An agreement needs signatures of two people at two agencies.

use kim_domain::agreement::ProposalAction;

use super::{ProposalResult, ProposalTarget, conclude, lock_for_action};
use crate::refusal::{ErrorCode, WorkError};
use crate::work::Work;

/// Signs the proposal. The last signature or opinion concludes the agreement.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for viewers who are no party's administrator, or have signed or advised for
/// the other party; ILLEGAL_TRANSITION if the proposal is not open or is signed already.
pub async fn sign(work: &mut Work<'_>, target: ProposalTarget) -> Result<ProposalResult, WorkError> {
    let locked = lock_for_action(work, target, |_| ProposalAction::Sign).await?;
    let (side, id) = (locked.party(work)?, locked.row.id);
    let signatures = work.writes().signatures_of(&locked.row).await?;
    if signatures.iter().any(|one| one.side == side) {
        let text = "Für Ihre Seite ist schon unterschrieben.";
        return Err(WorkError::with_code(ErrorCode::IllegalTransition, text));
    }
    if signatures.iter().any(|one| one.is_of_subject || one.is_of_agency) {
        return Err(WorkError::not_allowed("Niemand unterschreibt für beide Seiten."));
    }
    let opinions = work.writes().opinions_of(&locked.row).await?;
    if opinions.iter().any(|one| one.is_of_subject) {
        return Err(super::advise::conflict_of_interest());
    }
    work.writes().insert_signature(&locked.row, side, work.now()).await?;
    let signed: Vec<_> = signatures.iter().map(|one| one.side).chain([side]).collect();
    let heard: Vec<_> = opinions.iter().map(|one| one.side).collect();
    conclude::if_complete(work, &locked.row, &signed, &heard).await?;
    Ok(ProposalResult { proposal: id })
}
