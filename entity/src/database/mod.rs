//! Opens the database. The differences between SQLite and PostgreSQL are in this folder, and in `sql` for statements.

mod dead_connections;
mod postgres;
mod privileges;
pub(crate) mod session;
mod sqlite;
pub(crate) mod tx;

use std::sync::Arc;
use std::time::{Duration, Instant};

use kim_domain::agency::AgencyKind;
use sea_orm::{
    ConnAcquireErr, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    RuntimeErr, SqlErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::agency_directory::DirectoryCache;
use dead_connections::DeadConnections;
pub use dead_connections::is_dead_connection;
use postgres::{open_postgres, readers};
pub use privileges::{MissingPrivileges, Use};
use session::Purpose;
use sqlite::{Missing, check_file, log_path, open_sqlite, sqlite_path};

/// Maximum time to wait for a connection, and on SQLite for the lock.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections for reading on SQLite, each of which is a thread, and connections for writing on PostgreSQL.
const CONNECTIONS: u32 = 8;
/// Maximum number of prepared statements that a connection keeps.
const PREPARED: usize = 256;

/// The open database. Its rows are reached through four types: [`Reads`](crate::read::Reads) and
/// [`Writes`](crate::write::Writes) need a viewer, [`Unscoped`](crate::unscoped::Unscoped) is narrowed to no viewer, and
/// [`Log`](crate::log::Log) is the log of disclosures. Connections leave this crate only as [`Databases`].
///
/// `main` holds everything but the log of disclosures; on PostgreSQL `log` is `main`.
#[derive(Clone, Debug)]
pub struct Database {
    /// Agencies, cases, referrals.
    pub(crate) main: DatabaseConnection,
    /// The log of disclosures. On SQLite a file and a writer of its own, so that an import does not stop readers.
    pub(crate) log: DatabaseConnection,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    dead: DeadConnections,
    directory: DirectoryCache,
}

/// Raw connections to both databases, for work that needs no viewer and no row. On PostgreSQL they are the same.
#[derive(Clone, Copy, Debug)]
pub struct Databases<'d> {
    /// Everything but the log of disclosures.
    pub main: &'d DatabaseConnection,
    /// The log of disclosures.
    pub log: &'d DatabaseConnection,
}

/// A pool of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What its connections are for.
    pub name: &'static str,
    /// How many connections are open.
    pub open: i64,
    /// How many of them are unused.
    pub idle: i64,
}

impl Database {
    /// Opens `sqlite:PATH` or `postgres://USER@HOST/NAME`. With SQLite two files must exist, that of the log beside the main
    /// one: `kim-log.sqlite` beside `kim.sqlite`.
    ///
    /// # Errors
    /// [`DbErr::Conn`] if the URL is of neither kind or asks for an in-memory database, or if there is no database that
    /// answers. Its text never contains the URL, which may contain a password.
    pub async fn open(url: &str) -> Result<Self, DbErr> {
        Self::open_or(url, Missing::Refuse, None).await
    }

