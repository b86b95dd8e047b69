//! Months and quarters, the periods of statistics.

use chrono::{Datelike, Days, NaiveDate};

use crate::calendar::midnight_micros;

/// A calendar month in Berlin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

/// A statistics period: a whole month or a whole quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// One month.
    Month(Month),
    /// Three months, given by the first.
    Quarter(Month),
}

impl Month {
    /// The month of a day.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self { year: day.year(), month: day.month() }
    }

    /// Parses `2026-10`: seven characters with a four-digit year.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let read = Self { year: year.parse().ok()?, month: month.parse().ok()? };
        (read.year > 0 && (1..=12).contains(&read.month)).then_some(read)
    }

    /// This month plus a number of months; negative numbers go back.
    #[must_use]
    pub fn plus(self, months: i32) -> Self {
        let count = self.year * 12 + i32::try_from(self.month).unwrap_or(1) - 1 + months;
        Self { year: count.div_euclid(12), month: u32::try_from(count.rem_euclid(12)).unwrap_or(0) + 1 }
    }

    /// Number of months from this month to the other; negative if the other is earlier.
    #[must_use]
    pub fn until(self, other: Self) -> i32 {
        let place = |month: Self| month.year * 12 + i32::try_from(month.month).unwrap_or(1);
        place(other) - place(self)
    }

    /// The month's first day.
    #[must_use]
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default()
    }

    /// The month's first instant in Berlin, in microseconds since 1970.
    #[must_use]
    pub fn begins(self) -> i64 {
        midnight_micros(self.first_day())
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Period {
    /// Parses `2026-10` or `2026-Q4`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once("-Q") {
            None => Month::parse(text).map(Self::Month),
            Some((year, quarter @ ("1" | "2" | "3" | "4"))) => {
                let first = Month::parse(&format!("{year}-01"))?;
                Some(Self::Quarter(first.plus((quarter.parse::<i32>().ok()? - 1) * 3)))
            }
            Some(_) => None,
        }
    }

    /// The period's first month.
    #[must_use]
    pub const fn first(self) -> Month {
        match self {
            Self::Month(month) | Self::Quarter(month) => month,
        }
    }

    /// The month after the period's last.
    #[must_use]
    pub fn after(self) -> Month {
        self.first().plus(if matches!(self, Self::Month(_)) { 1 } else { 3 })
    }

    /// The period's last day: the reporting date (Stichtag).
    #[must_use]
    pub fn last_day(self) -> NaiveDate {
        let after = self.after().first_day();
        after.checked_sub_days(Days::new(1)).unwrap_or(after)
    }

    /// Whether the period can be reported: it is over, and one more day has passed, so that everything that began in it
    /// is committed, whichever server's clock was used. From then on the figures are final.
    #[must_use]
    pub fn is_final(self, today: NaiveDate) -> bool {
        self.after().first_day() < today
    }

    /// The months of a quarter, which are also reported separately; empty for a month.
    #[must_use]
    pub fn months(self) -> Vec<Self> {
        match self {
            Self::Month(_) => Vec::new(),
            Self::Quarter(first) => (0..3).map(|place| Self::Month(first.plus(place))).collect(),
        }
    }
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Quarter(first) => write!(f, "{:04}-Q{}", first.year, first.month.div_ceil(3)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_period_round_trips() {
        for text in ["2026-01", "2026-12", "2026-Q1", "2026-Q4"] {
            assert_eq!(Period::parse(text).expect(text).to_string(), text);
        }
        for text in [
            "", "2026", "2026-1", "2026-13", "2026-00", "26-01", "2026-Q0", "2026-Q5", "2026-Q11", "+026-01", "0000-01",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_quarter_has_its_three_months() {
        let quarter = Period::parse("2025-Q4").expect("a quarter");
        let months: Vec<_> = quarter.months().iter().map(ToString::to_string).collect();
        assert_eq!(months, ["2025-10", "2025-11", "2025-12"]);
        assert_eq!((quarter.after().to_string().as_str(), quarter.last_day()), ("2026-01", day("2025-12-31")));
        assert_eq!(Month::parse("2025-11").expect("a month").until(Month::parse("2026-02").expect("a month")), 3);
    }

    #[test]
    fn a_period_is_final_a_day_after_it_is_over() {
        let october = Period::parse("2026-10").expect("a month");
        assert_eq!(
            ["2026-10-31", "2026-11-01", "2026-11-02"].map(|today| october.is_final(day(today))),
            [false, false, true]
        );
    }

    #[test]
    fn a_month_begins_at_midnight_in_berlin() {
        // 22:00 or 23:00 UTC of the day before, depending on the season.
        assert_eq!(Month::parse("2026-07").expect("a month").begins(), 1_782_856_800_000_000);
        assert_eq!(Month::parse("2026-01").expect("a month").begins(), 1_767_222_000_000_000);
    }
}
