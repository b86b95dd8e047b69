//! The log of disclosures. It is written under the lock of the agencies to which something is disclosed
//! (`disclosure_lock`).

use std::collections::{BTreeSet, HashMap};

use kim_domain::agency::Role;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _,
    IntoActiveModel as _,
};
use uuid::Uuid;

use crate::database::{Database, session};
use crate::disclosure_lock::{lock, lock_key};
use crate::sql::Sql;
use crate::tables::code::Code;
use crate::tables::disclosed::{self, Fact};
use crate::tables::{disclosure_log, statistics_log};

/// A transaction of the log, under the locks of the agencies to which something is disclosed: until it ends, nothing is closed
/// to them. Dropped without a commit, it is rolled back.
#[derive(Debug)]
pub struct Log {
    transaction: DatabaseTransaction,
    /// On SQLite the agencies are in another database.
    main: Option<DatabaseConnection>,
    closings: HashMap<Uuid, i64>,
}

impl Log {
    /// Begins it for those of these agencies to which nothing is being closed at the moment, and returns them. It does not wait
    /// for the others.
    ///
    /// # Errors
    /// [`DbErr::ConnectionAcquire`] if no connection became free in time; else the database's error.
    pub async fn begin(database: &Database, agencies: &BTreeSet<Uuid>) -> Result<(Self, BTreeSet<Uuid>), DbErr> {
        let begin = || async {
            let mut log = Self::open(database).await?;
            let free = log.lock_free(agencies).await?;
            log.read_closings(&free).await?;
            Ok((log, free))
        };
        database.retry_if_dead(begin).await
    }

    /// Begins it for one agency, after waiting until nothing is being closed to it.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub async fn begin_when_free(database: &Database, agency: Uuid) -> Result<Self, DbErr> {
        let begin = || async {
            let mut log = Self::open(database).await?;
            if database.backend() == DbBackend::Postgres {
                lock(&log.transaction, "pg_advisory_xact_lock_shared", agency).await?;
            }
            log.read_closings(&BTreeSet::from([agency])).await?;
            Ok(log)
        };
        database.retry_if_dead(begin).await
    }

    async fn open(database: &Database) -> Result<Self, DbErr> {
        let main = (database.backend() == DbBackend::Sqlite).then(|| database.main.clone());
        Ok(Self { transaction: database.begin_logging().await?, main, closings: HashMap::new() })
    }

    /// Shares the locks of those of these agencies to which nothing is being closed, and returns them.
    async fn lock_free(&self, agencies: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, DbErr> {
        if self.backend() == DbBackend::Sqlite {
            return Ok(agencies.clone());
        }
        let mut sql = Sql::new(DbBackend::Postgres);
        let keys: Vec<(Uuid, i64)> = agencies.iter().map(|&agency| (agency, lock_key(agency))).collect();
        sql.push("SELECT m.id FROM ").masks(&keys).push(" WHERE pg_try_advisory_xact_lock_shared(m.mask)");
        sql.all(&self.transaction).await?.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// Reads how often something was closed to these agencies, and checks the session with the same statement.
    async fn read_closings(&mut self, agencies: &BTreeSet<Uuid>) -> Result<(), DbErr> {
        let (backend, mut sql) = (self.backend(), Sql::new(self.backend()));
        let agencies: Vec<Uuid> = agencies.iter().copied().collect();
        sql.push("SELECT id, closings").push(session::columns(backend)).push(" FROM agency WHERE ");
        sql.is_one_of("id", &agencies);
        let rows = match &self.main {
            Some(main) => sql.all(main).await?,
            None => sql.all(&self.transaction).await?,
        };
        for row in &rows {
            session::check(row, backend, 2, session::Purpose::Writing)?;
            self.closings.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
        Ok(())
    }

    fn backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    /// How often something had been closed to this agency when its lock was taken. The number cannot change until this
    /// transaction ends.
    #[must_use]
    pub fn closings(&self, agency: Uuid) -> i64 {
        self.closings.get(&agency).copied().unwrap_or(0)
    }

    /// Writes rows of the log.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn write(&self, rows: Vec<disclosure_log::Model>) -> Result<(), DbErr> {
        let rows = rows.into_iter().map(|row| row.into_active_model());
        let insert = disclosure_log::Entity::insert_many(rows);
        insert.exec_without_returning(&self.transaction).await.map(drop)
    }

    /// Records disclosures at an instant, in this order. For a field that was disclosed before, the first time stays; the last
    /// time changes only if it is before the beginning of the day or under another ground. Both instants are microseconds since
    /// 1970.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn record(&self, facts: &[Fact], at: i64, day_began: i64) -> Result<(), DbErr> {
        disclosed::record(&self.transaction, facts, at, day_began).await
    }

    /// Whether the log can be written now. Writes a row and rolls it back.
    pub async fn can_be_written(database: &Database) -> bool {
        database.retry_if_dead(|| Self::try_write(database)).await.is_ok()
    }

    async fn try_write(database: &Database) -> Result<(), DbErr> {
        let log = Self::open(database).await?;
        let nil = Uuid::nil();
        log.write(vec![disclosure_log::Model {
            id: nil,
            at: 0,
            request_id: String::new(),
            agency_id: nil,
            agency: "readiness".to_owned(),
            role: Code(Role::Administrator),
            subject: String::new(),
            acting_for: None,
            operation: String::new(),
            referrals: "[]".to_owned(),
            fields: 0,
            messages: false,
            ground: String::new(),
        }])
        .await?;
        log.roll_back().await
    }

    /// Commits.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.transaction.commit().await
    }

    /// Rolls back.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn roll_back(self) -> Result<(), DbErr> {
        self.transaction.rollback().await
    }

    /// Records one request of a coordination for statistics. It discloses no person's data, so it needs no locks.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn write_statistics_request(database: &Database, row: statistics_log::Model) -> Result<(), DbErr> {
        statistics_log::Entity::insert(row.into_active_model()).exec_without_returning(&database.log).await.map(drop)
    }
}
