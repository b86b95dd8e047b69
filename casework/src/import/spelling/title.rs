//! Spellings of residence titles: `§ 25 Abs. 2 AufenthG`, `§25 II AufenthG`, `§25Abs.2S.1`, `25 (2)`, `Duldung § 60a`.
//!
//! Labels of the list and texts of users are both parsed to the paragraph that they name. Every word must be
//! recognised: `kein Titel nach § 25a` is not § 25a.

use std::collections::HashMap;
use std::sync::LazyLock;

use kim_domain::value::Aufenthaltstitel as T;
use unicode_normalization::char::is_combining_mark;

use super::{Spelled, fold, is_blank, letters, spelled};

spelled!(T {
    FreizuegigEu: "Freizügigkeit EU", "Freizügigkeit", "freizügigkeitsberechtigt", "EU-Bürger", "EU-Bürgerin", "Unionsbürger",
        "Unionsbürgerin", "EU";
    Aufenthaltskarte: "Aufenthaltskarte EU";
    DaueraufenthaltEu: "Daueraufenthalt-EU", "EU-Daueraufenthalt", "Erlaubnis zum Daueraufenthalt-EU";
    AufenthaltsdokumentGb: "Aufenthaltsdokument-GB", "GB";
    BlaueKarteEu: "Blaue Karte", "Blaue Karte EU", "Blue Card";
    IctKarte: "ICT-Karte";
    MobilerIctKarte: "Mobiler-ICT-Karte";
    Aufenthaltserlaubnis20a: "Chancenkarte";
    Aufenthaltserlaubnis104c: "Chancen-Aufenthaltsrecht", "Chancenaufenthalt";
    Aufenthaltsgestattung: "Gestattung";
    Fiktionsbescheinigung: "Fiktion";
    Duldung60a: "Duldung", "geduldet";
    Ausbildungsduldung60c: "Ausbildungsduldung";
    Beschaeftigungsduldung60d: "Beschäftigungsduldung";
    Deutsch: "deutsch", "Deutsche", "Deutscher", "eingebürgert";
});

/// The title that a text names.
pub(crate) fn title(text: &str) -> Option<T> {
    T::find(text).or_else(|| {
        let named = Paragraph::read(text)?;
        let title = named.candidates().find_map(|paragraph| TITLES.get(&paragraph).copied())?;
        named.words.iter().all(|word| fits(word, title)).then_some(title)
    })
}

/// Whether a letter or sign has a meaning in the name of a paragraph. A question mark or a `<` does not.
fn is_understood(letter: char) -> bool {
    letter.is_alphanumeric() || is_combining_mark(letter) || is_blank(letter) || "§().,:/-–".contains(letter)
}

/// A paragraph of a law.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Key {
    law: Law,
    section: String,
    absatz: Option<String>,
    satz: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Law {
    #[default]
    Aufenthg,
    Asylg,
    FreizuegG,
}

/// The paragraph and the other words of a text.
#[derive(Debug, Default)]
struct Paragraph {
    law: Option<Law>,
    key: Key,
    words: Vec<String>,
}

static TITLES: LazyLock<HashMap<Key, T>> = LazyLock::new(|| {
    let key = |title: T| {
        let paragraph = Paragraph::read(title.label())?;
        Some((Key { law: paragraph.law.unwrap_or_default(), ..paragraph.key }, title))
    };
    T::ALL.iter().filter_map(|&title| key(title)).collect()
});

