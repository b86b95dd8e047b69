//! Parses a spreadsheet export into rows of named cells.

mod code_page;
mod heading;
mod likeness;
mod unread_end;

use std::borrow::Cow;
use std::collections::HashMap;

use encoding_rs::{Encoding, WINDOWS_1252};
use kim_domain::damage::{Damage, damage};

use super::ImportError;

/// A column that an import knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) narrows: Narrows,
}

/// What would be lost with a column's cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Narrows {
    /// No limit of a permission.
    Nothing,
    /// A consent or another permission.
    Permission,
    /// The end of a consent, which lasts longer without it.
    End,
}

/// A required column.
pub(crate) const fn required(name: &'static str) -> Column {
    Column { name, required: true, narrows: Narrows::Nothing }
}

/// An optional column.
pub(crate) const fn optional(name: &'static str) -> Column {
    Column { name, required: false, narrows: Narrows::Nothing }
}

/// An optional column of a consent or another permission, whose cell must not be lost.
pub(crate) const fn consent(name: &'static str) -> Column {
    Column { name, required: false, narrows: Narrows::Permission }
}

/// An optional column with the end of a consent.
pub(crate) const fn consent_end(name: &'static str) -> Column {
    Column { name, required: false, narrows: Narrows::End }
}

/// The rows under a header.
#[derive(Debug)]
pub(crate) struct Sheet {
    columns: &'static [Column],
    places: HashMap<&'static str, usize>,
    width: usize,
    /// Rows that are not empty.
    pub(crate) rows: Vec<Row>,
    /// Unknown columns, which are not read.
    pub(crate) unknown: Vec<String>,
}

/// A row, and the line on which it begins. The first line of the file is line 1.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) line: u64,
    record: csv::StringRecord,
}

impl Row {
    fn is_filled(&self) -> bool {
        self.record.iter().any(|cell| !cell.trim().is_empty())
    }
}

impl Sheet {
    /// Reads UTF-8 with or without a byte order mark, or Windows-1252, separated by semicolons or commas, or as a first
    /// line `sep=` says. `ignored` are headings of columns that are not meant for the import.
    pub(crate) fn read(file: &[u8], columns: &'static [Column], ignored: &[String]) -> Result<Self, ImportError> {
        let text = kim_domain::value::nfc(&decode(file)?);
        if let Some(place) = text.find('\0') {
            return Err(ImportError::NotText { line: line_of(&text, place) });
        }
        let (start, named) = first_line(&text);
        let body = &text[start..];
        let separator = named.unwrap_or_else(|| separator(body));
        let mut records = Vec::new();
        let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
        for record in reader(body, separator).into_records() {
            // The text is valid UTF-8 and rows may have any length, so this cannot fail.
            let Ok(record) = record else { continue };
            let begin = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
            records.push(Row { line: lines.line_at(start.saturating_add(begin)), record });
        }
        if ends_in_quotes(lines.rest(), separator) {
            return Err(ImportError::OpenQuote { line: lines.line });
        }
        if damage(&text).is_some() {
            refuse_damaged(&records)?;
        }
        records.retain(Row::is_filled);
        let heading = heading::read(&records.first().ok_or(ImportError::Empty)?.record, columns, ignored)?;
        let missing = heading::missing(&heading, columns);
        // A title or another separator makes one long heading, which may look like any known one.
        let reason = if missing.is_empty() { None } else { heading::reason(body, &records, &heading, columns) };
        if let Some(reason) = reason {
            return Err(reason);
        }
        heading::refuse_doubtful(&heading, columns)?;
        if !missing.is_empty() {
            return Err(ImportError::MissingColumns(missing));
        }
        refuse_swallowed_rows(&records, separator)?;
        let header = records.remove(0);
        for &place in &heading.unnamed {
            let is_filled = |row: &&Row| row.record.get(place).is_some_and(|cell| !cell.trim().is_empty());
            if let Some(row) = records.iter().find(is_filled) {
                return Err(ImportError::UnnamedColumn { place: place + 1, line: row.line });
            }
        }
        unread_end::refuse(&heading, columns, &records)?;
        let heading::Heading { places, others, .. } = heading;
        let unknown = others.into_iter().map(|other| other.name).collect();
        Ok(Self { columns, places, width: header.record.len(), rows: records, unknown })
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

    /// Columns of a consent or another permission that the row does not reach.
    pub(crate) fn cut_off(&self, row: &Row) -> impl Iterator<Item = &'static str> {
        let length = row.record.len();
        let is_cut = move |name: &&str| self.places.get(name).is_some_and(|&place| place >= length);
        self.columns.iter().filter(|column| column.narrows != Narrows::Nothing).map(|column| column.name).filter(is_cut)
    }

