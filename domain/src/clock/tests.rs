use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// A referral offered to a Jobcenter, due on a Friday, with a ground.
fn offered() -> Facts {
    Facts {
        standing: Standing { status: ReferralStatus::Offered, ..Standing::DRAFT },
        receiver: AgencyKind::Jobcenter,
        carries_application: false,
        has_ground: true,
        due_on: Some(day("2026-12-04")),
        known_since: day("2026-11-20"),
    }
}

fn on(facts: &Facts, today: &str) -> Option<Action> {
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
        assert_eq!(on(&offered(), today), expected.map(Action::Remind), "{today}");
    }
}

#[test]
fn an_unanswered_referral_expires_after_ten_working_days() {
    // The tenth working day after Friday, 4 December, is Friday, 18 December.
    assert_ne!(on(&offered(), "2026-12-18"), Some(Action::Expire));
    assert_eq!(on(&offered(), "2026-12-19"), Some(Action::Expire));
    let asked = Facts { standing: Standing { status: ReferralStatus::InfoRequested, ..Standing::DRAFT }, ..offered() };
    assert_eq!(on(&asked, "2026-12-19"), Some(Action::Expire), "the sender did not answer");
    let accepted = Standing { status: ReferralStatus::Accepted, ever_accepted: true, ..Standing::DRAFT };
    let accepted = Facts { standing: accepted, ..offered() };
    assert_eq!(
        on(&accepted, "2027-12-19"),
        Some(Action::Remind(ReminderKind::SecondAfter)),
        "an accepted referral was answered"
    );
}

#[test]
fn an_application_at_an_sgb_body_never_expires() {
    for &receiver in AgencyKind::ALL {
        let application = Facts { carries_application: true, receiver, ..offered() };
        let expires = on(&application, "2027-06-01") == Some(Action::Expire);
        assert_eq!(expires, !receiver.is_sgb_body(), "{receiver}");
        let standing = Standing { status: ReferralStatus::Suspended, ..Standing::DRAFT };
        let suspended = Facts { standing, has_ground: false, ..application };
        let withdrawn = on(&suspended, "2027-06-01") == Some(Action::Withdraw);
        assert_eq!(withdrawn, !receiver.is_sgb_body(), "{receiver}");
    }
}

#[test]
fn a_referral_without_a_ground_is_suspended_and_then_withdrawn() {
    let groundless = Facts { has_ground: false, ..offered() };
    assert_eq!(on(&groundless, "2026-11-21"), Some(Action::Suspend));
    assert_eq!(on(&groundless, "2026-12-19"), Some(Action::Expire), "expiry comes first");
    let suspended = Standing { status: ReferralStatus::Suspended, ..Standing::DRAFT };
    let suspended = Facts { standing: suspended, due_on: Some(day("2026-12-21")), ..groundless };
    assert_eq!(on(&suspended, "2026-12-16"), None);
    assert_eq!(on(&suspended, "2026-12-17"), Some(Action::Remind(ReminderKind::Before)));
    assert_eq!(on(&suspended, "2026-12-21"), Some(Action::Remind(ReminderKind::Before)), "the last day counts");
    assert_eq!(on(&suspended, "2026-12-22"), Some(Action::Withdraw));
}

#[test]
fn no_action_fires_for_imported_history() {
    // Due two months before the import.
    let imported = Facts { due_on: Some(day("2026-09-18")), ..offered() };
    assert_eq!(on(&imported, "2026-11-20"), None);
    assert_eq!(on(&imported, "2026-11-23"), Some(Action::Remind(ReminderKind::FirstAfter)));
    assert_eq!(on(&imported, "2026-12-04"), Some(Action::Remind(ReminderKind::SecondAfter)));
    assert_eq!(on(&imported, "2026-12-05"), Some(Action::Expire));
    for due_on in [Some(day("2026-09-18")), None] {
        let standing = Standing { status: ReferralStatus::Suspended, ..Standing::DRAFT };
        let suspended = Facts { standing, due_on, has_ground: false, ..imported };
        assert_eq!(on(&suspended, "2026-12-20"), None);
        assert_eq!(on(&suspended, "2026-12-21"), Some(Action::Withdraw));
    }
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let any_status = 0..ReferralStatus::ALL.len();
    let any_kind = 0..AgencyKind::ALL.len();
    (any_status, any_kind, any::<[bool; 3]>(), prop::option::weighted(0.9, 0_u64..90), 0_u64..90).prop_map(
        |(status, kind, [ever_accepted, carries_application, has_ground], due, known)| Facts {
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
fn finds(search: Search, facts: &Facts) -> bool {
    let status = facts.standing.status;
    let due_by = |last: NaiveDate| facts.due_on.is_some_and(|due| due <= last);
    match search {
        Search::Expire(last) => {
            status.is_pending(facts.standing.ever_accepted) && due_by(last) && facts.known_since <= last
        }
        Search::Suspend(_) => status.is_open() && !facts.has_ground,
        Search::Withdraw { due_before, known_by } => {
            let waited = facts.due_on.is_none_or(|due| due < due_before);
            status == ReferralStatus::Suspended && waited && facts.known_since <= known_by
        }
        Search::RemindBefore(first, last) => {
            let runs = status.is_open() || status == ReferralStatus::Suspended;
            runs && facts.due_on.is_some_and(|due| first <= due && due <= last)
        }
        Search::RemindAfter(_, last) => status.is_open() && due_by(last) && facts.known_since <= last,
    }
}

proptest! {
    #[test]
    fn every_due_action_is_found_by_its_search(facts in any_facts(), days in 0_u64..200, expire_after in 1_i16..40) {
        let today = day("2026-11-01") + Days::new(days);
        let action = due_action(&facts, today, expire_after);
        let is_for = |search: Search| match search {
            Search::Expire(_) => action == Some(Action::Expire),
            Search::Suspend(_) => action == Some(Action::Suspend),
            Search::Withdraw { .. } => action == Some(Action::Withdraw),
            Search::RemindBefore(..) => action == Some(Action::Remind(ReminderKind::Before)),
            Search::RemindAfter(kind, _) => action == Some(Action::Remind(kind)),
        };
        let found = searches(today, expire_after).into_iter().any(|search| is_for(search) && finds(search, &facts));
        prop_assert!(found || action.is_none(), "{:?}", action);
    }

    #[test]
    fn the_expiry_search_is_exact_to_the_day(facts in any_facts(), days in 0_u64..200, expire_after in 1_i16..40) {
        let today = day("2026-11-01") + Days::new(days);
        let search = searches(today, expire_after)[0];
        let application = facts.carries_application && facts.receiver.is_sgb_body();
        let expires = due_action(&facts, today, expire_after) == Some(Action::Expire);
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
