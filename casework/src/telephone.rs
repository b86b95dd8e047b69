//! Telephone numbers. The API and the import read them here.
//!
//! The stored form has the digits in the groups in which they were written, separated by one blank, and an extension
//! (Durchwahl, Apparat) behind a hyphen, as in DIN 5008: `0221 5550-123`, `+49 221 5550123-12`. A German number begins
//! with `0` or `+49`, a foreign one with `+` and its country code.

use phonenumber::country;

use crate::refusal::WorkError;

/// What a telephone number must be, for the report of an import.
pub(crate) const HINT: &str =
    "keine Telefonnummer: mit Vorwahl („0221 …“) oder Ländervorwahl („+49 221 …“), Durchwahl mit „-12“ oder „App. 12“";
/// Words before an extension.
const EXTENSION: [&str; 9] = ["app", "apparat", "durchwahl", "dw", "nebenstelle", "nst", "ext", "extension", "klappe"];
/// A longer group behind a hyphen is the number and not its extension.
const MAX_EXTENSION_DIGITS: usize = 5;
/// The longest area code of Germany, with its zero (`033203` and the like).
const MAX_AREA_CODE_DIGITS: usize = 6;

/// The stored form of a telephone number in an input.
pub(crate) fn checked(name: &str, number: &str) -> Result<String, WorkError> {
    let hint = "mit Vorwahl („0221 …“) oder Ländervorwahl („+49 221 …“), Durchwahl mit „-12“ oder „App. 12“";
    phone(number).ok_or_else(|| WorkError::bad_input(format!("„{name}“ enthält keine Telefonnummer: bitte {hint}.")))
}

/// The stored form of a telephone number.
///
/// The written form is checked first, because the library drops whatever it does not understand: it reads `App. 12` as
/// digits of the number, and adds to `2215550123`, whose zero a spreadsheet has removed, a zero that it may never have had.
pub(crate) fn phone(text: &str) -> Option<String> {
    let text: String = text.trim().chars().map(plain).collect();
    let (number, named) = extension(&text)?;
    let mut groups = groups(number)?;
    let main = join(&groups);
    let last = if named.is_none() { direct_dial(number, &mut groups) } else { None };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits > 20 || ![main, join(&groups)].iter().any(|number| exists(number)) {
        return None;
    }
    Some(match named.or(last) {
        Some(extension) => format!("{}-{extension}", join(&groups)),
        None => join(&groups),
    })
}

/// Whether the number can exist in its country.
fn exists(number: &str) -> bool {
    let compact = number.replace(' ', "");
    let Ok(parsed) = phonenumber::parse(Some(country::DE), &compact) else { return false };
    // The library loses the zero that is a part of numbers in Italy and Ivory Coast, and finds them too short.
    let keeps_zero = |code: &str| compact.strip_prefix(code).is_some_and(|rest| rest.starts_with('0'));
    parsed.is_valid() || (["+39", "+225"].into_iter().any(keeps_zero) && (9..=15).contains(&compact.len()))
}

/// Blanks and hyphens of printed texts as those of a keyboard.
fn plain(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2013}' => '-',
        _ if letter.is_whitespace() && !letter.is_control() => ' ',
        _ => letter,
    }
}

/// The number, and the extension that a word names.
fn extension(text: &str) -> Option<(&str, Option<String>)> {
    let Some(place) = text.find(char::is_alphabetic) else { return Some((text, None)) };
    let (number, named) = text.split_at_checked(place)?;
    let end = named.find(|letter: char| !letter.is_alphabetic())?;
    let (word, digits) = named.split_at_checked(end)?;
    let digits = digits.trim_start_matches(['.', ':', ' ', '-']);
    let is_extension = EXTENSION.contains(&word.to_lowercase().as_str())
        && (1..=MAX_EXTENSION_DIGITS).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Blanks and a comma separate it from the number.
    let number = number.trim_end().trim_end_matches([',', '-', '/', '(']).trim_end();
    is_extension.then(|| (number, Some(digits.to_owned())))
}

