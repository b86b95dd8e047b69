//! Finds the known columns in a heading. A heading is compared like a word of a list.

use std::collections::HashMap;

use super::likeness::{folded, is_about_permission, is_nearly};
use super::{Column, Narrows, Row};
use crate::import::ImportError;
use crate::import::spelling::is_blank;

/// The places of the known columns, and the other columns.
#[derive(Debug)]
pub(super) struct Heading {
    pub(super) places: HashMap<&'static str, usize>,
    /// Columns that are not read.
    pub(super) others: Vec<Unread>,
    /// Places without a name.
    pub(super) unnamed: Vec<usize>,
}

/// A column that is not read.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) place: usize,
    pub(super) name: String,
    /// Whether the user says that it is not meant for the import.
    pub(super) is_ignored: bool,
}

/// Reads a heading. `ignored` are the headings that the user says are something else.
pub(super) fn read(header: &csv::StringRecord, columns: &[Column], ignored: &[String]) -> Result<Heading, ImportError> {
    let known: Vec<(String, &Column)> = columns.iter().map(|column| (folded(column.name), column)).collect();
    let (mut places, mut others, mut unnamed) = (HashMap::new(), Vec::new(), Vec::new());
    for (place, written) in header.iter().enumerate() {
        let name = folded(written);
        if written.chars().all(is_blank) {
            unnamed.push(place);
        } else if let Some((_, column)) = known.iter().find(|(known, _)| *known == name) {
            if places.insert(column.name, place).is_some() {
                return Err(ImportError::DoubleColumn(column.name));
            }
        } else {
            others.push(Unread { place, name: one_line(written), is_ignored: is_named(ignored, written) });
        }
    }
    let is_other = |name: &&String| !others.iter().any(|other| folded(&other.name) == folded(name));
    if let Some(wrong) = ignored.iter().find(is_other) {
        let known = known.iter().any(|(known, _)| *known == folded(wrong));
        return Err(ImportError::IgnoredColumn { written: one_line(wrong), is_read: known });
    }
    Ok(Heading { places, others, unnamed })
}

/// Refuses a heading that is nearly a known one, or about a permission: ignored, it could leave out the end of a consent.
pub(super) fn refuse_doubtful(heading: &Heading, columns: &[Column]) -> Result<(), ImportError> {
    let Heading { places, others, .. } = heading;
    let has_permission = columns.iter().find(|column| column.narrows != Narrows::Nothing);
    for Unread { name, .. } in others.iter().filter(|other| !other.is_ignored) {
        // Beside `Telefon` another column may be called `Telefon2`; beside the end of a consent nothing may.
        let is_open = |column: &Column| column.narrows != Narrows::Nothing || !places.contains_key(column.name);
        if let Some(column) = columns.iter().find(|column| is_open(column) && is_nearly(name, column.name)) {
            return Err(ImportError::NearColumn { written: name.clone(), known: column.name });
        }
        let about = || columns.iter().find(|column| column.narrows == Narrows::End).or(has_permission);
        if has_permission.is_some()
            && is_about_permission(name)
            && let Some(column) = about()
        {
            return Err(ImportError::AboutPermission { written: name.clone(), known: column.name });
        }
    }
    Ok(())
}

fn is_named(names: &[String], written: &str) -> bool {
    names.iter().any(|name| folded(name) == folded(written))
}

/// The required columns that a heading lacks.
pub(super) fn missing(heading: &Heading, columns: &[Column]) -> Vec<&'static str> {
    let is_missing = |column: &&Column| column.required && !heading.places.contains_key(column.name);
    columns.iter().filter(is_missing).map(|column| column.name).collect()
}

/// Why required columns are missing, if the file shows it.
pub(super) fn reason(text: &str, rows: &[Row], heading: &Heading, columns: &[Column]) -> Option<ImportError> {
    let is_heading = |record: &csv::StringRecord| {
        let names: Vec<String> = record.iter().map(folded).collect();
        columns.iter().filter(|column| column.required).all(|column| names.contains(&folded(column.name)))
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

/// A heading on one line, as it is shown.
pub(super) fn one_line(text: &str) -> String {
    text.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::{consent_end, optional, required};
    use super::*;

    const COLUMNS: &[Column] =
        &[required("Name"), optional("Straße"), optional("Übergabe an"), consent_end("Einwilligung bis")];

    fn of(names: &[&str]) -> Result<Heading, ImportError> {
        with(names, COLUMNS, &[])
    }

    fn with(names: &[&str], columns: &[Column], ignored: &[String]) -> Result<Heading, ImportError> {
        let heading = read(&csv::StringRecord::from(names.to_vec()), columns, ignored)?;
        refuse_doubtful(&heading, columns)?;
        Ok(heading)
    }

    fn unread(names: &[&str]) -> Vec<String> {
        of(names).expect("a heading").others.into_iter().map(|other| other.name).collect()
    }

    #[test]
    fn a_heading_about_a_consent_is_no_other_column() {
        for name in ["Einwilligung bis (TT.MM.JJJJ)", "Ende der Einwilligung", "EINWILLIGUNG GÜLTIG BIS", "Widerruf"] {
            assert!(matches!(of(&["Name", name]), Err(ImportError::AboutPermission { .. })), "{name}");
            let header = ["Name", name];
            assert!(with(&header, COLUMNS, &[name.to_uppercase()]).expect("a heading").others[0].is_ignored);
            assert!(with(&header, &[required("Name")], &[]).is_ok(), "a list without consents");
        }
        for name in ["Straße (Wohnung)", "Übergabe an wen", "Notiz", "Gültig bis"] {
            assert_eq!(unread(&["Name", name]), [name]);
        }
    }

    #[test]
    fn an_ignored_heading_must_be_there_and_unknown() {
        let of = |ignored: &str| {
            let header = csv::StringRecord::from(vec!["Name", "Einwilligung bis", "Notiz"]);
            read(&header, COLUMNS, &[ignored.to_owned()])
        };
        assert!(of("notiz").is_ok());
        for (ignored, is_known) in [("Einwilligung bis", true), ("Name", true), ("Notizen", false), ("", false)] {
            let error = of(ignored).expect_err("an error");
            assert!(matches!(error, ImportError::IgnoredColumn { is_read, .. } if is_read == is_known), "{ignored}");
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
            "Ｅｉｎｗｉｌｌｉｇｕｎｇ　ｂｉｓ",
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
            assert_eq!(unread(&["Name", other]), [other]);
        }
        assert!(matches!(of(&["Straße", "Strasse"]), Err(ImportError::DoubleColumn("Straße"))));
    }
}
