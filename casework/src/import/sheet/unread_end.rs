//! Columns that are not read and may contain the end of a consent, whatever their names.

use super::heading::{Heading, Unread};
use super::{Column, Narrows, Row};
use crate::import::ImportError;
use crate::import::spelling::fold;

/// Words of a heading about an end.
const END: [&str; 8] = ["bis", "gueltig", "ende", "ablauf", "laufzeit", "befristet", "befristung", "until"];

/// Refuses a list of consents in which a column that is not read may say when one ends: a column with days, or with such a heading,
/// where the column for the end is missing; one with such a heading and a day where the cell for the end is empty.
pub(super) fn refuse(heading: &Heading, columns: &[Column], rows: &[Row]) -> Result<(), ImportError> {
    let place = |column: &Column| heading.places.get(column.name).copied();
    let permissions: Vec<usize> =
        columns.iter().filter(|column| column.narrows == Narrows::Permission).filter_map(place).collect();
    let Some(end) = columns.iter().find(|column| column.narrows == Narrows::End) else { return Ok(()) };
    let is_filled = |row: &Row, place: usize| row.record.get(place).is_some_and(|cell| !cell.trim().is_empty());
    let ends_unread = |row: &Row, other: &Unread| {
        let has_day = row.record.get(other.place).is_some_and(may_be_day);
        match place(end) {
            None => !permissions.is_empty() && (has_day || (is_about_end(&other.name) && is_filled(row, other.place))),
            Some(known) => {
                let has_permission = permissions.iter().any(|&place| is_filled(row, place));
                has_permission && !is_filled(row, known) && is_about_end(&other.name) && has_day
            }
        }
    };
    for other in heading.others.iter().filter(|other| !other.is_ignored) {
        if let Some(row) = rows.iter().find(|row| ends_unread(row, other)) {
            return Err(ImportError::UnreadDays { written: other.name.clone(), line: row.line, end: end.name });
        }
    }
    Ok(())
}

fn is_about_end(heading: &str) -> bool {
    heading.split(|sign: char| !sign.is_alphanumeric()).any(|word| END.contains(&fold(word).as_str()))
}

/// Whether a cell may be a day, in any spelling: `31.12.2026`, `31/12/26`, `bis 12/2026`, `31. Dezember 2026`, `20261231`.
fn may_be_day(cell: &str) -> bool {
    let is_year = |digits: &str| matches!(digits.len(), 4 | 8) && digits.starts_with("20");
    let numbers = || cell.split(|sign: char| !sign.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let is_short = numbers().count() == 3 && numbers().all(|digits| digits.len() <= 2);
    numbers().any(is_year) || (is_short && cell.contains(['.', '/', '-', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_recognised_in_any_spelling() {
        for cell in
            ["31.12.2026", "31/12/26", "bis 31.12.26", "2026-12-31", "20261231", "12/2026", "April 2026", "01 04 2026"]
        {
            assert!(may_be_day(cell), "{cell}");
        }
        for cell in ["", "5", "0221 5550123", "50667", "B1", "3 Kinder", "Raum 12", "12,50"] {
            assert!(!may_be_day(cell), "{cell}");
        }
    }

    #[test]
    fn a_heading_about_an_end_is_recognised() {
        for heading in ["gültig bis", "Gültig", "DSE bis", "Ende", "Laufzeit", "befristet", "Ablauf (Tag)"] {
            assert!(is_about_end(heading), "{heading}");
        }
        for heading in ["Notiz", "Bisher", "Kalender", "Endgeld", "Wohnort"] {
            assert!(!is_about_end(heading), "{heading}");
        }
    }
}
