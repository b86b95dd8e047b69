//! One referral as its sender or receiver may know it, with the inputs of the rule.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{self, Stage, Terms, Visible};
use kim_domain::life::Standing;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, ReferralKind, ReferralStatus};
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

/// One referral without its handover, as the viewer may know it: what a list shows of it, and as `R` the rest of the row.
#[derive(Clone, Debug)]
pub struct ReferralRow<R = ReferralRest> {
    /// Id.
    pub id: Uuid,
    /// What is asked.
    pub purpose: ReferralPurpose,
    /// Where it stands.
    pub status: ReferralStatus,
    /// Its own reference, for the phone.
    pub reference: String,
    /// Who handed over.
    pub sender_id: Uuid,
    /// What its receiver may know of it.
    pub sender: AgencyRow,
    /// Who was asked.
    pub receiver_id: Uuid,
    /// Day on which an answer is due.
    pub due_on: Option<NaiveDate>,
    /// Where the viewer stands.
    pub side: Side,
    /// The inputs of the rule, today.
    pub terms: Terms,
    /// The rest.
    pub rest: R,
}

/// A row of a list. It has the rest if it was read [whole](Extent::Whole).
pub type ListedReferral = ReferralRow<Option<ReferralRest>>;

/// What a list does not show of a referral.
#[derive(Clone, Debug)]
pub struct ReferralRest {
    /// Counts changes.
    pub version: i32,
    /// How it is handed over.
    pub kind: ReferralKind,
    /// Where it stands, and where it goes back to.
    pub standing: Standing,
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
}

impl<R> ReferralRow<R> {
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

    /// Whether the receiver has let the day pass.
    #[must_use]
    pub fn overdue(&self, today: NaiveDate) -> bool {
        self.status.ball() == Some(BallHolder::Receiver) && self.due_on.is_some_and(|due| due < today)
    }

    /// The same row with another rest.
    #[must_use]
    pub fn map<S>(self, rest: impl FnOnce(R) -> S) -> ReferralRow<S> {
        ReferralRow {
            id: self.id,
            purpose: self.purpose,
            status: self.status,
            reference: self.reference,
            sender_id: self.sender_id,
            sender: self.sender,
            receiver_id: self.receiver_id,
            due_on: self.due_on,
            side: self.side,
            terms: self.terms,
            rest: rest(self.rest),
        }
    }
}

impl ReferralRest {
    /// Whether the client lets the receiver tell the sender what came of it, under the terms of the row.
    #[must_use]
    pub fn reports_outcome(&self, terms: &Terms) -> bool {
        self.report_outcome && terms.consent.is_some_and(|consent| !consent.withdrawn)
    }
}

/// How much of a row is read. Fifty whole rows of a list cost twice as much as fifty listed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What a list shows, and the inputs of the rule.
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
