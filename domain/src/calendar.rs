//! Calendar days in Europe/Berlin, and a clock that tests can set.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Europe::Berlin;

/// The program's clock. A shifted clock runs at normal speed from another day.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    shift: TimeDelta,
}

impl Clock {
    /// The machine's time.
    #[must_use]
    pub const fn system() -> Self {
        Self { shift: TimeDelta::zero() }
    }

    /// A clock that shows this day in Berlin now. The time of day is the machine's.
    #[must_use]
    pub fn on(day: NaiveDate) -> Self {
        Self { shift: day - Self::system().today() }
    }

    /// The current instant.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the machine's time")]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + self.shift
    }

    /// The current instant as it is stored: microseconds since 1970.
    #[must_use]
    pub fn now_micros(&self) -> i64 {
        self.now().timestamp_micros()
    }

    /// Today in Berlin.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        berlin_day(self.now())
    }
}

/// The day in Berlin at an instant.
#[must_use]
pub fn berlin_day(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Berlin).date_naive()
}

/// The first instant of a day in Berlin, in microseconds since 1970. Berlin never changes its clocks at midnight.
#[must_use]
pub fn midnight_micros(day: NaiveDate) -> i64 {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    let instant = midnight.and_local_timezone(Berlin).earliest();
    instant.map_or_else(|| midnight.and_utc().timestamp_micros(), |instant| instant.timestamp_micros())
}

/// Noon in Berlin on a day, in microseconds since 1970. Used for events of which only the day is known.
#[must_use]
pub fn noon_micros(day: NaiveDate) -> i64 {
    let noon = chrono::NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
    day.and_time(noon)
        .and_local_timezone(Berlin)
        .earliest()
        .map_or_else(|| day.and_time(noon).and_utc().timestamp_micros(), |instant| instant.timestamp_micros())
}

/// The Sunday of this day's week.
#[must_use]
pub fn end_of_week(day: NaiveDate) -> NaiveDate {
    let left = 6 - u64::from(day.weekday().num_days_from_monday());
    day.checked_add_days(Days::new(left)).unwrap_or(day)
}

/// Age in full years on a day; 0 before the birth date.
#[must_use]
pub fn age_on(birth_date: NaiveDate, day: NaiveDate) -> u32 {
    day.years_since(birth_date).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).expect("a day")
    }

    #[test]
    fn the_day_begins_at_midnight_in_berlin() {
        let summer = Utc.with_ymd_and_hms(2026, 7, 31, 22, 0, 0).single().expect("an instant");
        assert_eq!(berlin_day(summer), day(2026, 8, 1));
        let winter = Utc.with_ymd_and_hms(2026, 12, 31, 22, 59, 59).single().expect("an instant");
        assert_eq!(berlin_day(winter), day(2026, 12, 31));
    }

    #[test]
    fn a_set_clock_shows_its_day() {
        assert_eq!(Clock::on(day(2026, 11, 20)).today(), day(2026, 11, 20));
    }

    #[test]
    fn a_week_ends_on_sunday() {
        assert_eq!(end_of_week(day(2026, 11, 20)), day(2026, 11, 22));
        assert_eq!(end_of_week(day(2026, 11, 22)), day(2026, 11, 22));
        assert_eq!(end_of_week(day(2026, 11, 23)), day(2026, 11, 29));
    }

    #[test]
    fn a_day_begins_at_midnight_in_berlin() {
        for first in ["2026-03-29", "2026-07-01", "2026-10-25", "2026-12-31"] {
            let first: NaiveDate = first.parse().expect("a day");
            let begins = DateTime::from_timestamp_micros(midnight_micros(first)).expect("an instant");
            assert_eq!(berlin_day(begins), first);
            assert_eq!(berlin_day(begins - TimeDelta::microseconds(1)), first - TimeDelta::days(1));
        }
    }

    #[test]
    fn noon_in_summer_is_ten_in_utc() {
        assert_eq!(noon_micros(day(2026, 7, 1)), 1_782_900_000_000_000);
    }

    #[test]
    fn whoever_is_born_on_29_february_is_a_year_older_on_1_march() {
        assert_eq!(age_on(day(2000, 2, 29), day(2026, 2, 28)), 25);
        assert_eq!(age_on(day(2000, 2, 29), day(2026, 3, 1)), 26);
    }
}
