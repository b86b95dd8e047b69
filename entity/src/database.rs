//! Opening the database. What differs between SQLite and PostgreSQL is here, in `sql` for reading, and in `eager` for waiting.

use std::collections::{BTreeSet, HashMap};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::sea_query::Expr;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{Connection as _, SqliteConnection};
use sea_orm::{
    ColumnTrait as _, ConnAcquireErr, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, EntityTrait as _, QueryFilter as _, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use uuid::Uuid;

use crate::agency;
use crate::directory::Shelf;
use crate::eager::eagerly;
use crate::loss::Losses;
pub use crate::loss::is_lost;
use crate::sql::Sql;

/// How long a statement waits for a connection, and on SQLite for the lock.
const PATIENCE: Duration = Duration::from_secs(10);
/// Readers beside the writer on SQLite (each is a thread), and connections for writing on PostgreSQL.
const CONNECTIONS: u32 = 8;
/// Connections for reading on PostgreSQL, for each core that this process may use, and the least and the most of them in
/// all. Who finds none free waits in line: more of them at work than this were measured to take 10 % longer for each request,
/// and fewer would all be taken by a few long statements.
const READERS: (u32, std::ops::RangeInclusive<u32>) = (4, 8..=32);
/// Steps of SQLite's machine between two looks at the clock: some milliseconds.
const STEPS: i32 = 100_000;
/// Statements kept prepared per connection.
const PREPARED: usize = 256;

/// The open database: `main` holds everything but the log of disclosures.
///
/// Writes go through [`write`](Self::write) and snapshots through [`read`](Self::read). On PostgreSQL `log` is `main`.
#[derive(Clone, Debug)]
pub struct Database {
    /// Agencies, cases, referrals; also what migrations run on.
    pub main: DatabaseConnection,
    /// The log of disclosures. On SQLite a file and a writer of its own, so that an import does not stop readers.
    pub log: DatabaseConnection,
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    losses: Losses,
    directory: Shelf,
}

/// Connections that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// What they are for.
    pub name: &'static str,
    /// How many are open.
    pub open: i64,
    /// How many of these nobody uses.
    pub idle: i64,
}

/// What to do where there is no SQLite file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// Make one. Only who asks for a new database gets one: a mistyped path would leave an empty one behind.
    Create,
    /// Say so.
    Refuse,
}

impl Database {
    /// Opens `sqlite:PATH` or `postgres://USER@HOST/NAME`. With SQLite two files must be there, that of the log beside the
    /// main one: `kim-log.sqlite` beside `kim.sqlite`.
    ///
    /// # Errors
    /// [`DbErr::Conn`] if the URL is of neither kind, asks for an in-memory database, or nothing is or answers there. Its
    /// text never contains the URL, which may hold a password.
    pub async fn open(url: &str) -> Result<Self, DbErr> {
        Self::open_or(url, Missing::Refuse, None).await
    }