/// The groups of digits, the first with `+` or `0`. `None` for every other sign, and where the number is in doubt.
fn groups(number: &str) -> Option<Vec<String>> {
    let (number, is_international) = match (number.strip_prefix('+'), number.strip_prefix("00")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest.trim_start_matches(' '), true),
        (None, None) => (number, false),
    };
    let mut groups = vec![String::new()];
    let (mut open, mut brackets, mut slashes) = (false, 0, 0);
    // The groups before the number itself: the area code, abroad the country code too.
    let numbered = if is_international { 2 } else { 1 };
    let before_slash = match number.trim_start_matches([' ', '(']) {
        german if is_international && german.starts_with("49") => {
            MAX_AREA_CODE_DIGITS + 1 + usize::from(german.contains("(0)"))
        }
        _ if is_international => MAX_AREA_CODE_DIGITS + 2,
        _ => MAX_AREA_CODE_DIGITS,
    };
    let (mut last, mut extensions) = (' ', 0_usize);
    let mut after_dot = None;
    for letter in number.chars() {
        let so_far: usize = groups.iter().map(String::len).sum();
        match letter {
            '0'..='9' => groups.last_mut()?.push(letter),
            '(' if !open && so_far <= 3 => (open, brackets) = (true, brackets + 1),
            ')' if open => open = false,
            // An area code before it; behind a number, another one begins.
            '/' if (2..=before_slash).contains(&so_far) => slashes += 1,
            '.' if so_far > 0 => after_dot = Some(groups.len()),
            // Behind an extension, the extension of another number: `0221 5550-10 -11`.
            '-' if last == ' ' && extensions > 0 => return None,
            '-' => extensions += usize::from(groups.iter().filter(|group| !group.is_empty()).count() > numbered),
            ' ' => {}
            _ => return None,
        }
        last = letter;
        // `(0)221`: the zero belongs to the area code.
        let is_lone_zero = letter == ')' && groups.last().is_some_and(|group| group == "0");
        if !letter.is_ascii_digit() && !is_lone_zero && groups.last().is_some_and(|group| !group.is_empty()) {
            groups.push(String::new());
        }
    }
    if groups.last().is_some_and(String::is_empty) {
        groups.pop();
    }
    // `0221 5550123.0` is a number of a spreadsheet, and `0221.5550.123` one of a person.
    let is_fraction = |group: &String| group.len() < 2 || group.bytes().all(|digit| digit == b'0');
    if open || brackets > 1 || slashes > 1 || after_dot.is_some_and(|from| groups.iter().skip(from).any(is_fraction)) {
        return None;
    }
    let first = groups.first_mut()?;
    if is_international {
        if !first.starts_with(|digit: char| ('1'..='9').contains(&digit)) {
            return None;
        }
        let is_german = first == "49";
        first.insert(0, '+');
        // A country code before a country code.
        if is_german && groups.get(1).is_some_and(|area| matches!(area.as_str(), "49" | "0049")) {
            return None;
        }
        // Behind +49 no area code has a zero; in Italy it has.
        if is_german && let Some(area) = groups.get_mut(1) {
            let short = area.strip_prefix('0').unwrap_or(area).to_owned();
            *area = short;
        }
        groups.retain(|group| !group.is_empty());
        // `+49 (0) 0221`: a zero before the area code's zero.
        if is_german && groups.get(1).is_some_and(|area| area.starts_with('0')) {
            return None;
        }
        return Some(groups);
    }
    let mut digits = groups.iter().flat_map(|group| group.chars());
    let is_national = digits.next() == Some('0') && digits.next().is_some_and(|digit| digit != '0');
    is_national.then_some(groups)
}

/// Takes the direct-dial digits of a German number from its groups: those behind the last separator, if that is a hyphen
/// behind area code and number.
fn direct_dial(number: &str, groups: &mut Vec<String>) -> Option<String> {
    let (before, last) = number.rsplit_once('-')?;
    let first = groups.first()?;
    // Mobile numbers have no extension.
    let area = if first == "+49" { groups.get(1)? } else { first }.trim_start_matches('0');
    if ["15", "16", "17"].iter().any(|mobile| area.starts_with(mobile)) {
        return None;
    }
    let needed = match first.as_str() {
        "+49" => 3,
        foreign if foreign.starts_with('+') => return None,
        _ => 2,
    };
    let is_last = last.bytes().all(|byte| byte.is_ascii_digit()) && (1..=MAX_EXTENSION_DIGITS).contains(&last.len());
    let is_direct = is_last && before.ends_with(|letter: char| letter.is_ascii_digit()) && groups.len() > needed;
    if is_direct { groups.pop() } else { None }
}

