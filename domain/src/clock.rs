//! What passes by itself: what the clock does with a referral on a day. Pure; whoever acts asks again under a lock.

use chrono::{Days, NaiveDate};

use crate::agency::AgencyKind;
use crate::deadline::after_working_days;
use crate::life::{Mover, ReferralAction, Standing};
use crate::referral::ReferralStatus;

/// So many days a suspended referral waits for its ground, before it is withdrawn. Calendar days.
pub const SUSPENDED_DAYS: u64 = 30;

crate::words! {
    /// When somebody is reminded of a day by which an answer is due. Working days.
    pub enum ReminderKind("Erinnerung an eine Frist") {
        Before = "BEFORE": "zwei Arbeitstage vorher",
        FirstAfter = "FIRST_AFTER": "einen Arbeitstag danach",
        SecondAfter = "SECOND_AFTER": "fünf Arbeitstage danach",
    }
}

impl ReminderKind {
    /// How many working days after the due day; below 0: before it.
    const fn working_days(self) -> i16 {
        match self {
            Self::Before => -2,
            Self::FirstAfter => 1,
            Self::SecondAfter => 5,
        }
    }
}

/// What the clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nobody answered for too long.
    Expire,
    /// The ground has ended.
    Suspend,
    /// The ground did not come back.
    Withdraw,
    /// Whoever has the ball is reminded.
    Remind(ReminderKind),
}

/// What decides it.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Where the referral stands.
    pub standing: Standing,
    /// The kind of agency that was asked.
    pub receiver: AgencyKind,
    /// Whether it brings an application (§ 16 SGB I).
    pub carries_application: bool,
    /// Whether a consent or a statute carries anything today.
    pub has_ground: bool,
    /// When the one who has the ball must have answered.
    pub due_on: Option<NaiveDate>,
    /// The day on which it came into this database. An imported list brings what was due before anybody could see it
    /// here: nothing fires for that history, and days late count from here on.
    pub known_since: NaiveDate,
}

/// What the clock does with it on this day. `expire_after`: so many working days after the due day it may still be
/// answered.
#[must_use]
pub fn due_action(facts: &Facts, today: NaiveDate, expire_after: i16) -> Option<Action> {
    // What nobody answered in time is over, whatever became of its ground.
    if expires(facts, today, expire_after) {
        Some(Action::Expire)
    } else if facts.standing.status.is_open() && !facts.has_ground {
        Some(Action::Suspend)
    } else if facts.standing.status == ReferralStatus::Suspended
        && withdrawal_day(facts) < today
        && !is_application(facts)
    {
        Some(Action::Withdraw)
    } else {
        reminder(facts, today).map(Action::Remind)
    }
}

fn expires(facts: &Facts, today: NaiveDate, expire_after: i16) -> bool {
    let late = late_from(facts).is_some_and(|day| after_working_days(day, expire_after) < today);
    late && !is_application(facts) && facts.standing.permits(ReferralAction::Expire, Mover::Clock)
}

/// Whether no day ends it: an application is pending wherever it was filed (§ 16 SGB I). A body under § 35 SGB I decides or
/// forwards it, whatever it may look at here, and only its applicant takes it back.
fn is_application(facts: &Facts) -> bool {
    facts.carries_application && facts.receiver.is_sgb_body()
}

/// The day from which days late count.
fn late_from(facts: &Facts) -> Option<NaiveDate> {
    facts.due_on.map(|due| due.max(facts.known_since))
}

/// The last day on which a suspended referral waits. What was imported as suspended waits from its import on: its list
/// says when an answer was due, and nothing of waiting.
fn withdrawal_day(facts: &Facts) -> NaiveDate {
    let from_import = facts.known_since.checked_add_days(Days::new(SUSPENDED_DAYS)).unwrap_or(NaiveDate::MAX);
    facts.due_on.map_or(from_import, |due| due.max(from_import))
}

/// The reminder whose time it is. One that was missed, because no timer ran, is not made up for by the next.
fn reminder(facts: &Facts, today: NaiveDate) -> Option<ReminderKind> {
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
        let comes = today <= due && after_working_days(due, ReminderKind::Before.working_days()) <= today;
        (comes && (!suspended || withdrawal_day(facts) == due)).then_some(ReminderKind::Before)
    }
}

/// Where to look for what is to be done: which referrals, as far as columns tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// What may expire: due on this day or before, and known since then.
    Expire(NaiveDate),
    /// Open referrals without a ground on this day.
    Suspend(NaiveDate),
    /// Suspended ones whose due day lies before `due_before` (or who have none), known since `known_by`.
    Withdraw {
        /// Today.
        due_before: NaiveDate,
        /// The last day of those that have waited long enough.
        known_by: NaiveDate,
    },
    /// Due from one day to another, both included.
    RemindBefore(NaiveDate, NaiveDate),
    /// Due on this day or before and known since then, and of these not what the later reminder is for.
    RemindAfter(ReminderKind, NaiveDate),
}

/// What to look for on this day, in the order in which it is done.
#[must_use]
pub fn searches(today: NaiveDate, expire_after: i16) -> Vec<Search> {
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let known_by = today.checked_sub_days(Days::new(SUSPENDED_DAYS + 1)).unwrap_or(NaiveDate::MIN);
    let mut all = vec![
        Search::Expire(latest(yesterday, expire_after)),
        Search::Suspend(today),
        Search::Withdraw { due_before: today, known_by },
        Search::RemindBefore(today, latest(today, ReminderKind::Before.working_days())),
    ];
    all.extend(
        [ReminderKind::FirstAfter, ReminderKind::SecondAfter]
            .map(|kind| Search::RemindAfter(kind, latest(today, kind.working_days()))),
    );
    all
}

/// The latest day after which so many working days end by `until`.
fn latest(until: NaiveDate, working_days: i16) -> NaiveDate {
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
