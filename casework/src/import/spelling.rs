//! The spellings of words that users write. Each list has its table, and all have one rule: case, blanks, hyphens, full
//! stops and the spelling of umlauts do not matter; code and German label are always recognised.
//!
//! Every other sign carries meaning (`<A1`, `deutsch?`). A text may leave out signs of a spelling, but has no others.

pub(crate) mod cell;
mod education;
mod person;
pub(crate) mod purpose;
pub(crate) mod status;
pub(crate) mod title;

use std::collections::HashMap;

use kim_domain::Word;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Spellings and what they mean.
#[derive(Debug)]
pub(crate) struct Spellings<T>(HashMap<String, Vec<(String, T)>>);

impl<T> Default for Spellings<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> Spellings<T> {
    /// Adds a spelling. Returns what the same letters meant already.
    pub(crate) fn add(&mut self, spelling: &str, meaning: T) -> Option<&T> {
        let signed = fold(spelling);
        let meanings = self.0.entry(letters(&signed)).or_default();
        meanings.push((signed, meaning));
        if meanings.len() > 1 { meanings.first().map(|(_, first)| first) } else { None }
    }

    /// The meaning of a text.
    pub(crate) fn find(&self, text: &str) -> Option<&T> {
        let signed = fold(text);
        let found = if is_letters(&signed) { self.0.get(&signed) } else { self.0.get(&letters(&signed)) };
        found?.iter().find(|(spelling, _)| is_within(&signed, spelling)).map(|(_, meaning)| meaning)
    }
}

/// Whether a text is a spelling, perhaps without some of its signs. Both are folded and have the same letters.
fn is_within(text: &str, spelling: &str) -> bool {
    let mut rest = spelling.chars();
    text.chars().all(|sign| rest.any(|other| other == sign))
}

/// A list with the spellings of its words.
pub(crate) trait Spelled: Word {
    /// All spellings.
    fn spellings() -> &'static Spellings<Self>;

    /// The word with this spelling.
    fn find(text: &str) -> Option<Self> {
        Self::spellings().find(text).copied()
    }
}

/// Declares spellings of a list's words in addition to code and label.
macro_rules! spelled {
    ($list:ty { $($word:ident: $($spelling:literal),+;)* }) => {
        impl crate::import::spelling::Spelled for $list {
            fn spellings() -> &'static crate::import::spelling::Spellings<Self> {
                static SPELLINGS: std::sync::LazyLock<crate::import::spelling::Spellings<$list>> =
                    std::sync::LazyLock::new(|| {
                        crate::import::spelling::spellings(&[$($((<$list>::$word, $spelling)),+),*])
                    });
                &SPELLINGS
            }
        }
    };
}
pub(crate) use spelled;

/// The table of spellings of a list.
pub(crate) fn spellings<W: Word + PartialEq>(more: &[(W, &str)]) -> Spellings<W> {
    let own = W::ALL.iter().flat_map(|&word| [(word, word.code()), (word, word.label())]);
    let mut table = Spellings::default();
    for (word, spelling) in own.chain(more.iter().copied()) {
        let other = table.add(spelling, word);
        debug_assert!(other.is_none_or(|other| *other == word), "{spelling} means two words of {}", W::NAME);
    }
    table
}

/// A text as it is compared: lower-case letters without diacritics, umlauts as two letters, digits and signs. Blanks are
/// dropped, hyphens between two letters or digits, and a full stop after one.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // A hyphen that is dropped if a letter follows.
    let mut hyphen = false;
    let mut after_letter = false;
    for letter in text.nfc().flat_map(char::to_lowercase) {
        if is_blank(letter) || (is_combining_mark(letter) && !is_stroke(letter)) {
            continue;
        }
        let drops = after_letter && !hyphen && (is_hyphen(letter) || letter == '.');
        let is_letter = letter.is_alphanumeric();
        if hyphen && !is_letter {
            folded.push('-');
        }
        hyphen = drops && is_hyphen(letter);
        if drops {
            after_letter = hyphen;
            continue;
        }
        after_letter = is_letter;
        match letter {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            _ if letter.is_ascii() || !letter.is_alphabetic() => folded.push(letter),
            _ => folded.extend(std::iter::once(letter).nfd().filter(|letter| !is_combining_mark(*letter))),
        }
    }
    if hyphen {
        folded.push('-');
    }
    folded
}

/// The letters and digits of a folded text.
pub(crate) fn letters(folded: &str) -> String {
    folded.chars().filter(|letter| letter.is_alphanumeric()).collect()
}

fn is_letters(folded: &str) -> bool {
    folded.chars().all(char::is_alphanumeric)
}

/// Blanks of all kinds, also those without width.
pub(crate) fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Strokes through a letter, which say that it does not count, and rings around it.
const fn is_stroke(mark: char) -> bool {
    matches!(mark, '\u{334}'..='\u{338}' | '\u{20d0}'..='\u{20f0}')
}

fn is_hyphen(letter: char) -> bool {
    matches!(letter, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}')
}

#[cfg(test)]
mod tests {
    use super::{Spellings, fold};

    #[test]
    fn umlauts_blanks_hyphens_full_stops_and_case_do_not_matter() {
        for text in [
            "Türkisch",
            "TUERKISCH",
            " tu\u{308}rkisch ",
            "tür-kisch",
            "tür\u{a0}kisch",
            "tür\nkisch",
            "tür – kisch",
            "tür\u{ad}kisch",
            "türkisch.",
            "tür\u{200b}kisch",
        ] {
            assert_eq!(fold(text), "tuerkisch", "{text:?}");
        }
        assert_eq!(fold("Français (FR)"), "francais(fr)");
        assert_eq!(fold("STRAẞE"), "strasse");
    }

    #[test]
    fn signs_and_what_may_be_a_minus_or_an_ellipsis_stay() {
        for (text, folded) in [
            ("<A1", "<a1"),
            ("deutsch?", "deutsch?"),
            ("A1+", "a1+"),
            ("-A1", "-a1"),
            ("A1-", "a1-"),
            ("A1 –", "a1-"),
            ("gut...", "gut.."),
            (".x", ".x"),
            ("a - / b", "a-/b"),
            ("a--b", "a--b"),
            ("B1\u{338}", "b1\u{338}"),
            ("B\u{336}1\u{336}", "b\u{336}1\u{336}"),
            ("≮A1", "≮a1"),
            ("≠ B1", "≠b1"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn a_text_may_leave_out_signs_but_has_no_others() {
        let mut known = Spellings::default();
        known.add("Verzug (§ 3/4)", 1);
        for text in ["Verzug (§ 3/4)", "verzug § 3/4", "Verzug 34", "VERZUG § 34"] {
            assert_eq!(known.find(text), Some(&1), "{text}");
        }
        for text in
            ["Verzug (§ 3/4)?", "<Verzug § 3/4", "Verzug § 3+4", "Verzug §§ 3/4", "(Verzug § 3/4)", "Verzug / 34"]
        {
            assert_eq!(known.find(text), None, "{text}");
        }
    }
}
