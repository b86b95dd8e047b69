//! SQLite's files and connections.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{Connection as _, SqliteConnection};
use sea_orm::{DatabaseConnection, DbErr};

use super::{ACQUIRE_TIMEOUT, PREPARED, options, refused};

/// Steps of SQLite's virtual machine between two calls of the progress handler: some milliseconds.
const STEPS: i32 = 100_000;

/// What to do if there is no SQLite file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// Create one. Only on request, because a mistyped path would otherwise leave an empty database behind.
    Create,
    /// Return an error.
    Refuse,
}

/// The path in the text after `sqlite:`. No parameters are accepted, except `mode=rwc`, which is usual with sqlx.
pub(super) fn sqlite_path(rest: &str) -> Result<PathBuf, DbErr> {
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

/// The path of the log's file: `a/kim-log.sqlite` beside `a/kim.sqlite`, `a/kim-log` beside `a/kim`.
pub(super) fn log_path(main: &Path) -> PathBuf {
    let mut name = main.file_stem().unwrap_or_default().to_owned();
    name.push("-log");
    if let Some(extension) = main.extension() {
        name.push(".");
        name.push(extension);
    }
    main.with_file_name(name)
}

pub(super) async fn open_sqlite(
    path: &Path,
    connections: u32,
    deadline: Option<Duration>,
) -> Result<DatabaseConnection, DbErr> {
    let path = path.to_owned();
    let mut options = options("sqlite:", connections);
    options
        // The files are local, so that a connection does not become stale.
        .test_before_acquire(false)
        .map_sqlx_sqlite_pool_opts(move |pool| {
            // When it is returned, while no request waits for it.
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
                .busy_timeout(ACQUIRE_TIMEOUT)
                .statement_cache_capacity(PREPARED)
        });
    sea_orm::Database::connect(options).await
}

/// Interrupts the connection's next use `deadline` after the first call of the progress handler. Without that a statement whose
/// request was cancelled would run until its next row and occupy the connection; a count over millions of rows has only one.
async fn end_within(connection: &mut SqliteConnection, deadline: Duration) -> Result<(), sea_orm::sqlx::Error> {
    let mut began: Option<Instant> = None;
    let goes_on = move || began.get_or_insert_with(Instant::now).elapsed() < deadline;
    connection.lock_handle().await?.set_progress_handler(STEPS, goes_on);
    Ok(())
}

/// Prepares a connection for its next use, and returns whether it can be used again. If the disk is full, SQLite ends a
/// transaction by itself. From then on the driver's count of open transactions is off by one, and every later commit would only
/// release a savepoint and never reach the disk: the log of disclosures would look written. Such a connection is closed.
async fn ended_cleanly(
    connection: &mut SqliteConnection,
    deadline: Option<Duration>,
) -> Result<bool, sea_orm::sqlx::Error> {
    // The rollback of a dropped transaction is in the connection's queue; these calls come after it.
    match deadline {
        Some(deadline) => end_within(connection, deadline).await?,
        None => connection.ping().await?,
    }
    Ok(!connection.is_in_transaction())
}

/// Checks that the file exists and can be written, or creates it with mode 0600; SQLite gives its WAL the same mode.
pub(super) fn check_file(path: &Path, missing: Missing) -> std::io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_beside_the_main_file() {
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
