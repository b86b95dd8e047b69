//! What can be the name of a person: the signs of datatype A of DIN 91379 (names of natural persons), and the letters
//! of other scripts.
//!
//! A name that lost letters on its way (`Y?ld?z`, `MÃ¼ller`) or is the error of a spreadsheet (`#NV`) must not be handed
//! over: the receiver would look for a person who does not exist.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::damage::is_misread;
use crate::fingerprint::is_hyphen;
use crate::placeholder::is_placeholder;

/// Latin letters of DIN 91379 that are not an ASCII letter with diacritics.
const LATIN: &str = "ÆÐØÞßæðøþĐđĦħıĲĳĸĿŀŁłŉŊŋŒœŦŧƇƈƏƗƷǤǥəɨʒẞ";
/// Diacritics that DIN 91379 combines with Latin letters.
const DIACRITICS: &str = "\u{300}\u{301}\u{302}\u{303}\u{304}\u{306}\u{307}\u{308}\u{309}\u{30a}\u{30b}\u{30c}\u{30d}\
     \u{310}\u{311}\u{315}\u{31b}\u{323}\u{325}\u{326}\u{327}\u{328}\u{32e}\u{331}\u{35f}";
/// Signs of group N1 of DIN 91379 (beside blank, comma, hyphen and full stop), and those that other transliterations and
/// scripts write instead: ʻ ʽ ʼ ‘, the Hebrew geresh, the Armenian apostrophe, the dot between Japanese names.
const SIGNS: &str = "'`~¨´·\u{2b9}\u{2ba}\u{2be}\u{2bf}\u{2c8}\u{2cc}\u{2019}\u{2021}\
     \u{2bb}\u{2bc}\u{2bd}\u{2018}\u{201b}\u{5f3}\u{5f4}\u{55a}\u{30fb}";
/// Signs in the name of an office or association, beside those of people.
const OFFICE_SIGNS: &str = "0123456789&/+()\"„“”";

/// Diacritics and vowel signs of one letter: Latin needs two, the scripts of India and Tibet more.
const MAX_MARKS: usize = 6;

/// Why a text cannot be a name. The text of the error completes a sentence that begins with the field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAName {
    /// No letter.
    #[error("enthält keinen Buchstaben und kann kein Name sein")]
    NoLetter,
    /// Letters were lost or replaced when a file was read in the wrong encoding.
    #[error("ist beim Umkodieren beschädigt worden, etwa „Ã¼“ statt „ü“: bitte den Namen neu eingeben")]
    Misread,
    /// A sign that occurs in no name, or not at this place.
    #[error(
        "enthält Zeichen, die nicht zu einem Namen gehören; möglich sind Buchstaben, Leerzeichen, Bindestrich, Apostroph \
         und Punkt"
    )]
    Sign,
    /// A word for a missing value.
    #[error("steht für einen unbekannten Wert: bitte den Namen eintragen oder das Feld leer lassen")]
    Placeholder,
    /// A word of Latin letters and those of another script, which look alike (`Аhmad` with a Cyrillic letter).
    #[error(
        "mischt in einem Wort lateinische Buchstaben mit denen einer anderen Schrift: bitte in einer Schrift eingeben"
    )]
    Scripts,
}

/// The name of a natural person in its stored form: NFC, with single blanks.
///
/// # Errors
/// [`NotAName`]
pub fn person_name(text: &str) -> Result<String, NotAName> {
    checked(text, "")
}

/// The name of somebody who can be a person or an office, such as a guardian. Digits and some signs are allowed as well.
///
/// # Errors
/// [`NotAName`]
pub fn person_or_office(text: &str) -> Result<String, NotAName> {
    checked(text, OFFICE_SIGNS)
}

fn checked(text: &str, more: &str) -> Result<String, NotAName> {
    let text: String = text.nfc().collect();
    if text.contains('\u{fffd}') || is_misread(&text, |letter| is_letter(letter) || SIGNS.contains(letter)) {
        return Err(NotAName::Misread);
    }
    if text.contains(|letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')) {
        return Err(NotAName::Sign);
    }
    let name = text.split_whitespace().map(without_last_joiner).collect::<Vec<_>>().join(" ");
    if !name.chars().any(|letter| is_letter(letter) && !is_dependent(letter)) {
        return Err(NotAName::NoLetter);
    }
    if !is_spelled(&name, more) {
        return Err(NotAName::Sign);
    }
    if is_placeholder(&name) {
        return Err(NotAName::Placeholder);
    }
    if name.split(|sign: char| !is_letter(sign) && !is_mark(sign)).any(mixes_scripts) {
        return Err(NotAName::Scripts);
    }
    Ok(name)
}

