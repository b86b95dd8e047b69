//! Numbers of other systems, which references and free texts must not contain.

/// Whether a text contains what looks like a BG number (`12345BG0123456`, old `12345//0001234`), a Kundennummer of the
/// Bundesagentur (`123D123456`) or an AZR number (twelve digits), with any grouping. § 51a SGB II and § 10(4) AZRG
/// reserve these numbers for their own registers. Their formats are not official, so this is a guard and not a
/// validation.
#[must_use]
pub fn looks_like_foreign_number(text: &str) -> bool {
    let text = without_ibans(text);
    let letters: Vec<u8> = text
        .chars()
        .filter(|&letter| !is_glue(letter))
        .map(|letter| u8::try_from(letter).map_or(b' ', |byte| byte.to_ascii_uppercase()))
        .collect();
    ["00000BG0000000", "00000//0000000", "000A000000"].iter().any(|shape| {
        contains_pattern(&letters, shape.len(), |window| {
            window.iter().zip(shape.bytes()).all(|(letter, place)| match place {
                b'0' => letter.is_ascii_digit(),
                b'A' => letter.is_ascii_uppercase(),
                exact => *letter == exact,
            })
        })
    }) || has_azr_number(&text)
}

/// Signs that group the digits of a number.
const fn is_glue(letter: char) -> bool {
    matches!(letter, ' ' | '-' | '.' | '\u{a0}' | '\u{202f}' | '_')
}

