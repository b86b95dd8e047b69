//! Imports districts, agencies, agreements and case lists from spreadsheet exports. Parsing is pure, and each file is one
//! transaction.
//!
//! Start with [`cases`]. docs/import.md and `spelling` describe the content of cells.

mod agencies;
mod agreements;
mod case_hash;
mod case_row;
mod cases;
mod cells;
mod districts;
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
pub use districts::districts;
pub(crate) use master_data::master_data;
pub(crate) use reference::random as random_reference;
pub use refused_file::{check_place, write_private};
pub use report::{ChangedCell, RefusalCode, RefusedCell, Report};
pub(crate) use spelling::cell::{email, postal_code};

/// Options of an import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Slug of the only Träger whose rows are imported. `None`: an operator imports the lists of all agencies.
    pub agency: Option<String>,
    /// Whether to report only and write nothing.
    pub dry_run: bool,
    /// Headings of columns that are not meant for the import although they look like it.
    pub ignored_columns: Vec<String>,
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
    /// The file was probably written in another code page.
    #[error(
        "Die Datei ist vermutlich in {name} gespeichert; als Windows-1252 gelesen bekämen Namen andere Buchstaben. Bitte als „CSV \
         UTF-8“ speichern{}.", if *.is_readable { format!(", oder mit --encoding {name} einlesen (und mit --encoding windows-1252, wenn sie doch das ist)") } else { String::new() }
    )]
    CodePage {
        /// The code page's name.
        name: &'static str,
        /// Whether `--encoding` can read it.
        is_readable: bool,
    },
    /// `--encoding` names no known encoding.
    #[error(
        "--encoding: „{0}“ ist unbekannt. Bekannt sind etwa windows-1250, windows-1252, windows-1254, macintosh, utf-8."
    )]
    UnknownEncoding(String),
    /// The file contains the sign for a lost letter (U+FFFD).
    #[error(
        "Zeile {line}, Spalte {column}: Hier ging beim Speichern ein Buchstabe verloren (Zeichen U+FFFD). Bitte aus dem \
         Fachverfahren neu ausgeben und als „CSV UTF-8“ speichern."
    )]
    LostLetters {
        /// The line on which the row begins.
        line: u64,
        /// The column's name or number.
        column: String,
    },
    /// The file was encoded twice.
    #[error(
        "Zeile {line}, Spalte {column}: Die Datei ist doppelt kodiert, aus „ü“ wurde „Ã¼“: UTF-8 wurde in einer anderen Kodierung \
         geöffnet und wieder gespeichert. Bitte neu ausgeben, beim Öffnen UTF-8 wählen und als „CSV UTF-8“ speichern."
    )]
    EncodedTwice {
        /// The line on which the row begins.
        line: u64,
        /// The column's name or number.
        column: String,
    },
    /// The separator is neither a semicolon nor a comma.
    #[error("Die Spalten sind mit {0} getrennt. Bitte als CSV mit Semikolon oder Komma speichern.")]
    Separator(&'static str),
    /// The column names are not in the first row.
    #[error(
        "Über den Spaltennamen steht noch etwas, etwa ein Titel{}. Bitte löschen: Die Spaltennamen stehen in der ersten Zeile.",
        if *.line > 0 { format!(" (sie stehen erst in Zeile {line})") } else { String::new() }
    )]
    TitleLine {
        /// Line of the column names; 0 if it is not known.
        line: u64,
    },
    /// The heading has empty cells and lacks columns.
    #[error(
        "In der Kopfzeile sind Zellen leer, wohl weil sie verbunden waren (Spalte {places}), und es fehlen Spalten: {}. Bitte den Verbund \
         lösen und jeder Spalte in einer einzigen Kopfzeile ihren Namen geben.", .missing.join(", ")
    )]
    MergedHeading {
        /// Numbers of the empty cells.
        places: String,
        /// The missing columns.
        missing: Vec<&'static str>,
    },
    /// A column without a name has content.
    #[error(
        "Spalte {place} hat keinen Namen, aber Inhalt (zuerst in Zeile {line}). Bitte benennen oder löschen; war die Kopfzeile \
         verbunden, den Verbund lösen."
    )]
    UnnamedColumn {
        /// Number of the column.
        place: usize,
        /// The first line with content.
        line: u64,
    },
    /// A heading is nearly the name of a column.
    #[error(
        "Die Spalte „{written}“ heißt fast wie „{known}“. Bitte in „{known}“ umbenennen, wenn sie gemeint ist, sonst deutlich anders."
    )]
    NearColumn {
        /// The heading in the file.
        written: String,
        /// The known column.
        known: &'static str,
    },
    /// A heading is about a permission and is no known column.
    #[error(
        "Die Spalte „{written}“ betrifft eine Einwilligung oder Freigabe und ist unbekannt. Bitte umbenennen, etwa in „{known}“, wenn \
         sie das ist; gehört sie nicht dazu: --ignore-column \"{written}\"."
    )]
    AboutPermission {
        /// The heading in the file.
        written: String,
        /// A known column about a permission.
        known: &'static str,
    },
    /// A quoted cell contains the end of its row and the beginning of another one.
    #[error(
        "In der Zeile, die in Zeile {line} beginnt, reicht eine Zelle mit Anführungszeichen bis in die nächste Zeile der Liste. Beginnt \
         ein Text mit einem Anführungszeichen, muss es verdoppelt und die Zelle in Anführungszeichen sein: als CSV neu speichern."
    )]
    SwallowedRow {
        /// The line on which the row begins.
        line: u64,
    },
    /// A column that is not read has days, and the end of the consents is missing.
    #[error(
        "Die Spalte „{written}“ wird nicht gelesen und kann das Ende einer Einwilligung nennen (Zeile {line}); „{end}“ fehlt dort. Nennt „{written}“ das \
         Ende, bitte in „{end}“ umbenennen; gehört sie nicht dazu: --ignore-column \"{written}\"."
    )]
    UnreadDays {
        /// The heading in the file.
        written: String,
        /// The line of the first day.
        line: u64,
        /// The known column for the end.
        end: &'static str,
    },
    /// `--ignore-column` names no column that could be ignored.
    #[error("--ignore-column: {}", if *.is_read { format!("Die Spalte „{written}“ wird gelesen und kann nicht ausgelassen werden.") } else { format!("Die Liste hat keine Spalte „{written}“.") })]
    IgnoredColumn {
        /// The name.
        written: String,
        /// Whether an import reads this column.
        is_read: bool,
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

/// A file in the encoding with this name (such as `windows-1254`), as UTF-8 for the imports.
///
/// # Errors
/// [`ImportError::UnknownEncoding`]
pub fn recode(file: &[u8], encoding: &str) -> Result<Vec<u8>, ImportError> {
    sheet::recode(file, encoding)
}

/// Maximum number of lines in a note.
const MAX_LINES: usize = 20;

/// The report of a file before its rows are read: what is not read, and rows that are too short.
fn begun(sheet: &sheet::Sheet) -> Report {
    let short: Vec<String> = sheet.short_rows().take(MAX_LINES + 1).map(|line| line.to_string()).collect();
    let notes = match short.as_slice() {
        [] => Vec::new(),
        lines => {
            let more = if lines.len() > MAX_LINES { " und weitere" } else { "" };
            let lines = lines.iter().take(MAX_LINES).map(String::as_str).collect::<Vec<_>>().join(", ");
            vec![format!("weniger Zellen als die Kopfzeile, die fehlenden gelten als leer: Zeile {lines}{more}")]
        }
    };
    Report { rows: sheet.rows.len() as u64, unread_columns: sheet.unknown.clone(), notes, ..Report::default() }
}
