//! Begins transactions.

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};

use super::session::Purpose;
use super::{Database, is_dead_connection, session};

impl Database {
    /// Begins a transaction that writes: `BEGIN IMMEDIATE` on SQLite, so that rows that it reads cannot change before it
    /// writes; READ COMMITTED on PostgreSQL. It is rolled back if it is dropped without a commit. Also returns the instant of the
    /// latest committed change, in microseconds since 1970.
    ///
    /// # Errors
    /// [`DbErr::ConnectionAcquire`] if no connection became free in time; else the database's error.
    pub(crate) async fn begin_writing(&self) -> Result<(DatabaseTransaction, i64), DbErr> {
        let latest = "COALESCE((SELECT MAX(last_at) FROM feed), 0)";
        self.retry_if_dead(|| async {
            let begun = match self.backend() {
                DbBackend::Sqlite => self.writer.begin_with_options(immediate()).await?,
                DbBackend::Postgres | _ => self.writer.begin().await?,
            };
            let latest = session::checked(&begun, Purpose::Writing, latest).await?;
            Ok((begun, latest))
        })
        .await
    }

    /// Begins a snapshot: all its reads see the database at one instant. REPEATABLE READ, READ ONLY on PostgreSQL; on SQLite
    /// a deferred transaction, whose instant is that of its first statement.
    ///
    /// # Errors
    /// As [`begin_writing`](Self::begin_writing).
    pub(crate) async fn begin_reading(&self) -> Result<DatabaseTransaction, DbErr> {
        match self.backend() {
            DbBackend::Sqlite => self.reader.begin().await,
            DbBackend::Postgres | _ => {
                self.retry_if_dead(|| async {
                    let begun = self.reader.begin().await?;
                    session::check_begun(&begun, Purpose::Reading).await?;
                    Ok(begun)
                })
                .await
            }
        }
    }

    /// As [`begin_reading`](Self::begin_reading), for a caller whose first statement checks the session ([`session::columns`]).
    pub(crate) async fn begin_reading_unchecked(&self) -> Result<DatabaseTransaction, DbErr> {
        self.retry_if_dead(|| self.reader.begin()).await
    }

    /// Begins a transaction of the log. Its first statement checks the session ([`session::columns`]), and begins again if it
    /// is dead.
    ///
    /// # Errors
    /// As [`begin_writing`](Self::begin_writing).
    pub(crate) async fn begin_logging(&self) -> Result<DatabaseTransaction, DbErr> {
        match self.backend() {
            DbBackend::Sqlite => begin_alone(&self.log).await,
            DbBackend::Postgres | _ => self.log.begin().await,
        }
    }

    /// Begins a piece of work, and begins it again on another connection if the first one was dead: nothing has run yet.
    ///
    /// # Errors
    /// The database's error.
    pub async fn retry_if_dead<T, F: Future<Output = Result<T, DbErr>>>(
        &self,
        begin: impl Fn() -> F,
    ) -> Result<T, DbErr> {
        match begin().await {
            Err(error) if is_dead_connection(&error) => {
                self.dead.record();
                begin().await
            }
            begun => begun,
        }
    }
}

fn immediate() -> TransactionOptions {
    TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() }
}

/// Begins the one transaction that SQLite's log of disclosures has at a time.
pub(crate) async fn begin_alone(log: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    log.begin_with_options(immediate()).await
}
