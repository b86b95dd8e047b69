//! A referral's life: which moves there are, who may make them, and where each leads. Pure; the one place that decides.
//!
//! ```text
//! DRAFT → OFFERED → ACKNOWLEDGED → ACCEPTED → IN_PROGRESS → COMPLETED | FAILED
//! ```
//!
//! Every other way ends it sooner, asks a question, or suspends it. What a move needs beside this (an agreement, a ground,
//! a reason) its use case checks.

use crate::referral::{BallHolder, ReferralStatus};

crate::words! {
    /// What can be done with a referral. Those that move it come first.
    pub enum ReferralAction("Was mit einer Übergabe getan werden kann") for Work {
        Offer = "OFFER": "anbieten",
        Discard = "DISCARD": "Entwurf verwerfen" for Senders,
        Acknowledge = "ACKNOWLEDGE": "Eingang bestätigen",
        Accept = "ACCEPT": "annehmen",
        Decline = "DECLINE": "ablehnen",
        Forward = "FORWARD": "an die zuständige Stelle weiterleiten",
        RequestInformation = "REQUEST_INFORMATION": "Rückfrage stellen",
        AnswerInformation = "ANSWER_INFORMATION": "Rückfrage beantworten",
        Start = "START": "Bearbeitung beginnen",
        Complete = "COMPLETE": "abschließen",
        Fail = "FAIL": "als gescheitert abschließen",
        Return = "RETURN": "zurückgeben",
        Withdraw = "WITHDRAW": "zurückziehen",
        /// By the clock alone.
        Expire = "EXPIRE": "ablaufen lassen",
        /// Because its ground ended.
        Suspend = "SUSPEND": "aussetzen",
        /// Because its ground is there again.
        Resume = "RESUME": "fortsetzen",
        OfferAgain = "OFFER_AGAIN": "erneut anbieten",
        ChangeHandover = "CHANGE_HANDOVER": "Übergebenes ändern",
        PostMessage = "POST_MESSAGE": "Nachricht schreiben",
        RecordAppointment = "RECORD_APPOINTMENT": "Termin eintragen",
        RecordTalk = "RECORD_TALK": "Übergabegespräch festhalten",
        ReportWrongValue = "REPORT_WRONG_VALUE": "falsche Angabe melden",
        DecideCorrection = "DECIDE_CORRECTION": "über eine gemeldete Angabe entscheiden",
    }
}

/// Who makes a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mover {
    /// The agency that hands over.
    Sender,
    /// The agency that is asked.
    Receiver,
    /// Nobody: a day has passed, or a ground has come or gone.
    Clock,
}

impl From<BallHolder> for Mover {
    fn from(holder: BallHolder) -> Self {
        match holder {
            BallHolder::Sender => Self::Sender,
            BallHolder::Receiver => Self::Receiver,
        }
    }
}

/// Where a referral stands, and where it goes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub status: ReferralStatus,
    /// Whether it was ever accepted.
    pub ever_accepted: bool,
    /// Where it stood when the open question was asked.
    pub asked_from: Option<ReferralStatus>,
    /// Where it stood when it was suspended.
    pub suspended_from: Option<ReferralStatus>,
}

/// What beside its standing decides what can be done with a referral.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// It brings an application (§ 16 SGB I).
    pub carries_application: bool,
    /// The receiver sees something of it now.
    pub shows_something: bool,
    /// Its case is open, and no other referral continues it yet.
    pub can_be_continued: bool,
    /// A report of a wrong value waits for its sender.
    pub to_decide: bool,
}

/// Why a move is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is never this party's: only the receiver answers, only the sender withdraws.
    NotYours,
    /// Not from where the referral stands.
    Illegal,
}

impl Standing {
    /// A draft.
    pub const DRAFT: Self =
        Self { status: ReferralStatus::Draft, ever_accepted: false, asked_from: None, suspended_from: None };

    /// Where a move leads: one standing, or two, as accepting what was offered acknowledges it first. `None` instead: a
    /// draft that is discarded leaves nothing.
    ///
    /// # Errors
    /// [`Refused`]
    pub fn after(self, action: ReferralAction, mover: Mover) -> Result<Vec<Self>, Refused> {
        use ReferralAction as A;
        use ReferralStatus as S;
        if !movers(action).contains(&mover) {
            return Err(Refused::NotYours);
        }
        let to = |status| Ok(vec![Self { status, ..self }]);
        let accepted = |from: Self| Self { status: S::Accepted, ever_accepted: true, ..from };
        match (action, self.status) {
            (A::Offer, S::Draft) => to(S::Offered),
            (A::Discard, S::Draft) => Ok(Vec::new()),
            (A::Acknowledge, S::Offered) => to(S::Acknowledged),
            (A::Accept, S::Acknowledged) => Ok(vec![accepted(self)]),
            (A::Accept, S::Offered) => {
                let acknowledged = Self { status: S::Acknowledged, ..self };
                Ok(vec![acknowledged, accepted(acknowledged)])
            }
            (A::Decline, S::Offered | S::Acknowledged) => to(S::Declined),
            (A::Decline, S::InfoRequested) if !self.ever_accepted => to(S::Declined),
            // After acceptance an application alone: see `forwards`.
            (A::Forward, status) if status.is_open() => to(S::Forwarded),
            (A::RequestInformation, S::Offered | S::Acknowledged | S::Accepted | S::InProgress) => {
                Ok(vec![Self { status: S::InfoRequested, asked_from: Some(self.status), ..self }])
            }
            (A::AnswerInformation, S::InfoRequested) => {
                // What an imported list left open was asked before or after acceptance.
                let before = if self.ever_accepted { S::Accepted } else { S::Acknowledged };
                Ok(vec![Self { status: self.asked_from.unwrap_or(before), asked_from: None, ..self }])
            }
            (A::Start, S::Accepted) => to(S::InProgress),
            (A::Complete, S::InProgress) => to(S::Completed),
            (A::Fail, S::InProgress) => to(S::Failed),
            (A::Fail, S::InfoRequested) if self.ever_accepted => to(S::Failed),
            (A::Return, S::Accepted | S::InProgress) => to(S::Returned),
            (A::Return, S::InfoRequested) if self.ever_accepted => to(S::Returned),
            (A::Withdraw, status) if status.is_open() || status == S::Suspended => to(S::Withdrawn),
            (A::Expire, S::Offered | S::Acknowledged) => to(S::Expired),
            (A::Expire, S::InfoRequested) if !self.ever_accepted => to(S::Expired),
            (A::Suspend, status) if status.is_open() => {
                Ok(vec![Self { status: S::Suspended, suspended_from: Some(status), ..self }])
            }
            (A::Resume, S::Suspended) => {
                let before = if self.ever_accepted { S::Accepted } else { S::Offered };
                Ok(vec![Self { status: self.suspended_from.unwrap_or(before), suspended_from: None, ..self }])
            }
            _ => Err(Refused::Illegal),
        }
    }

