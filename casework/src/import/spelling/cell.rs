//! Parses cells that are not words of a list: days, yes and no, numbers, telephone numbers, addresses.

use chrono::{Datelike, NaiveDate};
use kim_domain::birth_date::BirthDate;

use super::fold;
use crate::import::cells::MAX_LINE_LENGTH;
pub(crate) use crate::telephone::phone;

/// A German or ISO day, with or without leading zeros or a trailing midnight. A year of two digits is refused, because
/// its century is unknown.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    let midnight = text.strip_suffix("00:00:00").or_else(|| text.strip_suffix("00:00"));
    let before = |time: &str| time.strip_suffix('T').or_else(|| time.strip_suffix(char::is_whitespace)).map(str::len);
    let text = midnight.and_then(before).map_or(text, |end| text[..end].trim());
    let (separator, german) = if text.contains('.') { ('.', true) } else { ('-', false) };
    let mut parts = text.split(separator).map(str::trim);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month, day) = if german { (third, second, first) } else { (first, second, third) };
    let number = |digits: &str, longest: usize| -> Option<u32> {
        let fits = !digits.is_empty() && digits.len() <= longest && digits.bytes().all(|byte| byte.is_ascii_digit());
        if fits { digits.parse().ok() } else { None }
    };
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(number(year, 4)?.cast_signed(), number(month, 2)?, number(day, 2)?)?;
    (1900..=2200).contains(&date.year()).then_some(date)
}

/// A birth date as far as it is known: a day, or one with zeros, `?` or `X` for what is unknown (`00.05.1990`,
/// `??.??.1990`, `1990-00-00`), or month and year, or the year.
pub(crate) fn birth_date(text: &str) -> Option<BirthDate> {
    if let Some(day) = day(text) {
        return Some(BirthDate::Day(day));
    }
    let (separator, german) = match text {
        _ if text.contains('.') => ('.', true),
        _ if text.contains('/') => ('/', true),
        _ => ('-', false),
    };
    let mut parts: Vec<&str> = text.split(separator).map(str::trim).collect();
    if !german {
        parts.reverse();
    }
    let (day, month, year) = match parts[..] {
        [year] => ("", "", year),
        [month, year] => ("", month, year),
        // A slash separates month and year alone: `5/6/1990` has two meanings.
        [day, month, year] if separator != '/' => (day, month, year),
        _ => return None,
    };
    let is_unknown = |part: &str| part.len() <= 2 && part.chars().all(|sign| matches!(sign, '0' | '?' | 'x' | 'X'));
    let number = |part: &str, longest: usize| {
        let fits = (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if fits { part.parse::<u32>().ok() } else { None }
    };
    // `00.01.1900` is the empty day of a spreadsheet.
    let year = number(year, 4).filter(|year| (1901..=2200).contains(year))?.cast_signed();
    if !is_unknown(day) {
        return None;
    }
    if is_unknown(month) { BirthDate::of_year(year) } else { BirthDate::of_month(year, number(month, 2)?) }
}

/// Yes or no.
pub(crate) fn yes_or_no(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        // A full stop or a hyphen beside a digit could belong to a number.
        "1" | "0" if text.trim().len() > 1 => None,
        "ja" | "j" | "x" | "1" | "wahr" | "yes" | "y" | "true" => Some(true),
        "nein" | "n" | "0" | "falsch" | "no" | "false" | "keine" | "keiner" => Some(false),
        _ => None,
    }
}

/// A number of people. Implausibly high numbers are refused as typing errors.
pub(crate) fn count(text: &str) -> Option<u32> {
    match fold(text).as_str() {
        "keine" | "kein" | "nein" => Some(0),
        _ => whole(text.trim()).filter(|&count| count <= 30),
    }
}

/// A whole number without a sign.
pub(crate) fn whole<N: std::str::FromStr>(text: &str) -> Option<N> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A German postal code with five digits. A spreadsheet may have removed a leading zero. Codes outside 01001 (Dresden)
/// to 99998 (Körner) are refused, because users write them for unknown addresses.
pub(crate) fn postal_code(text: &str) -> Option<String> {
    let is_code = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_code && ("01001"..="99998").contains(&text)).then(|| text.to_owned())
}

