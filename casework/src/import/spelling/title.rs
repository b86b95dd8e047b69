//! How people write residence titles: `§ 25 Abs. 2 AufenthG`, `§25 II AufenthG`, `25 (2)`, `Duldung § 60a`.
//!
//! Both the labels of the list and what people write are read into the paragraph that they name. Every word must be
//! understood: `kein Titel nach § 25a` is not § 25a.

use std::collections::HashMap;
use std::sync::LazyLock;

use kim_domain::value::Aufenthaltstitel as T;

use super::{Spelled, fold, spelled};

spelled!(T {
    FreizuegigEu: "Freizügigkeit EU", "Freizügigkeit", "freizügigkeitsberechtigt", "EU-Bürger", "EU-Bürgerin", "Unionsbürger",
        "Unionsbürgerin", "EU";
    Aufenthaltskarte: "Aufenthaltskarte EU";
    DaueraufenthaltEu: "Daueraufenthalt-EU", "Erlaubnis zum Daueraufenthalt-EU";
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

/// The title that somebody wrote.
pub(crate) fn title(text: &str) -> Option<T> {
    T::find(text).or_else(|| {
        let named = Paragraph::read(text)?;
        let title = named.candidates().find_map(|paragraph| TITLES.get(&paragraph).copied())?;
        named.words.iter().all(|word| fits(word, title)).then_some(title)
    })
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

/// What a text names: a paragraph and the words around it.
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
        // `FreizügG/EU` holds a word that is a title elsewhere.
        let text = text.to_lowercase().replace("/eu", "");
        let text = text.replace('(', " abs ").replace(['§', ')', '.', ',', '/', '-', '\u{a0}', '\u{202f}'], " ");
        let mut paragraph = Self::default();
        let mut tokens = text.split_whitespace().map(fold).peekable();
        while let Some(token) = tokens.next() {
            let is_next_of = |name: &str, short: &str| token == name || token == short;
            if is_next_of("absatz", "abs") {
                paragraph.key.absatz = Some(absatz(&tokens.next()?)?);
            } else if is_next_of("satz", "s") {
                paragraph.key.satz = Some(number(&tokens.next()?)?);
            } else if matches!(token.as_str(), "alt" | "alternative" | "hs" | "halbsatz" | "var" | "nr" | "nummer") {
                number(&tokens.next()?)?;
            } else if let Some(law) = law(&token) {
                paragraph.law = Some(law);
            } else if let Some(rest) = token.strip_prefix("abs").and_then(absatz) {
                paragraph.key.absatz = Some(rest);
            } else if let Some(rest) = token.strip_prefix('s').and_then(number) {
                paragraph.key.satz = Some(rest);
            } else if paragraph.key.section.is_empty() && token.starts_with(|letter: char| letter.is_ascii_digit()) {
                paragraph.section(&token)?;
            } else if let [letter @ b'a'..=b'h'] = token.as_bytes()
                && paragraph.key.section.ends_with(|last: char| last.is_ascii_digit())
                && paragraph.key.absatz.is_none()
            {
                paragraph.key.section.push(char::from(*letter));
            } else if !paragraph.key.section.is_empty() && paragraph.key.absatz.is_none() && absatz(&token).is_some() {
                paragraph.key.absatz = absatz(&token);
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

    /// The paragraphs that may be meant, the most exact first. A law that is not named is the AufenthG or the AsylG.
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

/// Whether a word beside the paragraph agrees with the title.
fn fits(word: &str, title: T) -> bool {
    if matches!(word, "nach" | "gem" | "gemaess" | "paragraph" | "paragraf" | "aufenthaltstitel" | "titel") {
        return true;
    }
    let label = fold(title.label());
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_is_read_however_it_is_written() {
        for (text, expected) in [
            ("§ 25 Abs. 2 AufenthG", T::Aufenthaltserlaubnis25Abs2),
            ("§25 II AufenthG", T::Aufenthaltserlaubnis25Abs2),
            ("§ 25II AufenthG", T::Aufenthaltserlaubnis25Abs2),
            ("25 (2)", T::Aufenthaltserlaubnis25Abs2),
            ("§ 25(2)", T::Aufenthaltserlaubnis25Abs2),
            ("25.2", T::Aufenthaltserlaubnis25Abs2),
            ("§ 25 abs 2 satz 1 alt. 2 aufenthg", T::Aufenthaltserlaubnis25Abs2),
            ("AE nach § 25 Absatz 2 Aufenthaltsgesetz", T::Aufenthaltserlaubnis25Abs2),
            ("Aufenthaltserlaubnis §25 Abs.2", T::Aufenthaltserlaubnis25Abs2),
            ("§\u{a0}25 Abs.\u{a0}3 AufenthG", T::Aufenthaltserlaubnis25Abs3),
            ("§ 25 IVa AufenthG", T::Aufenthaltserlaubnis25Abs4a),
            ("§ 25 Abs. 4b", T::Aufenthaltserlaubnis25Abs4b),
            ("§ 25 V", T::Aufenthaltserlaubnis25Abs5),
            ("§ 25a AufenthG", T::Aufenthaltserlaubnis25a),
            ("§ 25 a AufenthG", T::Aufenthaltserlaubnis25a),
            ("25B", T::Aufenthaltserlaubnis25b),
            ("§ 24 AufenthG", T::Aufenthaltserlaubnis24),
            ("§ 30 Abs. 1 AufenthG", T::Aufenthaltserlaubnis30),
            ("§ 104c AufenthG", T::Aufenthaltserlaubnis104c),
            ("Chancen-Aufenthaltsrecht § 104c", T::Aufenthaltserlaubnis104c),
            ("§ 9 AufenthG", T::Niederlassungserlaubnis9),
            ("NE § 26 Abs. 3", T::Niederlassungserlaubnis26Abs3),
            ("§ 28 Abs. 2 AufenthG", T::Niederlassungserlaubnis28Abs2),
            ("§ 28 AufenthG", T::Aufenthaltserlaubnis28),
            ("§ 9a AufenthG", T::DaueraufenthaltEu),
            ("Blaue Karte EU", T::BlaueKarteEu),
            ("§ 18g AufenthG", T::BlaueKarteEu),
            ("Aufenthaltsgestattung § 55 AsylG", T::Aufenthaltsgestattung),
            ("Gestattung", T::Aufenthaltsgestattung),
            ("§ 55", T::Aufenthaltsgestattung),
            ("Duldung § 60a", T::Duldung60a),
            ("Duldung §60a Abs. 2 S. 3", T::Duldung60aAbs2Satz3),
            ("Duldung § 60a Abs. 2 Satz 2", T::Duldung60a),
            ("§ 60b", T::Duldung60b),
            ("Duldung § 60c", T::Ausbildungsduldung60c),
            ("Freizügigkeit EU", T::FreizuegigEu),
            ("§ 2 FreizügG/EU", T::FreizuegigEu),
            ("§ 5 Abs. 5 FreizügG/EU", T::Daueraufenthaltskarte),
            ("Fiktionsbescheinigung § 81 Abs. 4", T::Fiktionsbescheinigung81Abs4),
            ("Fiktionsbescheinigung", T::Fiktionsbescheinigung),
            ("AUFENTHALTSERLAUBNIS_25_2", T::Aufenthaltserlaubnis25Abs2),
        ] {
            assert_eq!(title(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_title_or_in_doubt_is_unknown() {
        for text in [
            "",
            "§ 99z AufenthG",
            "§ 25 AufenthG",
            "§ 25 Abs. 9 AufenthG",
            "§ 25 AsylG",
            "§ 55 AufenthG",
            "§ 2",
            "kein Titel nach § 25a",
            "Antrag § 25a",
            "§ 25a abgelehnt",
            "Duldung § 25 Abs. 2",
            "Aufenthaltserlaubnis § 60a",
            "Niederlassungserlaubnis § 25a",
            "keiner",
            "ohne",
            "illegal",
            "Niederlassungserlaubnis",
            "25 26",
            "§",
        ] {
            assert_eq!(title(text), None, "{text}");
        }
    }

    #[test]
    fn every_title_is_found_by_its_label_its_code_and_its_paragraph_alone() {
        for &expected in T::ALL {
            assert_eq!(title(expected.label()), Some(expected));
            assert_eq!(title(expected.code()), Some(expected));
            if let Some(place) = expected.label().find('§') {
                assert_eq!(title(&expected.label()[place..]), Some(expected), "{}", expected.label());
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,40}") {
            let _ = title(&text);
        }
        #[test]
        fn nothing_that_looks_like_a_paragraph_panics(text in "(§|abs|satz|[0-9]{1,4}|[ivx]{1,4}|[a-c]| |\\(|\\)|\\.){0,12}") {
            let _ = title(&text);
        }
    }
}
