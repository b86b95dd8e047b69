//! One referral as its sender or receiver may know it, with the inputs of the rule.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{self, Stage, Terms, Visible};
use kim_domain::life::Standing;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, ReferralKind};
use uuid::Uuid;

use super::AgencyRow;
use crate::viewer::Viewer;

/// On which side of a referral the viewer's agency stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It handed over.
    Sender,
    /// It was asked.
    Receiver,
}

/// A professional to talk to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
}

/// One referral without its handover, as the viewer may know it.
#[derive(Clone, Debug)]
pub struct ReferralRow {
    /// Id.
    pub id: Uuid,
    /// Counts changes.
    pub version: i32,
    /// How it is handed over.
    pub kind: ReferralKind,
    /// What is asked.
    pub purpose: ReferralPurpose,
    /// Where it stands, and where it goes back to.
    pub standing: Standing,
    /// Its own reference, for the phone.
    pub reference: String,
    /// Who handed over.
    pub sender_id: Uuid,
    /// What its receiver may know of it.
    pub sender: AgencyRow,
    /// Who was asked.
    pub receiver_id: Uuid,
    /// The viewer's own file number; the other side's is not read.
    pub own_reference: Option<String>,
    /// The sender's professional.
    pub sender_contact: Contact,
    /// The receiver's professional.
    pub receiver_contact: Contact,
    /// The day of first receipt (§ 16 SGB I).
    pub first_received_on: Option<NaiveDate>,
    /// Microseconds; `None` before the offer.
    pub offered_at: Option<i64>,
    /// Microseconds.
    pub accepted_at: Option<i64>,
    /// Microseconds.
    pub closed_at: Option<i64>,
    /// Microseconds.
    pub updated_at: i64,
    /// Day on which an answer is due.
    pub due_on: Option<NaiveDate>,
    /// The referral that this one continues.
    pub previous_id: Option<Uuid>,
    /// The sender's case.
    pub case_id: Uuid,
    /// The version of the agreement that it was offered under; none for a draft that waits for one.
    pub agreement_id: Option<Uuid>,
    /// The consent that it rests on.
    pub consent_id: Option<Uuid>,
    /// Whether it brings an application (§ 16 SGB I).
    pub carries_application: bool,
    /// A day set by law that nothing moves (§ 14 SGB IX).
    pub statutory_due_on: Option<NaiveDate>,
    /// Code of its outcome, or of the reason for which it was closed.
    pub reason: Option<String>,
    /// Whether the client lets the receiver tell the sender what came of it.
    pub report_outcome: bool,
    /// Where the viewer stands.
    pub side: Side,
    /// The inputs of the rule, today.
    pub terms: Terms,
}

impl ReferralRow {
    /// What the receiver may see now.
    #[must_use]
    pub fn visible(&self) -> Visible {
        disclosure::visible(&self.terms)
    }

    /// What the receiver would see now, had it accepted and were the referral open.
    #[must_use]
    pub fn visible_if_accepted(&self) -> Visible {
        disclosure::visible(&Terms { stage: Stage::Full, ..self.terms })
    }

    /// Whether the client lets the receiver tell the sender what came of it.
    #[must_use]
    pub fn reports_outcome(&self) -> bool {
        self.report_outcome && self.terms.consent.is_some_and(|consent| !consent.withdrawn)
    }

    /// Whether the receiver has let the day pass.
    #[must_use]
    pub fn overdue(&self, today: NaiveDate) -> bool {
        self.standing.status.ball() == Some(BallHolder::Receiver) && self.due_on.is_some_and(|due| due < today)
    }
}

/// How much of a row is read. Fifty rows of a list are twice as dear whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What a list shows: id, purpose, state, reference, parties, due day, and the inputs of the rule. The rest of the row
    /// is empty, and its standing knows no question and no suspension.
    Listed,
    /// All of it.
    Whole,
}

/// For whom a row is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading<'v> {
    /// A viewer, whose agency is one of its sides.
    Viewer(&'v Viewer),
    /// Nobody. It is read as its sender would, who answers for what is done there.
    Unscoped,
}

impl Reading<'_> {
    pub(super) fn side(self, receiver_id: Uuid) -> Side {
        match self {
            Self::Viewer(viewer) if viewer.agency().id == receiver_id => Side::Receiver,
            Self::Viewer(_) | Self::Unscoped => Side::Sender,
        }
    }

    /// The kind of the receiver. The viewer's own kind, not the purpose's, decides its ceiling.
    pub(super) fn receiver(self, side: Side, purpose: ReferralPurpose) -> AgencyKind {
        match (self, side) {
            (Self::Viewer(viewer), Side::Receiver) => viewer.agency().kind,
            (Self::Viewer(_), Side::Sender) | (Self::Unscoped, _) => purpose.receiver_kind(),
        }
    }
}
