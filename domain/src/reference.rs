//! Numbers of other systems, which references and free texts must not contain.

mod azr;
mod iban;

/// Shapes of numbers: `0` is a digit, `A` a letter, all else itself.
const SHAPES: [&str; 3] = ["00000BG0000000", "00000//0000000", "000A000000"];
/// Signs that may stand between two letters or digits of a number.
const MAX_SIGNS: usize = 3;

/// Whether a text contains what looks like a BG number (`12345BG0123456`, old `12345//0001234`), a Kundennummer of the
/// Bundesagentur (`123D123456`) or an AZR number (twelve digits), with any grouping. § 51a SGB II and § 10(4) AZRG
/// reserve these numbers for their own registers. Their formats are not official, so this is a guard and not a
/// validation.
#[must_use]
pub fn looks_like_foreign_number(text: &str) -> bool {
    let text = iban::without_ibans(&text.chars().map(plain).collect::<String>());
    let signs: Vec<char> = text.chars().collect();
    let begins = (0..signs.len()).filter(|&place| {
        let before = place.checked_sub(1).and_then(|before| signs.get(before));
        signs[place].is_ascii_digit() && !before.is_some_and(char::is_ascii_digit)
    });
    let has_shape = |begin: usize| SHAPES.iter().any(|shape| begins_with(&signs[begin..], shape));
    begins.into_iter().any(has_shape) || azr::has_azr_number(&text)
}

/// Digits of all usual scripts as ASCII digits, and dashes and blanks of printed texts as those of a keyboard.
fn plain(sign: char) -> char {
    let digit = |zero: u32| char::from_digit((u32::from(sign) - zero) % 10, 10).unwrap_or(sign);
    match sign {
        '\u{660}'..='\u{669}' => digit(0x660),
        '\u{6f0}'..='\u{6f9}' => digit(0x6f0),
        '\u{966}'..='\u{96f}' => digit(0x966),
        '\u{ff10}'..='\u{ff19}' => digit(0xff10),
        '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}' | '\u{ff0f}' => {
            char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign)
        }
        '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        _ if sign.is_whitespace() => ' ',
        _ => sign,
    }
}

/// Whether a text begins with this shape, with a few signs anywhere between its letters and digits. No further digit
/// follows: a longer number is a different number.
fn begins_with(text: &[char], shape: &str) -> bool {
    let mut at = 0;
    for expected in shape.chars() {
        let rest = &text[at..];
        let signs = rest.iter().take_while(|sign| !sign.is_alphanumeric() && **sign != expected).count();
        let Some(&sign) = rest.get(signs).filter(|_| signs <= MAX_SIGNS) else { return false };
        let fits = match expected {
            '0' => sign.is_ascii_digit(),
            'A' => sign.is_ascii_alphabetic(),
            exact => sign.to_ascii_uppercase() == exact,
        };
        if !fits {
            return false;
        }
        at += signs + 1;
    }
    !text.get(at).is_some_and(char::is_ascii_digit)
}

#[cfg(test)]
mod tests;
