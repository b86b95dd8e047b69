//! Checks that a session of PostgreSQL is what the code relies on. A pooler between this process and PostgreSQL may drop the
//! start-up options, and a server that was the primary may have become a standby.

use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, QueryResult, RuntimeErr};

use crate::sql::Sql;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A snapshot.
    Reading,
    /// Changes, or rows of the log.
    Writing,
}

impl Purpose {
    /// A statement whether an open session can still serve this purpose.
    pub(super) const fn leads_to_primary(self) -> &'static str {
        match self {
            Self::Reading => "SELECT NOT pg_is_in_recovery()",
            Self::Writing => {
                "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'"
            }
        }
    }
}

/// Columns for [`check`], which a statement can return after its own. Empty on SQLite, which has no session.
pub(crate) const fn columns(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            ", current_setting('transaction_isolation'), current_setting('transaction_read_only'), pg_is_in_recovery()"
        }
        DbBackend::Sqlite | _ => "",
    }
}

/// The text of an error for a session that cannot write because its server is no primary. The session counts as dead.
pub(super) const NOT_PRIMARY: &str = "the session cannot write, because its server is not the primary";

/// Checks the columns of [`columns`], which begin at this place of the row.
///
/// # Errors
/// The session is not what the code relies on.
pub(crate) fn check(row: &QueryResult, backend: DbBackend, first: usize, purpose: Purpose) -> Result<(), DbErr> {
    if backend != DbBackend::Postgres {
        return Ok(());
    }
    let (isolation, read_only): (String, String) = (row.try_get_by_index(first)?, row.try_get_by_index(first + 1)?);
    let (is_read_only, is_standby) = (read_only == "on", row.try_get_by_index(first + 2)?);
    let expected = match purpose {
        Purpose::Reading => ("repeatable read", true),
        Purpose::Writing => ("read committed", false),
    };
    // A standby may be behind: it may not know yet that a consent was withdrawn.
    if is_standby || (purpose == Purpose::Writing && is_read_only && isolation == expected.0) {
        return Err(refused(NOT_PRIMARY.to_owned()));
    }
    if (isolation.as_str(), is_read_only) == expected {
        return Ok(());
    }
    let why = format!(
        "a session of PostgreSQL has transaction_isolation \"{isolation}\" and transaction_read_only \"{read_only}\" \
         instead of \"{}\" and \"{}\": something between kim and PostgreSQL drops the start-up options \
         (docs/operation.md, PostgreSQL)",
        expected.0,
        if expected.1 { "on" } else { "off" }
    );
    // The text contains no data, and the answer to the client gives no reason.
    tracing::error!("{why}");
    Err(refused(why))
}

/// Says of PostgreSQL's or a pooler's own error when it stems from something between that shares sessions or knows no start-up
/// options. Its text names statements and options of the connection, and no data.
pub(super) fn explained(error: DbErr) -> DbErr {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))
    | DbErr::Conn(RuntimeErr::SqlxError(cause))) = &error
    else {
        return error;
    };
    let Some(database) = cause.as_database_error() else { return error };
    let why = match database.code().as_deref() {
        // duplicate_prepared_statement, invalid_sql_statement_name
        Some("42P05" | "26000") => "shares a session of PostgreSQL between connections",
        // protocol_violation: what PgBouncer answers to a start-up option that it does not know.
        Some("08P01") if database.message().contains("startup parameter") => "refuses the start-up options",
        _ => return error,
    };
    refused(format!(
        "something between kim and PostgreSQL {why} (docs/operation.md, PostgreSQL): {}",
        database.message()
    ))
}

/// Checks a transaction that has just begun.
///
/// # Errors
/// As [`check`], or the database does not answer.
pub(crate) async fn check_begun(transaction: &DatabaseTransaction, purpose: Purpose) -> Result<(), DbErr> {
    checked(transaction, purpose, "0").await.map(drop)
}

/// Checks a transaction that has just begun, and returns the value of an expression, which is an integer.
///
/// # Errors
/// As [`check`], or the database does not answer.
pub(super) async fn checked(
    transaction: &DatabaseTransaction,
    purpose: Purpose,
    expression: &str,
) -> Result<i64, DbErr> {
    let backend = transaction.get_database_backend();
    let mut sql = Sql::new(backend);
    sql.push("SELECT CAST(").push(expression).push(" AS BIGINT)").push(columns(backend));
    let row = sql.one(transaction).await?.ok_or_else(|| DbErr::RecordNotFound("the state of a session".into()))?;
    check(&row, backend, 1, purpose)?;
    row.try_get_by_index(0)
}

fn refused(why: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why))
}
