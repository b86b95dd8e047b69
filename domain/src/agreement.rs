//! Interface agreements (Schnittstellenvereinbarung) and their proposals: who may propose, sign and terminate, what an
//! agreement may contain, and how two versions differ.
//!
//! How an agreement narrows a handover is decided in [`crate::disclosure`].

use crate::agency::{AgencyKind, Role};
use crate::disclosure::{Level, level};
use crate::field::{FieldSet, HandoverField};
use crate::purpose::ReferralPurpose;

crate::words! {
    /// The two parties of an agreement. The coordination represents the senders of its municipality (docs/adr/0006).
    pub enum AgreementSide("Seite einer Schnittstellenvereinbarung") for All {
        Receiver = "RECEIVER": "die empfangende Stelle",
        Sender = "SENDER": "die übergebenden Träger der Kommune, vertreten durch die Koordinierende Stelle",
    }
}

crate::words! {
    /// State of a proposal.
    pub enum ProposalStatus("Stand eines Vorschlags") for Agreements {
        Open = "OPEN": "offen",
        Concluded = "CONCLUDED": "vereinbart",
        Rejected = "REJECTED": "abgelehnt",
        TakenBack = "TAKEN_BACK": "zurückgenommen",
    }
}

crate::words! {
    /// A data protection officer's opinion on a proposal (Art. 39(1) DSGVO: the officer advises and does not decide).
    pub enum OpinionVerdict("Stellungnahme der oder des Datenschutzbeauftragten") for Agreements {
        Favourable = "FAVOURABLE": "keine Bedenken",
        /// Must state reasons. It does not prevent the agreement from being concluded, and it is kept with the
        /// agreement.
        Unfavourable = "UNFAVOURABLE": "Bedenken",
    }
}

crate::words! {
    /// Actions on a proposal.
    pub enum ProposalAction("Was mit einem Vorschlag getan werden kann") for Agreements {
        Sign = "SIGN": "unterschreiben",
        GiveOpinion = "GIVE_OPINION": "Stellung nehmen",
        Reject = "REJECT": "ablehnen",
        TakeBack = "TAKE_BACK": "zurücknehmen",
    }
}

/// A viewer's position towards an agreement of its municipality.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The kind of the viewer's agency.
    pub kind: AgencyKind,
    /// The viewer's role.
    pub role: Role,
    /// Whether the viewer's agency is the agreement's receiver.
    pub is_receiver: bool,
}

impl Position {
    /// The party that the viewer acts for. `None` for a Träger, which the coordination represents.
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

    /// Whether the viewer may propose an agreement. Both parties, senders and the coordination may.
    #[must_use]
    pub fn may_propose(self) -> bool {
        match self.role {
            Role::Administrator => self.side().is_some() || self.kind.sends(),
            Role::Coordinator => true,
            Role::Clerk | Role::CaseManager | Role::DataProtectionOfficer | Role::Service => false,
        }
    }

    /// Whether the viewer may perform this action on an open proposal. `own`: the proposal was made by the viewer's
    /// agency.
    #[must_use]
    pub fn may(self, action: ProposalAction, own: bool) -> bool {
        match action {
            ProposalAction::Sign => self.role == Role::Administrator && self.side().is_some(),
            ProposalAction::GiveOpinion => self.role == Role::DataProtectionOfficer && self.side().is_some(),
            ProposalAction::Reject => !own && self.role == Role::Administrator && self.side().is_some(),
            ProposalAction::TakeBack => own && matches!(self.role, Role::Administrator | Role::Coordinator),
        }
    }

    /// Whether the viewer may terminate an agreement: only an administrator of either party.
    #[must_use]
    pub fn may_terminate(self) -> bool {
        self.role == Role::Administrator && self.side().is_some()
    }
}

/// Whether a proposal can be concluded: both parties have signed, and both data protection officers have given an
/// opinion.
#[must_use]
pub fn is_complete(signed: &[AgreementSide], opinions: &[AgreementSide]) -> bool {
    AgreementSide::ALL.iter().all(|side| signed.contains(side) && opinions.contains(side))
}

/// Why a field cannot be part of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// The ceiling never gives the field to this kind of agency.
    Ceiling,
    /// No statute can carry the field to this kind of agency for this purpose, whoever sends it.
    Statute,
}

/// Whether a field can be agreed on, by consent or (`statutory`) by statute. `Ok(true)` if the client must tick the
/// field separately.
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

/// Whether a statutory ground can exist for this receiver and purpose. The law requires two bodies under § 35 SGB I and
/// a purpose of the Sozialgesetzbuch (§§ 67d, 69 SGB X). Today no sending kind is such a body: all senders are Träger.
fn statute_carries(receiver: AgencyKind, purpose: ReferralPurpose) -> bool {
    let some_sender = AgencyKind::ALL.iter().any(|kind| kind.sends() && kind.is_sgb_body());
    some_sender && receiver.is_sgb_body() && purpose.rechtskreis().is_sgb()
}

/// The content of an agreement version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// The agreed fields.
    pub fields: FieldSet,
    /// The agreed fields that the client must tick separately.
    pub ticked_only: FieldSet,
    /// The agreed fields that a statute carries.
    pub statutory: FieldSet,
    /// Response time in working days.
    pub respond_working_days: i16,
    /// Calendar days during which a closed referral stays readable.
    pub access_days: i16,
    /// Whether this version also narrows running referrals of earlier versions.
    pub narrows_running: bool,
}

/// A changed number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Old value.
    pub from: i16,
    /// New value.
    pub to: i16,
}

/// Differences between two agreement versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Fields that only the second version contains.
    pub added: FieldSet,
    /// Fields that only the first version contains.
    pub removed: FieldSet,
    /// Fields of both versions that must be ticked only under the second.
    pub newly_ticked: FieldSet,
    /// Fields of both versions that must be ticked only under the first.
    pub no_longer_ticked: FieldSet,
    /// The response time, if it changed.
    pub respond_working_days: Option<Changed>,
    /// The access days, if they changed.
    pub access_days: Option<Changed>,
    /// Whether the second version narrows running referrals.
    pub narrows_running: bool,
}

impl Difference {
    /// Compares two versions.
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
