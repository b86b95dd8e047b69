//! The report of an import: for the terminal, for programs, and as a file that can be sent back.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::cells::is_hidden;

kim_domain::words! {
    /// Why a cell was refused.
    pub enum RefusalCode("Grund einer Ablehnung beim Einlesen") {
        InvalidDate = "INVALID_DATE": "kein gültiges Datum",
        MissingRequired = "MISSING_REQUIRED": "Pflichtangabe fehlt",
        UnknownCode = "UNKNOWN_CODE": "unbekannte Angabe",
        UnknownAgency = "UNKNOWN_AGENCY": "unbekannte Stelle",
        DateInFuture = "DATE_IN_FUTURE": "Datum liegt in der Zukunft",
        NoAgreement = "NO_AGREEMENT": "keine Schnittstellenvereinbarung für diese Stelle, diesen Zweck und diesen Tag",
        Changed = "CHANGED": "schon mit anderem Inhalt bekannt; nicht geändert",
        ForeignAgency = "FOREIGN_AGENCY": "gehört zu einem anderen Träger",
    }
}

/// A refused cell. Its row was not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusedCell {
    /// Line on which the row begins. The header is line 1.
    pub line: u64,
    /// The column's name.
    pub column: String,
    /// Content of the cell.
    pub value: String,
    /// The reason.
    pub code: RefusalCode,
    /// Additional explanation in German.
    #[serde(skip)]
    pub hint: Option<String>,
}

impl RefusedCell {
    /// The reason, in German.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{} ({hint})", self.code.label()),
            None => self.code.label().to_owned(),
        }
    }
}

/// A changed value of a known row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangedCell {
    /// Line on which the row begins. The header is line 1.
    pub line: u64,
    /// The column's name.
    pub column: String,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
}

/// The result of an import, or of a dry run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Number of rows under the header that are not empty.
    pub rows: u64,
    /// Number of written rows.
    pub accepted: u64,
    /// Number of rows that were known with the same content.
    pub unchanged: u64,
    /// Number of known rows that were changed. Not part of the JSON if there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub updated: u64,
    /// What was changed in them. Not part of the JSON if there is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangedCell>,
    /// Refused cells, sorted by line.
    pub refused: Vec<RefusedCell>,
    /// Pairs of lines that may concern the same person.
    pub duplicates: Vec<(u64, u64)>,
    /// Number of cases in the municipality outside this file that may concern a person of this file. Not part of the
    /// JSON if there are none.
    #[serde(skip_serializing_if = "is_none")]
    pub duplicates_elsewhere: u64,
    /// Columns of the file that are not read. Not part of the JSON if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread_columns: Vec<String>,
    /// Notes about content that was not imported, in German.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// Columns of the file with refused cells.
const COLUMNS: [&str; 4] = ["Zeile", "Spalte", "Wert", "Grund"];

/// Start of every file with refused cells: a byte order mark and the columns. Identifies files that may be overwritten.
pub(crate) const FILE_START: &[u8] = b"\xEF\xBB\xBFZeile;Spalte;Wert;Grund\n";

/// Maximum number of notes in the text report. Refused cells are all listed.
const MAX_NOTES: usize = 20;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Report {
    /// Number of refused rows. A row can have several refused cells.
    #[must_use]
    pub fn refused_rows(&self) -> usize {
        self.refused.iter().map(|refusal| refusal.line).collect::<BTreeSet<_>>().len()
    }

    /// The report as text for the terminal, in German.
    #[must_use]
    pub fn to_text(&self) -> String {
        let updated = if self.updated > 0 { format!(" {} geändert,", self.updated) } else { String::new() };
        let mut text = format!(
            "{} Zeilen gelesen: {} übernommen,{updated} {} unverändert, {} abgelehnt.\n",
            self.rows,
            self.accepted,
            self.unchanged,
            self.refused_rows()
        );
        for change in &self.changes {
            let value = |value: &Option<String>| {
                value.as_deref().map_or_else(|| "leer".to_owned(), |value| format!("„{}“", printable(value)))
            };
            let (old, new) = (value(&change.old), value(&change.new));
            let _ = writeln!(text, "  Zeile {}, {}: {old} wird {new}", change.line, change.column);
        }
        for refusal in &self.refused {
            let (column, value) = (printable(&refusal.column), printable(&refusal.value));
            let value = if value.is_empty() { String::new() } else { format!(" „{value}“") };
            let _ = writeln!(text, "  Zeile {}, {column}{value}: {}", refusal.line, printable(&refusal.reason()));
        }
        if !self.duplicates.is_empty() {
            text.push_str("Vielleicht dieselbe Person (nicht zusammengeführt):\n");
            for (first, second) in &self.duplicates {
                let _ = writeln!(text, "  Zeilen {first} und {second}");
            }
        }
        if self.duplicates_elsewhere > 0 {
            let _ = writeln!(
                text,
                "Außerhalb dieser Datei gibt es {} Fälle, die dieselben Personen betreffen könnten.",
                self.duplicates_elsewhere
            );
        }
        if !self.unread_columns.is_empty() {
            let _ = writeln!(text, "Hinweis: nicht gelesene Spalten: {}", printable(&self.unread_columns.join(", ")));
        }
        for note in self.notes.iter().take(MAX_NOTES) {
            let _ = writeln!(text, "Hinweis: {}", printable(note));
        }
        if let Some(more @ 1..) = self.notes.len().checked_sub(MAX_NOTES) {
            let _ = writeln!(text, "… und {more} weitere Hinweise dieser Art.");
        }
        text
    }

    /// The refused cells as a file that can be sent back: UTF-8 with a byte order mark, separated by semicolons. It
    /// contains the line of each row and the refused cells, and no other data of the client.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(b"\xEF\xBB\xBF".to_vec());
        // Writing to a Vec never fails.
        let _ = writer.write_record(COLUMNS);
        for refusal in &self.refused {
            let cells = [refusal.line.to_string(), refusal.column.clone(), refusal.value.clone(), refusal.reason()];
            let _ = writer.write_record(cells.map(|cell| escape_formula(&cell)));
        }
        writer.into_inner().unwrap_or_default()
    }
}

