//! A referral's life cycle: which moves exist, who may make them, and where each leads. Pure, and the only place that
//! decides this.
//!
//! ```text
//! DRAFT → OFFERED → ACKNOWLEDGED → ACCEPTED → IN_PROGRESS → COMPLETED | FAILED
//! ```
//!
//! Every other move ends the referral earlier, asks a question, or suspends it. Further preconditions of a move (an
//! agreement, a ground, a reason) are checked by its use case.

use crate::referral::{BallHolder, ReferralStatus};

crate::words! {
    /// Actions on a referral. Those that move it come first.
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
        /// Only by the timer.
        Expire = "EXPIRE": "ablaufen lassen",
        /// Because the referral's ground ended.
        Suspend = "SUSPEND": "aussetzen",
        /// Because the referral's ground was renewed.
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
    /// The sending agency.
    Sender,
    /// The receiving agency.
    Receiver,
    /// No agency: a day has passed, or a ground was lost or renewed.
    Timer,
}

impl From<BallHolder> for Mover {
    fn from(holder: BallHolder) -> Self {
        match holder {
            BallHolder::Sender => Self::Sender,
            BallHolder::Receiver => Self::Receiver,
        }
    }
}

/// A referral's current state, and the states to which it returns after an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The current state.
    pub status: ReferralStatus,
    /// Whether the referral was ever accepted.
    pub ever_accepted: bool,
    /// The state in which the open question was asked.
    pub asked_from: Option<ReferralStatus>,
    /// The state in which the referral was suspended.
    pub suspended_from: Option<ReferralStatus>,
}

/// Facts other than the standing that decide which actions are available.
#[derive(Clone, Copy, Debug)]
pub struct ActionContext {
    /// The referral carries an application (§ 16 SGB I).
    pub carries_application: bool,
    /// The receiver sees at least one field now.
    pub shows_something: bool,
    /// The case is open, and no other referral continues this one yet.
    pub can_be_continued: bool,
    /// A report of a wrong value waits for the sender's decision.
    pub to_decide: bool,
}

/// Why a move is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveError {
    /// This party may never make the move: only the receiver answers, only the sender withdraws.
    NotYours,
    /// The move is not possible from the current state.
    Illegal,
}

impl Standing {
    /// A draft.
    pub const DRAFT: Self =
        Self { status: ReferralStatus::Draft, ever_accepted: false, asked_from: None, suspended_from: None };

    /// The standings to which a move leads. Usually one; two if an offered referral is accepted, which acknowledges it
    /// first; none if a draft is discarded.
    ///
    /// # Errors
    /// [`MoveError`]
    pub fn after(self, action: ReferralAction, mover: Mover) -> Result<Vec<Self>, MoveError> {
        use ReferralAction as A;
        use ReferralStatus as S;
        if !allowed_movers(action).contains(&mover) {
            return Err(MoveError::NotYours);
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
            // After acceptance only an application can be forwarded, see `forwards`.
            (A::Forward, status) if status.is_open() => to(S::Forwarded),
            (A::RequestInformation, S::Offered | S::Acknowledged | S::Accepted | S::InProgress) => {
                Ok(vec![Self { status: S::InfoRequested, asked_from: Some(self.status), ..self }])
            }
            (A::AnswerInformation, S::InfoRequested) => {
                // An imported question has no `asked_from`: it was asked before or after acceptance.
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
            _ => Err(MoveError::Illegal),
        }
    }

    /// Whether this party may perform this action now, as far as the state decides.
    #[must_use]
    pub fn permits(self, action: ReferralAction, mover: Mover) -> bool {
        use ReferralAction as A;
        use ReferralStatus as S;
        let may = allowed_movers(action).contains(&mover);
        match action {
            A::OfferAgain => may && matches!(self.status, S::Declined | S::Expired | S::Withdrawn),
            A::ChangeHandover => may && (self.status.is_open() || self.status == S::Draft),
            A::ReportWrongValue => may && self.status.is_open(),
            // A report is decided even if the referral has ended since, because other receivers were notified of it.
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

    /// The state of the actual work, without interruptions: a question or a suspension interrupts work and ends
    /// nothing.
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

    /// Whether the referral may still be forwarded. After acceptance it is returned instead, except for an application:
    /// an agency that is not competent must forward an application, however late it notices (§ 16(2) SGB I).
    #[must_use]
    pub const fn forwards(self, carries_application: bool) -> bool {
        carries_application || !self.ever_accepted
    }

    /// The actions available to this party now, in the order of the list.
    pub fn available(self, mover: Mover, context: ActionContext) -> impl Iterator<Item = ReferralAction> {
        use ReferralAction as A;
        let conditions = [
            (A::Forward, self.forwards(context.carries_application)),
            (A::OfferAgain, context.can_be_continued),
            (A::ReportWrongValue, context.shows_something),
            (A::DecideCorrection, context.to_decide),
        ];
        let condition_holds = move |action| conditions.iter().all(|&(on, holds)| action != on || holds);
        ReferralAction::ALL
            .iter()
            .copied()
            .filter(move |&action| self.permits(action, mover) && condition_holds(action))
    }
}

/// Who may perform an action. Only the receiver answers, only the sender withdraws. The clock withdraws a referral
/// without a ground.
const fn allowed_movers(action: ReferralAction) -> &'static [Mover] {
    use ReferralAction as A;
    match action {
        A::Offer | A::Discard | A::AnswerInformation | A::OfferAgain | A::ChangeHandover | A::DecideCorrection => {
            &[Mover::Sender]
        }
        A::Withdraw => &[Mover::Sender, Mover::Timer],
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
        A::Expire | A::Suspend | A::Resume => &[Mover::Timer],
        A::PostMessage | A::RecordAppointment | A::RecordTalk => &[Mover::Sender, Mover::Receiver],
    }
}

/// Who is responsible for the case now. In a TRANSFER the receiver is responsible from the start of its work and not
/// earlier (§ 86c SGB VIII), also while a question or a suspension interrupts the work. In no other kind does the
/// responsibility move.
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
