//! Reading of files: separators, encodings, headings and lines.

use super::*;
use proptest::prelude::*;

const COLUMNS: &[Column] = &[required("Name"), required("Ort"), optional("Notiz")];

fn read(file: &[u8]) -> Vec<(u64, String, String)> {
    let sheet = Sheet::read(file, COLUMNS, &[]).expect("a sheet");
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
    let sheet = Sheet::read(b" ort ;X;NAME\nB;1;A", COLUMNS, &[]).expect("a sheet");
    assert_eq!(sheet.unknown, ["X"]);
    assert_eq!(sheet.cell(&sheet.rows[0], "Name"), "A");
    assert_eq!(sheet.cell(&sheet.rows[0], "Notiz"), "");
}

#[test]
fn a_quotation_mark_that_swallows_the_next_row_is_an_error() {
    const WIDE: &[Column] = &[required("Name"), optional("Notiz"), optional("Ort"), consent_end("Einwilligung bis")];
    let read = |rows: &str| Sheet::read(format!("Name;Notiz;Ort;Einwilligung bis\n{rows}\n").as_bytes(), WIDE, &[]);
    for rows in [
        "A;\"Chance NRW: offen;Köln;1.4.2026\nB;Monitor 24\";Köln;1.12.2026",
        "A;\"offen\nx;Köln;1.4.2026\nB;x\";Köln;1.12.2026",
    ] {
        assert!(matches!(read(rows), Err(ImportError::SwallowedRow { line: 2 })), "{rows}");
    }
    for rows in
        ["A;\"zwei\nZeilen; mit Semikolon\";Köln;", "A;\"a;b\nc;d\ne;f\";Köln;1.4.2026", "A;\"a;b;c\";Köln;1.4.2026"]
    {
        assert!(read(rows).is_ok(), "{rows}");
    }
}

#[test]
fn the_reason_of_a_wrong_first_line_is_named_beside_columns_of_consents() {
    let heading = "Name;Ort;Einwilligung vom;Einwilligung bis";
    const CONSENTS: &[Column] =
        &[required("Name"), required("Ort"), consent("Einwilligung vom"), consent_end("Einwilligung bis")];
    for (file, reason) in [
        (heading.replace(';', "\t"), "Tabulatoren"),
        (heading.replace(';', "|"), "senkrechten Strichen"),
        (format!("Einwilligungen und Fälle, Stand 1.1.2026\n{heading}"), "Spaltennamen"),
        (format!("Fallliste (Datenschutz beachten!);;;\n{heading}"), "Spaltennamen"),
        (format!("Person;;Einwilligung;\n{heading}"), "Spaltennamen"),
    ] {
        let error = Sheet::read(format!("{file}\nA;B;;\n").as_bytes(), CONSENTS, &[]);
        let error = error.map(|_| ()).expect_err("an error").to_string();
        assert!(error.contains(reason) && !error.contains("--ignore-column"), "{file}: {error}");
    }
}

#[test]
fn days_that_are_not_read_can_be_the_end_of_a_consent() {
    const CONSENTS: &[Column] = &[required("Name"), consent("Einwilligung vom"), consent_end("Einwilligung bis")];
    let read = |heading: &str, cell: &str, ignored: &[String]| {
        Sheet::read(format!("Name;{heading}\nA;{cell}\nB;\n").as_bytes(), CONSENTS, ignored)
    };
    for day in ["31.12.2026", "2026-12-31", "31/12/26", "bis 31.12.26", "31.12.2026?"] {
        for heading in ["Einwilligung vom;gültig bis", "gilt bis;Einwilligung vom", "Einwilligung vom;Ablauf"] {
            let cell = if heading.ends_with("vom") { format!("{day};1.1.2026") } else { format!("1.1.2026;{day}") };
            let error = read(heading, &cell, &[]).map(|_| ()).expect_err("an error");
            assert!(matches!(error, ImportError::UnreadDays { line: 2, .. }), "{heading} {cell}: {error}");
        }
        assert!(read("Einwilligung vom;Ablauf", &format!("1.1.2026;{day}"), &["ablauf".to_owned()]).is_ok());
    }
    assert!(
        read("Einwilligung vom;Ablauf;Einwilligung bis", "1.1.2026;1.2.2026;1.2.2026", &[]).is_ok(),
        "the end is there"
    );
    assert!(read("Ablauf", "1.2.2026", &[]).is_ok(), "no consents");
    assert!(read("Einwilligung vom;Hausnummer", "1.1.2026;5", &[]).is_ok(), "no days");
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
    let fails = |file: &[u8]| Sheet::read(file, COLUMNS, &[]).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(fails(b"").contains("leer"));
    assert!(fails(b"\xFF\xFEN\0a\0").contains("UTF-16"));
    for (low, high) in [(0, 1), (1, 0)] {
        let pairs = "Name;Ort\nM\u{fc}ller;K".encode_utf16().flat_map(|unit| {
            let bytes = unit.to_le_bytes();
            [bytes[low], bytes[high]]
        });
        assert!(fails(&pairs.collect::<Vec<u8>>()).contains("UTF-16"), "without a byte order mark");
    }
    assert!(fails(b"Name;Ort\nA\0;B").contains("(0)"));
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
    let sheet = Sheet::read(b"Name;Ort\nA;B;C\nA\nA;B;;\n", COLUMNS, &[]).expect("a sheet");
    let surplus: Vec<_> = sheet.rows.iter().map(|row| sheet.surplus(row)).collect();
    assert_eq!(surplus, [Some("C"), None, None]);
}

