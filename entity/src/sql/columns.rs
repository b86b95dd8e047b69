//! Reads the columns of a row.

use std::sync::Arc;

use kim_domain::Word;
use kim_domain::field::FieldSet;
use sea_orm::sqlx::Row as _;
use sea_orm::{DbErr, QueryResult};
use serde::de::DeserializeOwned;

use super::Unreadable;

/// Reads the columns of a row in their order.
pub(crate) struct Columns<'r> {
    row: &'r QueryResult,
    next: usize,
    /// Where unreadable values of nullable columns are noted. `None`: they are errors.
    unreadable: Option<&'r Unreadable>,
    noted: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn of(row: &'r QueryResult) -> Self {
        Self { row, next: 0, unreadable: None, noted: 0 }
    }

    /// The same, with a place for unreadable values of nullable columns.
    pub(crate) fn noting(row: &'r QueryResult, unreadable: Option<&'r Unreadable>) -> Self {
        Self { unreadable, ..Self::of(row) }
    }

    /// How many unreadable values were noted.
    pub(crate) fn noted(&self) -> usize {
        self.noted
    }

    /// The value of a nullable column. One that cannot be read is noted, and is none.
    pub(crate) fn nullable<T>(&mut self, column: &'static str) -> Result<Option<T>, DbErr>
    where
        Option<T>: sea_orm::TryGetable,
    {
        match (self.next::<Option<T>>(), self.unreadable) {
            (Err(_), Some(unreadable)) => {
                unreadable.note(column);
                self.noted += 1;
                Ok(None)
            }
            (read, _) => read,
        }
    }

    /// The value of a nullable column with JSON. One that cannot be read is noted, and is none.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, column: &'static str) -> Result<Option<T>, DbErr> {
        let Some(text) = self.text()? else { return Ok(None) };
        match (serde_json::from_str(text), self.unreadable) {
            (Ok(value), _) => Ok(Some(value)),
            (Err(_), Some(unreadable)) => {
                unreadable.note(column);
                self.noted += 1;
                Ok(None)
            }
            (Err(_), None) => Err(DbErr::Type(format!("no JSON in {column}"))),
        }
    }

    pub(crate) fn next<T: sea_orm::TryGetable>(&mut self) -> Result<T, DbErr> {
        let column = self.next;
        self.next += 1;
        self.row.try_get_by_index(column)
    }

    /// A text, or none, borrowed from the row.
    pub(crate) fn text(&mut self) -> Result<Option<&'r str>, DbErr> {
        let column = self.next;
        self.next += 1;
        let text = match (self.row.try_as_pg_row(), self.row.try_as_sqlite_row()) {
            (Some(row), _) => row.try_get(column),
            (None, Some(row)) => row.try_get(column),
            (None, None) => return Err(DbErr::Type("a row of no database".into())),
        };
        text.map_err(|_| DbErr::Type(format!("no text in column {column}")))
    }

    /// A text that is shared by many rows of an answer.
    pub(crate) fn shared_text(&mut self) -> Result<Arc<str>, DbErr> {
        self.next::<String>().map(Arc::from)
    }

    /// A stored set of fields.
    pub(crate) fn fields(&mut self) -> Result<FieldSet, DbErr> {
        self.next().map(FieldSet::from_i64)
    }

    /// A stored set of fields; empty if an outer join found no row.
    pub(crate) fn fields_or_none(&mut self) -> Result<FieldSet, DbErr> {
        self.next::<Option<i64>>().map(|set| set.map_or(FieldSet::EMPTY, FieldSet::from_i64))
    }

    /// Rows of `N` stored sets of fields, as [`Sql::list_of`](super::Sql::list_of) lists them; none if it found no row.
    pub(crate) fn rows_of_fields<const N: usize>(&mut self) -> Result<Vec<[FieldSet; N]>, DbErr> {
        let list: Option<String> = self.next()?;
        let sets: Result<Vec<_>, _> =
            list.iter().flat_map(|list| list.split(',')).map(|set| set.parse().map(FieldSet::from_i64)).collect();
        let sets = sets.map_err(|_| DbErr::Type(format!("no list of sets of fields in column {}", self.next)))?;
        let (rows, rest) = sets.as_chunks();
        if !rest.is_empty() {
            return Err(DbErr::Type(format!("a row of the list in column {} is cut off", self.next)));
        }
        Ok(rows.to_vec())
    }

    /// A word by its code, or none.
    pub(crate) fn word_or_none<W: Word>(&mut self) -> Result<Option<W>, DbErr> {
        self.text()?.map(|code| word(code, self.next)).transpose()
    }

    /// A word by its code. An unknown code in the database is an error.
    pub(crate) fn word<W: Word>(&mut self) -> Result<W, DbErr> {
        word(self.text()?.unwrap_or_default(), self.next)
    }
}

fn word<W: Word>(code: &str, column: usize) -> Result<W, DbErr> {
    W::from_code(code).ok_or_else(|| DbErr::Type(format!("unknown {} in column {column}", W::NAME)))
}
