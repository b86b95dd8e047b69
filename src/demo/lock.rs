//! A lock for one demo at a time per database. A second demo would empty the database of the first.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use kim_entity::DbErr;
use kim_entity::database::{Database, DemoSession};

use crate::failure::Failure;

/// The lock, held until it is dropped. If the process dies, the operating system or the database releases it.
#[derive(Debug)]
pub enum Lock {
    /// A locked file next to a SQLite file.
    File(File),
    /// A session of PostgreSQL that holds the lock.
    Session(DemoSession),
    /// No lock, because the URL is not that of a supported database. Opening it will fail.
    None,
}

impl Lock {
    /// Acquires the lock of a database. Creates at most `kim.sqlite.lock` next to `kim.sqlite`.
    ///
    /// # Errors
    /// [`Failure::Usage`] if another demo holds the lock: nothing was changed. [`Failure::Failed`] if locking fails.
    pub async fn acquire(database: &str) -> Result<Self, Failure> {
        if let Some(path) = sqlite_file(database) {
            Self::lock_file(&path)
        } else if database.starts_with("postgres") {
            Self::lock_session(database).await
        } else {
            Ok(Self::None)
        }
    }

    fn lock_file(database: &Path) -> Result<Self, Failure> {
        // The canonical path, so that all names of a file lead to the same lock.
        let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
        let mut path = real.into_os_string();
        path.push(".lock");
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let failure =
            |error: std::io::Error| Failure::failed(format!("cannot lock {}: {error}", Path::new(&path).display()));
        let file = options.open(&path).map_err(failure)?;
        match file.try_lock() {
            Ok(()) => Ok(Self::File(file)),
            Err(TryLockError::WouldBlock) => Err(held_by_another()),
            Err(TryLockError::Error(error)) => Err(failure(error)),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the lock is a session of its own, which reads no table")]
    async fn lock_session(url: &str) -> Result<Self, Failure> {
        let failure = |error: DbErr| Failure::failed(format!("cannot open the database: {error}"));
        let session = Database::session_for_demo_lock(url).await.map_err(failure)?;
        session.map(Self::Session).ok_or_else(held_by_another)
    }
}

fn held_by_another() -> Failure {
    Failure::usage(
        "a demo runs on this database already, and a second one would empty it: stop the first, or name another \
         database with --database\n     Auf dieser Datenbank läuft schon eine Demo, deren Daten eine zweite löschen \
         würde. Bitte die erste beenden oder mit --database eine andere Datenbank nennen.",
    )
}

/// The path in `sqlite:PATH`. `None` for other URLs, and for a database in memory.
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
    fn the_path_is_found_in_every_form_of_the_url() {
        for url in ["sqlite:a/kim.sqlite", "sqlite://a/kim.sqlite?mode=rwc"] {
            assert_eq!(sqlite_file(url), Some(PathBuf::from("a/kim.sqlite")), "{url}");
        }
        for url in ["sqlite:", "sqlite::memory:", "postgres://kim@localhost/kim"] {
            assert_eq!(sqlite_file(url), None, "{url}");
        }
    }
}
