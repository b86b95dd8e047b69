//! Actions that become due with time: what the timer does with a referral on a day. Pure. The caller evaluates again
//! under a lock before it acts.

use chrono::{Days, NaiveDate};

use crate::agency::AgencyKind;
use crate::deadline::after_working_days;
use crate::life::{Mover, ReferralAction, Standing};
use crate::referral::ReferralStatus;

/// Calendar days that a suspended referral waits for a new ground before it is withdrawn.
pub const SUSPENDED_DAYS: u64 = 30;

crate::words! {
    /// When the agency that must act is reminded of a due date. In working days.
    pub enum ReminderKind("Erinnerung an eine Frist") {
        Before = "BEFORE": "zwei Arbeitstage vorher",
        FirstAfter = "FIRST_AFTER": "einen Arbeitstag danach",
        SecondAfter = "SECOND_AFTER": "fünf Arbeitstage danach",
    }
}

impl ReminderKind {
    /// Working days after the due day; negative values are before it.
    const fn working_days(self) -> i16 {
        match self {
            Self::Before => -2,
            Self::FirstAfter => 1,
            Self::SecondAfter => 5,
        }
    }
}

/// What the timer does with a referral.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimerAction {
    /// The referral expires: nobody answered in time.
    Expire,
    /// The referral is suspended: its ground has ended.
    Suspend,
    /// The referral is withdrawn: its ground was not renewed.
    Withdraw,
    /// The agency that must act is reminded.
    Remind(ReminderKind),
}

/// The facts that decide the action.
#[derive(Clone, Copy, Debug)]
pub struct ReferralFacts {
    /// The referral's standing.
    pub standing: Standing,
    /// The receiver's kind.
    pub receiver: AgencyKind,
    /// Whether the referral carries an application (§ 16 SGB I).
    pub carries_application: bool,
    /// Whether a consent or a statute gives a ground today.
    pub has_ground: bool,
    /// The due date of the agency that must act.
    pub due_on: Option<NaiveDate>,
    /// The day on which the referral came into this database. An imported list contains due dates from before anybody
    /// could see the referral here. No action fires for that history: days late are counted from this day at the
    /// earliest.
    pub known_since: NaiveDate,
}

/// The action that is due on this day. `expire_after`: working days after the due day in which the referral can still
/// be answered.
#[must_use]
pub fn due_action(facts: &ReferralFacts, today: NaiveDate, expire_after: i16) -> Option<TimerAction> {
    // Expiry first: a referral that nobody answered in time is over, whatever happened to its ground.
    if expires(facts, today, expire_after) {
        Some(TimerAction::Expire)
    } else if facts.standing.status.is_open() && !facts.has_ground {
        Some(TimerAction::Suspend)
    } else if facts.standing.status == ReferralStatus::Suspended
        && withdrawal_day(facts) < today
        && !is_open_ended_application(facts)
    {
        Some(TimerAction::Withdraw)
    } else {
        reminder(facts, today).map(TimerAction::Remind)
    }
}

fn expires(facts: &ReferralFacts, today: NaiveDate, expire_after: i16) -> bool {
    let late = late_from(facts).is_some_and(|day| after_working_days(day, expire_after) < today);
    late && !is_open_ended_application(facts) && facts.standing.permits(ReferralAction::Expire, Mover::Timer)
}

/// Whether the referral is an application that no deadline ends. An application is pending wherever it was filed (§ 16
/// SGB I). A body under § 35 SGB I decides or forwards it, whatever fields it sees here, and only the applicant can
/// withdraw it.
fn is_open_ended_application(facts: &ReferralFacts) -> bool {
    facts.carries_application && facts.receiver.is_sgb_body()
}

/// The day from which days late are counted.
fn late_from(facts: &ReferralFacts) -> Option<NaiveDate> {
    facts.due_on.map(|due| due.max(facts.known_since))
}

/// The last day on which a suspended referral waits. A referral that was imported as suspended waits from its import
/// on: the imported list contains the due date of the answer, but not the start of the suspension.
fn withdrawal_day(facts: &ReferralFacts) -> NaiveDate {
    let from_import = facts.known_since.checked_add_days(Days::new(SUSPENDED_DAYS)).unwrap_or(NaiveDate::MAX);
    facts.due_on.map_or(from_import, |due| due.max(from_import))
}

/// The reminder that is due now. A reminder that was missed because no timer ran is skipped; the next one does not make
/// up for it.
fn reminder(facts: &ReferralFacts, today: NaiveDate) -> Option<ReminderKind> {
    let (due, late_from) = (facts.due_on?, late_from(facts)?);
    let suspended = facts.standing.status == ReferralStatus::Suspended;
    if !suspended && !facts.standing.status.is_open() {
        return None;
    }
    let passed = |kind: ReminderKind| !suspended && after_working_days(late_from, kind.working_days()) <= today;
    if passed(ReminderKind::SecondAfter) {
        Some(ReminderKind::SecondAfter)
    } else if passed(ReminderKind::FirstAfter) {
        Some(ReminderKind::FirstAfter)
    } else {
        let before_due = today <= due && after_working_days(due, ReminderKind::Before.working_days()) <= today;
        (before_due && (!suspended || withdrawal_day(facts) == due)).then_some(ReminderKind::Before)
    }
}

/// A database search for referrals on which an action may be due, as far as columns can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimerSearch {
    /// Candidates for expiry: due on this day or earlier, and known since then.
    Expire(NaiveDate),
    /// Open referrals without a ground on this day.
    Suspend(NaiveDate),
    /// Suspended referrals with a due day before `due_before` (or none), known since `known_by`.
    Withdraw {
        /// Today.
        due_before: NaiveDate,
        /// The latest `known_since` day of referrals that have waited long enough.
        known_by: NaiveDate,
    },
    /// Referrals due from the first day to the second, both included.
    RemindBefore(NaiveDate, NaiveDate),
    /// Referrals due on this day or earlier and known since then, except those for which the later reminder is due.
    RemindAfter(ReminderKind, NaiveDate),
}

/// The searches of this day, in the order in which their actions are executed.
#[must_use]
pub fn searches(today: NaiveDate, expire_after: i16) -> Vec<TimerSearch> {
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let known_by = today.checked_sub_days(Days::new(SUSPENDED_DAYS + 1)).unwrap_or(NaiveDate::MIN);
    let mut all = vec![
        TimerSearch::Expire(latest_day_ending_by(yesterday, expire_after)),
        TimerSearch::Suspend(today),
        TimerSearch::Withdraw { due_before: today, known_by },
        TimerSearch::RemindBefore(today, latest_day_ending_by(today, ReminderKind::Before.working_days())),
    ];
    all.extend(
        [ReminderKind::FirstAfter, ReminderKind::SecondAfter]
            .map(|kind| TimerSearch::RemindAfter(kind, latest_day_ending_by(today, kind.working_days()))),
    );
    all
}

/// The latest day from which `working_days` working days end by `until`.
fn latest_day_ending_by(until: NaiveDate, working_days: i16) -> NaiveDate {
    let ends_in_time = |day: NaiveDate| after_working_days(day, working_days) <= until;
    let mut day = after_working_days(until, working_days.saturating_neg());
    while !ends_in_time(day)
        && let Some(earlier) = day.checked_sub_days(Days::new(1))
    {
        day = earlier;
    }
    while let Some(later) = day.checked_add_days(Days::new(1))
        && ends_in_time(later)
    {
        day = later;
    }
    day
}

#[cfg(test)]
mod tests;
