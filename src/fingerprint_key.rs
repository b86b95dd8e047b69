//! The key of the clients' fingerprints: read from its own file, or generated next to a SQLite database.

use std::io::Write;
use std::path::{Path, PathBuf};

use kim_domain::fingerprint::{FingerprintKey, hex};

use crate::failure::Failure;

/// The key of this database's fingerprints.
///
/// # Errors
/// [`Failure::Usage`] if PostgreSQL is used and no file is configured; [`Failure::Failed`] if the file cannot
/// be read or created, or contains no key.
pub fn read(file: Option<&Path>, database: &str) -> Result<FingerprintKey, Failure> {
    match (file, default_path(database)) {
        (Some(file), _) => read_file(file),
        (None, Some(file)) if file.exists() => read_file(&file),
        (None, Some(file)) => create(&file),
        (None, None) => Err(Failure::usage(
            "with PostgreSQL, \"fingerprint_key_file\" must name a file with 64 hex digits (openssl rand -hex 32)",
        )),
    }
}

/// The key with which this database's fingerprints were made. Never creates one, because a new key would match none of them.
///
/// # Errors
/// Like [`read`], and [`Failure::Failed`] if there is no key file.
pub fn read_existing(file: Option<&Path>, database: &str) -> Result<FingerprintKey, Failure> {
    match (file, default_path(database)) {
        (None, Some(file)) => read_file(&file),
        (_, _) => read(file, database),
    }
}

/// The file next to a SQLite database. The key is in its own file, so that a copy of the database alone does not allow
/// guessing names.
fn default_path(database: &str) -> Option<PathBuf> {
    let path = database.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    Some(PathBuf::from(format!("{path}.key")))
}

fn read_file(file: &Path) -> Result<FingerprintKey, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::failed(format!("cannot read the fingerprint key {}: {error}", file.display())))?;
    FingerprintKey::from_hex(text.trim())
        .map_err(|error| Failure::failed(format!("the fingerprint key {}: {error}", file.display())))
}

fn create(file: &Path) -> Result<FingerprintKey, Failure> {
    let failure = |error: std::io::Error| {
        Failure::failed(format!("cannot create the fingerprint key {}: {error}", file.display()))
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failure)?;
    }
    let key: [u8; 32] = rand::random();
    // `private_file` uses `create_new`: if two processes start at the same time, one creates the key and the other
    // fails instead of overwriting it.
    match private_file(file) {
        Ok(mut new) => {
            new.write_all(format!("{}\n", hex(&key)).as_bytes()).and_then(|()| new.sync_all()).map_err(failure)?
        }
        Err(error) => return Err(failure(error)),
    }
    Ok(FingerprintKey::new(key))
}

/// Creates a file that only its owner can read.
///
/// # Errors
/// The file exists, or cannot be created.
pub fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_database_keeps_its_generated_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = format!("sqlite:{}", folder.path().join("new/kim.sqlite").display());
        let first = read(None, &database).expect("a new key");
        let again = read(None, &database).expect("the same key");
        assert_eq!(first.content(&["a"]), again.content(&["a"]));
        let file = folder.path().join("new/kim.sqlite.key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&file, "abc").expect("written");
        assert!(read(None, &database).is_err());
    }

    #[test]
    fn an_existing_key_is_never_created() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = format!("sqlite:{}", folder.path().join("kim.sqlite").display());
        assert!(matches!(read_existing(None, &database), Err(Failure::Failed(_))));
        assert!(!folder.path().join("kim.sqlite.key").exists());
        let key = read(None, &database).expect("a new key");
        let again = read_existing(None, &database).expect("the same key");
        assert_eq!(key.content(&["a"]), again.content(&["a"]));
    }

    #[test]
    fn postgresql_needs_a_configured_key_file() {
        assert!(matches!(read(None, "postgres://localhost/kim"), Err(Failure::Usage(_))));
        assert!(matches!(
            read(Some(Path::new("/nonexistent/key")), "postgres://localhost/kim"),
            Err(Failure::Failed(_))
        ));
    }
}