    /// As [`open`](Self::open), but makes SQLite files that are not there, readable by their owner alone. Makes no tables,
    /// and no database in PostgreSQL.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn create(url: &str) -> Result<Self, DbErr> {
        Self::open_or(url, Missing::Create, None).await
    }

    /// As [`open`](Self::open); PostgreSQL ends every statement that takes longer than `deadline`, also one whose
    /// request is gone. On SQLite a clock of ours interrupts a connection so long after it first looked.
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
            // Both, before SQLite leaves anything beside one of them.
            for file in [&path, &log] {
                find(file, missing).map_err(|error| refused(format!("{}: {error}", file.display())))?;
            }
            let main = open_sqlite(&path, CONNECTIONS, deadline).await?;
            // One connection: writers queue for it in order instead of polling the file's lock, and readers keep theirs.
            let writer = open_sqlite(&path, 1, deadline).await?;
            let log = open_sqlite(&log, 1, deadline).await?;
            Ok(Self { reader: main.clone(), main, log, writer, losses: Losses::default(), directory: Shelf::default() })
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let losses = Losses::default();
            // Said, whatever the server's default is: a statement after a lock must see what was committed before it.
            // Planning a list anew for each request would cost more than reading it.
            let one_plan = ("plan_cache_mode", "force_generic_plan");
            let current = [("default_transaction_isolation", "read committed"), one_plan];
            let main = open_postgres(url, CONNECTIONS, &current, deadline, &losses).await?;
            // Set when connecting, so that a snapshot costs one BEGIN and no further round trips.
            let snapshot = [
                ("default_transaction_isolation", "repeatable read"),
                ("default_transaction_read_only", "on"),
                one_plan,
            ];
            let reader = open_postgres(url, readers(), &snapshot, deadline, &losses).await?;
            Ok(Self { log: main.clone(), writer: main.clone(), main, reader, losses, directory: Shelf::default() })
        } else {
            Err(refused("the database must be sqlite:PATH or postgres://USER@HOST/NAME"))
        }
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> DbBackend {
        self.main.get_database_backend()
    }

    /// Begins a transaction that writes: `BEGIN IMMEDIATE` on SQLite, so that what it reads first cannot change before
    /// it writes; READ COMMITTED on PostgreSQL. Commit it, or it is rolled back when dropped.
    ///
    /// # Errors
    /// [`DbErr::ConnectionAcquire`] if no connection came free in time; else whatever the database said.
    pub async fn write(&self) -> Result<DatabaseTransaction, DbErr> {
        if self.backend() == DbBackend::Sqlite {
            self.writer.begin_with_options(immediate()).await
        } else {
            self.again(|| self.writer.begin()).await
        }
    }

    /// Begins a snapshot: everything read in it is of one instant. REPEATABLE READ, READ ONLY on PostgreSQL; on SQLite
    /// a deferred transaction, whose instant is that of its first statement.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn read(&self) -> Result<DatabaseTransaction, DbErr> {
        self.again(|| eagerly(self.backend(), self.reader.begin())).await
    }

    /// Does what begins a piece of work, and does it once more on another connection if the first was dead: nothing ran.
    ///
    /// # Errors
    /// Whatever the database said.
    pub async fn again<T, F: Future<Output = Result<T, DbErr>>>(&self, begin: impl Fn() -> F) -> Result<T, DbErr> {
        match begin().await {
            Err(error) if is_lost(&error) => {
                self.losses.note();
                begin().await
            }
            begun => begun,
        }
    }

    /// Begins a transaction for the log of what is disclosed to those of these agencies to which nothing is being closed just
    /// now; the others are not waited for. Until it ends nothing is closed to the agencies that it returns: a withdrawal
    /// [holds](Self::hold_back) what was not logged before it.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn disclose(&self, agencies: &BTreeSet<Uuid>) -> Result<(DatabaseTransaction, BTreeSet<Uuid>), DbErr> {
        if self.backend() == DbBackend::Sqlite {
            return Ok((self.log_alone().await?, agencies.clone()));
        }
        let tx = self.again(|| self.log.begin()).await?;
        let mut sql = Sql::new(DbBackend::Postgres);
        let keys: Vec<(Uuid, i64)> = agencies.iter().map(|&agency| (agency, lock_key(agency))).collect();
        sql.push("SELECT m.id FROM ").masks(&keys).push(" WHERE pg_try_advisory_xact_lock_shared(m.mask)");
        let free = sql.all(&tx).await?.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        Ok((tx, free))
    }

    /// Begins the one transaction that SQLite's log of disclosures has at a time.
    async fn log_alone(&self) -> Result<DatabaseTransaction, DbErr> {
        eagerly(DbBackend::Sqlite, self.log.begin_with_options(immediate())).await
    }

    /// Commits what [`disclose`](Self::disclose) or [`disclose_when_free`](Self::disclose_when_free) began.
    ///
    /// # Errors
    /// Whatever the database said.
    pub async fn commit(&self, tx: DatabaseTransaction) -> Result<(), DbErr> {
        eagerly(self.backend(), tx.commit()).await
    }

    /// As [`disclose`](Self::disclose) for one agency, waiting for what is being closed to it.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn disclose_when_free(&self, agency: Uuid) -> Result<DatabaseTransaction, DbErr> {
        if self.backend() == DbBackend::Sqlite {
            return self.log_alone().await;
        }
        let tx = self.again(|| self.log.begin()).await?;
        advisory_lock(&tx, "pg_advisory_xact_lock_shared", agency).await?;
        Ok(tx)
    }

    /// How often something was closed to these agencies, as committed now. Ask with the transaction of
    /// [`disclose`](Self::disclose), under whose locks the answer cannot change.
    ///
    /// # Errors
    /// Whatever the database said.
    pub async fn closings(
        &self,
        disclosing: &DatabaseTransaction,
        agencies: &BTreeSet<Uuid>,
    ) -> Result<HashMap<Uuid, i64>, DbErr> {
        let mut sql = Sql::new(self.backend());
        let agencies: Vec<Uuid> = agencies.iter().copied().collect();
        sql.push("SELECT id, closings FROM agency WHERE ").is_one_of("id", &agencies);
        // On SQLite the log's lock is in another file than the agencies.
        let rows = match self.backend() {
            DbBackend::Sqlite => sql.all(&self.main).await?,
            DbBackend::Postgres | _ => sql.all(disclosing).await?,
        };
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }

    /// Where agencies and agreements are kept.
    pub(crate) fn directory(&self) -> &Shelf {
        &self.directory
    }

    /// When a connection was last found dead: what was committed on it may be gone if a standby took over.
    #[must_use]
    pub fn lost_at(&self) -> Option<Instant> {
        self.losses.last()
    }

    /// Counts a closing for these agencies, waits for disclosures to them that are being logged, and holds back those that
    /// come, until the closing that this transaction makes is committed and the [`Held`] is released. The last thing that
    /// a transaction does before its commit.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub async fn hold_back(&self, closing: &DatabaseTransaction, agencies: &BTreeSet<Uuid>) -> Result<Held, DbErr> {
        // In one order for all, so that two closings never wait for each other crosswise.
        for &id in agencies {
            agency::Entity::update_many()
                .col_expr(agency::Column::Closings, Expr::cust("closings + 1"))
                .filter(agency::Column::Id.eq(id))
                .exec(closing)
                .await?;
        }
        if self.backend() == DbBackend::Sqlite {
            return self.log_alone().await.map(|log| Held(Some(log)));
        }
        for &agency in agencies {
            advisory_lock(closing, "pg_advisory_xact_lock", agency).await?;
        }
        Ok(Held(None))
    }

    /// Tells the database how its rows are distributed: after an import, or its plans are made for empty tables.
    ///
    /// # Errors
    /// Whatever the database said.
    pub async fn analyze(&self) -> Result<(), DbErr> {
        self.writer.execute_unprepared("ANALYZE").await.map(drop)
    }

    /// Calls this with the text of every statement from now on, never with its values. For tests that count statements,
    /// and for metrics.
    pub fn observe(&mut self, observer: impl Fn(&str) + Send + Sync + 'static) {
        let observer = Arc::new(observer);
        for connection in [&mut self.main, &mut self.log, &mut self.reader, &mut self.writer] {
            let observer = Arc::clone(&observer);
            connection.set_metric_callback(move |info| observer(&info.statement.sql));
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
        // The others are the same on the one database or the other.
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
    /// Whatever the database said.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.reader.close_by_ref().await?;
        self.writer.close_by_ref().await?;
        self.log.close_by_ref().await?;
        self.main.close_by_ref().await
    }
}

