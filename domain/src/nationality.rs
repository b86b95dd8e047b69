//! Nationalities: the table of the Statistisches Bundesamt with ISO codes, and common spellings.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use unicode_normalization::char::is_combining_mark;

use crate::fingerprint::normalise_name;

/// A row of data/nationality.csv. Every row has an ISO 3166-1 alpha-2 code, some of them user-assigned (`XK` Kosovo,
/// `XA` stateless, `XB` not clarified, `XC` not stated). This code is stored and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Nationality(&'static Row);

#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Row {
    iso2: &'static str,
    iso3: &'static str,
    destatis: &'static str,
    name: &'static str,
}

impl Nationality {
    /// ISO 3166-1 alpha-2.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0.iso2
    }
    /// ISO 3166-1 alpha-3.
    #[must_use]
    pub const fn iso3(self) -> &'static str {
        self.0.iso3
    }
    /// The three-digit key of the Statistisches Bundesamt (BEV).
    #[must_use]
    pub const fn destatis(self) -> &'static str {
        self.0.destatis
    }
    /// The German name of the state.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0.name
    }
    /// The nationality with exactly this alpha-2 code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        BY_CODE.binary_search_by_key(&code, |row| row.iso2).ok().map(|place| Self(BY_CODE[place]))
    }
}

impl Serialize for Nationality {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Nationality {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("no such nationality"))
    }
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let cells = |line: &'static str| {
        let mut cells = line.split(';');
        let mut next = || cells.next().unwrap_or_default();
        Row { destatis: next(), iso2: next(), iso3: next(), name: next() }
    };
    include_str!("../data/nationality.csv").lines().skip(1).map(cells).collect()
});

/// All rows, sorted by code.
static BY_CODE: LazyLock<Vec<&'static Row>> = LazyLock::new(|| {
    let mut rows: Vec<&Row> = TABLE.iter().collect();
    rows.sort_by_key(|row| row.iso2);
    rows
});

/// Every normalised spelling and its row. A test makes sure that no two rows share a spelling.
static SPELLINGS: LazyLock<HashMap<String, (Nationality, String)>> = LazyLock::new(|| {
    let mut spellings: HashMap<String, (Nationality, String)> = HashMap::new();
    let add = |spellings: &mut HashMap<_, (Nationality, String)>, spelling: &str, nationality| {
        let entry = spellings.entry(fold(spelling)).or_insert((nationality, String::new()));
        if signs(spelling).len() > entry.1.len() {
            entry.1 = signs(spelling);
        }
    };
    for row in TABLE.iter() {
        for spelling in [row.destatis, row.iso2, row.iso3, row.name] {
            add(&mut spellings, spelling, Nationality(row));
        }
    }
    for (code, words) in adjectives() {
        if let Some(nationality) = spellings.get(&fold(code)).map(|(nationality, _)| *nationality) {
            for word in words {
                add(&mut spellings, word, nationality);
            }
        }
    }
    spellings
});

/// The rows of data/nationality_spellings.csv: an ISO code, then the adjective and other names in use.
fn adjectives() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    include_str!("../data/nationality_spellings.csv").lines().skip(1).filter_map(|line| {
        let (code, words) = line.split_once(';')?;
        Some((code, words.split(',').map(str::trim).collect()))
    })
}

/// Normalises a spelling: letters without diacritics; hyphens, brackets and case are ignored. Digits are kept.
fn fold(text: &str) -> String {
    if text.bytes().any(|byte| byte.is_ascii_digit()) { text.trim().to_owned() } else { normalise_name(text) }
}

/// The signs that carry meaning, such as a question mark. Blanks, hyphens, full stops and apostrophes do not.
fn signs(text: &str) -> String {
    let means_nothing = |letter: char| {
        letter.is_alphanumeric()
            || letter.is_whitespace()
            || is_combining_mark(letter)
            || matches!(letter, '.' | '\'' | '’' | '`' | '´' | '-' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}')
    };
    text.chars().filter(|&letter| !means_nothing(letter)).collect()
}

/// Whether a text has no signs but those of the spelling, in their order.
fn has_only(text: &str, spelling: &str) -> bool {
    let mut rest = spelling.chars();
    signs(text).chars().all(|sign| rest.any(|other| other == sign))
}

/// All nationalities, in the table's order.
pub fn all() -> impl Iterator<Item = Nationality> {
    TABLE.iter().map(Nationality)
}

/// The nationality for a spelling: a German name, an adjective with any ending (`syrisch`, `syrische`), an ISO code or
/// a Destatis key. A former state is unknown, because its successor cannot be derived.
#[must_use]
pub fn find(text: &str) -> Option<Nationality> {
    let folded = fold(text);
    let known = |folded: &str| {
        let (nationality, signs) = SPELLINGS.get(folded)?;
        has_only(text, signs).then_some(*nationality)
    };
    known(&folded).or_else(|| {
        let stem = ["er", "es", "en", "e"].iter().find_map(|ending| folded.strip_suffix(ending))?;
        if stem.ends_with("isch") || stem == "deutsch" { known(stem) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nationality_is_found_in_every_spelling() {
        for (text, code) in [
            ("Syrien", "SY"),
            ("syrisch", "SY"),
            ("Syrische", "SY"),
            ("SYR", "SY"),
            ("sy", "SY"),
            ("475", "SY"),
            ("AFG", "AF"),
            ("afghanisch", "AF"),
            (" Türkei ", "TR"),
            ("türkisch", "TR"),
            ("TÜRKISCH", "TR"),
            ("Russland", "RU"),
            ("USA", "US"),
            ("Kongo", "CG"),
            ("DR Kongo", "CD"),
            ("Cote d'Ivoire", "CI"),
            ("Elfenbeinküste", "CI"),
            ("staatenlos", "XA"),
            ("kosovarisch", "XK"),
            ("000", "DE"),
            ("deutsche", "DE"),
        ] {
            assert_eq!(find(text).map(Nationality::code), Some(code), "{text}");
        }
    }

    #[test]
    fn other_texts_are_unknown() {
        for text in [
            "",
            "Jugoslavien",
            "Jugoslawien",
            "Atlantis",
            "120",
            "133",
            "isch",
            "e",
            "01",
            "EU",
            "Syrien?",
            "<SY",
            "475?",
            "(syrisch)",
            "syrisch/",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn every_row_has_a_code_and_spellings_are_unambiguous() {
        assert_eq!(all().count(), 203);
        let mut seen: HashMap<String, &str> = HashMap::new();
        let rows = TABLE.iter().map(|row| (row.iso2, vec![row.destatis, row.iso2, row.iso3, row.name]));
        for (code, words) in rows.chain(adjectives()) {
            assert!(Nationality::from_code(code).is_some(), "{code}");
            assert_eq!(code.len(), 2);
            for word in words {
                let other = seen.insert(fold(word), code);
                assert!(other.is_none_or(|other| other == code), "{word}: {code}, {other:?}");
            }
        }
    }
}
