//! Writes the file with refused cells. Only its owner can read it, and it never overwrites other files.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::path::{Path, PathBuf};

use super::report::FILE_START;

/// Writes a file that only its owner can read. Replaces an earlier file of the same kind.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] if another file exists there; otherwise the error of the file system.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    if is_earlier_report(path)? {
        std::fs::remove_file(path)?;
    }
    let mut file = new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Checks whether [`write_private`] could write to this path, without changing anything.
///
/// # Errors
/// Why it could not.
pub fn check_place(path: &Path) -> Result<()> {
    is_earlier_report(path)?;
    if path.file_name().is_none() {
        return Err(ErrorKind::IsADirectory.into());
    }
    // A check of permissions would not detect a full or a read-only disk.
    let probe = unused_name(path);
    let written = new(&probe).and_then(|mut file| file.write_all(FILE_START));
    let removed = std::fs::remove_file(&probe);
    written.and(removed)
}

/// Creates a file that must not exist, and follows no link. Otherwise an old file's mode or a link's target would be
/// used.
fn new(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// An unused name in the same folder.
fn unused_name(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}.tmp", uuid::Uuid::now_v7()))
}

/// Whether an earlier report exists at this path. An error if the path is anything else.
fn is_earlier_report(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let mut begins = Vec::new();
    // Links are followed. A pipe is never opened, because that would block until another process writes to it.
    if std::fs::metadata(path)?.is_file() {
        File::open(path)?.take(FILE_START.len() as u64).read_to_end(&mut begins)?;
    }
    if begins == FILE_START {
        return Ok(true);
    }
    let why = "dort steht schon etwas anderes als ein Bericht von kim; es wird nicht überschrieben";
    Err(Error::new(ErrorKind::AlreadyExists, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new folder.
    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("kim-send-back-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).expect("a folder");
        folder
    }

    #[test]
    fn only_an_earlier_report_is_overwritten() {
        let folder = folder();
        let path = folder.join("report.csv");
        let report = |row: &str| [FILE_START, row.as_bytes()].concat();
        for row in ["1;a;b;c\n", "2;a;b;c\n"] {
            assert!(check_place(&path).is_ok());
            write_private(&path, &report(row)).expect("written");
            assert_eq!(std::fs::read(&path).expect("a file"), report(row));
        }
        for other in [&b"Fallnummer;Nachname\n1;A\n"[..], b"", b"Zeile;Spalte;Wert;Grund\n", &FILE_START[..9]] {
            std::fs::write(&path, other).expect("a file");
            assert_eq!(check_place(&path).map_err(|error| error.kind()), Err(ErrorKind::AlreadyExists));
            assert_eq!(write_private(&path, b"x").map_err(|error| error.kind()), Err(ErrorKind::AlreadyExists));
            assert_eq!(std::fs::read(&path).expect("a file"), other);
        }
        assert!(check_place(&folder).is_err(), "a folder");
        assert!(check_place(&folder.join("nothing/report.csv")).is_err());
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "trying leaves nothing behind");
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_file_and_links_are_not_followed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = folder();
        let (path, other) = (folder.join("report.csv"), folder.join("other.csv"));
        std::fs::write(&path, FILE_START).expect("an old one that all may read");
        write_private(&path, FILE_START).expect("written");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);

        std::fs::remove_file(&path).expect("removed");
        symlink(&other, &path).expect("a link");
        assert!(write_private(&path, b"x").is_err(), "to nothing");
        assert!(!other.exists());
        std::fs::write(&other, FILE_START).expect("an old one");
        write_private(&path, b"new").expect("the link is replaced");
        assert_eq!(std::fs::read(&other).expect("a file"), FILE_START);
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_refused_without_opening_it() {
        assert_eq!(check_place(Path::new("/dev/null")).map_err(|error| error.kind()), Err(ErrorKind::AlreadyExists));
    }
}
