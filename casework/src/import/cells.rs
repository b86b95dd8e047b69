//! Reads one row cell by cell and keeps what was wrong with it: every independent fault, not only the first.

use chrono::NaiveDate;

use super::report::{Refusal, RefusalCode};
use super::sheet::{Row, Sheet};
use super::spelling::cell;

/// No name, street or qualification is longer; what is has moved from another column.
pub(crate) const LONGEST_LINE: usize = 200;

/// Letters that change how a line looks and stand in none: controls, line breaks, and those that turn the direction of
/// what follows (U+202A to U+202E, U+2066 to U+2069), so that another reads something else than what is stored.
pub(crate) fn is_hidden(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(crate) struct Cells<'a> {
    sheet: &'a Sheet,
    row: &'a Row,
    refused: Vec<Refusal>,
}

impl<'a> Cells<'a> {
    pub(crate) fn new(sheet: &'a Sheet, row: &'a Row) -> Self {
        let mut cells = Self { sheet, row, refused: Vec::new() };
        if let Some(surplus) = sheet.surplus(row) {
            let hint = "mehr Zellen als Spalten: Text mit Trennzeichen gehört in Anführungszeichen";
            cells.refuse_value("(hinter der letzten Spalte)", surplus, RefusalCode::UnknownCode, Some(hint));
        }
        cells
    }

    /// A row of which these cells have been refused already.
    pub(crate) fn again(sheet: &'a Sheet, row: &'a Row, refused: Vec<Refusal>) -> Self {
        Self { sheet, row, refused }
    }

    /// The cell as it stands, trimmed; what people write for nothing is nothing.
    pub(crate) fn raw(&self, column: &str) -> &'a str {
        let cell = self.sheet.cell(self.row, column);
        if matches!(cell, "-" | "–" | "—" | "/" | "./." | "--") { "" } else { cell }
    }

    pub(crate) fn is_empty(&self, column: &str) -> bool {
        self.raw(column).is_empty()
    }

    /// A text of several lines.
    pub(crate) fn text(&self, column: &str) -> Option<String> {
        let text = self.raw(column);
        (!text.is_empty()).then(|| text.replace("\r\n", "\n").replace('\r', "\n"))
    }

    /// A cell of one line; one that holds line breaks or letters that nobody sees is refused.
    pub(crate) fn plain(&mut self, column: &str) -> Option<&'a str> {
        let text = self.raw(column);
        if text.contains(is_hidden) {
            let hint = "enthält Zeilenumbrüche oder unsichtbare Steuerzeichen";
            self.refuse(column, RefusalCode::UnknownCode, Some(hint));
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// A text of one line; a row of blanks counts as one blank.
    pub(crate) fn line(&mut self, column: &str) -> Option<String> {
        let words: Vec<_> = self.plain(column)?.split_whitespace().collect();
        let line = words.join(" ");
        if line.chars().count() > LONGEST_LINE {
            self.refuse(column, RefusalCode::UnknownCode, Some("länger als 200 Zeichen"));
            return None;
        }
        Some(line)
    }

    /// A text of one line that must be there.
    pub(crate) fn required_line(&mut self, column: &str) -> Option<String> {
        self.require(column);
        self.line(column)
    }

    /// Says that a cell is missing, if it is.
    pub(crate) fn require(&mut self, column: &str) {
        if self.is_empty(column) {
            self.refuse(column, RefusalCode::MissingRequired, None);
        }
    }

    /// What `read` makes of a cell that is not empty; UNKNOWN_CODE if nothing.
    pub(crate) fn read<T>(&mut self, column: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.read_or(column, RefusalCode::UnknownCode, None, read)
    }

    /// What `read` makes of a cell that is not empty; this refusal if nothing.
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

    /// A day that has come: no later than today.
    pub(crate) fn past_day(&mut self, column: &str, today: NaiveDate) -> Option<NaiveDate> {
        let day = self.day(column)?;
        if day > today {
            self.refuse(column, RefusalCode::DateInFuture, None);
            return None;
        }
        Some(day)
    }

    pub(crate) fn refuse(&mut self, column: &str, code: RefusalCode, hint: Option<&str>) {
        let value = self.raw(column);
        self.refuse_value(column, value, code, hint);
    }

    /// Refuses a part of a cell.
    pub(crate) fn refuse_value(&mut self, column: &str, value: &str, code: RefusalCode, hint: Option<&str>) {
        self.refused.push(Refusal {
            line: self.row.line,
            column: column.to_owned(),
            value: value.to_owned(),
            code,
            hint: hint.map(str::to_owned),
        });
    }

    /// Whether anything was wrong so far.
    pub(crate) fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// What was wrong.
    pub(crate) fn into_refused(self) -> Vec<Refusal> {
        self.refused
    }
}
