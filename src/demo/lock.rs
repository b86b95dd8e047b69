//! One demo at a time on a database: a second one would empty it under the first, whatever port it listens on.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{ConnectOptions, PgConnection, query_scalar};

use crate::failure::Failure;

/// Held as long as it lives; the operating system or the database ends it with the process, however that ends.
#[derive(Debug)]
pub enum Lock {
    /// A locked file beside a SQLite file.
    File(File),
    /// A connection to PostgreSQL whose session has the lock. In no pool, which would close it when it rests.
    Session(PgConnection),
    /// For what is no database; opening it says so.
    Nothing,
}

impl Lock {
    /// Takes the lock of a database; creates at most `kim.sqlite.lock` beside `kim.sqlite`.
    ///
    /// # Errors
    /// [`Failure::Usage`] if another demo has it: nothing was touched. [`Failure::Failed`] if it cannot be asked for.
    pub async fn take(database: &str) -> Result<Self, Failure> {
        if let Some(path) = sqlite_file(database) {
            Self::on_file(&path)
        } else if database.starts_with("postgres") {
            Self::on_server(database).await
        } else {
            Ok(Self::Nothing)
        }
    }

    fn on_file(database: &Path) -> Result<Self, Failure> {
        // The same file by another name has the same lock.
        let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
        let mut path = real.into_os_string();
        path.push(".lock");
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let why =
            |error: std::io::Error| Failure::failed(format!("cannot lock {}: {error}", Path::new(&path).display()));
        let file = options.open(&path).map_err(why)?;
        match file.try_lock() {
            Ok(()) => Ok(Self::File(file)),
            Err(TryLockError::WouldBlock) => Err(taken()),
            Err(TryLockError::Error(error)) => Err(why(error)),
        }
    }

    async fn on_server(url: &str) -> Result<Self, Failure> {
        let why = |error: sea_orm::sqlx::Error| Failure::failed(format!("cannot open the database: {error}"));
        // The driver's own message about a URL quotes it, password and all.
        let options =
            PgConnectOptions::from_str(url).map_err(|_| Failure::failed("the PostgreSQL URL cannot be parsed"))?;
        let mut session =
            options.application_name("kim demo").disable_statement_logging().connect().await.map_err(why)?;
        // A demo per schema, since that is where its tables stand.
        let lock = "SELECT pg_try_advisory_lock(hashtext('kim demo'), hashtext(coalesce(current_schema(), '')))";
        let is_ours: bool = query_scalar(lock).fetch_one(&mut session).await.map_err(why)?;
        if is_ours { Ok(Self::Session(session)) } else { Err(taken()) }
    }
}

fn taken() -> Failure {
    Failure::usage(
        "a demo runs on this database already, and a second one would empty it: stop the first, or name another \
         database with --database\n     Auf dieser Datenbank läuft schon eine Demo, deren Daten eine zweite löschen \
         würde. Bitte die erste beenden oder mit --database eine andere Datenbank nennen.",
    )
}

/// The file that `sqlite:PATH` names; none for anything else, and for a database in memory.
pub(super) fn sqlite_file(database: &str) -> Option<PathBuf> {
    let path = database.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_found_however_the_url_is_written() {
        for url in ["sqlite:a/kim.sqlite", "sqlite://a/kim.sqlite?mode=rwc"] {
            assert_eq!(sqlite_file(url), Some(PathBuf::from("a/kim.sqlite")), "{url}");
        }
        for url in ["sqlite:", "sqlite::memory:", "postgres://kim@localhost/kim"] {
            assert_eq!(sqlite_file(url), None, "{url}");
        }
    }
}