    /// As [`open`](Self::open), but creates missing SQLite files, readable by their owner only. Creates no tables, and no
    /// database in PostgreSQL.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn create(url: &str) -> Result<Self, DbErr> {
        Self::open_or(url, Missing::Create, None).await
    }

    /// As [`open`](Self::open). PostgreSQL ends every statement that takes longer than `deadline`, even if its request is
    /// gone. On SQLite our progress handler interrupts the connection `deadline` after its first call.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_within(url: &str, deadline: Duration) -> Result<Self, DbErr> {
        Self::open_or(url, Missing::Refuse, Some(deadline)).await
    }

    async fn open_or(url: &str, missing: Missing, deadline: Option<Duration>) -> Result<Self, DbErr> {
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = sqlite_path(rest)?;
            let log = log_path(&path);
            // Both are checked before SQLite creates files beside one of them.
            for file in [&path, &log] {
                check_file(file, missing).map_err(|error| refused(format!("{}: {error}", file.display())))?;
            }
            let main = open_sqlite(&path, CONNECTIONS, deadline).await?;
            // One connection: writers queue for it in order instead of polling the file's lock. Readers have their own.
            let writer = open_sqlite(&path, 1, deadline).await?;
            let log = open_sqlite(&log, 1, deadline).await?;
            Ok(Self {
                reader: main.clone(),
                main,
                log,
                writer,
                dead: DeadConnections::default(),
                directory: DirectoryCache::default(),
            })
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::open_postgres(url, deadline).await.map_err(session::explained)
        } else {
            Err(refused("the database must be sqlite:PATH or postgres://USER@HOST/NAME"))
        }
    }

    async fn open_postgres(url: &str, deadline: Option<Duration>) -> Result<Self, DbErr> {
        let dead = DeadConnections::default();
        // Set explicitly, whatever the server's default is: a statement after a lock must see what was committed before.
        // Planning a list for each request would cost more than reading it.
        let one_plan = ("plan_cache_mode", "force_generic_plan");
        let current = [("default_transaction_isolation", "read committed"), one_plan];
        let main = open_postgres(url, (CONNECTIONS, Purpose::Writing), &current, deadline, &dead).await?;
        // Set when connecting, so that a snapshot costs one BEGIN and no further round trips.
        let snapshot =
            [("default_transaction_isolation", "repeatable read"), ("default_transaction_read_only", "on"), one_plan];
        let reader = open_postgres(url, (readers(), Purpose::Reading), &snapshot, deadline, &dead).await?;
        refuse_lost_options(&main, Purpose::Writing).await?;
        refuse_lost_options(&reader, Purpose::Reading).await?;
        Ok(Self { log: main.clone(), writer: main.clone(), main, reader, dead, directory: DirectoryCache::default() })
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.main.get_database_backend()
    }

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

    /// The connections for migrations, which create the tables that the four types read and write.
    #[must_use]
    pub fn for_migrations(&self) -> Databases<'_> {
        Databases { main: &self.main, log: &self.log }
    }

    /// The connections for the demo's guard. It checks whether the database is a demo's before the tables exist, and empties
    /// one that a demo filled.
    #[must_use]
    pub fn for_demo_guard(&self) -> Databases<'_> {
        Databases { main: &self.main, log: &self.log }
    }

    /// Whether both databases answer.
    pub async fn is_reachable(&self) -> bool {
        self.main.ping().await.is_ok() && self.log.ping().await.is_ok()
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

    /// The kind of the agency with this slug, as far as it is cached. It may be outdated: use it for no decision that an
    /// admission must make.
    #[must_use]
    pub fn cached_kind(&self, slug: &str) -> Option<AgencyKind> {
        self.directory.kind_of(slug)
    }

    /// How many requests can use a connection at once.
    #[must_use]
    pub fn concurrency(&self) -> usize {
        let reading = if self.backend() == DbBackend::Sqlite { CONNECTIONS } else { readers() };
        usize::try_from(reading + CONNECTIONS).unwrap_or(usize::MAX)
    }

    /// The cache of agencies and agreements.
    pub(crate) fn directory(&self) -> &DirectoryCache {
        &self.directory
    }

    /// When a connection was last found dead. If a standby took over, commits on it may be lost.
    #[must_use]
    pub fn dead_connection_at(&self) -> Option<Instant> {
        self.dead.last()
    }

    /// Updates the database's statistics. Needed after an import, because its plans would be those for empty tables.
    ///
    /// # Errors
    /// The database's error.
    pub async fn analyze(&self) -> Result<(), DbErr> {
        self.writer.execute_unprepared("ANALYZE").await.map(drop)
    }

    /// Calls `observer` with the text of every statement from now on, never with its values. For tests that count statements,
    /// and for metrics.
    pub fn observe(&mut self, observer: impl Fn(&str) + Send + Sync + 'static) {
        self.observe_statements(move |statement| observer(&statement.sql));
    }

    /// Calls this with every statement from now on.
    pub(crate) fn observe_statements(&mut self, observer: impl Fn(&Statement) + Send + Sync + 'static) {
        let observer = Arc::new(observer);
        for connection in [&mut self.main, &mut self.log, &mut self.reader, &mut self.writer] {
            let observer = Arc::clone(&observer);
            connection.set_metric_callback(move |info| observer(info.statement));
        }
    }

    /// How many connections are open and idle now, for metrics.
    #[must_use]
    pub fn pools(&self) -> Vec<Pool> {
        let sqlite = self.backend() == DbBackend::Sqlite;
        let pool = |name, connection: &DatabaseConnection| {
            let (open, idle) = if sqlite {
                let pool = connection.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            } else {
                let pool = connection.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            };
            let idle = i64::try_from(idle).unwrap_or(i64::MAX).min(open.into());
            Pool { name, open: open.into(), idle }
        };
        let mut pools = vec![pool("main", &self.main)];
        // On each database the other pools are the same as these.
        if sqlite {
            pools.extend([pool("log", &self.log), pool("writer", &self.writer)]);
        } else {
            pools.push(pool("reader", &self.reader));
        }
        pools
    }

    /// Closes every connection.
    ///
    /// # Errors
    /// The database's error.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.reader.close_by_ref().await?;
        self.writer.close_by_ref().await?;
        self.log.close_by_ref().await?;
        self.main.close_by_ref().await
    }
}

/// Refuses a pool whose sessions lack their start-up options. The server need not be the primary yet.
async fn refuse_lost_options(pool: &DatabaseConnection, purpose: Purpose) -> Result<(), DbErr> {
    match session::check_begun(&pool.begin().await?, purpose).await {
        Err(error) if is_dead_connection(&error) => Ok(()),
        checked => checked,
    }
}

fn immediate() -> TransactionOptions {
    TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() }
}

/// Begins the one transaction that SQLite's log of disclosures has at a time.
pub(crate) async fn begin_alone(log: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    log.begin_with_options(immediate()).await
}

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

fn refused(why: impl Into<String>) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why.into()))
}

/// Options that both databases share. Statements are never logged: their parameters are personal data.
fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}
