//! Use cases of interface agreements (Schnittstellenvereinbarungen): propose, sign, give an opinion, reject, terminate.
//! `domain/src/agreement.rs` decides who may do what.

mod advise;
mod conclude;
mod document;
pub(crate) mod narrow;
mod propose;
mod reject;
mod sign;
mod terminate;

pub use advise::{Opinion, give_opinion};
pub use document::document;
pub use propose::{Proposal, ProposedField, propose};
pub use reject::reject;
pub use sign::sign;
pub use terminate::{Termination, terminate};

use kim_domain::agreement::{AgreementSide, Position, ProposalAction, ProposalStatus};
use kim_entity::agreement_proposal::Model;
use kim_entity::write::{LockedProposal, ProposalChange};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal::{ErrorCode, WorkError};
use crate::work::Work;

/// A proposal, and the version that the client saw. The version protects a signature from an opinion that was given
/// meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct ProposalTarget {
    /// Id of the proposal; `None` for an id that cannot belong to a proposal.
    pub id: Option<Uuid>,
    /// The version that the client saw.
    pub expected_version: i32,
}

/// The changed proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalResult {
    /// Id of the proposal.
    pub proposal: Uuid,
}

/// The changed agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementResult {
    /// Id of the agreement.
    pub agreement: Uuid,
}

/// The viewer's position in agreements of its municipality with this receiver.
fn position(work: &Work<'_>, receiver_id: Uuid) -> Position {
    let viewer = work.viewer();
    Position { kind: viewer.agency().kind, role: viewer.role(), is_receiver: viewer.agency().id == receiver_id }
}

/// Locks a proposal that concerns the viewer. Checks its version, that it is open, and that the viewer may take the
/// action.
async fn lock_for_action(
    work: &Work<'_>,
    target: ProposalTarget,
    action: impl FnOnce(&Model) -> ProposalAction,
) -> Result<OpenProposal, WorkError> {
    let found = match target.id {
        Some(id) => work.writes().lock_proposal(id).await?,
        None => None,
    };
    let row = found.ok_or_else(WorkError::not_found)?;
    if row.version != target.expected_version {
        return Err(WorkError::conflict(row.version));
    }
    let (at, action) = (position(work, row.receiver_id), action(&row));
    if !at.may(action, row.agency_id == work.own_id()) {
        return Err(WorkError::not_allowed(format!(
            "„{}“ ist hier nicht Sache Ihrer Stelle und Rolle.",
            action.label()
        )));
    }
    if row.status.0 != ProposalStatus::Open {
        let text = format!("„{}“ geht nicht mehr: der Vorschlag ist „{}“.", action.label(), row.status.0.label());
        return Err(WorkError::with_code(ErrorCode::IllegalTransition, text));
    }
    Ok(OpenProposal { row, side: at.side() })
}

/// A locked proposal that is open, and the party for which the viewer acts.
struct OpenProposal {
    row: LockedProposal,
    side: Option<AgreementSide>,
}

impl OpenProposal {
    /// The party for which the viewer signs or gives an opinion. ILLEGAL_TRANSITION if the proposed period is over.
    fn party(&self, work: &Work<'_>) -> Result<AgreementSide, WorkError> {
        if self.row.valid_until.is_some_and(|last_day| last_day < work.today()) {
            let text = "Der vorgeschlagene Zeitraum ist vorbei. Bitte einen neuen Vorschlag machen.";
            return Err(WorkError::with_code(ErrorCode::IllegalTransition, text));
        }
        self.side.ok_or_else(|| WorkError::not_allowed("Für die Träger handelt die Koordinierende Stelle."))
    }
}

/// Writes a change of the proposal and increments its version. CONFLICT if the version has changed.
async fn update_proposal(work: &Work<'_>, row: &LockedProposal, change: ProposalChange) -> Result<(), WorkError> {
    let is_first = work.writes().change_proposal(row, change).await?;
    if is_first { Ok(()) } else { Err(WorkError::conflict(row.version + 1)) }
}
