//! Reads one row cell by cell and keeps what was wrong with it: every independent fault, not only the first.

use chrono::NaiveDate;

use super::report::{Refusal, RefusalCode};
use super::sheet::{Row, Sheet};
use super::spelling::cell;

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

    /// A text of one line; a row of blanks or line breaks counts as one blank.
    pub(crate) fn line(&self, column: &str) -> Option<String> {
        let words: Vec<_> = self.raw(column).split_whitespace().collect();
        (!words.is_empty()).then(|| words.join(" "))
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
        let text = self.raw(column);
        if text.is_empty() {
            return None;
        }
        let value = read(text);
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
