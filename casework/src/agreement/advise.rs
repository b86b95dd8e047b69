//! A data protection officer's opinion on a proposal. Opinions must be given before the agreement is concluded, and
//! stay with it. Doubts do not prevent it, because the officer advises and the controller is responsible (Art.
//! 39(1)(a), Art. 24 DSGVO).

use kim_domain::agreement::{OpinionVerdict, ProposalAction};

use super::{ProposalResult, ProposalTarget, conclude, lock_for_action};
use crate::refusal::{ErrorCode, WorkError};
use crate::text::text;
use crate::work::Work;

/// An officer's opinion.
#[derive(Clone, Debug)]
pub struct Opinion {
    /// The verdict.
    pub verdict: OpinionVerdict,
    /// The reasons, which are required for doubts.
    pub reasons: Option<String>,
}

/// Records the opinion. The last signature or opinion concludes the agreement.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for viewers who are no party's officer or have signed; ILLEGAL_TRANSITION
/// for a proposal that is not open or has this opinion already; BAD_INPUT for doubts without reasons.
pub async fn give_opinion(
    work: &mut Work<'_>,
    target: ProposalTarget,
    opinion: &Opinion,
) -> Result<ProposalResult, WorkError> {
    let locked = lock_for_action(work, target, |_| ProposalAction::GiveOpinion).await?;
    let (side, id) = (locked.party(work)?, locked.row.id);
    let reasons = match (opinion.verdict, opinion.reasons.as_deref()) {
        (_, Some(reasons)) => Some(text("reasons", reasons)?),
        (OpinionVerdict::Favourable, None) => None,
        (OpinionVerdict::Unfavourable, None) => {
            return Err(WorkError::bad_input("Bedenken brauchen eine Begründung („reasons“)."));
        }
    };
    let opinions = work.writes().opinions_of(&locked.row).await?;
    if opinions.iter().any(|one| one.side == side) {
        return Err(WorkError::with_code(
            ErrorCode::IllegalTransition,
            "Für Ihre Seite liegt schon eine Stellungnahme vor.",
        ));
    }
    let signatures = work.writes().signatures_of(&locked.row).await?;
    if signatures.iter().any(|one| one.is_of_subject) {
        return Err(conflict_of_interest());
    }
    work.writes().insert_opinion(&locked.row, side, opinion.verdict, reasons, work.now()).await?;
    let signed: Vec<_> = signatures.iter().map(|one| one.side).collect();
    let heard: Vec<_> = opinions.iter().map(|one| one.side).chain([side]).collect();
    conclude::if_complete(work, &locked.row, &signed, &heard).await?;
    Ok(ProposalResult { proposal: id })
}

/// The person who decides must not advise. One officer may advise both parties, because a city has one officer for all
/// its offices.
pub(super) fn conflict_of_interest() -> WorkError {
    WorkError::not_allowed("Wer unterschreibt, nimmt nicht zugleich Stellung (Art. 38 Abs. 6 DSGVO).")
}
