//! Parsing of rows, and the hash of a row's content.

mod refused;

use super::*;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::value::is_valid;
use proptest::prelude::*;

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");

fn read(file: &str) -> Vec<CaseRow> {
    let sheet = Sheet::read(file.as_bytes(), COLUMNS, &[]).expect("a sheet");
    sheet.rows.iter().map(|row| CaseRow::read(&sheet, row, TODAY)).collect()
}

fn with(cells: &[(&str, &str)]) -> CaseRow {
    let required = [
        ("Fallnummer", "T-1"),
        ("Träger", "t"),
        ("Nachname", "R"),
        ("Geburtsdatum", "1.1.2000"),
        ("Aufnahme am", "1.1.2026"),
        ("Phase", "Intake"),
    ];
    let all: BTreeMap<&str, &str> = required.into_iter().chain(cells.iter().copied()).collect();
    let line = |cells: Vec<&str>| cells.join(";");
    read(&format!("{}\n{}", line(all.keys().copied().collect()), line(all.values().copied().collect())))
        .pop()
        .expect("a row")
}

/// The columns that were refused, and with which code.
fn refused(row: &CaseRow) -> Vec<(&str, RefusalCode)> {
    row.refused.iter().map(|refusal| (refusal.column.as_str(), refusal.code)).collect()
}

#[test]
fn every_value_that_is_read_is_in_its_stored_form() {
    let list = include_bytes!("../../../../src/demo/data/cases_koeln.csv");
    let sheet = Sheet::read(list, COLUMNS, &[]).expect("a sheet");
    for row in &sheet.rows {
        for (field, text) in CaseRow::read(&sheet, row, TODAY).values {
            assert!(is_valid(field.value_type(), &text), "line {}, {field:?}: {text}", row.line);
        }
    }
}