fn join(groups: &[String]) -> String {
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_telephone_number_has_one_form() {
        for (text, number) in [
            ("0221 55505712", "0221 55505712"),
            ("022155505712", "022155505712"),
            ("+49 221 5550 1234", "+49 221 5550 1234"),
            ("+492215550123", "+492215550123"),
            ("+ 49 221 5550123", "+49 221 5550123"),
            ("0221/555-057 12", "0221 555 057 12"),
            ("0221 / 555 057 12", "0221 555 057 12"),
            ("(0221) 55505712", "0221 55505712"),
            ("(0)221 55505712", "0221 55505712"),
            ("+49 (0)221 5550123", "+49 221 5550123"),
            ("+49 (0) 221 5550123", "+49 221 5550123"),
            ("+49 (0221) 5550123", "+49 221 5550123"),
            ("+49 0221 5550123", "+49 221 5550123"),
            ("0049 221 5550123", "+49 221 5550123"),
            ("0049 (0)221 5550123", "+49 221 5550123"),
            ("0221\u{a0}5550123", "0221 5550123"),
            ("0221-5550123", "0221 5550123"),
            ("0221.5550.123", "0221 5550 123"),
            ("0221.5550123", "0221 5550123"),
            ("0176 12345678", "0176 12345678"),
            ("0176-1234567-8", "0176 1234567 8"),
            ("+49 176 1234567-8", "+49 176 1234567 8"),
            ("0491 9276123", "0491 9276123"),
            // Extensions.
            ("0221 5550-123", "0221 5550-123"),
            ("0221/5550–123", "0221 5550-123"),
            ("+49 221 5550-12", "+49 221 5550-12"),
            ("0221 5550123-12", "0221 5550123-12"),
            ("0221 5550123 App. 12", "0221 5550123-12"),
            ("0221 5550123 App.12", "0221 5550123-12"),
            ("0221 5550123, Apparat: 12", "0221 5550123-12"),
            ("0221 5550123 Durchwahl 12", "0221 5550123-12"),
            ("0221 5550123 DW -12", "0221 5550123-12"),
            // Abroad.
            ("+43 1 5125565", "+43 1 5125565"),
            ("+39 06 69812345", "+39 06 69812345"),
            ("+225 07 12 34 56 78", "+225 07 12 34 56 78"),
            ("+90 212 555 12 34", "+90 212 555 12 34"),
            ("0090 212 555-12-34", "+90 212 555 12 34"),
        ] {
            assert_eq!(phone(text).as_deref(), Some(number), "{text}");
            assert_eq!(phone(number).as_deref(), Some(number), "{text}");
        }
    }

    #[test]
    fn what_is_no_telephone_number_is_refused() {
        for text in [
            "",
            "12",
            "siehe Akte",
            "0221+5550123",
            "1234567890123456",
            "0221 5550123.0",
            "0221 5550123.00",
            "02215550123.0",
            "0221.5550123.0",
            "2215550123",
            "2215550123.0",
            "+0221 5550123",
            "+0049 221 5550123",
            "000221 5550123",
            "221 5550123",
            "0221 5550123 5.0",
            "2,2155E+09",
            "2.2155E+09",
            "0221 5550123 x",
            "Tel. 0221 5550123",
            "0221 5550123 (Mutter)",
            "0221 5550123 Mutter 12",
            "0221 5550123 App.",
            "0221 5550123 App. 1234567",
            "0221 5550123 App. 1a",
            "0221 5550123 / 0176 12345678",
            "0221 5550123/24",
            "0221 5550123; 0176 12345678",
            "0221 5550123?",
            "#NV",
            "=0221",
            "(0221 5550123",
            "0221) 5550123",
            "((0221)) 5550123",
            "0221 555O123",
            "٠٢٢١ ٥٥٥٠١٢٣",
            "0221\n5550123",
            "0221 5550123\u{200b}",
            "0221 5550123*12",
            "00000000",
            "0000 0000",
            "+49",
            "0",
            "0221",
            "+999 123456789",
            "0221 5550123,00",
            "0221_5550123",
            "110",
            "112",
            "++49 221 5550123",
            "+49 49 221 5550123",
            "+49 (0) 0221 5550123",
            "0221 5550-0 / -123",
            "0221 5550/51",
            "+49 221 5550/51",
            "030 12345 / 12346",
            "0221 5550-123 -124",
            "0221 5550-10 -11",
            "0221 1234/5",
            "0221 555-0/-1",
            "0221 55 50/51",
            "0049 0049 221 5550123",
        ] {
            assert_eq!(phone(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_stored_number_is_its_own_stored_form(text in "[+0-9 ()/.\\-App]{0,22}") {
            if let Some(number) = phone(&text) {
                prop_assert_eq!(phone(&number), Some(number.clone()));
                let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
                prop_assert!(digits(&number) <= digits(&text));
            }
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,40}") {
            _ = phone(&text);
        }
    }
}
