use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// A referral offered to a Jobcenter, due on a Friday, with a ground.
fn offered() -> ReferralFacts {
    ReferralFacts {
        standing: Standing { status: ReferralStatus::Offered, ..Standing::DRAFT },
        receiver: AgencyKind::Jobcenter,
        carries_application: false,
        has_ground: true,
        due_on: Some(day("2026-12-04")),
        known_since: day("2026-11-20"),
    }
}

fn on(facts: &ReferralFacts, today: &str) -> Option<TimerAction> {
    due_action(facts, day(today), 10)
}

#[test]
fn reminders_are_due_two_days_before_and_one_and_five_days_after() {
    use ReminderKind::{Before, FirstAfter, SecondAfter};
    for (today, expected) in [
        ("2026-12-01", None),
        ("2026-12-02", Some(Before)),
        ("2026-12-04", Some(Before)),
        // Saturday and Sunday are no working days.
        ("2026-12-06", None),
        ("2026-12-07", Some(FirstAfter)),
        ("2026-12-10", Some(FirstAfter)),
        ("2026-12-11", Some(SecondAfter)),
        ("2026-12-18", Some(SecondAfter)),
    ] {
        assert_eq!(on(&offered(), today), expected.map(TimerAction::Remind), "{today}");
    }
}

#[test]
fn an_unanswered_referral_expires_after_ten_working_days() {
    // The tenth working day after Friday, 4 December, is Friday, 18 December.
    assert_ne!(on(&offered(), "2026-12-18"), Some(TimerAction::Expire));
    assert_eq!(on(&offered(), "2026-12-19"), Some(TimerAction::Expire));
    let asked =
        ReferralFacts { standing: Standing { status: ReferralStatus::InfoRequested, ..Standing::DRAFT }, ..offered() };
    assert_eq!(on(&asked, "2026-12-19"), Some(TimerAction::Expire), "the sender did not answer");
    let accepted = Standing { status: ReferralStatus::Accepted, ever_accepted: true, ..Standing::DRAFT };
    let accepted = ReferralFacts { standing: accepted, ..offered() };
    assert_eq!(
        on(&accepted, "2027-12-19"),
        Some(TimerAction::Remind(ReminderKind::SecondAfter)),
        "an accepted referral was answered"
    );
}

#[test]
fn an_application_at_an_sgb_body_never_expires() {
    for &receiver in AgencyKind::ALL {
        let application = ReferralFacts { carries_application: true, receiver, ..offered() };
        let expires = on(&application, "2027-06-01") == Some(TimerAction::Expire);
        assert_eq!(expires, !receiver.is_sgb_body(), "{receiver}");
        let standing = Standing { status: ReferralStatus::Suspended, ..Standing::DRAFT };
        let suspended = ReferralFacts { standing, has_ground: false, ..application };
        let withdrawn = on(&suspended, "2027-06-01") == Some(TimerAction::Withdraw);
        assert_eq!(withdrawn, !receiver.is_sgb_body(), "{receiver}");
    }
}

#[test]
fn a_referral_without_a_ground_is_suspended_and_then_withdrawn() {
    let groundless = ReferralFacts { has_ground: false, ..offered() };
    assert_eq!(on(&groundless, "2026-11-21"), Some(TimerAction::Suspend));
    assert_eq!(on(&groundless, "2026-12-19"), Some(TimerAction::Expire), "expiry comes first");
    let suspended = Standing { status: ReferralStatus::Suspended, ..Standing::DRAFT };
    let suspended = ReferralFacts { standing: suspended, due_on: Some(day("2026-12-21")), ..groundless };
    assert_eq!(on(&suspended, "2026-12-16"), None);
    assert_eq!(on(&suspended, "2026-12-17"), Some(TimerAction::Remind(ReminderKind::Before)));
    assert_eq!(on(&suspended, "2026-12-21"), Some(TimerAction::Remind(ReminderKind::Before)), "the last day counts");
    assert_eq!(on(&suspended, "2026-12-22"), Some(TimerAction::Withdraw));
}

