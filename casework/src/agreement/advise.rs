//! A data protection officer's opinion on a proposal. It must be there before the agreement is, and stays with it; doubts
//! do not stop it, for the officer advises and the controller answers (Art. 39(1)(a), Art. 24 DSGVO).

use kim_domain::agreement::{OpinionVerdict, ProposalAction};

use super::{ProposalDone, ProposalTarget, conclude, take};
use crate::refusal::{Because, Refusal};
use crate::text::text;
use crate::work::Work;

/// What the officer says.
#[derive(Clone, Debug)]
pub struct Opinion {
    /// What it comes to.
    pub verdict: OpinionVerdict,
    /// Why; needed for doubts.
    pub reasons: Option<String>,
}

/// Gives it. With the last signature and opinion the agreement is concluded.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for whoever is no party's officer or has signed; ILLEGAL_TRANSITION for what is
/// not open or was advised on already; BAD_INPUT for doubts without reasons.
pub async fn give_opinion(
    work: &mut Work<'_>,
    target: ProposalTarget,
    opinion: &Opinion,
) -> Result<ProposalDone, Refusal> {
    let taken = take(work, target, |_| ProposalAction::GiveOpinion).await?;
    let (side, id) = (taken.party(work)?, taken.row.id);
    let reasons = match (opinion.verdict, opinion.reasons.as_deref()) {
        (_, Some(reasons)) => Some(text("reasons", reasons)?),
        (OpinionVerdict::Favourable, None) => None,
        (OpinionVerdict::Unfavourable, None) => {
            return Err(Refusal::bad_input("Bedenken brauchen eine Begründung („reasons“)."));
        }
    };
    let opinions = work.writes().opinions_of(id).await?;
    if opinions.iter().any(|one| one.side == side) {
        return Err(Refusal::because(Because::IllegalTransition, "Für Ihre Seite liegt schon eine Stellungnahme vor."));
    }
    let signatures = work.writes().signatures_of(id).await?;
    if signatures.iter().any(|one| one.is_of_subject) {
        return Err(both());
    }
    work.writes().insert_opinion(id, side, opinion.verdict, reasons, work.now()).await?;
    let signed: Vec<_> = signatures.iter().map(|one| one.side).collect();
    let heard: Vec<_> = opinions.iter().map(|one| one.side).chain([side]).collect();
    conclude::if_complete(work, &taken.row, &signed, &heard).await?;
    Ok(ProposalDone { proposal: id })
}

/// Whoever decides does not advise on it. One officer may advise both parties: a city has one for all its offices.
pub(super) fn both() -> Refusal {
    Refusal::not_allowed("Wer unterschreibt, nimmt nicht zugleich Stellung (Art. 38 Abs. 6 DSGVO).")
}
