//! Moves the dates in the text of a spreadsheet export by days, so that lists that were made for one day fit today.

use chrono::{NaiveDate, TimeDelta};

/// Moves every valid German or ISO date by days. All other bytes stay the same: invalid dates, encoding, line ends. Birth
/// dates move too, so that ages stay the same.
pub(super) fn shift(file: &[u8], days: TimeDelta) -> Vec<u8> {
    let mut shifted = Vec::with_capacity(file.len());
    // A run of letters, digits, dots and hyphens is either a date as a whole, or contains none.
    for run in file.chunk_by(|a, b| is_part(*a) && is_part(*b)) {
        match std::str::from_utf8(run).ok().and_then(|text| moved(text, days)) {
            Some(date) => shifted.extend_from_slice(date.as_bytes()),
            None => shifted.extend_from_slice(run),
        }
    }
    shifted
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-' || byte == b'_' || !byte.is_ascii()
}

fn moved(text: &str, days: TimeDelta) -> Option<String> {
    let (date, format) = if text.contains('.') { (german(text)?, "%d.%m.%Y") } else { (iso(text)?, "%Y-%m-%d") };
    Some(date.checked_add_signed(days)?.format(format).to_string())
}

fn german(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(digits(year, 4..=4)?.cast_signed(), digits(month, 1..=2)?, digits(day, 1..=2)?)
}

fn iso(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(digits(year, 4..=4)?.cast_signed(), digits(month, 2..=2)?, digits(day, 2..=2)?)
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let are_digits = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shifted(text: &str, days: i64) -> String {
        String::from_utf8(shift(text.as_bytes(), TimeDelta::days(days))).expect("UTF-8")
    }

    #[test]
    fn every_valid_date_moves_and_keeps_its_format() {
        assert_eq!(shifted("A;24.12.1999;1.2.2026;2026-11-20;x", 10), "A;03.01.2000;11.02.2026;2026-11-30;x");
        assert_eq!(shifted("\"28.02.2024\",29.02.2024", 1), "\"29.02.2024\",01.03.2024");
        assert_eq!(shifted("{\"\"issuedOn\"\":\"\"2025-03-01\"\"}", -1), "{\"\"issuedOn\"\":\"\"2025-02-28\"\"}");
        assert_eq!(shifted("01.01.2026 00:00", 31), "01.02.2026 00:00");
    }

    #[test]
    fn text_that_is_no_valid_date_stays_the_same() {
        for text in [
            "K-2026-0001;31.02.2001;29.02.2026;2026-13-01;00.01.2020;1.1.26",
            "0221 55505712;§ 25 Abs. 2;50667;10.10.10.2020;v1.02.2020;2020-01-011;a.b1.2.2020@example.org",
            ";;\r\n\n\"\";",
        ] {
            assert_eq!(shifted(text, 5), text);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_stay_the_same() {
        let file = b"M\xFCller;01.01.2026;K\xF6ln\r\n\xA7 25";
        assert_eq!(shift(file, TimeDelta::days(1)), b"M\xFCller;02.01.2026;K\xF6ln\r\n\xA7 25");
        assert_eq!(shift(file, TimeDelta::zero()), file);
    }

    #[test]
    fn moving_there_and_back_changes_nothing() {
        let list = include_bytes!("data/cases_duisburg.csv");
        let there = shift(list, TimeDelta::days(400));
        assert_ne!(there, list);
        assert_eq!(shift(&there, TimeDelta::days(-400)), list);
    }
}
