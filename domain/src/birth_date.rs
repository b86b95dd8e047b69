//! Birth dates as far as they are known. German registers call one without its day, or without day and month, partly known
//! (teilbekannt); many who fled have no other.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::calendar::age_on;

/// A birth date. Its text is `1990-05-17`, `1990-05` or `1990`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BirthDate {
    /// Known to the day.
    Day(NaiveDate),
    /// The month, as its first day.
    Month(NaiveDate),
    /// The year, as its first day.
    Year(NaiveDate),
}

/// The text is no birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a birth date is written 1990-05-17, 1990-05 or 1990")]
pub struct NoBirthDate;

impl BirthDate {
    /// A birth date of which the year is known. `None` for a year that the calendar does not have.
    #[must_use]
    pub fn of_year(year: i32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, 1, 1).map(Self::Year)
    }

    /// A birth date of which year and month are known.
    #[must_use]
    pub fn of_month(year: i32, month: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, 1).map(Self::Month)
    }

    /// The day, if it is known.
    #[must_use]
    pub const fn day(self) -> Option<NaiveDate> {
        if let Self::Day(day) = self { Some(day) } else { None }
    }

    /// What is known of a birth date that is known in part.
    #[must_use]
    pub fn part(self) -> Option<String> {
        match self {
            Self::Day(_) => None,
            Self::Month(_) | Self::Year(_) => Some(self.to_string()),
        }
    }

    /// The first day that it can be.
    #[must_use]
    pub const fn first(self) -> NaiveDate {
        let (Self::Day(first) | Self::Month(first) | Self::Year(first)) = self;
        first
    }

    /// The last day that it can be.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        let months = match self {
            Self::Day(day) => return day,
            Self::Month(_) => 1,
            Self::Year(_) => 12,
        };
        let after = self.first().checked_add_months(Months::new(months));
        after.and_then(|after| after.checked_sub_days(Days::new(1))).unwrap_or(NaiveDate::MAX)
    }

    /// The lowest and the highest age in full years that the person can have on a day.
    #[must_use]
    pub fn ages_on(self, day: NaiveDate) -> (u32, u32) {
        (age_on(self.last(), day), age_on(self.first(), day))
    }

    /// The age in full years on a day, unless what is known does not decide it.
    #[must_use]
    pub fn age_on(self, day: NaiveDate) -> Option<u32> {
        let (lowest, highest) = self.ages_on(day);
        (lowest == highest).then_some(lowest)
    }

    /// The text that is compared when a person is looked up: of one known in part the year, because one office may know the
    /// month and another may not.
    #[must_use]
    pub fn compared(self) -> String {
        match self {
            Self::Day(day) => day.to_string(),
            Self::Month(first) | Self::Year(first) => first.year().to_string(),
        }
    }
}

/// Whether a day of a client's life lies before the birth. An unknown day does not, nor does one that may lie after it.
#[must_use]
pub fn is_before_birth(birth_date: Option<BirthDate>, day: Option<NaiveDate>) -> bool {
    birth_date.zip(day).is_some_and(|(born, day)| day < born.first())
}

impl From<NaiveDate> for BirthDate {
    fn from(day: NaiveDate) -> Self {
        Self::Day(day)
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Month(first) => write!(f, "{:04}-{:02}", first.year(), first.month()),
            Self::Year(first) => write!(f, "{:04}", first.year()),
        }
    }
}

impl FromStr for BirthDate {
    type Err = NoBirthDate;

    fn from_str(text: &str) -> Result<Self, NoBirthDate> {
        let whole = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
        let found = match text.as_bytes() {
            year @ [_, _, _, _] if whole(year) => text.parse().ok().and_then(Self::of_year),
            [year @ .., b'-', m1, m2] if year.len() == 4 && whole(year) && whole(&[*m1, *m2]) => {
                let (year, month) = text.split_once('-').ok_or(NoBirthDate)?;
                year.parse().ok().zip(month.parse().ok()).and_then(|(year, month)| Self::of_month(year, month))
            }
            // Exactly the form that is written: ten characters.
            [_, _, _, _, b'-', _, _, b'-', _, _] if !text.starts_with(['+', '-']) => text.parse().ok().map(Self::Day),
            _ => None,
        };
        found.filter(|found| found.to_string() == text).ok_or(NoBirthDate)
    }
}

impl TryFrom<String> for BirthDate {
    type Error = NoBirthDate;

    fn try_from(text: String) -> Result<Self, NoBirthDate> {
        text.parse()
    }
}

impl From<BirthDate> for String {
    fn from(date: BirthDate) -> Self {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(text: &str) -> BirthDate {
        text.parse().expect("a birth date")
    }
    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn a_birth_date_has_one_text() {
        for text in ["1990-05-17", "1990-05", "1990", "0001", "2000-02-29"] {
            assert_eq!(born(text).to_string(), text);
        }
        for text in [
            "",
            "90",
            "1990-5",
            "1990-13",
            "1990-00",
            "1990-05-00",
            "1990-02-30",
            "01.05.1990",
            "1990-",
            " 1990",
            "+990",
            "199O",
            "1990-05-1",
            "19900517",
        ] {
            assert_eq!(text.parse::<BirthDate>(), Err(NoBirthDate), "{text}");
        }
    }

    #[test]
    fn a_birth_date_is_either_a_day_or_a_part() {
        let shown = |text| (born(text).day().map(|day| day.to_string()), born(text).part());
        assert_eq!(shown("1990-05-17"), (Some("1990-05-17".to_owned()), None));
        assert_eq!(shown("1990-05"), (None, Some("1990-05".to_owned())));
        assert_eq!(shown("1990"), (None, Some("1990".to_owned())));
    }

    #[test]
    fn an_age_is_known_if_every_possible_day_makes_the_same() {
        for (text, on, age) in [
            ("2000-05-17", "2018-05-16", Some(17)),
            ("2000-05-17", "2018-05-17", Some(18)),
            ("2000-05", "2018-04-30", Some(17)),
            ("2000-05", "2018-05-01", None),
            ("2000-05", "2018-05-30", None),
            ("2000-05", "2018-05-31", Some(18)),
            ("2000", "2017-12-31", Some(17)),
            ("2000", "2018-01-01", None),
            ("2000", "2018-12-31", Some(18)),
        ] {
            assert_eq!(born(text).age_on(day(on)), age, "{text} {on}");
        }
        assert_eq!(born("2000").ages_on(day("2018-06-01")), (17, 18));
    }

    #[test]
    fn the_possible_days_of_a_part_are_those_of_its_month_or_year() {
        for (text, first, last) in [
            ("2000-02", "2000-02-01", "2000-02-29"),
            ("1990-12", "1990-12-01", "1990-12-31"),
            ("1990", "1990-01-01", "1990-12-31"),
            ("1990-05-17", "1990-05-17", "1990-05-17"),
        ] {
            assert_eq!((born(text).first(), born(text).last()), (day(first), day(last)), "{text}");
        }
        assert_eq!((born("1990-05").compared(), born("1990").compared()), ("1990".to_owned(), "1990".to_owned()));
        assert_ne!(born("1990-01-01").compared(), born("1990").compared());
    }
}
