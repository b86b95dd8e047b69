//! Finds the known columns in a heading. A heading is compared like a word of a list.

use std::collections::HashMap;

use super::{Column, Row};
use crate::import::ImportError;
use crate::import::spelling::{fold, is_blank};

/// The places of the known columns, and the other columns.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) places: HashMap<&'static str, usize>,
    /// Names of columns that are not read.
    pub(super) unknown: Vec<String>,
    /// Places without a name.
    pub(super) unnamed: Vec<usize>,
}

/// Reads a heading. One that is nearly a known one is an error: ignored, it could leave out the end of a consent.
pub(super) fn read(header: &csv::StringRecord, columns: &[Column]) -> Result<Heading, ImportError> {
    let known: Vec<(String, &Column)> = columns.iter().map(|column| (fold(column.name), column)).collect();
    let (mut places, mut others, mut unnamed) = (HashMap::new(), Vec::new(), Vec::new());
    for (place, written) in header.iter().enumerate() {
        let name = fold(written);
        if written.chars().all(is_blank) {
            unnamed.push(place);
        } else if let Some((_, column)) = known.iter().find(|(known, _)| *known == name) {
            if places.insert(column.name, place).is_some() {
                return Err(ImportError::DoubleColumn(column.name));
            }
        } else {
            others.push((written, name));
        }
    }
    for (written, name) in &others {
        // Beside `Telefon` another column may be called `Telefon2`; beside the end of a consent nothing may.
        let is_open = |column: &Column| column.narrows || !places.contains_key(column.name);
        let near = known.iter().find(|(known, column)| is_open(column) && nearly(written, name, known, column.name));
        let about = || known.iter().find(|(known, column)| column.narrows && is_about(name, known, column.name));
        let near = near.or_else(about);
        if let Some((_, column)) = near {
            return Err(ImportError::NearColumn { written: one_line(written), known: column.name });
        }
    }
    Ok(Heading { places, unknown: others.iter().map(|(written, _)| one_line(written)).collect(), unnamed })
}

/// The required columns that a heading lacks.
pub(super) fn missing(heading: &Heading, columns: &[Column]) -> Vec<&'static str> {
    let is_missing = |column: &&Column| column.required && !heading.places.contains_key(column.name);
    columns.iter().filter(is_missing).map(|column| column.name).collect()
}

/// Why required columns are missing, if the file shows it.
pub(super) fn reason(text: &str, rows: &[Row], heading: &Heading, columns: &[Column]) -> Option<ImportError> {
    let is_heading = |record: &csv::StringRecord| {
        let names: Vec<String> = record.iter().map(fold).collect();
        columns.iter().filter(|column| column.required).all(|column| names.contains(&fold(column.name)))
    };
    let begins = |separator: u8| {
        let records = super::reader(text, separator).into_records().take(FIRST_ROWS);
        records.filter_map(Result::ok).any(|record| is_heading(&record))
    };
    for (separator, name) in [(b'\t', "Tabulatoren"), (b'|', "senkrechten Strichen")] {
        if begins(separator) {
            return Some(ImportError::Separator(name));
        }
    }
    let is_one_cell = |row: &Row| row.record.len() == 1 && row.record.iter().any(|cell| cell.contains('\t'));
    if rows.first().is_some_and(is_one_cell) {
        return Some(ImportError::Separator("Tabulatoren"));
    }
    if let Some(row) = rows.iter().take(FIRST_ROWS).skip(1).find(|row| is_heading(&row.record)) {
        return Some(ImportError::TitleLine { line: row.line });
    }
    // The title decided which separator is the more frequent one.
    if begins(b';') || begins(b',') {
        return Some(ImportError::TitleLine { line: 0 });
    }
    let unnamed: Vec<String> = heading.unnamed.iter().map(|place| (place + 1).to_string()).collect();
    (!unnamed.is_empty())
        .then(|| ImportError::MergedHeading { places: unnamed.join(", "), missing: missing(heading, columns) })
}

/// Number of rows among which a heading is searched.
const FIRST_ROWS: usize = 20;

/// Whether two headings differ by one letter, also where an umlaut has one letter.
fn nearly(written: &str, folded: &str, known: &str, name: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    is_near(folded, known) || is_near(&plain(written), &plain(name))
}

/// Letters of a word that says what a column is about, such as `Einwilligung`.
const TELLING_WORD: usize = 11;

