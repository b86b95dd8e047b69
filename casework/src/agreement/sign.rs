//! Signs a proposal for a party. Nobody signs alone: two people of two agencies do.

use kim_domain::agreement::ProposalAction;

use super::{ProposalDone, ProposalTarget, conclude, take};
use crate::refusal::{Because, Refusal};
use crate::work::Work;

/// Signs. With the last signature and opinion the agreement is concluded.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for whoever is no party's administrator, or has signed or advised the other one;
/// ILLEGAL_TRANSITION for what is not open or signed already.
pub async fn sign(work: &mut Work<'_>, target: ProposalTarget) -> Result<ProposalDone, Refusal> {
    let taken = take(work, target, |_| ProposalAction::Sign).await?;
    let (side, id) = (taken.party(work)?, taken.row.id);
    let signatures = work.writes().signatures_of(id).await?;
    if signatures.iter().any(|one| one.side == side) {
        let text = "Für Ihre Seite ist schon unterschrieben.";
        return Err(Refusal::because(Because::IllegalTransition, text));
    }
    if signatures.iter().any(|one| one.is_of_subject || one.is_of_agency) {
        return Err(Refusal::not_allowed("Niemand unterschreibt für beide Seiten."));
    }
    let opinions = work.writes().opinions_of(id).await?;
    if opinions.iter().any(|one| one.is_of_subject) {
        return Err(super::advise::both());
    }
    work.writes().insert_signature(id, side, work.now()).await?;
    let signed: Vec<_> = signatures.iter().map(|one| one.side).chain([side]).collect();
    let heard: Vec<_> = opinions.iter().map(|one| one.side).collect();
    conclude::if_complete(work, &taken.row, &signed, &heard).await?;
    Ok(ProposalDone { proposal: id })
}