/// Disclosures that wait for a closing.
#[derive(Debug)]
#[must_use]
pub struct Held(Option<DatabaseTransaction>);

impl Held {
    /// Makes the closing last, and lets them go on: they find what was closed. What was begun here is finished even if the
    /// request that wanted it is gone: on SQLite the disclosures must not be let go before the closing is there.
    ///
    /// # Errors
    /// Whatever the database said; then nothing was closed.
    pub async fn commit(self, closing: DatabaseTransaction) -> Result<(), DbErr> {
        let closing = tokio::spawn(async move {
            closing.commit().await?;
            if let Some(log) = self.0
                && log.rollback().await.is_err()
            {
                // It is closed; the connection that held the log ends, and with it the hold.
                tracing::debug!("held disclosures were not let go cleanly");
            }
            Ok(())
        });
        closing.await.map_err(|_| DbErr::Custom("a closing broke off".into()))?
    }
}

/// How many connections there are for reading on PostgreSQL.
fn readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX));
    let (each, all) = READERS;
    each.saturating_mul(cores).clamp(*all.start(), *all.end())
}

fn immediate() -> TransactionOptions {
    TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() }
}

/// Takes PostgreSQL's lock that stands for disclosures to an agency; it ends with the transaction.
async fn advisory_lock(tx: &DatabaseTransaction, function: &str, agency: Uuid) -> Result<(), DbErr> {
    let mut sql = Sql::new(DbBackend::Postgres);
    sql.push("SELECT ").push(function).push("(").bind(lock_key(agency)).push(")");
    sql.one(tx).await.map(drop)
}