impl Paragraph {
    fn read(text: &str) -> Option<Self> {
        if !text.chars().all(is_understood) {
            return None;
        }
        // `FreizügG/EU` contains a word that is a title by itself.
        let text = text.to_lowercase().replace("/eu", "");
        let text = text.replace('(', " abs ").replace(['§', ')', '.', ':', '\u{a0}', '\u{202f}'], " ");
        // Separators between two items become tokens without letters.
        let text = text.replace([',', '/', '-', '–'], " , ");
        let mut paragraph = Self::default();
        let mut after_roman = false;
        let mut tokens = text.split_whitespace().map(|token| letters(&fold(token))).flat_map(split_token).peekable();
        while let Some(token) = tokens.next() {
            let may_be_satz = std::mem::take(&mut after_roman);
            let has_section = !paragraph.key.section.is_empty();
            let mut next = || tokens.find(|token| !token.is_empty());
            if token.is_empty() {
                continue;
            } else if matches!(token.as_str(), "absatz" | "abs") {
                set(&mut paragraph.key.absatz, absatz(&next()?)?)?;
            } else if matches!(token.as_str(), "satz" | "s") {
                set(&mut paragraph.key.satz, number(&next()?)?)?;
            } else if has_section && is_detail(&token) {
                number_of_detail(&next()?)?;
            } else if has_section && number(&token).is_some() && tokens.next_if(|next| is_alternative(next)).is_some() {
                // `1. Alternative`; but in `II 1 Alt. 2` it is the Satz.
                if may_be_satz && tokens.next_if(|next| number(next).is_some()).is_some() {
                    set(&mut paragraph.key.satz, token)?;
                }
            } else if let Some(law) = law(&token) {
                paragraph.law = Some(law);
            } else if let Some(rest) = token.strip_prefix("abs").and_then(absatz) {
                set(&mut paragraph.key.absatz, rest)?;
            } else if !has_section && token.starts_with(|letter: char| letter.is_ascii_digit()) {
                paragraph.section(&token)?;
                after_roman = paragraph.key.absatz.is_some();
            } else if let [letter @ b'a'..=b'h'] = token.as_bytes()
                && paragraph.key.section.ends_with(|last: char| last.is_ascii_digit())
                && paragraph.key.absatz.is_none()
            {
                paragraph.key.section.push(char::from(*letter));
            } else if has_section && paragraph.key.absatz.is_none() && absatz(&token).is_some() {
                paragraph.key.absatz = absatz(&token);
                after_roman = roman(&token).is_some();
            } else if may_be_satz && number(&token).is_some() {
                // `I 1` is Abs. 1 Satz 1; `I, 1` may be two items, and so may `1 2`.
                set(&mut paragraph.key.satz, token)?;
            } else {
                paragraph.words.push(token);
            }
        }
        (!paragraph.key.section.is_empty()).then_some(paragraph)
    }

    /// `25`, `25a`, `25ii`: a number, a letter that belongs to it, or an Absatz in Roman numerals.
    fn section(&mut self, token: &str) -> Option<()> {
        let split = token.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(token.len());
        let (number, rest) = token.split_at(split);
        let roman = if rest.is_empty() { None } else { roman(rest) };
        match roman {
            Some(absatz) => {
                self.key.section = number.to_owned();
                self.key.absatz = Some(absatz);
            }
            None if rest.len() <= 1 && number.len() <= 3 => self.key.section = token.to_owned(),
            None => return None,
        }
        Some(())
    }

    /// The possible paragraphs, the most specific first. Without a named law these are AufenthG and AsylG.
    fn candidates(&self) -> impl Iterator<Item = Key> {
        let laws = match self.law {
            Some(law) => vec![law],
            None => vec![Law::Aufenthg, Law::Asylg],
        };
        laws.into_iter().flat_map(|law| {
            let whole = Key { law, ..self.key.clone() };
            let without_satz = Key { satz: None, ..whole.clone() };
            let section = Key { absatz: None, ..without_satz.clone() };
            [whole, without_satz, section]
        })
    }
}

/// Maximum length of a token with a paragraph. Limits the search for words in it.
const MAX_TOKEN_LENGTH: usize = 40;

/// The words and numbers of a token that was written without blanks: `25abs`, `2s1`, `60aabs2`, `2aufenthg`. A token
/// that cannot be split completely stays whole.
fn split_token(token: String) -> Vec<String> {
    let mut parts = Vec::new();
    let has_digit = token.contains(|letter: char| letter.is_ascii_digit());
    let is_split = has_digit && token.len() <= MAX_TOKEN_LENGTH && split_parts(&token, &mut parts);
    if is_split { parts.into_iter().map(str::to_owned).collect() } else { vec![token] }
}

/// Splits one part off, and the rest recursively. Tries a shorter part if the rest cannot be split (`25abs` is not §
/// 25a).
fn split_parts<'t>(rest: &'t str, parts: &mut Vec<&'t str>) -> bool {
    let after = parts.last().copied();
    let is_next = |part: &str| match after {
        Some("abs" | "absatz") => is_numbered(part) || roman(part).is_some(),
        Some(after) if is_numbered(after) || roman(after).is_some() => is_word(part),
        Some(_) | None => is_word(part) || is_numbered(part),
    };
    rest.is_empty()
        || rest.char_indices().map(|(begin, letter)| rest.split_at(begin + letter.len_utf8())).any(|(part, rest)| {
            // A number ends with its digits.
            let ends = !(part.ends_with(is_digit) && rest.starts_with(is_digit));
            let taken = parts.len();
            if ends && is_next(part) {
                parts.push(part);
                if split_parts(rest, parts) {
                    return true;
                }
                parts.truncate(taken);
            }
            false
        })
}

