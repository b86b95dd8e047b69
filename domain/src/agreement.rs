//! An interface agreement (Schnittstellenvereinbarung) before and after it is one: who may propose, sign and end it, what
//! it may hold, and in what two versions differ.
//!
//! What an agreement does to a handover, [`crate::disclosure`] says.

use crate::agency::{AgencyKind, Role};
use crate::disclosure::{Level, level};
use crate::field::{FieldSet, HandoverField};
use crate::purpose::ReferralPurpose;

crate::words! {
    /// The two parties of an agreement. For the senders of a municipality its coordination acts (docs/adr/0006).
    pub enum AgreementSide("Seite einer Schnittstellenvereinbarung") for All {
        Receiver = "RECEIVER": "die empfangende Stelle",
        Sender = "SENDER": "die übergebenden Träger der Kommune, vertreten durch die Koordinierende Stelle",
    }
}

crate::words! {
    /// What became of a proposal.
    pub enum ProposalStatus("Stand eines Vorschlags") for Agreements {
        Open = "OPEN": "offen",
        Concluded = "CONCLUDED": "vereinbart",
        Rejected = "REJECTED": "abgelehnt",
        TakenBack = "TAKEN_BACK": "zurückgenommen",
    }
}

crate::words! {
    /// What a data protection officer thinks of a proposal (Art. 39(1) DSGVO: advises, does not decide).
    pub enum OpinionVerdict("Stellungnahme der oder des Datenschutzbeauftragten") for Agreements {
        Favourable = "FAVOURABLE": "keine Bedenken",
        /// It must say why. It does not keep the agreement from being concluded, and stays with it.
        Unfavourable = "UNFAVOURABLE": "Bedenken",
    }
}

crate::words! {
    /// What can be done with a proposal.
    pub enum ProposalAction("Was mit einem Vorschlag getan werden kann") for Agreements {
        Sign = "SIGN": "unterschreiben",
        GiveOpinion = "GIVE_OPINION": "Stellung nehmen",
        Reject = "REJECT": "ablehnen",
        TakeBack = "TAKE_BACK": "zurücknehmen",
    }
}

/// Where somebody stands to an agreement of its municipality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standpoint {
    /// What its agency is.
    pub kind: AgencyKind,
    /// What it is there.
    pub role: Role,
    /// Whether its agency is the one that receives.
    pub is_receiver: bool,
}

impl Standpoint {
    /// For which party it acts; `None` for a Träger, whom the coordination represents.
    #[must_use]
    pub fn side(self) -> Option<AgreementSide> {
        if self.is_receiver {
            Some(AgreementSide::Receiver)
        } else if self.kind == AgencyKind::Koordination {
            Some(AgreementSide::Sender)
        } else {
            None
        }
    }

    /// Whether it may propose an agreement: either party, a sender, or the coordination.
    #[must_use]
    pub fn may_propose(self) -> bool {
        match self.role {
            Role::Administrator => self.side().is_some() || self.kind.sends(),
            Role::Coordinator => true,
            Role::Clerk | Role::CaseManager | Role::DataProtectionOfficer | Role::Service => false,
        }
    }

    /// Whether it may do this with an open proposal; `own`: its agency made it.
    #[must_use]
    pub fn may(self, action: ProposalAction, own: bool) -> bool {
        match action {
            ProposalAction::Sign => self.role == Role::Administrator && self.side().is_some(),
            ProposalAction::GiveOpinion => self.role == Role::DataProtectionOfficer && self.side().is_some(),
            ProposalAction::Reject => !own && self.role == Role::Administrator && self.side().is_some(),
            ProposalAction::TakeBack => own && matches!(self.role, Role::Administrator | Role::Coordinator),
        }
    }

    /// Whether it may end an agreement: the authorised person of either party.
    #[must_use]
    pub fn may_terminate(self) -> bool {
        self.role == Role::Administrator && self.side().is_some()
    }
}

/// Whether nothing is missing any more: both parties have signed and have heard their data protection officer.
#[must_use]
pub fn is_complete(signed: &[AgreementSide], heard: &[AgreementSide]) -> bool {
    AgreementSide::ALL.iter().all(|side| signed.contains(side) && heard.contains(side))
}

/// Why a field cannot be agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// This kind of agency never gets it.
    Ceiling,
    /// No statute can carry it to this kind of agency, for this purpose, from any sender.
    Statute,
}

/// Whether a field can be agreed on, with consent or without; and if so, whether it must be ticked by itself.
///
/// # Errors
/// [`Beyond`]
pub fn agreeable(
    receiver: AgencyKind,
    purpose: ReferralPurpose,
    field: HandoverField,
    statutory: bool,
) -> Result<bool, Beyond> {
    let must_be_ticked = match level(receiver, field) {
        Level::Never => return Err(Beyond::Ceiling),
        Level::Ticked => true,
        Level::Preview | Level::Accepted => false,
    };
    if statutory && (must_be_ticked || field.is_art9() || !statute_carries(receiver, purpose)) {
        return Err(Beyond::Statute);
    }
    Ok(must_be_ticked)
}

/// Whether a statutory ground can exist at all: between bodies under § 35 SGB I, for a purpose of the Sozialgesetzbuch
/// (§§ 67d, 69 SGB X), where some kind of agency that sends is such a body. Today none is: the senders are Träger.
fn statute_carries(receiver: AgencyKind, purpose: ReferralPurpose) -> bool {
    let some_sender = AgencyKind::ALL.iter().any(|kind| kind.sends() && kind.is_sgb_body());
    some_sender && receiver.is_sgb_body() && purpose.rechtskreis().is_sgb()
}

/// What a version agrees on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// The fields.
    pub fields: FieldSet,
    /// Those of them that the client must tick one by one.
    pub ticked_only: FieldSet,
    /// Those that a statute lets pass.
    pub statutory: FieldSet,
    /// Working days to answer.
    pub respond_working_days: i16,
    /// Calendar days in which a closed referral can still be read.
    pub access_days: i16,
    /// Whether it narrows referrals that run under earlier versions.
    pub narrows_running: bool,
}

/// A number that is another one now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Before.
    pub from: i16,
    /// After.
    pub to: i16,
}

/// In what a version differs from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Fields that the first has not.
    pub added: FieldSet,
    /// Fields that the second has not.
    pub removed: FieldSet,
    /// Fields of both that must be ticked only under the second.
    pub newly_ticked: FieldSet,
    /// Fields of both that must be ticked only under the first.
    pub no_longer_ticked: FieldSet,
    /// The time to answer, if it is another.
    pub respond_working_days: Option<Changed>,
    /// The time to read, if it is another.
    pub access_days: Option<Changed>,
    /// Whether the second narrows referrals that run.
    pub narrows_running: bool,
}

impl Difference {
    /// From one version to another.
    #[must_use]
    pub fn between(from: &Content, to: &Content) -> Self {
        let both = from.fields.and(to.fields);
        let changed = |from, to| (from != to).then_some(Changed { from, to });
        Self {
            added: to.fields.without(from.fields),
            removed: from.fields.without(to.fields),
            newly_ticked: to.ticked_only.without(from.ticked_only).and(both),
            no_longer_ticked: from.ticked_only.without(to.ticked_only).and(both),
            respond_working_days: changed(from.respond_working_days, to.respond_working_days),
            access_days: changed(from.access_days, to.access_days),
            narrows_running: to.narrows_running,
        }
    }
}

#[cfg(test)]
mod tests;