/// The number of an agency's lock.
fn lock_key(agency: Uuid) -> i64 {
    let (high, low) = agency.as_u64_pair();
    (high ^ low).cast_signed()
}

/// Whether the database gave up because time ran out: no connection or lock came free, or PostgreSQL's clock ended the
/// statement, which it may do a moment before the request's own.
#[must_use]
pub fn took_too_long(error: &DbErr) -> bool {
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

fn refused(why: impl Into<String>) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why.into()))
}

/// The path in what follows `sqlite:`. Parameters are ours to choose, but for sqlx's habitual `mode=rwc`.
fn sqlite_path(rest: &str) -> Result<PathBuf, DbErr> {
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    if path.is_empty() || path == ":memory:" || parameters.contains("mode=memory") {
        return Err(refused("an in-memory SQLite database is not supported: give a file, sqlite:PATH"));
    }
    if !matches!(parameters, "" | "mode=rwc") {
        return Err(refused("sqlite:PATH takes no parameters"));
    }
    Ok(PathBuf::from(path))
}

/// The log's file: `a/kim-log.sqlite` beside `a/kim.sqlite`, `a/kim-log` beside `a/kim`.
fn log_path(main: &Path) -> PathBuf {
    let mut name = main.file_stem().unwrap_or_default().to_owned();
    name.push("-log");
    if let Some(extension) = main.extension() {
        name.push(".");
        name.push(extension);
    }
    main.with_file_name(name)
}

/// Options that both databases share. Statements are never logged: their parameters are personal data.
fn options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

async fn open_sqlite(path: &Path, connections: u32, deadline: Option<Duration>) -> Result<DatabaseConnection, DbErr> {
    let path = path.to_owned();
    let mut options = options("sqlite:", connections);
    options
        // The files are local: a connection does not go stale.
        .test_before_acquire(false)
        .map_sqlx_sqlite_pool_opts(move |pool| {
            // When it comes back, and nobody waits for it; asked for again, it is ready.
            let pool = pool.after_release(move |connection, _| Box::pin(ended_cleanly(connection, deadline)));
            let Some(deadline) = deadline else { return pool };
            pool.after_connect(move |connection, _| Box::pin(end_within(connection, deadline)))
        })
        .map_sqlx_sqlite_opts(move |sqlite: SqliteConnectOptions| {
            sqlite
                .filename(&path)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
                .statement_cache_capacity(PREPARED)
        });
    sea_orm::Database::connect(options).await
}