fn is_digit(letter: char) -> bool {
    letter.is_ascii_digit()
}

/// A number with its suffix: `25`, `25a`, `25ii`, `4a`.
fn is_numbered(part: &str) -> bool {
    let letters = part.trim_start_matches(is_digit);
    letters.len() < part.len() && (matches!(letters.as_bytes(), [] | [b'a'..=b'h']) || roman(letters).is_some())
}

fn is_word(part: &str) -> bool {
    matches!(part, "absatz" | "abs" | "satz" | "s") || is_detail(part) || law(part).is_some()
}

/// Sets a value once. A second, different value makes the text ambiguous.
fn set(place: &mut Option<String>, value: String) -> Option<()> {
    let is_same = place.as_ref().is_none_or(|known| *known == value);
    *place = Some(value);
    is_same.then_some(())
}

/// Words for parts of a paragraph for which the list has no separate title.
fn is_detail(token: &str) -> bool {
    is_alternative(token) || matches!(token, "nr" | "nummer" | "buchst" | "buchstabe" | "lit")
}

/// Words of these that may follow their number.
fn is_alternative(token: &str) -> bool {
    matches!(token, "alt" | "alternative" | "var" | "variante" | "hs" | "halbsatz")
}

/// `1`, `12`, `3a`, `e`.
fn number_of_detail(token: &str) -> Option<()> {
    let digits = token.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let fits = digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit()) && token.len() <= digits.len() + 1;
    (fits && !token.is_empty()).then_some(())
}

fn law(token: &str) -> Option<Law> {
    match token {
        "aufenthg" | "aufenthaltsgesetz" | "aufg" => Some(Law::Aufenthg),
        "asylg" | "asylgesetz" | "asylvfg" => Some(Law::Asylg),
        "freizuegg" | "freizuegigkeitsgesetz" | "freizg" => Some(Law::FreizuegG),
        _ => None,
    }
}

/// `2`, `4a`, `ii`, `iva`.
fn absatz(token: &str) -> Option<String> {
    let digits = token.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
    let is_arabic = digits.len() == 1 && number(digits).is_some() && token.len() <= 2;
    if is_arabic { Some(token.to_owned()) } else { roman(token) }
}

fn number(token: &str) -> Option<String> {
    (token.len() == 1 && token.bytes().all(|byte| (b'1'..=b'9').contains(&byte))).then(|| token.to_owned())
}

fn roman(token: &str) -> Option<String> {
    const NUMERALS: [(&str, &str); 5] = [("iii", "3"), ("ii", "2"), ("iv", "4"), ("i", "1"), ("v", "5")];
    NUMERALS.iter().find_map(|(numeral, digit)| match token.strip_prefix(numeral)? {
        "" => Some((*digit).to_owned()),
        letter @ ("a" | "b") => Some(format!("{digit}{letter}")),
        _ => None,
    })
}

/// Whether a word beside the paragraph fits the title.
fn fits(word: &str, title: T) -> bool {
    const NOTHING: [&str; 10] =
        ["nach", "gem", "gemaess", "paragraph", "paragraf", "paragr", "para", "par", "aufenthaltstitel", "titel"];
    if NOTHING.contains(&word) {
        return true;
    }
    let label = letters(&fold(title.label()));
    let stem = match word {
        "ae" => "aufenthaltserlaubnis",
        "ne" => "niederlassungserlaubnis",
        "gestattung" => "aufenthaltsgestattung",
        "geduldet" => "duldung",
        "fiktion" => "fiktionsbescheinigung",
        other => other,
    };
    stem.len() > 2 && label.contains(stem)
        || title == T::Aufenthaltserlaubnis104c
            && matches!(word, "chancen" | "aufenthaltsrecht" | "chancenaufenthaltsrecht")
        || title == T::Aufenthaltserlaubnis20a && word == "chancenkarte"
        || word == "eu" && label.contains("eu")
}

#[cfg(test)]
mod tests;
