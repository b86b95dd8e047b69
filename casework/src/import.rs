//! Imports agencies, agreements and case lists from spreadsheet exports. Parsing is pure, and each file is one
//! transaction.
//!
//! Start with [`cases`]. docs/import.md and `spelling` describe the content of cells.

mod agencies;
mod agreements;
mod case_hash;
mod case_row;
mod cases;
mod cells;
mod import_plan;
mod known;
mod master_data;
mod places;
mod reference;
mod refused_file;
mod report;
mod resolve;
mod sheet;
mod spelling;
mod write;

pub use agencies::agencies;
pub use agreements::agreements;
pub use cases::cases;
pub(crate) use master_data::master_data;
pub(crate) use reference::random as random_reference;
pub use refused_file::{check_place, write_private};
pub use report::{ChangedCell, RefusalCode, RefusedCell, Report};
pub(crate) use spelling::cell::{email, phone, postal_code};

/// Options of an import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Slug of the only Träger whose rows are imported. `None`: an operator imports the lists of all agencies.
    pub agency: Option<String>,
    /// Whether to report only and write nothing.
    pub dry_run: bool,
    /// Whether a list of agencies changes the agencies that are known with other content.
    pub update: bool,
}

/// Called with the number of processed rows and the number of all rows.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// Why a file was not imported at all. The only content of the file that it contains is names of columns.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file has no header.
    #[error("Die Datei ist leer.")]
    Empty,
    /// The file is a workbook and not an export.
    #[error("Das ist eine Arbeitsmappe (xlsx, xls oder ods). Bitte als CSV speichern (UTF-8, Trennzeichen Semikolon).")]
    Workbook,
    /// The file is encoded in UTF-16.
    #[error("Die Datei ist in UTF-16 gespeichert. Bitte als „CSV UTF-8“ speichern.")]
    Utf16,
    /// The file is UTF-8 with invalid bytes.
    #[error("Die Datei ist UTF-8, aber ab Zeile {line} beschädigt. Bitte noch einmal als „CSV UTF-8“ speichern.")]
    BrokenUtf8 {
        /// The first invalid line.
        line: u64,
    },
    /// The file contains a zero byte.
    #[error("Zeile {line} enthält ein Zeichen, das in keinem Text vorkommt (0). Ist das eine CSV-Datei?")]
    NotText {
        /// The line.
        line: u64,
    },
    /// A quotation mark is not closed.
    #[error("In der Zeile, die in Zeile {line} beginnt, wird ein Anführungszeichen nicht geschlossen.")]
    OpenQuote {
        /// The line on which the row begins.
        line: u64,
    },
    /// Required columns are missing.
    #[error("Es fehlen Spalten: {}. Die Spaltennamen stehen in der ersten Zeile.", .0.join(", "))]
    MissingColumns(Vec<&'static str>),
    /// A column is listed twice.
    #[error("Die Spalte {0} kommt doppelt vor.")]
    DoubleColumn(&'static str),
    /// `--agency` is not the slug of a Träger.
    #[error("Es gibt keine Stelle „{0}“, die Fälle führt.")]
    UnknownAgency(String),
    /// An agency was changed during the import.
    #[error("Die Stelle „{0}“ wurde inzwischen geändert; es wurde nichts geschrieben. Bitte noch einmal einlesen.")]
    Outdated(String),
    /// The database failed.
    #[error("Die Datenbank hat die Datei nicht angenommen; es wurde nichts geschrieben.")]
    Database(#[from] kim_entity::DbErr),
}

/// Note about columns that were not read.
fn unknown_columns(sheet: &sheet::Sheet) -> Vec<String> {
    match sheet.unknown.as_slice() {
        [] => Vec::new(),
        names => vec![format!("nicht gelesene Spalten: {}", names.join(", "))],
    }
}
