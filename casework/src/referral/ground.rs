//! Suspends referrals when their ground ends, and resumes them when there is a new one.

use chrono::Days;
use kim_domain::deadline::{after_working_days, working_days_until};
use kim_domain::life::{Mover, ReferralAction};
use kim_domain::referral::{ReferralStatus, SuspensionReason};
use kim_domain::timer::SUSPENDED_DAYS;
use kim_entity::read::ReferralRow;
use kim_entity::referral::NO_DUE_DATE;
use kim_entity::write::ReferralChange;
use uuid::Uuid;

use crate::refusal::WorkError;
use crate::work::{Move, Work, Worker};

/// Suspends an open referral. Its fields close, and its metadata stays visible. The receiver's due date is paused.
///
/// # Errors
/// ILLEGAL_TRANSITION if it is not open, or a database error.
pub async fn suspend(work: &mut Work<'_>, row: &ReferralRow) -> Result<(), WorkError> {
    suspend_with_reason(work, row, None).await
}

/// The same for every kind of work, with a reason for the event.
///
/// # Errors
/// As [`suspend`].
pub async fn suspend_with_reason<W: Worker>(
    work: &mut Work<'_, W>,
    row: &ReferralRow,
    reason: Option<SuspensionReason>,
) -> Result<(), WorkError> {
    let today = work.today();
    let mut with = ReferralChange {
        due_on: Some(today.checked_add_days(Days::new(SUSPENDED_DAYS)).unwrap_or(NO_DUE_DATE)),
        ..Default::default()
    };
    // While a question is open, the receiver's remaining days are stored already.
    if row.status != ReferralStatus::InfoRequested {
        with.paused_days = Some(row.due_on.map(|due| working_days_until(today, due)));
    }
    let made = Move {
        action: ReferralAction::Suspend,
        mover: Mover::Timer,
        reason: reason.map(SuspensionReason::code),
        detail: None,
        with,
    };
    work.advance(row, made).await.map(drop)
}

/// Resumes a suspended referral, based on this consent.
///
/// # Errors
/// ILLEGAL_TRANSITION if it is not suspended, or a database error.
pub async fn resume(work: &mut Work<'_>, row: &ReferralRow, consent_id: Uuid) -> Result<(), WorkError> {
    let kept = work.writes().referral_as_stored(row).await?.and_then(|row| row.paused_days);
    let has_open_question = row.rest.standing.suspended_from == Some(ReferralStatus::InfoRequested);
    let agreement = match row.rest.agreement_id {
        Some(id) => work.writes().agreement(id).await?,
        None => None,
    };
    let due_on = match (has_open_question, kept, agreement) {
        // The sender's period to answer begins again.
        (true, _, Some(agreement)) => after_working_days(work.today(), agreement.respond_working_days),
        (false, Some(days), _) => after_working_days(work.today(), days),
        (true, _, None) | (false, None, _) => NO_DUE_DATE,
    };
    let with = ReferralChange {
        consent_id: Some(Some(consent_id)),
        due_on: Some(due_on),
        paused_days: (!has_open_question).then_some(None),
        ..Default::default()
    };
    let made = Move { action: ReferralAction::Resume, mover: Mover::Timer, reason: None, detail: None, with };
    work.advance(row, made).await.map(drop)
}
