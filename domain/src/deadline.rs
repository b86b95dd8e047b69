//! Deadlines in working days of North Rhine-Westphalia: Monday to Friday except public holidays (FeiertagsG NW).

use chrono::{Datelike as _, Days, NaiveDate, Weekday};
use holiday_de::{DateExt as _, GermanRegion};

/// Whether this day is a working day of public offices.
#[must_use]
pub fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !day.is_public_holiday_in(GermanRegion::NordrheinWestfalen)
}

/// The day `count` working days after this day; for 0 the day itself, for negative counts that many working days before
/// it. The day itself does not count (§ 187(1) BGB).
#[must_use]
pub fn after_working_days(day: NaiveDate, count: i16) -> NaiveDate {
    let step = |day: NaiveDate| {
        if count < 0 { day.checked_sub_days(Days::new(1)) } else { day.checked_add_days(Days::new(1)) }
    };
    let mut found = day;
    let mut left = count.unsigned_abs();
    while left > 0 {
        let Some(next) = step(found) else { break };
        found = next;
        left -= u16::from(is_working_day(found));
    }
    found
}

/// Number of working days after `day` up to and including `until`; negative if `until` is earlier.
#[must_use]
pub fn working_days_until(day: NaiveDate, until: NaiveDate) -> i16 {
    let (first, last, sign) = if until < day { (until, day, -1) } else { (day, until, 1) };
    let count = first.iter_days().skip(1).take_while(|day| *day <= last).filter(|day| is_working_day(*day)).count();
    i16::try_from(count).map_or(i16::MAX, |count| count * sign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn the_holidays_are_those_of_the_land() {
        // Neujahr, Karfreitag, Ostermontag, 1. Mai, Himmelfahrt, Pfingstmontag, Fronleichnam, Einheit, Allerheiligen,
        // Weihnachten: § 2 FeiertagsG NW, 2026.
        for holiday in [
            "2026-01-01",
            "2026-04-03",
            "2026-04-06",
            "2026-05-01",
            "2026-05-14",
            "2026-05-25",
            "2026-06-04",
            "2026-10-03",
            "2026-11-01",
            "2026-12-25",
            "2026-12-26",
        ] {
            assert!(!is_working_day(day(holiday)), "{holiday}");
        }
        // No holidays in this Land: Heilige Drei Könige, Reformationstag, Buß- und Bettag. Rosenmontag is no legal
        // holiday anywhere.
        for working in ["2026-01-06", "2025-10-31", "2026-11-18", "2026-02-16", "2026-12-24", "2026-12-31"] {
            assert!(is_working_day(day(working)), "{working}");
        }
    }

    #[test]
    fn weekends_and_holidays_do_not_count() {
        assert_eq!(after_working_days(day("2026-11-20"), 1), day("2026-11-23"));
        assert_eq!(after_working_days(day("2026-12-23"), 3), day("2026-12-29"));
        assert_eq!(after_working_days(day("2026-04-02"), 10), day("2026-04-20"));
        assert_eq!(after_working_days(day("2026-11-23"), -1), day("2026-11-20"));
        assert_eq!(after_working_days(day("2026-11-21"), 0), day("2026-11-21"));
        assert_eq!(working_days_until(day("2026-12-23"), day("2026-12-29")), 3);
        assert_eq!(working_days_until(day("2026-11-23"), day("2026-11-20")), -1);
    }

    proptest! {
        #[test]
        fn working_days_until_inverts_after_working_days(days in 0_i64..40_000, count in 0_i16..250) {
            let start = NaiveDate::default() + chrono::TimeDelta::days(days);
            prop_assert_eq!(working_days_until(start, after_working_days(start, count)), count);
        }
    }
}
