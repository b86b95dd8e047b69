//! Numbers of other systems, which references and free texts must not contain.

/// Whether a text contains what looks like a BG number (`12345BG0123456`, old `12345//0001234`), a Kundennummer of the
/// Bundesagentur (`123D123456`) or an AZR number (twelve digits), with any grouping. § 51a SGB II and § 10(4) AZRG
/// reserve these numbers for their own registers. Their formats are not official, so this is a guard and not a
/// validation.
#[must_use]
pub fn looks_like_foreign_number(text: &str) -> bool {
    let is_glue = |letter: char| matches!(letter, ' ' | '-' | '.' | '\u{a0}' | '_');
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
    }) || contains_pattern(&letters, 12, is_azr_number)
}

/// Twelve digits that begin with a date, so that telephone numbers are not matched.
fn is_azr_number(window: &[u8]) -> bool {
    let two = |place: usize| match window[place..place + 2] {
        [tens, units] if tens.is_ascii_digit() && units.is_ascii_digit() => (tens - b'0') * 10 + units - b'0',
        _ => 0,
    };
    let is_day = |day: u8, month: u8| (1..=31).contains(&day) && (1..=12).contains(&month);
    window.iter().all(u8::is_ascii_digit) && (is_day(two(0), two(2)) || is_day(two(4), two(2)))
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
        ] {
            assert!(looks_like_foreign_number(text), "{text}");
        }
    }

    #[test]
    fn case_numbers_and_telephone_numbers_pass() {
        for text in ["K-2026-0001", "D-2026-0080", "7KQ2M-XP4RT", "2026/000123", "0221 55505712", "1234567890123456"] {
            assert!(!looks_like_foreign_number(text), "{text}");
        }
    }
}
