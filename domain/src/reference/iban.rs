//! International bank account numbers (ISO 13616).

/// The text without its valid IBANs (ISO 13616): their groups can look like any other number.
pub(super) fn without_ibans(text: &str) -> String {
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