/// Interrupts what this connection does when it is used next, so long after the clock was first looked at. A statement whose
/// request was given up would else run to its next row, and keep the connection: a count over millions of rows has only one.
async fn end_within(connection: &mut SqliteConnection, deadline: Duration) -> Result<(), sea_orm::sqlx::Error> {
    let mut began: Option<Instant> = None;
    let goes_on = move || began.get_or_insert_with(Instant::now).elapsed() < deadline;
    connection.lock_handle().await?.set_progress_handler(STEPS, goes_on);
    Ok(())
}

/// Makes a connection ready for its next use, if it may be used again. A full disk makes SQLite itself end a transaction; the
/// driver's count of open transactions is off by one from then on, and every later commit would be a savepoint's that never
/// reaches the disk: the log of disclosures would look written. Such a connection is closed.
async fn ended_cleanly(
    connection: &mut SqliteConnection,
    deadline: Option<Duration>,
) -> Result<bool, sea_orm::sqlx::Error> {
    // A rollback by drop waits in the connection's queue; what is asked of it here comes behind it.
    match deadline {
        Some(deadline) => end_within(connection, deadline).await?,
        None => connection.ping().await?,
    }
    Ok(!connection.is_in_transaction())
}

/// Looks whether the file is there and may be written. One that is made has mode 0600; SQLite gives its WAL the same mode.
fn find(path: &Path, missing: Missing) -> std::io::Result<()> {
    let mut file = OpenOptions::new();
    file.create(missing == Missing::Create).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && missing == Missing::Refuse => {
            Err(std::io::Error::new(ErrorKind::NotFound, "there is no such database; `kim migrate` makes one"))
        }
        opened => opened.map(drop),
    }
}

async fn open_postgres(
    url: &str,
    connections: u32,
    session: &[(&'static str, &'static str)],
    deadline: Option<Duration>,
    losses: &Losses,
) -> Result<DatabaseConnection, DbErr> {
    // SeaORM's own message about a URL that it cannot parse quotes it, password and all.
    PgConnectOptions::from_str(url).map_err(|_| refused("the PostgreSQL URL cannot be parsed"))?;
    let (session, losses) = (session.to_vec(), losses.clone());
    let mut options = options(url, connections);
    if let Some(deadline) = deadline {
        options.statement_timeout(deadline);
    }
    options
        .set_application_name("kim")
        // A ping per request would be a round trip; a connection that rested is asked first.
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .map_sqlx_postgres_before_acquire(move |connection, meta| {
            let doubted = losses.doubt(meta.age);
            Box::pin(async move {
                if doubted {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .map_sqlx_postgres_opts(move |postgres| {
            postgres.options(session.iter().copied()).statement_cache_capacity(PREPARED)
        });
    sea_orm::Database::connect(options).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_lies_beside_the_main_file() {
        assert_eq!(log_path(Path::new("a/kim.sqlite")), Path::new("a/kim-log.sqlite"));
        assert_eq!(log_path(Path::new("kim")), Path::new("kim-log"));
    }

    #[test]
    fn a_path_may_follow_slashes_or_not() {
        let path = |rest| sqlite_path(rest).expect("a path");
        assert_eq!(path("kim.sqlite"), Path::new("kim.sqlite"));
        assert_eq!(path("//kim.sqlite?mode=rwc"), Path::new("kim.sqlite"));
        assert_eq!(path("///var/kim.sqlite"), Path::new("/var/kim.sqlite"));
        assert_eq!(path("/var/kim.sqlite"), Path::new("/var/kim.sqlite"));
    }

    #[test]
    fn a_database_in_memory_is_refused() {
        for rest in ["", "//", ":memory:", "//:memory:", "//kim?mode=memory"] {
            let error = sqlite_path(rest).expect_err(rest).to_string();
            assert!(error.contains("in-memory"), "{error}");
        }
        assert!(sqlite_path("kim.sqlite?cache=shared").is_err());
    }
}