/// An e-mail address: one `@` between a name and a host.
pub(crate) fn email(text: &str) -> Option<String> {
    let (name, host) = text.split_once('@')?;
    // Signs of RFC 5322 that addresses of people have; `m¸ller` lost a letter.
    let is_plain = |part: &str| {
        let is_letter = |letter: char| letter.is_alphanumeric() || "._%+-'&".contains(letter);
        !part.is_empty() && part.chars().all(is_letter) && !part.contains("..")
    };
    let is_short = text.chars().count() <= MAX_LINE_LENGTH;
    (is_short
        && is_plain(name)
        && is_plain(host)
        && host.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-'))
        && host.contains('.')
        && !host.contains("..")
        && !host.starts_with('.')
        && !host.ends_with('.'))
    .then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_birth_date_is_read_as_far_as_it_is_known() {
        for (text, stored) in [
            ("17.05.1990", "1990-05-17"),
            ("1990-05-17", "1990-05-17"),
            ("00.00.1990", "1990"),
            ("0.0.1990", "1990"),
            ("00.05.1990", "1990-05"),
            ("00. 5. 1990", "1990-05"),
            ("??.??.1990", "1990"),
            ("XX.05.1990", "1990-05"),
            ("1990-00-00", "1990"),
            ("1990-05-00", "1990-05"),
            ("1990", "1990"),
            ("05.1990", "1990-05"),
            ("05/1990", "1990-05"),
            ("1990-05", "1990-05"),
        ] {
            assert_eq!(birth_date(text).map(|born| born.to_string()).as_deref(), Some(stored), "{text}");
        }
        for text in [
            "",
            "00.00.0000",
            "00.13.1990",
            "17.00.1990",
            "00.00.90",
            "0000",
            "ca. 1990",
            "1990?",
            "5/6/1990",
            "000.05.1990",
            "31.02.1990",
            "1990-05-00-00",
            "2201",
            "05.17.1990",
        ] {
            assert_eq!(birth_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_is_read_as_germans_and_iso_write_it() {
        let march = NaiveDate::from_ymd_opt(2002, 3, 1);
        for text in [
            "01.03.2002",
            "1.3.2002",
            "1. 3. 2002",
            "2002-03-01",
            "2002-3-1",
            "01.03.2002 00:00:00",
            "2002-03-01T00:00:00",
        ] {
            assert_eq!(day(text), march, "{text}");
        }
        for text in [
            "",
            "31.02.2001",
            "2001-13-01",
            "1.3.02",
            "03/01/2002",
            "1.3.0202",
            "01.03.2002.",
            "+1.3.2002",
            "1.3.20022",
            "gestern",
            "1.3.2002?",
            "ca. 1.3.2002",
            "1.3.2002T",
            "1.3.200200:00",
            "<1.3.2002",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn yes_and_no_are_read() {
        for text in ["ja", "Ja", "J", "x", "X", "1", "WAHR"] {
            assert_eq!(yes_or_no(text), Some(true), "{text}");
        }
        for text in ["nein", "N", "0", "falsch"] {
            assert_eq!(yes_or_no(text), Some(false), "{text}");
        }
        for text in
            ["vielleicht", "ja?", "(ja)", "ja/nein", "x?", "nein!", "!x", "-1", "1.", "0-", "j/n", "~ja", "keine?"]
        {
            assert_eq!(yes_or_no(text), None, "{text}");
        }
    }

    #[test]
    fn a_count_is_a_number() {
        assert_eq!(count("3"), Some(3));
        assert_eq!(count("keine"), Some(0));
        for text in
            ["-1", "31", "2,5", "zwei", "+3", "3?", "<3", "ca. 3", "3.", "2-3", "1/2", "keine?", "3+", "~3", "-", ""]
        {
            assert_eq!(count(text), None, "{text}");
        }
    }

    #[test]
    fn a_postal_code_has_five_digits_and_lies_in_the_valid_range() {
        for text in ["01001", "01067", "50667", "99998"] {
            assert_eq!(postal_code(text).as_deref(), Some(text));
        }
        for text in ["1067", "506677", "D-50667", "5066O", "50 667", "５０６６７", "00000", "01000", "00999", "99999"]
        {
            assert_eq!(postal_code(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_has_a_name_and_a_host() {
        assert_eq!(email("emre.çelik3@example.org").as_deref(), Some("emre.çelik3@example.org"));
        for text in [
            "emre",
            "@example.org",
            "emre@",
            "emre@org",
            "a b@example.org",
            "a@b@example.org",
            "a@example.org?",
            "a@example.org (alt)",
            "a@example.org, b@example.org",
            &format!("{}@example.org", "a".repeat(189)),
        ] {
            assert_eq!(email(text), None, "{text}");
        }
        assert!(email(&format!("{}@example.org", "a".repeat(188))).is_some());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,40}") {
            let _ = (day(&text), yes_or_no(&text), count(&text), phone(&text), email(&text));
        }

        #[test]
        fn a_day_that_is_written_is_read(days in 0..60_000_i64) {
            let date = NaiveDate::from_ymd_opt(1950, 1, 1).expect("a day") + chrono::TimeDelta::days(days);
            prop_assert_eq!(day(&date.format("%d.%m.%Y").to_string()), Some(date));
            prop_assert_eq!(day(&date.format("%-d.%-m.%Y").to_string()), Some(date));
            prop_assert_eq!(day(&date.to_string()), Some(date));
        }
    }
}
