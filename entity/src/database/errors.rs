//! What an error of the database means.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr};

/// Whether the database gave up because of a timeout: no connection or lock became free, or PostgreSQL ended the statement,
/// which can happen shortly before the request's own deadline.
#[must_use]
pub fn is_timeout(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = error
    else {
        return matches!(error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout));
    };
    let code = cause.as_database_error().and_then(|database| database.code());
    // PostgreSQL: query_canceled, lock_not_available. SQLite: SQLITE_BUSY, of a snapshot, in recovery, SQLITE_INTERRUPT.
    matches!(code.as_deref(), Some("57014" | "55P03" | "5" | "517" | "261" | "9"))
}

/// Whether the database refused a second row where only one may be.
#[must_use]
pub fn is_unique_violation(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// The error of a database that cannot be opened.
pub(super) fn refused(why: impl Into<String>) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why.into()))
}
