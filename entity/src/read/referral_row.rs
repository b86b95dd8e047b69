//! One referral as its sender or receiver may see it, with the inputs of the rule.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{self, Stage, Terms, Visible};
use kim_domain::life::Standing;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, ReferralKind, ReferralStatus};
use sea_orm::QueryResult;
use uuid::Uuid;

use super::AgencyRow;
use crate::keys::{CaseKey, ReferralKey};
use crate::sql::{Columns, Unreadable};
use crate::viewer::Viewer;

/// Which side of a referral the viewer's agency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// It hands over.
    Sender,
    /// It receives.
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

/// One referral without its handover: the columns that a list shows, and as `R` the rest of the row.
#[derive(Clone, Debug)]
pub struct ReferralRow<R = ReferralRest> {
    /// Id.
    pub id: Uuid,
    /// Its purpose.
    pub purpose: ReferralPurpose,
    /// Its state.
    pub status: ReferralStatus,
    /// Its own reference, for the phone.
    pub reference: String,
    /// The sender.
    pub sender_id: Uuid,
    /// What the receiver may know about the sender.
    pub sender: AgencyRow,
    /// The receiver.
    pub receiver_id: Uuid,
    /// Day on which an answer is due.
    pub due_on: Option<NaiveDate>,
    /// The viewer's side.
    pub side: Side,
    /// The inputs of the rule for today.
    pub terms: Terms,
    /// The rest.
    pub rest: R,
    pub(super) key: ReferralKey,
}

/// A row of a list. It has the rest if it was read [whole](Extent::Whole).
pub type ListedReferral = ReferralRow<Option<ReferralRest>>;

/// What a list does not show of a referral.
#[derive(Clone, Debug)]
pub struct ReferralRest {
    /// Counts changes.
    pub version: i32,
    /// How the case is handed over.
    pub kind: ReferralKind,
    /// Its state, and the state to which it returns.
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
    pub(super) case_id: Uuid,
    /// The version of the agreement under which it was offered; none for a draft without one.
    pub agreement_id: Option<Uuid>,
    /// The consent on which it is based.
    pub consent_id: Option<Uuid>,
    /// Whether it contains an application (§ 16 SGB I).
    pub carries_application: bool,
    /// A due date set by law that never changes (§ 14 SGB IX).
    pub statutory_due_on: Option<NaiveDate>,
    /// Code of its outcome, or of the reason for which it was closed.
    pub reason: Option<String>,
    /// Whether the client allowed the receiver to report the outcome to the sender.
    pub report_outcome: bool,
}

impl<R> ReferralRow<R> {
    /// The proof that it was found.
    #[must_use]
    pub fn key(&self) -> ReferralKey {
        self.key
    }

    /// The same row under other terms.
    #[must_use]
    pub fn under(self, terms: Terms) -> Self {
        Self { terms, ..self }
    }

    /// The fields that the receiver sees now.
    #[must_use]
    pub fn visible(&self) -> Visible {
        disclosure::visible(&self.terms)
    }

    /// The fields that the receiver would see now if it had accepted and the referral were open.
    #[must_use]
    pub fn visible_if_accepted(&self) -> Visible {
        disclosure::visible(&Terms { stage: Stage::Full, ..self.terms })
    }

    /// Whether the receiver has to act and the due day has passed.
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
            key: self.key,
        }
    }
}

impl ReferralRow {
    /// The case, if it is the reader's own: for the sender.
    #[must_use]
    pub fn own_case(&self) -> Option<CaseKey> {
        (self.side == Side::Sender).then(|| CaseKey::of(self.rest.case_id))
    }
}

impl ReferralRest {
    /// The sender's case.
    #[must_use]
    pub fn case_id(&self) -> Uuid {
        self.case_id
    }

    /// Whether the sender may learn the outcome, under the terms of the row.
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

/// The reader of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reading<'v> {
    /// A viewer, whose agency is one of the sides.
    Viewer(&'v Viewer, Option<&'v Unreadable>),
    /// No viewer. The row is read as for its sender.
    Unscoped,
}

impl<'v> Reading<'v> {
    /// The columns of a row.
    pub(super) fn columns<'r>(self, row: &'r QueryResult) -> Columns<'r>
    where
        'v: 'r,
    {
        match self {
            Self::Viewer(_, unreadable) => Columns::noting(row, unreadable),
            Self::Unscoped => Columns::of(row),
        }
    }

    pub(super) fn side(self, receiver_id: Uuid) -> Side {
        match self {
            Self::Viewer(viewer, _) if viewer.agency().id == receiver_id => Side::Receiver,
            Self::Viewer(..) | Self::Unscoped => Side::Sender,
        }
    }

    /// The kind of the receiver. For a receiving viewer its own kind, not that of the purpose, decides the ceiling.
    pub(super) fn receiver(self, side: Side, purpose: ReferralPurpose) -> AgencyKind {
        match (self, side) {
            (Self::Viewer(viewer, _), Side::Receiver) => viewer.agency().kind,
            (Self::Viewer(..), Side::Sender) | (Self::Unscoped, _) => purpose.receiver_kind(),
        }
    }
}
