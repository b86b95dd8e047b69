//! Import of agencies, agreements and case lists from spreadsheet exports. Parsing is pure; each file is one transaction.
//!
//! Begin with [`cases`]. What a cell may hold is said in docs/import.md and in `spelling`.

mod agencies;
mod agreements;
mod case_hash;
mod case_row;
mod cases;
mod cells;
mod known;
mod places;
mod plan;
mod reference;
mod report;
mod resolve;
mod send_back;
mod sheet;
mod spelling;
mod write;

pub use agencies::agencies;
pub use agreements::agreements;
pub use cases::cases;
pub(crate) use reference::random as random_reference;
pub use report::{Refusal, RefusalCode, Report};
pub use send_back::{check_place, write_private};
pub(crate) use spelling::cell::{email, phone, postal_code};

/// How an import is to be done.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Slug of the only Träger whose rows are read; without it the operator loads a whole municipality.
    pub agency: Option<String>,
    /// Reports, and writes nothing.
    pub dry_run: bool,
}

/// Told how many rows of how many are done.
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

/// Why a file was not imported at all. Says nothing of what stands in it but names of columns.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// No header.
    #[error("Die Datei ist leer.")]
    Empty,
    /// A workbook, not an export.
    #[error("Das ist eine Arbeitsmappe (xlsx, xls oder ods). Bitte als CSV speichern (UTF-8, Trennzeichen Semikolon).")]
    Workbook,
    /// UTF-16.
    #[error("Die Datei ist in UTF-16 gespeichert. Bitte als „CSV UTF-8“ speichern.")]
    Utf16,
    /// UTF-8 with bytes that are none.
    #[error("Die Datei ist UTF-8, aber ab Zeile {line} beschädigt. Bitte noch einmal als „CSV UTF-8“ speichern.")]
    BrokenUtf8 {
        /// The first broken line.
        line: u64,
    },
    /// A zero byte.
    #[error("Zeile {line} enthält ein Zeichen, das in keinem Text vorkommt (0). Ist das eine CSV-Datei?")]
    NotText {
        /// The line.
        line: u64,
    },
    /// A quotation mark that is never closed.
    #[error("In der Zeile, die in Zeile {line} beginnt, wird ein Anführungszeichen nicht geschlossen.")]
    OpenQuote {
        /// The line on which the row begins.
        line: u64,
    },
    /// Required columns are missing.
    #[error("Es fehlen Spalten: {}. Die Spaltennamen stehen in der ersten Zeile.", .0.join(", "))]
    MissingColumns(Vec<&'static str>),
    /// A column stands there twice.
    #[error("Die Spalte {0} kommt doppelt vor.")]
    DoubleColumn(&'static str),
    /// `--agency` names no Träger.
    #[error("Es gibt keine Stelle „{0}“, die Fälle führt.")]
    UnknownAgency(String),
    /// The database.
    #[error("Die Datenbank hat die Datei nicht angenommen; es wurde nichts geschrieben.")]
    Database(#[from] kim_entity::DbErr),
}

/// Says which columns were not read.
fn unknown_columns(sheet: &sheet::Sheet) -> Vec<String> {
    match sheet.unknown.as_slice() {
        [] => Vec::new(),
        names => vec![format!("nicht gelesene Spalten: {}", names.join(", "))],
    }
}
