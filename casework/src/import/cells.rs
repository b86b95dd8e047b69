//! Reads the cells of one row and collects all their errors.

use chrono::NaiveDate;
use kim_domain::birth_date::BirthDate;

use super::report::{RefusalCode, RefusedCell};
use super::sheet::{Row, Sheet};
use super::spelling::cell;
use crate::refusal::WorkError;

/// Maximum length of a line. A longer text probably belongs to another column.
pub(crate) const MAX_LINE_LENGTH: usize = 200;

/// Characters that change how a line is displayed: control characters, line breaks, and those that change the direction
/// of text (U+202A to U+202E, U+2066 to U+2069). With them, the displayed text would differ from the stored one.
pub(crate) fn is_hidden(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(crate) struct Cells<'a> {
    sheet: &'a Sheet,
    row: &'a Row,
    refused: Vec<RefusedCell>,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(sheet: &'a Sheet, row: &'a Row) -> Self {
        let mut cells = Self { sheet, row, refused: Vec::new() };
        if let Some(surplus) = sheet.surplus(row) {
            let hint = "mehr Zellen als Spalten: Text mit Trennzeichen gehört in Anführungszeichen";
            cells.refuse_value("(hinter der letzten Spalte)", surplus, RefusalCode::UnknownCode, Some(hint));
        }
        for column in sheet.cut_off(row) {
            let hint = "die Zeile ist kürzer als die Kopfzeile: auch eine leere Zelle braucht ihr Trennzeichen";
            cells.refuse_value(column, "", RefusalCode::MissingRequired, Some(hint));
        }
        cells
    }

    /// Continues a row for which these cells were refused already.
    pub(crate) fn resume(sheet: &'a Sheet, row: &'a Row, refused: Vec<RefusedCell>) -> Self {
        Self { sheet, row, refused }
    }

    /// The trimmed cell. Common placeholders for an empty cell count as empty.
    pub(crate) fn raw(&self, column: &str) -> &'a str {
        let cell = self.sheet.cell(self.row, column);
        if matches!(cell, "-" | "–" | "—" | "/" | "./." | "--") { "" } else { cell }
    }

    pub(crate) fn is_empty(&self, column: &str) -> bool {
        self.raw(column).is_empty()
    }

    /// A text of one or more lines.
    pub(crate) fn text(&self, column: &str) -> Option<String> {
        let text = self.raw(column);
        (!text.is_empty()).then(|| text.replace("\r\n", "\n").replace('\r', "\n"))
    }

    /// A cell of one line. Line breaks and invisible characters are refused.
    pub(crate) fn plain(&mut self, column: &str) -> Option<&'a str> {
        let text = self.raw(column);
        if text.contains(is_hidden) {
            let hint = "enthält Zeilenumbrüche oder unsichtbare Steuerzeichen";
            self.refuse(column, RefusalCode::UnknownCode, Some(hint));
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// A text of one line. Consecutive blanks are replaced by one.
    pub(crate) fn line(&mut self, column: &str) -> Option<String> {
        let words: Vec<_> = self.plain(column)?.split_whitespace().collect();
        let line = words.join(" ");
        if line.chars().count() > MAX_LINE_LENGTH {
            self.refuse(column, RefusalCode::UnknownCode, Some("länger als 200 Zeichen"));
            return None;
        }
        Some(line)
    }

    /// A required text of one line.
    pub(crate) fn required_line(&mut self, column: &str) -> Option<String> {
        self.require(column);
        self.line(column)
    }

    /// Refuses an empty cell.
    pub(crate) fn require(&mut self, column: &str) {
        if self.is_empty(column) {
            self.refuse(column, RefusalCode::MissingRequired, None);
        }
    }

    /// Parses a cell that is not empty with `read`. `None` from `read` is refused with UNKNOWN_CODE.
    pub(crate) fn read<T>(&mut self, column: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.read_or(column, RefusalCode::UnknownCode, None, read)
    }

    /// Parses a cell that is not empty with `read`. `None` from `read` is refused with this code.
    pub(crate) fn read_or<T>(
        &mut self,
        column: &str,
        code: RefusalCode,
        hint: Option<&str>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.plain(column)?);
        if value.is_none() {
            self.refuse(column, code, hint);
        }
        value
    }

    /// A day.
    pub(crate) fn day(&mut self, column: &str) -> Option<NaiveDate> {
        self.read_or(column, RefusalCode::InvalidDate, Some("TT.MM.JJJJ oder JJJJ-MM-TT"), cell::day)
    }

    /// A day that is not in the future.
    pub(crate) fn past_day(&mut self, column: &str, today: NaiveDate) -> Option<NaiveDate> {
        let day = self.day(column)?;
        if day > today {
            self.refuse(column, RefusalCode::DateInFuture, None);
            return None;
        }
        Some(day)
    }

    /// A birth date, also one that is known in part, that is not in the future.
    pub(crate) fn birth_date(&mut self, column: &str, today: NaiveDate) -> Option<BirthDate> {
        let hint = "TT.MM.JJJJ oder JJJJ-MM-TT; nur zum Teil bekannt: 00.00.JJJJ oder 00.MM.JJJJ";
        let born = self.read_or(column, RefusalCode::InvalidDate, Some(hint), cell::birth_date)?;
        if born.first() > today {
            self.refuse(column, RefusalCode::DateInFuture, None);
            return None;
        }
        Some(born)
    }

    /// The text of a cell that was checked like one that is entered in the program. A refused one is refused for that reason.
    pub(crate) fn checked(&mut self, column: &str, checked: Result<String, WorkError>) -> Option<String> {
        if let Err(WorkError::Refused(refused)) = &checked {
            self.refuse(column, RefusalCode::UnknownCode, Some(&refused.text));
        }
        // Any other error would be one of the database, which a check of a text does not ask.
        checked.ok()
    }

    pub(crate) fn refuse(&mut self, column: &str, code: RefusalCode, hint: Option<&str>) {
        let value = self.raw(column);
        self.refuse_value(column, value, code, hint);
    }

    /// Refuses a part of a cell.
    pub(crate) fn refuse_value(&mut self, column: &str, value: &str, code: RefusalCode, hint: Option<&str>) {
        self.refused.push(RefusedCell {
            line: self.row.line,
            column: column.to_owned(),
            value: value.to_owned(),
            code,
            hint: hint.map(str::to_owned),
        });
    }

    /// Whether a cell was refused.
    pub(crate) fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// The refused cells.
    pub(crate) fn into_refused(self) -> Vec<RefusedCell> {
        self.refused
    }
}