/// Whether a text contains twelve digits that begin with a date, as AZR numbers do. Other numbers can have the same digits:
/// `0203 28398765` of Duisburg reads as 2 March 1928. Their groups and the word before them tell the difference.
fn has_azr_number(text: &str) -> bool {
    let mut rest = text;
    while let Some(begin) = rest.find(|letter: char| letter.is_ascii_digit()) {
        let (before, from) = rest.split_at(begin);
        let end = from.find(|letter: char| !letter.is_ascii_digit() && !is_glue(letter)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        let groups: Vec<&str> = run.split(is_glue).filter(|group| !group.is_empty()).collect();
        let is_whole = is_azr_number(&groups.concat());
        let is_named = ends_with_word(before, &["azr", "azr nr", "azr nummer", "ausländerzentralregister"]);
        let is_other = is_telephone(&groups, before) || is_dated(run, &groups);
        if (is_whole && (is_named || !is_other))
            || (groups.len() > 1 && groups.iter().any(|group| is_azr_number(group)))
        {
            return true;
        }
        rest = after;
    }
    false
}

fn is_azr_number(digits: &str) -> bool {
    let two = |place: usize| digits.get(place..place + 2).and_then(|two| two.parse().ok()).unwrap_or(0);
    digits.len() == 12 && (is_day(two(0), two(2)) || is_day(two(4), two(2)))
}

fn is_day(day: u32, month: u32) -> bool {
    (1..=31).contains(&day) && (1..=12).contains(&month)
}

/// A number whose first group is an area code, or that follows a word for telephone.
fn is_telephone(groups: &[&str], before: &str) -> bool {
    let Some(first) = groups.first() else { return false };
    // Of the German area codes, these can be read as a day and a month. None begins with 01.
    let is_area_code = match first.len() {
        3 => matches!(*first, "030" | "040"),
        4 | 5 => first.starts_with('0') && !first.starts_with("00") && !first.starts_with("01"),
        _ => false,
    };
    let words =
        ["tel", "telefon", "tel nr", "telefonnummer", "fon", "phone", "mobil", "handy", "fax", "telefax", "rufnummer"];
    (is_area_code && groups.len() > 1) || (first.starts_with('0') && ends_with_word(before, &words))
}

/// Several days (`01.02.26 - 31.03.26`), or a file number or day with a year as a group of its own (`51-12-2026-0815`).
fn is_dated(run: &str, groups: &[&str]) -> bool {
    let is_year = |group: &&str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    let has_year = run.contains(['-', '.', '_']) && groups.len() > 2 && groups.iter().any(is_year);
    let days: Vec<&str> = run.split([' ', '\u{a0}', '-']).filter(|day| !day.is_empty()).collect();
    let is_written_day = |day: &&str| {
        let mut parts = day.split('.').map(|part| part.parse().ok().filter(|_| part.len() <= 2));
        matches!((parts.next(), parts.next()), (Some(Some(day)), Some(Some(month))) if is_day(day, month))
    };
    has_year || (days.len() > 1 && days.iter().all(is_written_day))
}

/// Whether the last words of a text are these, whatever signs are between them and behind them.
fn ends_with_word(text: &str, names: &[&str]) -> bool {
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    names.iter().any(|name| {
        let name: Vec<&str> = name.split(' ').collect();
        words.len() >= name.len() && words[words.len() - name.len()..].iter().zip(name).all(|(word, part)| word == part)
    })
}

/// The text without its valid IBANs (ISO 13616): their groups can look like any other number.
fn without_ibans(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut place = 0;
    while let Some(&letter) = letters.get(place) {
        let is_begin =
            place.checked_sub(1).and_then(|before| letters.get(before)).is_none_or(|before| !before.is_alphanumeric());
        match if is_begin { iban_length(&letters[place..]) } else { None } {
            Some(length) => {
                kept.push(';');
                place += length;
            }
            None => {
                kept.push(letter);
                place += 1;
            }
        }
    }
    kept
}

/// The number of letters of the IBAN with which a text begins, including blanks.
fn iban_length(letters: &[char]) -> Option<usize> {
    let mut iban = String::new();
    for (place, &letter) in letters.iter().enumerate() {
        match (letter, iban.len()) {
            (' ' | '\u{a0}', 1..) => continue,
            ('A'..='Z', 0 | 1) | ('0'..='9', 2 | 3) | ('0'..='9' | 'A'..='Z', 4..34) => iban.push(letter),
            _ => return None,
        }
        let ends = letters.get(place + 1).is_none_or(|next| !next.is_ascii_alphanumeric());
        if iban.len() >= 15 && ends && is_iban(&iban) {
            return Some(place + 1);
        }
    }
    None
}

/// The check digits of ISO 7064 (MOD 97-10).
fn is_iban(iban: &str) -> bool {
    let (front, back) = iban.split_at(4);
    let value = back
        .chars()
        .chain(front.chars())
        .filter_map(|letter| letter.to_digit(36))
        .fold(0, |sum, digit| (if digit < 10 { sum * 10 + digit } else { sum * 100 + digit }) % 97);
    value == 1
}

/// Whether the text contains the pattern with no further digit next to it: a longer number is a different number.
fn contains_pattern(letters: &[u8], length: usize, matches: impl Fn(&[u8]) -> bool) -> bool {
    letters.windows(length).enumerate().any(|(start, window)| {
        let before = start.checked_sub(1).and_then(|place| letters.get(place));
        let after = letters.get(start + length);
        let touches = |letter: Option<&u8>| letter.is_some_and(u8::is_ascii_digit);
        matches(window) && !touches(before) && !touches(after)
    })
}

#[cfg(test)]
mod tests {
    use super::looks_like_foreign_number;

    #[test]
    fn numbers_of_the_jobcenter_and_of_the_azr_are_found() {
        for text in [
            "12345BG0123456",
            "BG-Nr. 12345 BG 0123456",
            "12345//0001234",
            "123D123456",
            "Kd 123 d 123456",
            "010125123456",
            "AZR 010125 12345 6",
            "020328398765",
            "020328 398765",
            "02.03.28 398765",
            "02-03-28-398765",
            "0101 2512 3456",
            "AZR-Nr. 0203 2812 3456",
            "AZR: 0203-28123456",
            "am 5. Mai, 250101123456",
            "Zimmer 5 010125123456",
            "DE89 3704 0044 0532 0130 00, 12345BG0123456",
        ] {
            assert!(looks_like_foreign_number(text), "{text}");
        }
    }

    #[test]
    fn numbers_that_people_write_to_each_other_pass() {
        for text in [
            // Telephone: Duisburg, Essen, Wuppertal, Düsseldorf, Solingen, Moers, Hamburg, Berlin, Hannover, Nürnberg.
            "0203 28398765",
            "Tel. 0203 28398765",
            "Tel.: 020328398765",
            "Bitte anrufen: 0203 28398765. Danke",
            "0203 2839 8765",
            "0203/28398765",
            "(0203) 28398765",
            "0203-28398765",
            "0203.28398765",
            "0203 2839876-5",
            "0201 12345678",
            "0202 12345678",
            "0211 12345678",
            "0212 12345678",
            "02064 3912345",
            "040 512345678",
            "030 112345678",
            "0511 12345678",
            "0911 12345678",
            "+49 203 2839876",
            "0049 203 2839876",
            "0221 55505712",
            "0176 12345678",
            // Bank accounts.
            "DE89 3704 0044 0532 0130 00",
            "DE89370400440532013000",
            "IBAN MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            "BG80 BNBG 9661 1020 3456 78",
            // Days.
            "01.02.26 - 31.03.26",
            "01.02.26-31.03.26",
            "02.03.-04.05.2026",
            "01.02.2026 10.30 Uhr",
            "2012-05-01 1000",
            "01.02.2026 bis 03.04.2026",
            // File numbers, amounts, postal codes, case numbers.
            "Az. 51-12-2026-0815",
            "32-11-2025-0012",
            "33.12.04/2026",
            "1.234.567,89 Euro",
            "12 110 Euro",
            "50667 Köln, 47051 Duisburg",
            "K-2026-0001",
            "D-2026-0080",
            "7KQ2M-XP4RT",
            "2026/000123",
            "1234567890123456",
        ] {
            assert!(!looks_like_foreign_number(text), "{text}");
        }
    }
}
