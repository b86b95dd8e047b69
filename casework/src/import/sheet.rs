//! Parses a spreadsheet export into rows of named cells.

use std::borrow::Cow;
use std::collections::HashMap;

use super::ImportError;

/// A column that an import knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
}

/// A required column.
pub(crate) const fn required(name: &'static str) -> Column {
    Column { name, required: true }
}

/// An optional column.
pub(crate) const fn optional(name: &'static str) -> Column {
    Column { name, required: false }
}

/// The rows under a header.
#[derive(Debug)]
pub(crate) struct Sheet {
    places: HashMap<&'static str, usize>,
    width: usize,
    /// Rows that are not empty.
    pub(crate) rows: Vec<Row>,
    /// Unknown columns, which are not read.
    pub(crate) unknown: Vec<String>,
}

/// A row, and the line on which it begins. The header is on line 1.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) line: u64,
    record: csv::StringRecord,
}

impl Sheet {
    /// Reads UTF-8 with or without a byte order mark, or Windows-1252, separated by semicolons or commas.
    pub(crate) fn read(file: &[u8], columns: &'static [Column]) -> Result<Self, ImportError> {
        let text = decode(file)?;
        if let Some(place) = text.find('\0') {
            return Err(ImportError::NotText { line: line_of(&text, place) });
        }
        let separator = separator(&text);
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut records = Vec::new();
        let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
        for record in reader.records() {
            // The text is valid UTF-8 and rows may have any length, so this cannot fail.
            let Ok(record) = record else { continue };
            let begin = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
            records.push(Row { line: lines.line_at(begin), record });
        }
        if ends_in_quotes(lines.rest(), separator) {
            return Err(ImportError::OpenQuote { line: lines.line });
        }
        let mut records = records.into_iter();
        let header = records.next().ok_or(ImportError::Empty)?;
        let (places, unknown) = places(&header.record, columns)?;
        let is_filled = |row: &Row| row.record.iter().any(|cell| !cell.trim().is_empty());
        Ok(Self { places, width: header.record.len(), rows: records.filter(is_filled).collect(), unknown })
    }

    /// The trimmed cell. Empty if the row or the file does not contain it.
    pub(crate) fn cell<'row>(&self, row: &'row Row, column: &str) -> &'row str {
        self.places.get(column).and_then(|&place| row.record.get(place)).unwrap_or_default().trim()
    }

    /// Whether the file has this column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.places.contains_key(column)
    }

    /// A cell beyond the last column. It means that a text contains an unquoted separator, so that later cells have
    /// moved.
    pub(crate) fn surplus<'row>(&self, row: &'row Row) -> Option<&'row str> {
        row.record.iter().skip(self.width).map(str::trim).find(|cell| !cell.is_empty())
    }
}

/// Index of each known column, and the names of the unknown ones.
type Places = (HashMap<&'static str, usize>, Vec<String>);

fn places(header: &csv::StringRecord, columns: &'static [Column]) -> Result<Places, ImportError> {
    let mut places = HashMap::new();
    let mut unknown = Vec::new();
    for (place, name) in header.iter().map(str::trim).enumerate() {
        match columns.iter().find(|column| column.name.to_lowercase() == name.to_lowercase()) {
            Some(column) => {
                if places.insert(column.name, place).is_some() {
                    return Err(ImportError::DoubleColumn(column.name));
                }
            }
            None if name.is_empty() => {}
            None => unknown.push(name.to_owned()),
        }
    }
    let missing: Vec<_> =
        columns.iter().filter(|column| column.required && !places.contains_key(column.name)).map(|c| c.name).collect();
    if missing.is_empty() { Ok((places, unknown)) } else { Err(ImportError::MissingColumns(missing)) }
}

fn decode(file: &[u8]) -> Result<Cow<'_, str>, ImportError> {
    if file.starts_with(b"PK\x03\x04") || file.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(ImportError::Workbook);
    }
    if file.starts_with(b"\xFF\xFE") || file.starts_with(b"\xFE\xFF") {
        return Err(ImportError::Utf16);
    }
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    match std::str::from_utf8(file) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(broken) => {
            // Text in Windows-1252 with letters beyond ASCII is almost never valid UTF-8.
            let (mut valid, mut invalid) = (0, 0);
            for chunk in file.utf8_chunks() {
                valid += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
                invalid += usize::from(!chunk.invalid().is_empty());
            }
            if valid > invalid {
                let line = file[..broken.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
                return Err(ImportError::BrokenUtf8 { line: line as u64 + 1 });
            }
            Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(file).0)
        }
    }
}

/// The separator that is more frequent in the header.
fn separator(text: &str) -> u8 {
    let mut quoted = false;
    let (mut semicolons, mut commas) = (0, 0);
    for letter in text.trim_start().chars() {
        match letter {
            '"' => quoted = !quoted,
            '\r' | '\n' if !quoted => break,
            ';' if !quoted => semicolons += 1,
            ',' if !quoted => commas += 1,
            _ => {}
        }
    }
    if commas > semicolons { b',' } else { b';' }
}

fn line_of(text: &str, place: usize) -> u64 {
    Lines { text: text.as_bytes(), at: 0, line: 1 }.line_at(place)
}