/// Escapes a cell that a spreadsheet would interpret as a formula.
fn escape_formula(cell: &str) -> String {
    if cell.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
        || cell.starts_with(['\t', '\r', '\n'])
    {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// Removes characters that move the terminal's cursor or change the direction of text, and shortens long texts.
fn printable(text: &str) -> String {
    const MAX_LENGTH: usize = 120;
    let mut line: String =
        text.chars().take(MAX_LENGTH).map(|letter| if is_hidden(letter) { ' ' } else { letter }).collect();
    if text.chars().nth(MAX_LENGTH).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let refusal = RefusedCell {
            line: 50,
            column: "Geburtsdatum".into(),
            value: "31.02.2001".into(),
            code: RefusalCode::InvalidDate,
            hint: None,
        };
        let formula = RefusedCell {
            value: "=HYPERLINK(\"x\");\u{1b}[2J\u{202e}".into(),
            column: "Status".into(),
            code: RefusalCode::UnknownCode,
            hint: Some("offen, bestätigt …".into()),
            ..refusal.clone()
        };
        Report {
            rows: 3,
            accepted: 1,
            unchanged: 1,
            refused: vec![refusal, formula],
            duplicates: vec![(2, 3)],
            duplicates_elsewhere: 1,
            unread_columns: vec!["Alter".into()],
            notes: vec!["x".into(); 22],
            ..Report::default()
        }
    }

    #[test]
    fn programs_get_exactly_these_keys() {
        let mut expected = serde_json::json!({
            "rows": 3, "accepted": 1, "unchanged": 1,
            "refused": [
                {"line": 50, "column": "Geburtsdatum", "value": "31.02.2001", "code": "INVALID_DATE"},
                {"line": 50, "column": "Status", "value": "=HYPERLINK(\"x\");\u{1b}[2J\u{202e}", "code": "UNKNOWN_CODE"},
            ],
            "duplicates": [[2, 3]],
        });
        let nothing_elsewhere = Report { duplicates_elsewhere: 0, unread_columns: vec![], ..report() };
        assert_eq!(serde_json::to_value(nothing_elsewhere).expect("JSON"), expected);
        expected["duplicatesElsewhere"] = 1.into();
        expected["unreadColumns"] = serde_json::json!(["Alter"]);
        let plain = report();
        let changed = Report { updated: 1, changes: vec![changed_name()], ..report() };
        let with_changes = serde_json::to_value(changed).expect("JSON");
        assert_eq!(with_changes["updated"], 1);
        assert_eq!(
            with_changes["changes"],
            serde_json::json!([{"line": 2, "column": "name", "old": "A", "new": null}])
        );
        assert_eq!(serde_json::to_value(plain).expect("JSON"), expected);
    }

    fn changed_name() -> ChangedCell {
        ChangedCell { line: 2, column: "name".into(), old: Some("A".into()), new: None }
    }

    #[test]
    fn a_changed_row_is_listed_with_its_old_and_new_values() {
        let text = Report { updated: 1, changes: vec![changed_name()], ..report() }.to_text();
        assert!(
            text.starts_with("3 Zeilen gelesen: 1 übernommen, 1 geändert, 1 unverändert, 1 abgelehnt.\n"),
            "{text}"
        );
        assert!(text.contains("  Zeile 2, name: „A“ wird leer\n"), "{text}");
    }

    #[test]
    fn the_terminal_gets_german_text_without_control_characters() {
        let text = report().to_text();
        assert!(text.starts_with("3 Zeilen gelesen: 1 übernommen, 1 unverändert, 1 abgelehnt.\n"), "{text}");
        assert!(text.contains("Zeile 50, Geburtsdatum „31.02.2001“: kein gültiges Datum\n"), "{text}");
        assert!(text.contains("Zeilen 2 und 3"), "{text}");
        assert!(text.contains("Hinweis: nicht gelesene Spalten: Alter\n"), "{text}");
        assert_eq!(text.matches("Hinweis: x").count(), 20);
        assert!(text.ends_with("… und 2 weitere Hinweise dieser Art.\n"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }

    #[test]
    fn the_file_of_refused_rows_contains_only_failed_cells_and_no_formulas() {
        let file = String::from_utf8(report().to_csv()).expect("UTF-8");
        assert_eq!(
            file,
            "\u{feff}Zeile;Spalte;Wert;Grund\n50;Geburtsdatum;31.02.2001;kein gültiges Datum\n\
             50;Status;\"'=HYPERLINK(\"\"x\"\");\u{1b}[2J\u{202e}\";unbekannte Angabe (offen, bestätigt …)\n"
        );
        assert!(file.as_bytes().starts_with(FILE_START));
        for cell in ["=1", "+1", "-1", "@x", " =1", "\t=1", "＝1"] {
            assert!(escape_formula(cell).starts_with('\''), "{cell}");
        }
        assert_eq!(escape_formula("a=1"), "a=1");
    }
}