fn fails(file: &[u8]) -> String {
    Sheet::read(file, COLUMNS, &[]).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn a_first_line_with_the_separator_is_used_and_skipped() {
    for first in ["sep=;", "SEP=;", "\"sep=;\"", "sep=;;;"] {
        assert_eq!(read(format!("{first}\r\nName;Ort\r\nA,x;B\r\n").as_bytes()), [row(3, "A,x", "B")], "{first}");
    }
    assert_eq!(read(b"sep=,\nName,Ort\nA;x,B\n"), [row(3, "A;x", "B")]);
    assert_eq!(read(b"\xEF\xBB\xBFsep=\t\nName\tOrt\nA;x\tB\n"), [row(3, "A;x", "B")]);
    assert_eq!(read(b"sep=|\nName|Ort\nA|B"), [row(3, "A", "B")]);
    for first in ["sep=", "sep=x", "sep=;x"] {
        assert!(Sheet::read(format!("{first}\nName;Ort\nA;B\n").as_bytes(), COLUMNS, &[]).is_err(), "{first}");
    }
}

#[test]
fn what_stands_in_place_of_the_heading_is_named() {
    for (file, reason) in [
        ("Name\tOrt\nA\tB\n", "Tabulatoren"),
        ("Name\tOrte\tX\nA\tB\tC\n", "Tabulatoren"),
        ("Name|Ort\nA|B\n", "senkrechten Strichen"),
        ("Fallliste 2026\nName;Ort\nA;B\n", "Zeile 2"),
        ("Fallliste, Stand 2026;;\n\n;;\nName;Ort\nA;B\n", "Zeile 4"),
        ("Fallliste, Stand heute\nName;Ort\nA;B\n", "Titel"),
        ("Person;;Ort\nName;Vorname;\nA;B;C\n", "verbunden"),
        ("Person;;\nName;Ort;\nA;B\n", "Zeile 2"),
        ("Name;Ort;;\nA;B;;C\n", "Spalte 4"),
    ] {
        assert!(fails(file.as_bytes()).contains(reason), "{file}: {}", fails(file.as_bytes()));
    }
    assert_eq!(read(b"\n;;\nName;Ort;;\nA;B;;\n"), [row(4, "A", "B")], "empty rows and columns mean nothing");
}

#[test]
fn a_file_in_another_code_page_is_refused_by_its_name_or_read_as_told() {
    let list = "Name;Ort\nYıldız Şahin;Köln\n";
    let (file, _, _) = encoding_rs::WINDOWS_1254.encode(list);
    assert!(fails(&file).contains("windows-1254") && fails(&file).contains("--encoding"), "{}", fails(&file));
    assert_eq!(read(&recode(&file, "windows-1254").expect("a code page")), [row(2, "Yıldız Şahin", "Köln")]);
    let (file, _, _) = encoding_rs::WINDOWS_1250.encode("Name;Ort\nKovačić;Köln\n");
    assert!(fails(&file).contains("windows-1250"));
    assert_eq!(read(&recode(&file, "CP1250").expect("a code page")), [row(2, "Kovačić", "Köln")]);
    assert!(fails(b"Name;Ort\nM\x81ller;K\x94ln\n").contains("cp850"));
    assert!(matches!(recode(b"", "klingon"), Err(ImportError::UnknownEncoding(name)) if name == "klingon"));
    // A name that the code page does not have.
    assert!(fails(&recode(list.as_bytes(), "windows-1252").expect("a code page")).contains("Zeile 2"));
}

#[test]
fn damaged_text_is_refused_with_its_place() {
    for (cell, hint) in [("M\u{fffd}ller", "verloren"), ("MÃ¼ller", "doppelt"), ("YÄ±ldÄ±z", "doppelt")] {
        let error = fails(format!("Name;Ort\nA;B\n\n\"x\ny\";{cell}\n").as_bytes());
        assert!(error.contains("Zeile 4") && error.contains("„Ort“") && error.contains(hint), "{cell}: {error}");
        assert!(!error.contains(cell), "no content: {error}");
    }
    let error = fails("TrÃ¤ger;Name;Ort\nA;B;C\n".as_bytes());
    assert!(error.contains("Zeile 1") && error.contains("Spalte 1"), "{error}");
}

proptest! {
    #[test]
    fn reading_never_panics(file in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Sheet::read(&file, COLUMNS, &[]);
    }

    #[test]
    fn reading_what_looks_like_a_sheet_never_panics(body in "[\"\r\n;,a\u{fc}]{0,60}") {
        let _ = Sheet::read(format!("Name;Ort\n{body}").as_bytes(), COLUMNS, &[]);
    }
}