    /// Lines of the rows that have fewer cells than the heading.
    pub(crate) fn short_rows(&self) -> impl Iterator<Item = u64> {
        self.rows.iter().filter(|row| row.record.len() < self.width).map(|row| row.line)
    }
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes())
}

/// Where the table begins, and the separator that a first line `sep=;` names. Spreadsheets write and obey it.
fn first_line(text: &str) -> (usize, Option<u8>) {
    let nothing = (0, None);
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text[..end].trim_start_matches('"');
    let Some(named) = line.get(..4).filter(|begin| begin.eq_ignore_ascii_case("sep=")).and(line.get(4..)) else {
        return nothing;
    };
    let Some(&separator) = named.as_bytes().first() else { return nothing };
    let is_sign = separator == b'\t' || (separator.is_ascii_punctuation() && separator != b'"');
    // A program that opened the file and saved it again has filled up the line.
    let is_alone = named.bytes().skip(1).all(|byte| byte == separator || byte == b'"' || byte == b' ');
    if !is_sign || !is_alone {
        return nothing;
    }
    let rest = &text[end..];
    let line_end = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
    (end + line_end, Some(separator))
}

/// Refuses a quoted cell that contains the end of its own row and the beginning of another: a text began with a quotation mark,
/// and the cells of the second row would count as the first one's.
fn refuse_swallowed_rows(rows: &[Row], separator: u8) -> Result<(), ImportError> {
    let width = rows.first().map_or(0, |heading| heading.record.len());
    let separators = |part: &str| part.bytes().filter(|byte| *byte == separator).count();
    for row in rows {
        for (place, cell) in row.record.iter().enumerate() {
            let lines: Vec<&str> = cell.lines().collect();
            let Some((last, [first, before @ ..])) = lines.split_last() else { continue };
            // Few cells behind or before it are not enough: a note may have a semicolon in each line.
            let needed = if place + 1 == width { width / 2 } else { place.min(3) };
            let is_rest = |line: &&str| separators(line) + place + 1 == width;
            if (is_rest(first) || before.iter().any(is_rest)) && separators(last) >= needed && separators(cell) >= 3 {
                return Err(ImportError::SwallowedRow { line: row.line });
            }
        }
    }
    Ok(())
}

/// Refuses damaged text, with the line and the column of the first cell.
fn refuse_damaged(rows: &[Row]) -> Result<(), ImportError> {
    for row in rows {
        for (place, cell) in row.record.iter().enumerate() {
            let Some(kind) = damage(cell) else { continue };
            let name = rows.first().and_then(|header| header.record.get(place)).map(heading::one_line);
            let is_shown = |name: &String| !name.is_empty() && name.len() < 100 && damage(name).is_none();
            let column = match name.filter(is_shown) {
                Some(name) => format!("„{name}“"),
                None => (place + 1).to_string(),
            };
            return Err(if kind == Damage::Twice {
                ImportError::EncodedTwice { line: row.line, column }
            } else {
                ImportError::LostLetters { line: row.line, column }
            });
        }
    }
    Ok(())
}

/// A file as UTF-8, read in the code page with this name.
pub(super) fn recode(file: &[u8], name: &str) -> Result<Vec<u8>, ImportError> {
    let unknown = || ImportError::UnknownEncoding(name.to_owned());
    let encoding = Encoding::for_label_no_replacement(name.trim().as_bytes()).ok_or_else(unknown)?;
    Ok(encoding.decode(file).0.into_owned().into_bytes())
}

fn decode(file: &[u8]) -> Result<Cow<'_, str>, ImportError> {
    if file.starts_with(b"PK\x03\x04") || file.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(ImportError::Workbook);
    }
    if file.starts_with(b"\xFF\xFE") || file.starts_with(b"\xFE\xFF") || is_two_byte_text(file) {
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
            if let Some(page) = code_page::other_than_western(file) {
                return Err(ImportError::CodePage { name: page.name(), is_readable: page.is_readable() });
            }
            Ok(WINDOWS_1252.decode_without_bom_handling(file).0)
        }
    }
}

/// Whether every other byte at the beginning is zero, as in UTF-16 without a byte order mark.
fn is_two_byte_text(file: &[u8]) -> bool {
    let pairs = || file.chunks_exact(2).take(64);
    let is_zero = |place: usize| pairs().filter(|pair| pair[place] == 0).count() * 4 > pairs().count() * 3;
    file.len() >= 8 && (is_zero(0) != is_zero(1))
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
mod tests;