/// Letters that need another one: signs of length or repetition, and a hamza.
const fn is_dependent(letter: char) -> bool {
    matches!(
        letter,
        '\u{2b0}'..='\u{2ff}' | '\u{559}' | '\u{621}' | '\u{640}' | '\u{6e5}' | '\u{6e6}' | '\u{e46}' | '\u{ec6}' | '\u{17d7}' | '\u{3005}'
            | '\u{3031}'..='\u{3035}' | '\u{303b}' | '\u{309d}' | '\u{309e}' | '\u{30fc}'..='\u{30fe}' | '\u{ff70}'
    )
}

/// Whether a word has Latin letters and others. Modifier letters belong to both.
fn mixes_scripts(word: &str) -> bool {
    let mut letters = word.chars().filter(|&letter| is_letter(letter) && !is_dependent(letter));
    let is_first_latin = letters.next().is_some_and(is_latin);
    letters.any(|letter| is_latin(letter) != is_first_latin)
}

/// A word without the invisible joiner that keyboards for Persian leave at its end.
fn without_last_joiner(word: &str) -> &str {
    let short = word.trim_end_matches(['\u{200c}', '\u{200d}']);
    if short.ends_with(is_joined) { short } else { word }
}

/// Whether every sign is at a place where a name can have it.
fn is_spelled(name: &str, more: &str) -> bool {
    let letters: Vec<char> = name.nfd().collect();
    let (mut base, mut marks) = (None, 0);
    for (place, &letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| letters.get(before)).copied();
        let after = letters.get(place + 1).copied();
        let ends_word = |letter: char| is_letter(letter) || is_mark(letter) || more.contains(letter);
        let fits = match letter {
            ' ' => true,
            '.' => before.is_some_and(ends_word),
            ',' => after.is_some() && before.is_some_and(|before| ends_word(before) || before == '.'),
            '\u{200c}' | '\u{200d}' => before.is_some_and(is_joined) && after.is_some_and(is_joined),
            _ if is_hyphen(letter) => {
                after.is_some() && before.is_some_and(|before| !is_hyphen(before) && before != ',')
            }
            _ if is_mark(letter) => {
                marks += 1;
                let is_on_letter = before.is_some_and(|before| is_letter(before) || is_mark(before));
                is_on_letter && marks <= MAX_MARKS && base.is_some_and(|base| is_marked_with(base, letter))
            }
            _ => is_letter(letter) || SIGNS.contains(letter) || more.contains(letter),
        };
        if !fits {
            return false;
        }
        if !is_mark(letter) {
            (base, marks) = (Some(letter), 0);
        }
    }
    true
}

/// Whether a letter can have this diacritic. Those of other scripts are known to them alone.
fn is_marked_with(base: char, mark: char) -> bool {
    !is_latin(base) || DIACRITICS.contains(mark)
}

/// A letter of a name: for Latin those of DIN 91379, and those of every other script.
fn is_letter(letter: char) -> bool {
    if is_mark(letter) || !letter.is_alphabetic() || is_blank(letter) {
        return false;
    }
    if is_latin(letter) {
        let base = std::iter::once(letter).nfd().next().unwrap_or(letter);
        return base.is_ascii_alphabetic() || LATIN.contains(base);
    }
    // Digits, signs and letters in circles, and letters of formulas, are made of letters that people type.
    !matches!(letter, '\u{1d400}'..='\u{1eeff}' | '\u{1f100}'..='\u{1f1ff}')
        && !std::iter::once(letter).nfkd().any(|one| one != letter && (is_latin(one) || one.is_ascii()))
}

fn is_mark(letter: char) -> bool {
    is_combining_mark(letter) && !is_blank(letter) && !matches!(letter, '\u{20d0}'..='\u{20ff}')
}

/// Letters and marks that nobody sees.
const fn is_blank(letter: char) -> bool {
    matches!(
        letter,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Letters that the invisible joiners of Persian and the scripts of India separate or connect.
fn is_joined(letter: char) -> bool {
    letter >= '\u{590}' && !is_latin(letter) && (is_letter(letter) || is_mark(letter))
}

/// Whether a letter is in one of the blocks of Latin letters.
const fn is_latin(letter: char) -> bool {
    matches!(
        letter,
        'A'..='Z' | 'a'..='z' | '\u{aa}' | '\u{b5}' | '\u{ba}' | '\u{c0}'..='\u{2ff}' | '\u{1d00}'..='\u{1dbf}' | '\u{1e00}'..='\u{1eff}'
            | '\u{2071}'..='\u{209c}' | '\u{2100}'..='\u{218f}' | '\u{2460}'..='\u{24ff}' | '\u{2c60}'..='\u{2c7f}'
            | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}' | '\u{fb00}'..='\u{fb06}' | '\u{ff21}'..='\u{ff5a}'
            | '\u{10780}'..='\u{107bf}' | '\u{1df00}'..='\u{1dfff}'
    )
}

#[cfg(test)]
mod tests;
