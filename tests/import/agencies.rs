//! Lists of agencies: what is known with other content is refused, or changed if the operator says so.

use kim_casework::import::ChangedCell;
use kim_entity::agency_change;

use super::*;

const UPDATE: Options = Options { agency: None, dry_run: false, ignored_columns: Vec::new(), update: true };

async fn read(db: &Database, file: &str, options: &Options) -> Report {
    agencies(db, &Clock::on(today()), file.as_bytes(), options, &mut |_, _| {}).await.expect("agencies")
}

async fn stored(db: &Database, slug: &str) -> agency::Model {
    let found = agency::Entity::find().filter(agency::Column::Slug.eq(slug)).one(db.raw()).await;
    found.expect("a database").expect("an agency")
}

async fn history(db: &Database) -> Vec<agency_change::Model> {
    agency_change::Entity::find().order_by_asc(agency_change::Column::Id).all(db.raw()).await.expect("a history")
}

/// A list with one agency and these cells.
fn list_with(cells: &[(&str, &str)]) -> String {
    let mut row = vec![
        ("slug", "jobcenter-koeln"),
        ("name", "Jobcenter"),
        ("kind", "JOBCENTER"),
        ("ags", "05315000"),
        ("legal_form", "PUBLIC"),
        ("bound_by_203", "nein"),
        ("data_protection_law", "DSGVO"),
        ("controller", "koeln/jobcenter"),
    ];
    for &(column, cell) in cells {
        match row.iter_mut().find(|(name, _)| *name == column) {
            Some(known) => known.1 = cell,
            None => row.push((column, cell)),
        }
    }
    let line = |cells: Vec<&str>| cells.join(";") + "\n";
    line(row.iter().map(|(name, _)| *name).collect()) + &line(row.iter().map(|(_, cell)| *cell).collect())
}

on_both! {
    async fn without_update_a_changed_agency_is_refused_and_both_ways_are_named(db: TestDatabase) {
        let db = &db.database;
        let with_phone = [("phone", "0221 5550"), ("posts", "2,5"), ("association", "Verband")];
        let report = read(db, &list_with(&with_phone), &Options::default()).await;
        assert_eq!((report.accepted, stored(db, "jobcenter-koeln").await.phone.as_deref()), (1, Some("0221 5550")));
        // A list without a column does not change its value.
        let report = read(db, &list_with(&[]), &Options::default()).await;
        assert_eq!((report.unchanged, report.refused.len()), (1, 0), "{}", report.to_text());
        let report = read(db, &list_with(&[("name", "Anders")]), &Options::default()).await;
        assert_eq!((codes(&report), report.refused[0].column.as_str()), ([("CHANGED", vec![2])].into(), "name"));
        assert!(report.to_text().contains("updateAgency") && report.to_text().contains("--update"), "{}", report.to_text());
        let report = read(db, &list_with(&[("legal_form", "PRIVATE")]), &Options::default()).await;
        assert!(!report.to_text().contains("updateAgency") && report.to_text().contains("--update"), "{}", report.to_text());
        assert_eq!((history(db).await, stored(db, "jobcenter-koeln").await.version), (vec![], 1));
    }

    async fn with_update_a_changed_agency_is_changed_with_its_history(db: TestDatabase) {
        let db = &db.database;
        read(db, &list_with(&[("phone", "0221 5550"), ("posts", "2,5")]), &Options::default()).await;
        let before = stored(db, "jobcenter-koeln").await;
        let file = list_with(&[("name", "Anders"), ("phone", ""), ("bound_by_203", "ja"), ("opening_hours", "\"Mo 8–12\nDi zu\"")]);
        let cell = |column: &str, old: Option<&str>, new: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            ChangedCell { line: 2, column: column.to_owned(), old: owned(old), new: owned(new) }
        };
        let expected = vec![
            cell("name", Some("Jobcenter"), Some("Anders")),
            cell("phone", Some("0221 5550"), None),
            cell("opening_hours", None, Some("Mo 8–12\nDi zu")),
            cell("bound_by_203", Some("nein"), Some("ja")),
        ];
        let dry = read(db, &file, &Options { dry_run: true, ..UPDATE }).await;
        assert_eq!((dry.updated, &dry.changes), (1, &expected));
        assert!(dry.to_text().contains("Zeile 2, name: „Jobcenter“ wird „Anders“"), "{}", dry.to_text());
        assert_eq!((history(db).await, stored(db, "jobcenter-koeln").await), (vec![], before.clone()));

        assert_eq!(read(db, &file, &UPDATE).await, dry);
        let now = stored(db, "jobcenter-koeln").await;
        assert_eq!((now.name.as_str(), now.phone.as_deref(), now.bound_by_203, now.version), ("Anders", None, true, 2));
        assert_eq!((now.id, now.posts, now.closings, now.enabled), (before.id, Some(250), before.closings, true));
        let written = history(db).await;
        assert!(written.iter().all(|row| row.agency_id == now.id && row.staff.is_none() && row.acting_for.is_none()));
        let values: Vec<_> = written.into_iter().map(|row| cell(row.field.0.column(), row.old_value.as_deref(), row.new_value.as_deref())).collect();
        assert_eq!(values, expected);
        let again = read(db, &file, &UPDATE).await;
        assert_eq!((again.unchanged, again.updated, history(db).await.len()), (1, 0, 4));
    }

    async fn what_identifies_an_agency_never_changes_and_wrong_values_are_refused(db: TestDatabase) {
        let db = &db.database;
        read(db, &list_with(&[]), &Options::default()).await;
        for (column, cell, hint) in [
            ("kind", "SOZIALAMT", "ändern sich nie"),
            ("ags", "05112000", "ändern sich nie"),
            ("name", "a\u{202e}b", "name"),
            ("postal_code", "5066", "keine Postleitzahl"),
            ("phone", "siehe Netz", "keine Telefonnummer"),
            ("email", "post", "keine E-Mail-Adresse"),
            ("district", "99", ""),
        ] {
            let report = read(db, &list_with(&[(column, cell)]), &UPDATE).await;
            assert_eq!((report.updated, report.refused.len()), (0, 1), "{column}: {}", report.to_text());
            assert_eq!(report.refused[0].column, column);
            assert!(report.refused[0].reason().contains(hint), "{}", report.to_text());
        }
        // Two rows of one agency contradict each other.
        let other = list_with(&[("name", "Anders")]);
        let twice = list_with(&[("name", "Eins")]) + other.lines().nth(1).expect("a row") + "\n";
        let report = read(db, &twice, &UPDATE).await;
        assert_eq!((report.updated, codes(&report)), (1, [("CHANGED", vec![3])].into()));
        assert_eq!(stored(db, "jobcenter-koeln").await.name, "Eins");
    }
}