    /// Whether this party may do this now, as far as the state decides.
    #[must_use]
    pub fn permits(self, action: ReferralAction, mover: Mover) -> bool {
        use ReferralAction as A;
        use ReferralStatus as S;
        let may = movers(action).contains(&mover);
        match action {
            A::OfferAgain => may && matches!(self.status, S::Declined | S::Expired | S::Withdrawn),
            A::ChangeHandover => may && (self.status.is_open() || self.status == S::Draft),
            A::ReportWrongValue => may && self.status.is_open(),
            // What was reported is decided even if the referral has ended since: others were told of it.
            A::DecideCorrection => may && self.status != S::Draft,
            A::PostMessage => may && (self.status.is_open() || (self.status == S::Suspended && mover == Mover::Sender)),
            A::RecordAppointment | A::RecordTalk => may && self.status.is_open(),
            A::Offer
            | A::Discard
            | A::Acknowledge
            | A::Accept
            | A::Decline
            | A::Forward
            | A::RequestInformation
            | A::AnswerInformation
            | A::Start
            | A::Complete
            | A::Fail
            | A::Return
            | A::Withdraw
            | A::Expire
            | A::Suspend
            | A::Resume => self.after(action, mover).is_ok(),
        }
    }

    /// Where the work on it stands: a question or a suspension interrupts it, and ends nothing.
    #[must_use]
    pub const fn interrupted(self) -> ReferralStatus {
        use ReferralStatus as S;
        let before = match (self.status, self.suspended_from) {
            (S::Suspended, Some(before)) => before,
            (status, _) => status,
        };
        match (before, self.asked_from) {
            (S::InfoRequested, Some(before)) => before,
            (status, _) => status,
        }
    }

    /// Whether it may still be forwarded. Once accepted it is given back instead, but for an application: whoever is not
    /// competent passes that on, however late it is noticed (§ 16(2) SGB I).
    #[must_use]
    pub const fn forwards(self, carries_application: bool) -> bool {
        carries_application || !self.ever_accepted
    }

    /// What this party may do now, in the order of the list.
    pub fn available(self, mover: Mover, around: Around) -> impl Iterator<Item = ReferralAction> {
        use ReferralAction as A;
        let conditions = [
            (A::Forward, self.forwards(around.carries_application)),
            (A::OfferAgain, around.can_be_continued),
            (A::ReportWrongValue, around.shows_something),
            (A::DecideCorrection, around.to_decide),
        ];
        let stands = move |action| conditions.iter().all(|&(on, holds)| action != on || holds);
        ReferralAction::ALL.iter().copied().filter(move |&action| self.permits(action, mover) && stands(action))
    }
}

/// Whose an action is. Only the receiver answers, only the sender withdraws; what the clock withdraws had no ground.
const fn movers(action: ReferralAction) -> &'static [Mover] {
    use ReferralAction as A;
    match action {
        A::Offer | A::Discard | A::AnswerInformation | A::OfferAgain | A::ChangeHandover | A::DecideCorrection => {
            &[Mover::Sender]
        }
        A::Withdraw => &[Mover::Sender, Mover::Clock],
        A::Acknowledge
        | A::Accept
        | A::Decline
        | A::Forward
        | A::RequestInformation
        | A::Start
        | A::Complete
        | A::Fail
        | A::Return
        | A::ReportWrongValue => &[Mover::Receiver],
        A::Expire | A::Suspend | A::Resume => &[Mover::Clock],
        A::PostMessage | A::RecordAppointment | A::RecordTalk => &[Mover::Sender, Mover::Receiver],
    }
}

/// Who answers for the case now: in a TRANSFER the receiver from the start of its work and not before (§ 86c SGB VIII),
/// also while it waits for an answer or a ground; in no other kind does the responsibility move.
#[must_use]
pub const fn responsible(kind: crate::referral::ReferralKind, standing: Standing) -> BallHolder {
    use ReferralStatus as S;
    match (kind, standing.interrupted()) {
        (crate::referral::ReferralKind::Transfer, S::InProgress | S::Completed) => BallHolder::Receiver,
        (
            crate::referral::ReferralKind::Referral
            | crate::referral::ReferralKind::WarmHandover
            | crate::referral::ReferralKind::Transfer,
            _,
        ) => BallHolder::Sender,
    }
}

#[cfg(test)]
mod tests;