/// Counts lines up to the start of a record. The position of a record can be before the end of the previous line.
struct Lines<'text> {
    text: &'text [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn line_at(&mut self, begin: usize) -> u64 {
        while let Some(&byte) = self.text.get(self.at) {
            let is_end = byte == b'\n' || (byte == b'\r' && self.text.get(self.at + 1) != Some(&b'\n'));
            let is_between = byte == b'\n' || byte == b'\r';
            if self.at >= begin && !is_between {
                break;
            }
            self.line += u64::from(is_end);
            self.at += 1;
        }
        self.line
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }
}

/// Whether a record extends to the end of the file because of an unclosed quotation mark.
fn ends_in_quotes(record: &[u8], separator: u8) -> bool {
    let (mut quoted, mut begins) = (false, true);
    let mut bytes = record.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if quoted {
            if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
                quoted = false;
            }
        } else {
            quoted = begins && byte == b'"';
            begins = byte == separator || byte == b'\n' || byte == b'\r';
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COLUMNS: &[Column] = &[required("Name"), required("Ort"), optional("Notiz")];

    fn read(file: &[u8]) -> Vec<(u64, String, String)> {
        let sheet = Sheet::read(file, COLUMNS).expect("a sheet");
        let cell = |row: &Row, name| sheet.cell(row, name).to_owned();
        sheet.rows.iter().map(|row| (row.line, cell(row, "Name"), cell(row, "Ort"))).collect()
    }
    fn row(line: u64, name: &str, place: &str) -> (u64, String, String) {
        (line, name.to_owned(), place.to_owned())
    }

    #[test]
    fn the_separator_is_detected() {
        assert_eq!(read(b"Name;Ort\nA;B,C\n"), [row(2, "A", "B,C")]);
        assert_eq!(read(b"Name,Ort\nA,\"B,C;D\"\n"), [row(2, "A", "B,C;D")]);
        assert_eq!(read(b"\"Na,me\";Name;Ort\nx;A;B\n"), [row(2, "A", "B")]);
    }

    #[test]
    fn the_encoding_is_detected() {
        for file in [
            &b"Name;Ort\nM\xFCller;K\xF6ln\n"[..],
            "\u{feff}Name;Ort\nMüller;Köln\n".as_bytes(),
            "Name;Ort\nMüller;Köln".as_bytes(),
        ] {
            assert_eq!(read(file), [row(2, "Müller", "Köln")]);
        }
        assert_eq!(read(b"Name;Ort\n\x80;\x84x\x93\n"), [row(2, "€", "„x“")]);
    }

    #[test]
    fn columns_may_have_any_order_and_unknown_ones_are_reported() {
        let sheet = Sheet::read(b" ort ;X;NAME\nB;1;A", COLUMNS).expect("a sheet");
        assert_eq!(sheet.unknown, ["X"]);
        assert_eq!(sheet.cell(&sheet.rows[0], "Name"), "A");
        assert_eq!(sheet.cell(&sheet.rows[0], "Notiz"), "");
    }

    #[test]
    fn lines_are_counted_as_in_an_editor() {
        for end in ["\n", "\r\n", "\r"] {
            let file = format!("Name;Ort{end}A;B{end}{end};;{end}\"C{end}C\";D{end}E;F");
            let lines: Vec<u64> = read(file.as_bytes()).iter().map(|row| row.0).collect();
            assert_eq!(lines, [2, 5, 7], "{end:?}");
        }
    }

    #[test]
    fn an_unreadable_file_has_a_clear_error() {
        let fails = |file: &[u8]| Sheet::read(file, COLUMNS).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(fails(b"").contains("leer"));
        assert!(fails(b"\xFF\xFEN\0a\0").contains("UTF-16"));
        assert!(fails(b"PK\x03\x04xlsx").contains("CSV"));
        assert!(fails(b"Name;Notiz\nA;B").contains("Ort"));
        assert!(fails(b"Name;Ort;name\nA;B;C").contains("doppelt"));
        assert!(fails(b"Name;Ort\nA;B\0\n").contains("Zeile 2"));
        assert!(fails(b"Name;Ort\nA;B\nC;\"D\nE;F\n").contains("Zeile 3"));
        assert!(
            fails("Name;Ort\nÄ;Ö\nÜ;".as_bytes().iter().chain(b"\xFC\n").copied().collect::<Vec<_>>().as_slice())
                .contains("Zeile 3")
        );
    }

    #[test]
    fn a_quote_inside_a_cell_does_not_begin_a_quoted_cell() {
        assert_eq!(read(b"Name;Ort\nA 5\" B;C\n\"D \"\"x\"\"\";E\n"), [row(2, "A 5\" B", "C"), row(3, "D \"x\"", "E")]);
    }

    #[test]
    fn a_too_long_row_is_detected_and_a_short_row_is_accepted() {
        let sheet = Sheet::read(b"Name;Ort\nA;B;C\nA\nA;B;;\n", COLUMNS).expect("a sheet");
        let surplus: Vec<_> = sheet.rows.iter().map(|row| sheet.surplus(row)).collect();
        assert_eq!(surplus, [Some("C"), None, None]);
    }

    proptest! {
        #[test]
        fn reading_never_panics(file in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Sheet::read(&file, COLUMNS);
        }

        #[test]
        fn reading_what_looks_like_a_sheet_never_panics(body in "[\"\r\n;,a\u{fc}]{0,60}") {
            let _ = Sheet::read(format!("Name;Ort\n{body}").as_bytes(), COLUMNS);
        }
    }
}
