//! Rows that this program cannot read. Reads leave them out, and the answer says so. What the disclosure rule needs and
//! cannot be read counts as closed.

use sea_orm::DbErr;

use super::{Page, Reads};

impl Reads {
    /// Rows of a table, without those that cannot be read. In a transaction that writes they are an error, because a
    /// use case must not decide on a part of the rows.
    pub(super) fn readable<T>(
        &self,
        table: &'static str,
        rows: impl Iterator<Item = Result<T, DbErr>>,
    ) -> Result<Vec<Option<T>>, DbErr> {
        let Some(unreadable) = self.unreadable.as_deref() else { return rows.map(|row| row.map(Some)).collect() };
        Ok(rows.map(|row| row.inspect_err(|_| unreadable.note(table)).ok()).collect())
    }
}

impl<T> Page<Option<T>> {
    /// The page without the rows that cannot be read. They were counted, so that the list goes on after them.
    pub(super) fn flat(self) -> Page<T> {
        Page { rows: self.rows.into_iter().flatten().collect(), more: self.more }
    }
}
