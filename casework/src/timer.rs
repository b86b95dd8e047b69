//! The timer's actions. Each action has its own transaction and is decided again under the referral's lock, so that
//! several servers and crashes are harmless. `domain/src/timer.rs` decides which action is due.

use kim_domain::calendar::Clock;
use kim_domain::disclosure;
use kim_domain::life::{Mover, ReferralAction};
use kim_domain::referral::{SuspensionReason, WithdrawalReason};
use kim_domain::timer::{ReferralFacts, TimerAction, due_action, searches};
use kim_entity::DbErr;
use kim_entity::database::Database;
use kim_entity::read::ReferralRow;
use kim_entity::unscoped::LockedReferral;
use uuid::Uuid;

use crate::referral::suspend_with_reason;
use crate::refusal::WorkError;
use crate::work::{Move, TimerWork, Work};

/// Days for which the result of a request is kept for repeats.
pub const REQUEST_RETENTION_DAYS: i64 = 30;
/// Maximum number of referrals that one statement of a search finds. The next statement goes on after the last of them.
const FOUND_AT_ONCE: usize = 10_000;
/// Number of requests that are deleted per transaction.
const BATCH: i64 = 500;
/// Number of failed actions after which a run is aborted. One broken referral must not stop the others, but a database
/// that does not answer must not be queried for every referral.
const MAX_FAILURES: u64 = 10;

/// Periods after which the timer acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerPeriods {
    /// Working days after the due date until an unanswered referral expires.
    pub expire_after_working_days: i16,
}

impl Default for TimerPeriods {
    fn default() -> Self {
        Self { expire_after_working_days: 10 }
    }
}

/// Number of actions of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Expired referrals.
    pub expired: u64,
    /// Referrals that were suspended because their ground ended.
    pub suspended: u64,
    /// Suspended referrals that were withdrawn.
    pub withdrawn: u64,
    /// Sent reminders.
    pub reminded: u64,
    /// Deleted results of old requests.
    pub forgotten: u64,
    /// Failed actions, which the next run retries.
    pub failed: u64,
}

/// Runs all actions that are due, as long as `keep_running` returns true. It is checked between two actions.
///
/// # Errors
/// If the database does not answer. Actions that were done before remain.
pub async fn tick(
    database: &Database,
    clock: &Clock,
    periods: TimerPeriods,
    keep_running: impl Fn() -> bool,
) -> Result<RunCounts, DbErr> {
    tick_in_steps(database, clock, periods, FOUND_AT_ONCE, keep_running).await
}

/// As [`tick`], with another maximum number of referrals that one statement of a search finds.
///
/// # Errors
/// As [`tick`].
#[expect(clippy::disallowed_methods, reason = "the timer looks for due referrals of all agencies")]
pub async fn tick_in_steps(
    database: &Database,
    clock: &Clock,
    periods: TimerPeriods,
    found_at_once: usize,
    keep_running: impl Fn() -> bool,
) -> Result<RunCounts, DbErr> {
    let mut done = RunCounts::default();
    let most = i64::try_from(found_at_once).unwrap_or(i64::MAX);
    for search in searches(clock.today(), periods.expire_after_working_days) {
        let mut last = None;
        loop {
            let found = database.unscoped().search(search, last, most).await?;
            for referral in &found {
                if !keep_running() {
                    return Ok(done);
                }
                match run_action(database, clock, periods, referral.id).await {
                    Ok(Some(action)) => done.count(action),
                    // Another request was faster, or holds the lock.
                    Ok(None) | Err(WorkError::Refused(_)) => {}
                    Err(WorkError::Database(error)) if done.failed == MAX_FAILURES => return Err(error),
                    Err(WorkError::Database(_)) => done.failed += 1,
                }
            }
            if found.len() < found_at_once {
                break;
            }
            // Not from the beginning: those with which nothing was done would be found again and again.
            last = found.last().copied();
        }
    }
    let before = clock.now_micros() - REQUEST_RETENTION_DAYS * 86_400_000_000;
    while keep_running() {
        let unscoped = database.unscoped().begin(clock.today()).await?;
        let forgotten = unscoped.delete_answered_requests(before, BATCH).await?;
        unscoped.into_tx().commit().await?;
        done.forgotten += forgotten;
        if forgotten < BATCH.unsigned_abs() {
            break;
        }
    }
    Ok(done)
}

impl RunCounts {
    fn count(&mut self, action: TimerAction) {
        *match action {
            TimerAction::Expire => &mut self.expired,
            TimerAction::Suspend => &mut self.suspended,
            TimerAction::Withdraw => &mut self.withdrawn,
            TimerAction::Remind(_) => &mut self.reminded,
        } += 1;
    }
}

/// Runs the action that is due for one referral, if there is one.
async fn run_action(
    database: &Database,
    clock: &Clock,
    periods: TimerPeriods,
    referral: Uuid,
) -> Result<Option<TimerAction>, WorkError> {
    let mut work = Work::for_timer(database, clock).await?;
    let Some(locked) = work.unscoped().lock(referral).await? else { return Ok(None) };
    let facts = facts(&locked);
    let Some(action) = due_action(&facts, work.today(), periods.expire_after_working_days) else { return Ok(None) };
    let row = &locked.row;
    match action {
        TimerAction::Expire => move_referral(&mut work, row, ReferralAction::Expire, None).await?,
        TimerAction::Suspend => suspend_with_reason(&mut work, row, Some(SuspensionReason::ConsentEnded)).await?,
        TimerAction::Withdraw => {
            let reason = WithdrawalReason::GroundEnded.code();
            move_referral(&mut work, row, ReferralAction::Withdraw, Some(reason)).await?;
        }
        TimerAction::Remind(kind) => {
            let Some(due_on) = row.due_on else { return Ok(None) };
            if !work.unscoped().record_reminder(row.id, kind, due_on, work.now()).await? {
                return Ok(None);
            }
            work.remind(row);
        }
    }
    work.finish().await?;
    Ok(Some(action))
}

async fn move_referral(
    work: &mut Work<'_, TimerWork>,
    row: &ReferralRow,
    action: ReferralAction,
    reason: Option<&'static str>,
) -> Result<(), WorkError> {
    let made = Move { action, mover: Mover::Timer, reason, detail: None, with: Default::default() };
    work.advance(row, made).await.map(drop)
}

fn facts(locked: &LockedReferral) -> ReferralFacts {
    let LockedReferral { row, known_since } = locked;
    ReferralFacts {
        standing: row.rest.standing,
        receiver: row.terms.receiver,
        carries_application: row.rest.carries_application,
        has_ground: disclosure::consent_holds(&row.terms) || !disclosure::statutory(&row.terms).is_empty(),
        due_on: row.due_on,
        known_since: *known_since,
    }
}
