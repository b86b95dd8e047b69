//! A transaction. Its connection never leaves this crate.

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr};

use super::Database;
use crate::sql::Sql;

/// A transaction of [`Writes`](crate::write::Writes) or [`Unscoped`](crate::unscoped::Unscoped), with what both need: its end, and
/// the changes of referrals that one of them found. It reads nothing. Dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Tx {
    connection: DatabaseTransaction,
    /// The log of disclosures, if it is another database, as on SQLite; on PostgreSQL this transaction reaches it.
    log: Option<DatabaseConnection>,
    latest: i64,
}

impl Tx {
    /// As [`read`](Self::read), for a caller whose first statement checks the session.
    pub(crate) async fn read_unchecked(database: &Database) -> Result<Self, DbErr> {
        Ok(Self { connection: database.begin_reading_unchecked().await?, log: None, latest: 0 })
    }

    /// Begins a transaction that only reads.
    pub(crate) async fn read(database: &Database) -> Result<Self, DbErr> {
        Ok(Self { connection: database.begin_reading().await?, log: None, latest: 0 })
    }

    /// Begins a transaction that writes.
    pub(crate) async fn write(database: &Database) -> Result<Self, DbErr> {
        let log = (database.backend() == DbBackend::Sqlite).then(|| database.log.clone());
        let (connection, latest) = database.begin_writing().await?;
        Ok(Self { connection, log, latest })
    }

    /// The instant of the latest change that was committed before this transaction began to write, in microseconds since 1970. No
    /// step of this transaction is earlier, also if the clock was set back.
    #[must_use]
    pub fn latest(&self) -> i64 {
        self.latest
    }

    pub(crate) fn connection(&self) -> &DatabaseTransaction {
        &self.connection
    }

    pub(crate) fn into_connection(self) -> DatabaseTransaction {
        self.connection
    }

    pub(crate) fn log(&self) -> Option<&DatabaseConnection> {
        self.log.as_ref()
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    pub(crate) fn sql(&self) -> Sql {
        Sql::new(self.backend())
    }

    /// Commits. Work that closes something to its receiver needs [`finish`](Self::finish).
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.connection.commit().await
    }

    /// Rolls back.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn roll_back(self) -> Result<(), DbErr> {
        self.connection.rollback().await
    }
}
