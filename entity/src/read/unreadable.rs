//! Rows that this program cannot read. Reads leave them out, and the answer says so. What the disclosure rule needs and
//! cannot be read counts as closed.

use sea_orm::DbErr;

use super::{Page, Reads};

impl Reads {
    /// A row of a table; none if it cannot be read. In a transaction that writes that is an error, because a use case must
    /// not decide on a part of the rows.
    pub(super) fn readable_row<T>(&self, table: &'static str, row: Result<T, DbErr>) -> Result<Option<T>, DbErr> {
        match (row, self.unreadable.as_deref()) {
            (Err(_), Some(unreadable)) => {
                unreadable.note(table);
                Ok(None)
            }
            (row, _) => row.map(Some),
        }
    }

    /// Rows of a table; none for each that cannot be read.
    pub(super) fn readable<T>(
        &self,
        table: &'static str,
        rows: impl Iterator<Item = Result<T, DbErr>>,
    ) -> Result<Vec<Option<T>>, DbErr> {
        rows.map(|row| self.readable_row(table, row)).collect()
    }
}

impl<T> Page<Option<T>> {
    /// The page without the rows that cannot be read. They were counted, so that the list goes on after them.
    pub(super) fn flat(self) -> Page<T> {
        Page { rows: self.rows.into_iter().flatten().collect(), more: self.more }
    }
}
