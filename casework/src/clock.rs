//! What passes by itself. Each action is a transaction of its own, decided again under the referral's lock: several servers
//! and a crash in the middle do no harm. What is to happen, `domain/src/clock.rs` says.

use kim_domain::calendar::Clock;
use kim_domain::clock::{Action, Facts, due_action, searches};
use kim_domain::disclosure;
use kim_domain::life::{Mover, ReferralAction};
use kim_domain::referral::{SuspensionReason, WithdrawalReason};
use kim_entity::DbErr;
use kim_entity::database::Database;
use kim_entity::read::ReferralRow;
use kim_entity::unscoped::{LockedReferral, Unscoped};
use uuid::Uuid;

use crate::referral::suspend_because;
use crate::refusal::Refusal;
use crate::work::{ClockWork, Move, Work};

/// How long the answer to a request is kept for its repeat, in days.
pub const REQUESTS_KEPT: i64 = 30;
/// Requests that are forgotten in one transaction.
const BATCH: i64 = 500;
/// Referrals with which nothing could be done, before a run is given up: one that is broken keeps no other from its turn,
/// a database that does not answer is not asked ten thousand times.
const MOST_FAILURES: u64 = 10;

/// How patient the clock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// So many working days after the due day a referral may still be answered, before it expires.
    pub expire_after_working_days: i16,
}

impl Default for Patience {
    fn default() -> Self {
        Self { expire_after_working_days: 10 }
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Referrals that expired.
    pub expired: u64,
    /// Referrals that were suspended because their ground had ended.
    pub suspended: u64,
    /// Suspended referrals that were withdrawn.
    pub withdrawn: u64,
    /// Reminders.
    pub reminded: u64,
    /// Answers to requests that are not kept any longer.
    pub forgotten: u64,
    /// Referrals with which something was to be done and could not be: the next run tries again.
    pub failed: u64,
}

/// Does what is to be done now, for as long as `go_on` says so; between two actions it may end at any time.
///
/// # Errors
/// The database does not answer. What was done before stays done.
#[expect(clippy::disallowed_methods, reason = "the timer looks for what is due, whoever sent it")]
pub async fn tick(
    database: &Database,
    clock: &Clock,
    patience: Patience,
    go_on: impl Fn() -> bool,
) -> Result<Done, DbErr> {
    let mut done = Done::default();
    for search in searches(clock.today(), patience.expire_after_working_days) {
        for referral in Unscoped::search(database, search).await? {
            if !go_on() {
                return Ok(done);
            }
            match act(database, clock, patience, referral).await {
                Ok(Some(action)) => done.count(action),
                // Somebody was faster, or is at it now.
                Ok(None) | Err(Refusal::Refused(_)) => {}
                Err(Refusal::Database(error)) if done.failed == MOST_FAILURES => return Err(error),
                Err(Refusal::Database(_)) => done.failed += 1,
            }
        }
    }
    let before = clock.now_micros() - REQUESTS_KEPT * 86_400_000_000;
    while go_on() {
        let unscoped = Unscoped::begin(database, clock.today()).await?;
        let forgotten = unscoped.delete_answered_requests(before, BATCH).await?;
        unscoped.into_tx().commit().await?;
        done.forgotten += forgotten;
        if forgotten < BATCH.unsigned_abs() {
            break;
        }
    }
    Ok(done)
}

impl Done {
    fn count(&mut self, action: Action) {
        *match action {
            Action::Expire => &mut self.expired,
            Action::Suspend => &mut self.suspended,
            Action::Withdraw => &mut self.withdrawn,
            Action::Remind(_) => &mut self.reminded,
        } += 1;
    }
}

/// Does with one referral what is to be done with it now, if anything is.
async fn act(
    database: &Database,
    clock: &Clock,
    patience: Patience,
    referral: Uuid,
) -> Result<Option<Action>, Refusal> {
    let mut work = Work::by_clock(database, clock).await?;
    let Some(locked) = work.unscoped().lock(referral).await? else { return Ok(None) };
    let facts = facts(&locked);
    let Some(action) = due_action(&facts, work.today(), patience.expire_after_working_days) else { return Ok(None) };
    let row = &locked.row;
    match action {
        Action::Expire => move_it(&mut work, row, ReferralAction::Expire, None).await?,
        Action::Suspend => suspend_because(&mut work, row, Some(SuspensionReason::ConsentEnded)).await?,
        Action::Withdraw => {
            let reason = WithdrawalReason::GroundEnded.code();
            move_it(&mut work, row, ReferralAction::Withdraw, Some(reason)).await?;
        }
        Action::Remind(kind) => {
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

async fn move_it(
    work: &mut Work<'_, ClockWork>,
    row: &ReferralRow,
    action: ReferralAction,
    reason: Option<&'static str>,
) -> Result<(), Refusal> {
    let made = Move { action, mover: Mover::Clock, reason, detail: None, with: Default::default() };
    work.advance(row, made).await.map(drop)
}

fn facts(locked: &LockedReferral) -> Facts {
    let LockedReferral { row, known_since } = locked;
    Facts {
        standing: row.rest.standing,
        receiver: row.terms.receiver,
        carries_application: row.rest.carries_application,
        has_ground: disclosure::consent_holds(&row.terms) || !disclosure::statutory(&row.terms).is_empty(),
        due_on: row.due_on,
        known_since: *known_since,
    }
}
