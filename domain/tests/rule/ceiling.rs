//! The ceiling: what each kind of agency may see at most.

use kim_domain::Word;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{Level, Stage, ceiling, known_to, level, matrix};
use kim_domain::field::{FieldSet, HandoverField as F};

const TABLE: &str = include_str!("../../data/disclosure.csv");

#[test]
fn the_ceiling_is_the_table() {
    let mut lines = TABLE.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(';').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
    assert_eq!(rows.len(), F::ALL.len());
    for (row, &field) in rows.iter().zip(F::ALL) {
        assert_eq!(row[0], field.name());
        assert_eq!(row[1], field.block().code());
        assert_eq!(row[2], field.label());
        assert_eq!(row[3] == "yes", field.is_art9(), "{}", row[0]);
        for (cell, name) in row.iter().zip(&header).skip(4).take(AgencyKind::ALL.len()) {
            let kind = AgencyKind::from_code(name).expect("a kind of agency");
            let expected = match *cell {
                "-" => Level::Never,
                "P" => Level::Preview,
                "A" => Level::Accepted,
                "C" => Level::Ticked,
                other => panic!("unknown level {other}"),
            };
            assert_eq!(level(kind, field), expected, "{} for {kind}", row[0]);
        }
        let written = row[header.len() - 1].replace("Text", "String");
        assert_eq!(written, field.value_type().graphql(), "{}", row[0]);
    }
    assert_eq!(header.len() - 5, AgencyKind::ALL.len());
}

#[test]
fn art_9_fields_are_never_given_or_must_be_ticked() {
    for &kind in AgencyKind::ALL {
        for field in F::ALL.iter().copied().filter(|field| field.is_art9()) {
            assert!(matches!(level(kind, field), Level::Never | Level::Ticked), "{} for {kind}", field.name());
        }
    }
}

#[test]
fn counselling_notes_never_leave_the_traeger() {
    for &kind in AgencyKind::ALL {
        assert!(!ceiling(kind, Stage::Full).contains(F::CounsellingNotes));
        assert!(!known_to(kind).contains(F::CounsellingNotes));
    }
}

#[test]
fn a_senders_schema_has_all_receivable_fields_and_a_receivers_only_its_own() {
    assert_eq!(known_to(AgencyKind::Traeger), FieldSet::ALL.without(FieldSet::of(&[F::CounsellingNotes])));
    assert_eq!(known_to(AgencyKind::Koordination), FieldSet::EMPTY);
    let knows = |field| known_to(AgencyKind::Jobcenter).contains(field);
    assert!(knows(F::InGermanySince) && knows(F::HouseholdMembers));
    assert!(!knows(F::RequestedProcedure) && !knows(F::TargetGroup) && !knows(F::BirthPlace));
}

#[test]
fn the_printed_matrix_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/disclosure.md");
    let printed = std::fs::read_to_string(path).expect("docs/disclosure.md");
    assert_eq!(printed, matrix(), "run `kim disclosure > docs/disclosure.md`");
    assert!(printed.contains("| `familyName` | Familienname |  | – | A | P | P | P | P | P | P | P | A | A |"));
}
