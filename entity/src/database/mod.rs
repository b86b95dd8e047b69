//! Opens and closes the database. The differences between SQLite and PostgreSQL are in this folder, and in `sql` for statements.

mod begin;
mod connections;
mod dead_connections;
mod errors;
mod observer;
mod pools;
mod postgres;
mod privileges;
pub(crate) mod session;
mod sqlite;
pub(crate) mod tx;

use std::time::Duration;

use kim_domain::agency::AgencyKind;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, TransactionTrait};

use crate::agency_directory::DirectoryCache;
pub(crate) use begin::begin_alone;
pub use connections::{Databases, DemoSession};
use dead_connections::DeadConnections;
pub use dead_connections::is_dead_connection;
use errors::refused;
pub use errors::{is_timeout, is_unique_violation};
pub use pools::Pool;
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

    /// The kind of the agency with this slug, as far as it is cached. It may be outdated: use it for no decision that an
    /// admission must make.
    #[must_use]
    pub fn cached_kind(&self, slug: &str) -> Option<AgencyKind> {
        self.directory.kind_of(slug)
    }

    /// The cache of agencies and agreements.
    pub(crate) fn directory(&self) -> &DirectoryCache {
        &self.directory
    }

    /// Updates the database's statistics. Needed after an import, because its plans would be those for empty tables.
    ///
    /// # Errors
    /// The database's error.
    pub async fn analyze(&self) -> Result<(), DbErr> {
        self.writer.execute_unprepared("ANALYZE").await.map(drop)
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