#[test]
fn no_action_fires_for_imported_history() {
    // Due two months before the import.
    let imported = ReferralFacts { due_on: Some(day("2026-09-18")), ..offered() };
    assert_eq!(on(&imported, "2026-11-20"), None);
    assert_eq!(on(&imported, "2026-11-23"), Some(TimerAction::Remind(ReminderKind::FirstAfter)));
    assert_eq!(on(&imported, "2026-12-04"), Some(TimerAction::Remind(ReminderKind::SecondAfter)));
    assert_eq!(on(&imported, "2026-12-05"), Some(TimerAction::Expire));
    for due_on in [Some(day("2026-09-18")), None] {
        let standing = Standing { status: ReferralStatus::Suspended, ..Standing::DRAFT };
        let suspended = ReferralFacts { standing, due_on, has_ground: false, ..imported };
        assert_eq!(on(&suspended, "2026-12-20"), None);
        assert_eq!(on(&suspended, "2026-12-21"), Some(TimerAction::Withdraw));
    }
}

fn any_facts() -> impl Strategy<Value = ReferralFacts> {
    let any_status = 0..ReferralStatus::ALL.len();
    let any_kind = 0..AgencyKind::ALL.len();
    (any_status, any_kind, any::<[bool; 3]>(), prop::option::weighted(0.9, 0_u64..90), 0_u64..90).prop_map(
        |(status, kind, [ever_accepted, carries_application, has_ground], due, known)| ReferralFacts {
            standing: Standing { status: ReferralStatus::ALL[status], ever_accepted, ..Standing::DRAFT },
            receiver: AgencyKind::ALL[kind],
            carries_application,
            has_ground,
            due_on: due.map(|days| day("2026-11-01") + Days::new(days)),
            known_since: day("2026-11-01") + Days::new(known),
        },
    )
}

/// Whether a search finds the referral. Mirrors the SQL conditions in entity/src/unscoped/clock_access.rs.
fn finds(search: TimerSearch, facts: &ReferralFacts) -> bool {
    let status = facts.standing.status;
    let due_by = |last: NaiveDate| facts.due_on.is_some_and(|due| due <= last);
    match search {
        TimerSearch::Expire(last) => {
            status.is_pending(facts.standing.ever_accepted) && due_by(last) && facts.known_since <= last
        }
        TimerSearch::Suspend(_) => status.is_open() && !facts.has_ground,
        TimerSearch::Withdraw { due_before, known_by } => {
            let waited = facts.due_on.is_none_or(|due| due < due_before);
            status == ReferralStatus::Suspended && waited && facts.known_since <= known_by
        }
        TimerSearch::RemindBefore(first, last) => {
            let runs = status.is_open() || status == ReferralStatus::Suspended;
            runs && facts.due_on.is_some_and(|due| first <= due && due <= last)
        }
        TimerSearch::RemindAfter(_, last) => status.is_open() && due_by(last) && facts.known_since <= last,
    }
}

proptest! {
    #[test]
    fn every_due_action_is_found_by_its_search(facts in any_facts(), days in 0_u64..200, expire_after in 1_i16..40) {
        let today = day("2026-11-01") + Days::new(days);
        let action = due_action(&facts, today, expire_after);
        let is_for = |search: TimerSearch| match search {
            TimerSearch::Expire(_) => action == Some(TimerAction::Expire),
            TimerSearch::Suspend(_) => action == Some(TimerAction::Suspend),
            TimerSearch::Withdraw { .. } => action == Some(TimerAction::Withdraw),
            TimerSearch::RemindBefore(..) => action == Some(TimerAction::Remind(ReminderKind::Before)),
            TimerSearch::RemindAfter(kind, _) => action == Some(TimerAction::Remind(kind)),
        };
        let found = searches(today, expire_after).into_iter().any(|search| is_for(search) && finds(search, &facts));
        prop_assert!(found || action.is_none(), "{:?}", action);
    }

    #[test]
    fn the_expiry_search_is_exact_to_the_day(facts in any_facts(), days in 0_u64..200, expire_after in 1_i16..40) {
        let today = day("2026-11-01") + Days::new(days);
        let search = searches(today, expire_after)[0];
        let application = facts.carries_application && facts.receiver.is_sgb_body();
        let expires = due_action(&facts, today, expire_after) == Some(TimerAction::Expire);
        prop_assert_eq!(finds(search, &facts) && !application, expires);
    }

    #[test]
    fn the_latest_day_ending_by_a_date_is_the_latest_such_day(days in 0_u64..800, count in -5_i16..40) {
        let until = day("2026-01-01") + Days::new(days);
        let found = latest_day_ending_by(until, count);
        prop_assert!(after_working_days(found, count) <= until);
        prop_assert!(after_working_days(found + Days::new(1), count) > until);
    }
}