/// Whether a heading is about the same as a known one: it begins with its name (`Einwilligung bis (TT.MM.JJJJ)`), or has a word
/// of it (`Ende der Einwilligung`).
fn is_about(folded: &str, known: &str, name: &str) -> bool {
    let mut words = name.split(' ').filter(|word| word.chars().count() >= TELLING_WORD).map(fold);
    folded.starts_with(known) || words.any(|word| folded.contains(&word))
}

/// Whether one letter is added, missing or changed, or two neighbours are swapped.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let begin = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - end], &other[..other.len() - end]) {
        ([], []) | ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// A heading on one line, as it is shown.
pub(super) fn one_line(text: &str) -> String {
    text.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::{consent, optional, required};
    use super::*;

    const COLUMNS: &[Column] =
        &[required("Name"), optional("Straße"), optional("Übergabe an"), consent("Einwilligung bis")];

    fn of(names: &[&str]) -> Result<Heading, ImportError> {
        read(&csv::StringRecord::from(names.to_vec()), COLUMNS)
    }

    #[test]
    fn a_heading_about_a_consent_is_no_other_column() {
        for name in [
            "Einwilligung bis (TT.MM.JJJJ)",
            "Einwilligung bis, Datum",
            "Einwilligung Ende",
            "Ende der Einwilligung",
            "Einwilligungsende",
            "EINWILLIGUNG GÜLTIG BIS",
            "Einwilligung",
        ] {
            assert!(matches!(of(&["Name", name]), Err(ImportError::NearColumn { .. })), "{name}");
        }
        for name in ["Straße (Wohnung)", "Übergabe an wen", "Notiz", "Gültig bis"] {
            assert_eq!(of(&["Name", name]).expect("a heading").unknown, [name]);
        }
    }

    #[test]
    fn a_heading_is_compared_like_a_word() {
        for name in [
            "Einwilligung bis",
            "Einwilligung\u{a0}bis",
            "Einwilligung  bis",
            "Einwilligung\nbis",
            "Einwilligung\r\nbis",
            "einwilligung BIS",
            "Ein-\nwilligung bis",
            "Einwilligung\tbis",
            "Einwilligung\u{202f}bis",
            "Einwilligung\u{2009}bis",
            "Einwilligung\u{200b}bis",
            "Einwilligung-bis",
            "Einwilligung – bis",
            "Ein\u{ad}willigung bis",
            " Einwilligung bis\u{a0}",
            "Einwilligungbis",
        ] {
            assert_eq!(of(&["Name", name]).expect("a heading").places.get("Einwilligung bis"), Some(&1), "{name:?}");
        }
        for (name, column) in [
            ("Strasse", "Straße"),
            ("STRASSE", "Straße"),
            ("STRAẞE", "Straße"),
            ("Uebergabe an", "Übergabe an"),
            ("U\u{308}bergabe an", "Übergabe an"),
            ("ÜBERGABE AN", "Übergabe an"),
            ("NA\u{feff}ME", "Name"),
        ] {
            assert_eq!(of(&[name]).expect("a heading").places.get(column), Some(&0), "{name:?}");
        }
    }

    #[test]
    fn a_heading_that_is_nearly_a_known_one_is_an_error_that_names_both() {
        for written in [
            "Einwilligung bi",
            "Einwilligung biss",
            "Einwiligung bis",
            "Einwilligung bsi",
            "Einwilligung bus",
            "Einwilligung bis:",
            "Einwilligung bis?",
            "Einwilligung bis*",
            "Einwilligung b is 1",
            "einwilligungbiß1",
        ] {
            let error = of(&["Name", written]).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(&one_line(written)) && error.contains("Einwilligung bis"), "{written}: {error}");
        }
        for written in ["Ubergabe an", "Übergabe am", "Strase", "Nmae", "Straßen"] {
            assert!(matches!(of(&[written]), Err(ImportError::NearColumn { .. })), "{written}");
        }
        assert!(of(&["Name", "Name2"]).is_ok(), "the known column is there");
        assert!(of(&["Name", "Einwilligung bis", "Einwilligung bis2"]).is_err(), "two ends of a consent");
        for other in ["Ort", "Notiz"] {
            assert_eq!(of(&["Name", other]).expect("a heading").unknown, [other]);
        }
        assert!(matches!(of(&["Straße", "Strasse"]), Err(ImportError::DoubleColumn("Straße"))));
    }
}
