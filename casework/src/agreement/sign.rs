//! Signs a proposal for a party. Nobody signs alone: two people of two agencies do.

use kim_domain::agreement::ProposalAction;
use kim_entity::code::Code;
use kim_entity::{agreement_opinion, agreement_signature};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

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
    let of_proposal = agreement_signature::Column::ProposalId.eq(id);
    let signatures = agreement_signature::Entity::find().filter(of_proposal).all(work.legacy_tx()).await?;
    if signatures.iter().any(|one| one.side.0 == side) {
        let text = "Für Ihre Seite ist schon unterschrieben.";
        return Err(Refusal::because(Because::IllegalTransition, text));
    }
    let own = work.viewer().subject();
    if signatures.iter().any(|one| one.staff == own || one.agency_id == work.own_id()) {
        return Err(Refusal::not_allowed("Niemand unterschreibt für beide Seiten."));
    }
    let of_proposal = agreement_opinion::Column::ProposalId.eq(id);
    let opinions = agreement_opinion::Entity::find().filter(of_proposal).all(work.legacy_tx()).await?;
    if opinions.iter().any(|one| one.staff == own) {
        return Err(super::advise::both());
    }
    let row = agreement_signature::ActiveModel {
        proposal_id: Set(id),
        side: Set(Code(side)),
        agency_id: Set(work.own_id()),
        staff: Set(own.to_owned()),
        at: Set(work.now()),
    };
    agreement_signature::Entity::insert(row).exec_without_returning(work.legacy_tx()).await?;
    let signed: Vec<_> = signatures.iter().map(|one| one.side.0).chain([side]).collect();
    let heard: Vec<_> = opinions.iter().map(|one| one.side.0).collect();
    conclude::if_complete(work, &taken.row, &signed, &heard).await?;
    Ok(ProposalDone { proposal: id })
}
