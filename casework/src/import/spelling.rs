//! The spellings of words that users write. Each list has its table, and all have one rule: case, blanks, hyphens and
//! the spelling of umlauts do not matter; code and German label are always recognised.

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

/// A list with the spellings of its words.
pub(crate) trait Spelled: Word {
    /// All spellings, folded.
    fn spellings() -> &'static HashMap<String, Self>;

    /// The word with this spelling.
    fn find(text: &str) -> Option<Self> {
        Self::spellings().get(&fold(text)).copied()
    }
}

/// Declares spellings of a list's words in addition to code and label.
macro_rules! spelled {
    ($list:ty { $($word:ident: $($spelling:literal),+;)* }) => {
        impl crate::import::spelling::Spelled for $list {
            fn spellings() -> &'static std::collections::HashMap<String, Self> {
                static SPELLINGS: std::sync::LazyLock<std::collections::HashMap<String, $list>> =
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
pub(crate) fn spellings<W: Word + PartialEq>(more: &[(W, &str)]) -> HashMap<String, W> {
    let own = W::ALL.iter().flat_map(|&word| [(word, word.code()), (word, word.label())]);
    let mut table = HashMap::new();
    for (word, spelling) in own.chain(more.iter().copied()) {
        let other = table.insert(fold(spelling), word);
        debug_assert!(other.is_none_or(|other| other == word), "{spelling} means two words of {}", W::NAME);
    }
    table
}

/// Lower-case letters and digits, with umlauts as two letters.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfc().flat_map(char::to_lowercase) {
        match letter {
            'ä' => folded.push_str("ae"),
            'ö' => folded.push_str("oe"),
            'ü' => folded.push_str("ue"),
            'ß' => folded.push_str("ss"),
            _ => folded.extend(std::iter::once(letter).nfd().filter(|l| l.is_alphanumeric() && !is_combining_mark(*l))),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn umlauts_hyphens_and_case_do_not_matter() {
        for text in ["Türkisch", "TUERKISCH", " tu\u{308}rkisch ", "tür-kisch"] {
            assert_eq!(fold(text), "tuerkisch", "{text}");
        }
        assert_eq!(fold("Français (FR)"), "francaisfr");
    }
}
