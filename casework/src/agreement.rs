//! What is done with interface agreements (Schnittstellenvereinbarungen): proposed, signed, advised on, rejected, ended.
//! Who may do which, `domain/src/agreement.rs` says.

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
pub use propose::{FieldWish, Proposal, propose};
pub use reject::reject;
pub use sign::sign;
pub use terminate::{Termination, terminate};

use kim_domain::agreement::{AgreementSide, ProposalAction, ProposalStatus, Standpoint};
use kim_entity::agreement_proposal::Model;
use kim_entity::write::ProposalChange;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal::{Because, Refusal};
use crate::work::Work;

/// Which proposal, and in which version the client saw it: an officer's doubts count before a signature.
#[derive(Clone, Copy, Debug)]
pub struct ProposalTarget {
    /// Its id; `None` for an id that cannot be a proposal's.
    pub id: Option<Uuid>,
    /// The version that was seen.
    pub expected_version: i32,
}

/// The proposal that something was done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalDone {
    /// Its id.
    pub proposal: Uuid,
}

/// The agreement that something was done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementDone {
    /// Its id.
    pub agreement: Uuid,
}

/// Where the viewer stands to an agreement of its municipality with this receiver.
fn standpoint(work: &Work<'_>, receiver_id: Uuid) -> Standpoint {
    let viewer = work.viewer();
    Standpoint { kind: viewer.agency().kind, role: viewer.role(), is_receiver: viewer.agency().id == receiver_id }
}

/// A proposal that concerns the viewer, locked, if it is open, nobody was faster, and this may be done with it.
async fn take(
    work: &Work<'_>,
    target: ProposalTarget,
    action: impl FnOnce(&Model) -> ProposalAction,
) -> Result<Taken, Refusal> {
    let found = match target.id {
        Some(id) => work.reads().proposals_by_id(&[id]).await?.pop(),
        None => None,
    };
    let id = found.ok_or_else(Refusal::not_found)?.id;
    let row = work.writes().lock_proposal(id).await?.ok_or_else(Refusal::not_found)?;
    if row.version != target.expected_version {
        return Err(Refusal::conflict(row.version));
    }
    let (at, action) = (standpoint(work, row.receiver_id), action(&row));
    if !at.may(action, row.agency_id == work.own_id()) {
        return Err(Refusal::not_allowed(format!("„{}“ ist hier nicht Sache Ihrer Stelle und Rolle.", action.label())));
    }
    if row.status.0 != ProposalStatus::Open {
        let text = format!("„{}“ geht nicht mehr: der Vorschlag ist „{}“.", action.label(), row.status.0.label());
        return Err(Refusal::because(Because::IllegalTransition, text));
    }
    Ok(Taken { row, side: at.side() })
}

/// A proposal that something is done with, and the party for which.
struct Taken {
    row: Model,
    side: Option<AgreementSide>,
}

impl Taken {
    /// The party for which is signed or advised, while there is something to be agreed on.
    fn party(&self, work: &Work<'_>) -> Result<AgreementSide, Refusal> {
        if self.row.valid_until.is_some_and(|last_day| last_day < work.today()) {
            let text = "Der vorgeschlagene Zeitraum ist vorbei. Bitte einen neuen Vorschlag machen.";
            return Err(Refusal::because(Because::IllegalTransition, text));
        }
        self.side.ok_or_else(|| Refusal::not_allowed("Für die Träger handelt die Koordinierende Stelle."))
    }
}

/// Counts the proposal's version on, and writes what changes with it.
async fn count_on(work: &Work<'_>, row: &Model, change: ProposalChange) -> Result<(), Refusal> {
    let is_first = work.writes().change_proposal(row.id, row.version, change).await?;
    if is_first { Ok(()) } else { Err(Refusal::conflict(row.version + 1)) }
}
