//! Where the file to send back is written: readable by its owner alone, and never over a file that is something else.

use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::path::{Path, PathBuf};

use super::report::FILE_BEGINS;

/// Writes a file that its owner alone can read. An earlier one of ours is replaced.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] if something else stands there; otherwise whatever the file system said.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    if is_ours(path)? {
        std::fs::remove_file(path)?;
    }
    let mut file = new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Whether [`write_private`] could write there now; nothing is changed.
///
/// # Errors
/// Why not.
pub fn check_place(path: &Path) -> Result<()> {
    is_ours(path)?;
    if path.file_name().is_none() {
        return Err(ErrorKind::IsADirectory.into());
    }
    // Asking for permissions would not tell a full or a read-only disk.
    let probe = beside(path);
    let written = new(&probe).and_then(|mut file| file.write_all(FILE_BEGINS));
    let removed = std::fs::remove_file(&probe);
    written.and(removed)
}

/// Makes a file; not through a link, and not over anything: neither an old file's mode nor a link's target gets in between.
fn new(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A name in the same folder that nothing has.
fn beside(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}.tmp", uuid::Uuid::now_v7()))
}

/// Whether an earlier file of ours stands there; an error if it is anything else.
fn is_ours(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let mut begins = Vec::new();
    // A link counts as what it leads to. A pipe is never opened: that would wait for whoever writes into it.
    if std::fs::metadata(path)?.is_file() {
        File::open(path)?.take(FILE_BEGINS.len() as u64).read_to_end(&mut begins)?;
    }
    if begins == FILE_BEGINS {
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
    fn an_earlier_report_is_replaced_and_nothing_else() {
        let folder = folder();
        let path = folder.join("report.csv");
        let report = |row: &str| [FILE_BEGINS, row.as_bytes()].concat();
        for row in ["1;a;b;c\n", "2;a;b;c\n"] {
            assert!(check_place(&path).is_ok());
            write_private(&path, &report(row)).expect("written");
            assert_eq!(std::fs::read(&path).expect("a file"), report(row));
        }
        for other in [&b"Fallnummer;Nachname\n1;A\n"[..], b"", b"Zeile;Spalte;Wert;Grund\n", &FILE_BEGINS[..9]] {
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
    fn it_is_its_owner_s_alone_and_no_link_leads_it_elsewhere() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = folder();
        let (path, other) = (folder.join("report.csv"), folder.join("other.csv"));
        std::fs::write(&path, FILE_BEGINS).expect("an old one that all may read");
        write_private(&path, FILE_BEGINS).expect("written");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);

        std::fs::remove_file(&path).expect("removed");
        symlink(&other, &path).expect("a link");
        assert!(write_private(&path, b"x").is_err(), "to nothing");
        assert!(!other.exists());
        std::fs::write(&other, FILE_BEGINS).expect("an old one");
        write_private(&path, b"new").expect("the link is replaced");
        assert_eq!(std::fs::read(&other).expect("a file"), FILE_BEGINS);
        std::fs::remove_dir_all(&folder).expect("removed");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_even_opened() {
        assert_eq!(check_place(Path::new("/dev/null")).map_err(|error| error.kind()), Err(ErrorKind::AlreadyExists));
    }
}