#[test]
fn placeholders_for_an_empty_cell_count_as_empty() {
    let row = with(&[("Wohnsitzauflage", "nein"), ("Geschlecht", "-"), ("Kinder", "keine"), ("Telefon", "./.")]);
    assert!(row.refused.is_empty(), "{:?}", row.refused);
    assert_eq!(row.values.get(&F::Wohnsitzauflage), None);
    assert_eq!(row.values[&F::MinorChildInHousehold], "false");
    assert_eq!(row.values.get(&F::HouseholdMembers), None);
    assert_eq!(with(&[("Kinder", "2")]).values[&F::HouseholdMembers], r#"[{"relation":"CHILD"},{"relation":"CHILD"}]"#);
}

#[test]
fn several_words_of_a_list_are_several_values() {
    let row = with(&[("Staatsangehörigkeit", "syrisch, Türkei,SY"), ("Zielgruppe", "18-27, LSBTI")]);
    assert_eq!(row.values[&F::Nationalities], r#"["SY","TR"]"#);
    assert_eq!(row.values[&F::TargetGroup], r#"["JUNGE_ERWACHSENE","LSBTI"]"#);
    let row = with(&[("Staatsangehörigkeit", "Syrien, Atlantis, Jugoslavien")]);
    let refused: Vec<_> = row.refused.iter().map(|refusal| refusal.value.as_str()).collect();
    assert_eq!(refused, ["Atlantis", "Jugoslavien"]);
}

#[test]
fn the_hash_depends_on_content_and_not_on_spelling() {
    let key = FingerprintKey::new([7; 32]);
    let hash = |cells: &[(&str, &str)]| with(cells).hash(&key);
    assert_eq!(hash(&[("Geschlecht", "w")]), hash(&[("Geschlecht", " Weiblich")]));
    assert_ne!(hash(&[("Geschlecht", "w")]), hash(&[("Geschlecht", "m")]));
    let offered = [
        ("Übergabe an", "a"),
        ("Zweck", "Berufsberatung"),
        ("Übergeben am", "1.2.2026"),
        ("Frist", "1.3.2026"),
        ("Status", "offen"),
    ];
    let mut seen = std::collections::HashSet::from([hash(&[]), hash(&offered)]);
    for cell in [
        ("Übergabe an", "b"),
        ("Zweck", "Sozialhilfe"),
        ("Übergeben am", "2.2.2026"),
        ("Frist", "2.3.2026"),
        ("Status", "angenommen"),
        ("Status", "abgelehnt: sonstiges"),
        ("Status", "Rückfrage"),
        ("Status", "Rückfrage: nach Annahme"),
        ("Status", "ausgesetzt: offen"),
        ("Status", "ausgesetzt: bestätigt"),
        ("Einwilligung vom", "1.2.2026"),
        ("Schweigepflichtentbindung vom", "1.2.2026"),
        ("Zusätzlich eingewilligt", "Telefon"),
        ("Rückmeldung", "ja"),
        ("Notiz", "x"),
        ("Phase", "Linking"),
        ("Kinder", "0"),
        ("Stadtbezirk", "Kalk"),
        ("Aufnahme am", "2.1.2026"),
    ] {
        let row = with(&[&offered[..], &[cell]].concat());
        assert!(row.refused.is_empty(), "{:?}", row.refused);
        assert!(seen.insert(row.hash(&key)), "{cell:?} changes nothing");
    }
    let closed = |day| with(&[&offered[..], &[("Status", "erledigt"), ("Erledigt am", day)]].concat()).hash(&key);
    assert_ne!(closed("1.4.2026"), closed("2.4.2026"), "the end of the referral changes nothing");
    let ended = [("Einwilligung vom", "1.2.2026"), ("Einwilligung bis", "1.2.2027")];
    assert!(seen.insert(with(&[&offered[..], &ended].concat()).hash(&key)), "the end changes nothing");
}

/// A row with a value of every kind.
const FULL: [(&str, &str); 20] = [
    ("Stadtbezirk", "Kalk"),
    ("Vorname", "Reza"),
    ("Geschlecht", "m"),
    ("Staatsangehörigkeit", "Syrien, Türkei"),
    ("Aufenthaltstitel", "§ 25 Abs. 3 AufenthG"),
    ("In Deutschland seit", "1.2.2016"),
    ("Sprachniveau", "B1"),
    ("Kinder", "2"),
    ("Telefon", "0221 5550"),
    ("Wohnsitzauflage", "Köln"),
    ("Anliegen", "x"),
    ("Übergabe an", "a"),
    ("Zweck", "Einbürgerung"),
    ("Übergeben am", "1.2.2026"),
    ("Frist", "1.3.2026"),
    ("Status", "abgelehnt: sonstiges"),
    ("Einwilligung vom", "1.2.2026"),
    ("Einwilligung bis", "1.2.2027"),
    ("Schweigepflichtentbindung vom", "1.2.2026"),
    ("Zusätzlich eingewilligt", "Telefon"),
];

#[test]
fn the_first_version_of_the_hash_never_changes() {
    let key = FingerprintKey::new([7; 32]);
    assert_eq!(first_hash(&with(&[]), &key), "37eedeeff5ddfc4a9fc1e5ff4f35cca18cd83c707c09b89daf975ad4e38ae6b1");
    assert_eq!(first_hash(&with(&FULL), &key), "caa2d5101477ab657e59936b390265aa6a2dae0252548e93e7bad5e56a0583f1");
}

/// The first version's hash of a list with composed letters.
fn first_hash(row: &CaseRow, key: &FingerprintKey) -> String {
    row.first_hashes(key).next().expect("a hash")
}

#[test]
fn a_row_is_recognised_by_a_hash_of_each_version() {
    let key = FingerprintKey::new([7; 32]);
    let (composed, decomposed) = (with(&[("Ort", "K\u{f6}ln")]), with(&[("Ort", "Ko\u{308}ln")]));
    assert_eq!(composed.hash(&key), decomposed.hash(&key), "one normalisation");
    assert!(composed.hash(&key).starts_with("2:"));
    // The first version had none: each spelling had a hash of its own.
    let firsts: Vec<String> = composed.first_hashes(&key).collect();
    assert_ne!(firsts[0], firsts[1]);
    for row in [composed, decomposed] {
        let newest = row.hash(&key);
        assert!(row.has_hash(&key, &newest, &newest));
        assert!(firsts.iter().all(|first| row.has_hash(&key, first, &newest)));
        for other in ["", "2:", "3:00", &first_hash(&with(&[]), &key), &with(&[]).hash(&key)] {
            assert!(!row.has_hash(&key, other, &newest), "{other}");
        }
    }
    // A value whose form has changed since.
    let extension = with(&[("Telefon", "0221 5550-123")]);
    assert_eq!(extension.first_values[&F::Phone], "0221 5550 123");
}

#[test]
fn a_text_is_checked_like_one_that_is_entered_in_the_program() {
    for column in ["Anliegen", "Notiz"] {
        for text in [&"x".repeat(4_001), "a\u{202e}b", "a\u{feff}b", "a\u{1b}b"] {
            assert_eq!(refused(&with(&[(column, text)])), [(column, RefusalCode::UnknownCode)]);
        }
        assert_eq!(refused(&with(&[(column, &"x".repeat(4_000))])), []);
    }
    assert_eq!(refused(&with(&[("Nachname", "a\u{200b}b")])), [("Nachname", RefusalCode::UnknownCode)]);
}

#[test]
fn a_doubtful_answer_is_no_place() {
    for text in ["nein?", "(nein)", "keine?", "nein!"] {
        assert_eq!(
            refused(&with(&[("Wohnsitzauflage", text)])),
            [("Wohnsitzauflage", RefusalCode::UnknownCode)],
            "{text}"
        );
    }
    assert_eq!(with(&[("Wohnsitzauflage", "Köln")]).values[&F::Wohnsitzauflage], r#"{"place":"Köln"}"#);
}

#[test]
fn the_outcome_is_reported_only_if_the_list_allows_it() {
    let offered = [
        ("Übergabe an", "a"),
        ("Zweck", "Berufsberatung"),
        ("Übergeben am", "1.2.2026"),
        ("Frist", "1.3.2026"),
        ("Status", "offen"),
    ];
    let reports_outcome =
        |cells: &[(&str, &str)]| with(&[&offered[..], cells].concat()).referral.map(|referral| referral.report_outcome);
    assert_eq!(reports_outcome(&[]), Some(false));
    assert_eq!(reports_outcome(&[("Rückmeldung", "")]), Some(false));
    assert_eq!(reports_outcome(&[("Rückmeldung", "nein")]), Some(false));
    assert_eq!(reports_outcome(&[("Rückmeldung", "Ja")]), Some(true));
    let unclear = with(&[&offered[..], &[("Rückmeldung", "vielleicht")]].concat());
    assert_eq!(refused(&unclear), [("Rückmeldung", RefusalCode::UnknownCode)]);
    let key = FingerprintKey::new([7; 32]);
    let hash = |cells: &[(&str, &str)]| with(&[&offered[..], cells].concat()).hash(&key);
    assert_eq!(hash(&[]), hash(&[("Rückmeldung", "nein")]), "a list without the column is the same list");
}

proptest! {
    #[test]
    fn reading_cells_never_panics(cells in proptest::collection::vec("[^\"]{0,30}", COLUMNS.len())) {
        let header: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
        let quoted: Vec<_> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('\0', ""))).collect();
        let file = format!("{}\n{}", header.join(";"), quoted.join(";"));
        // A file with lost letters is refused as a whole.
        if let Ok(sheet) = Sheet::read(file.as_bytes(), COLUMNS, &[]) {
            for row in &sheet.rows {
                let _ = CaseRow::read(&sheet, row, TODAY);
            }
        }
    }
}

#[test]
fn a_name_is_a_name_and_a_telephone_number_is_one() {
    for column in ["Nachname", "Vorname"] {
        for text in ["Y?ld?z", "#NV", "=1+1", ".", "Ali2", "Ali\u{200b}", "Å\u{a0}afak"] {
            let row = with(&[(column, text)]);
            assert_eq!(refused(&row), [(column, RefusalCode::UnknownCode)], "{text}");
            assert!(row.refused[0].hint.as_deref().is_some_and(|hint| !hint.contains(text)), "{text}");
        }
        for text in ["Yıldız", "O’Neill", "Mu\u{308}ller", "Saʿīd", "محمد", "van der Berg"] {
            assert_eq!(refused(&with(&[(column, text)])), [], "{text}");
        }
    }
    for text in ["0221 5550123.0", "2215550123", "+0221 5550123", "App. 12"] {
        let row = with(&[("Telefon", text)]);
        assert_eq!(refused(&row), [("Telefon", RefusalCode::UnknownCode)], "{text}");
        assert!(row.refused[0].hint.as_deref().is_some_and(|hint| hint.contains("Vorwahl")), "{text}");
    }
    assert_eq!(with(&[("Telefon", "0221 5550123 App. 12")]).values[&F::Phone], "0221 5550123-12");
}

#[test]
fn composed_and_decomposed_letters_are_one_text() {
    use unicode_normalization::UnicodeNormalization as _;
    let key = FingerprintKey::new([1; 32]);
    let cells = [
        ("Fallnummer", "Ö-1"),
        ("Nachname", "Öztürk"),
        ("Straße", "Görresstraße 5"),
        ("Notiz", "Später"),
        ("Stadtbezirk", "Mülheim"),
    ];
    let file = |form: fn(&str) -> String| cells.map(|(column, text)| (column, form(text)));
    let read = |cells: &[(&str, String)]| {
        with(&cells.iter().map(|(column, text)| (*column, text.as_str())).collect::<Vec<_>>())
    };
    let (nfc, nfd) = (read(&file(|text| text.nfc().collect())), read(&file(|text| text.nfd().collect())));
    assert_eq!((&nfc.values, &nfc.case_number, &nfc.district), (&nfd.values, &nfd.case_number, &nfd.district));
    assert_eq!(nfc.hash(&key), nfd.hash(&key));
    // The heading of a column as well.
    let sheet =
        "Fallnummer;Tr\u{e4}ger;Nachname;Geburtsdatum;Aufnahme am;Phase;Stra\u{df}e\n".nfd().collect::<String>();
    assert!(Sheet::read(sheet.as_bytes(), COLUMNS, &[]).is_ok());
}
