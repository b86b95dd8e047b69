//! What is read from a row, and what its hash tells.

use super::*;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::value::is_valid;
use proptest::prelude::*;

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");

fn read(file: &str) -> Vec<CaseRow> {
    let sheet = Sheet::read(file.as_bytes(), COLUMNS).expect("a sheet");
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

#[test]
fn every_value_that_is_read_is_in_its_stored_form() {
    let list = include_bytes!("../../../../src/demo/data/cases_koeln.csv");
    let sheet = Sheet::read(list, COLUMNS).expect("a sheet");
    for row in &sheet.rows {
        for (field, text) in CaseRow::read(&sheet, row, TODAY).values {
            assert!(is_valid(field.value_type(), &text), "line {}, {field:?}: {text}", row.line);
        }
    }
}

#[test]
fn what_people_write_for_nothing_is_nothing() {
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
fn the_hash_tells_content_and_not_spelling() {
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
        ("Erledigt am", "1.4.2026"),
        ("Einwilligung vom", "1.2.2026"),
        ("Einwilligung bis", "1.2.2027"),
        ("Schweigepflichtentbindung vom", "1.2.2026"),
        ("Zusätzlich eingewilligt", "Telefon"),
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
}

proptest! {
    #[test]
    fn reading_cells_never_panics(cells in proptest::collection::vec("[^\"]{0,30}", COLUMNS.len())) {
        let header: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
        let quoted: Vec<_> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('\0', ""))).collect();
        let _ = read(&format!("{}\n{}", header.join(";"), quoted.join(";")));
    }
}
