//! Whole files: what is imported, what is refused, and what a second file changes.

use super::*;

on_both! {
    async fn the_import_of_koelns_list_equals_the_result_worked_out_by_hand(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let report = imported(db, KOELN).await;
        let expected: serde_json::Value =
            serde_json::from_str(include_str!("../data/cases_koeln.expected.json")).expect("JSON");

        assert_eq!(serde_json::json!(report.rows), expected["rows"]);
        assert_eq!(serde_json::json!(report.accepted), expected["accepted"]);
        let mut refused: BTreeMap<String, Vec<u64>> =
            serde_json::from_value(expected["refused"].clone()).expect("lines by code");
        refused.values_mut().for_each(|lines| lines.sort_unstable());
        assert_eq!(serde_json::json!(codes(&report)), serde_json::json!(refused), "{}", report.to_text());
        assert_eq!(serde_json::json!(report.duplicates), expected["duplicate_pairs"]);
        for line in expected["accepted_variants"].as_array().expect("lines") {
            assert!(report.refused.iter().all(|refusal| Some(refusal.line) != line.as_u64()));
        }
        assert_eq!(report.refused_rows() as u64 + report.accepted, report.rows);

        // Different spellings of a value are understood.
        for (number, field, value) in [
            ("K-2026-0253", HandoverField::Nationalities, r#"["SY"]"#),
            ("K-2026-0226", HandoverField::Nationalities, r#"["AF"]"#),
            ("K-2026-0084", HandoverField::Nationalities, r#"["SY"]"#),
            ("K-2026-0238", HandoverField::BirthDate, "2002-03-01"),
            ("K-2026-0039", HandoverField::BirthDate, "2003-07-09"),
            ("K-2026-0149", HandoverField::Aufenthaltstitel, "AUFENTHALTSERLAUBNIS_25_2"),
            ("K-2026-0006", HandoverField::Phone, "+49 221 5550 1234"),
        ] {
            let person_id = case_of(db, number).await.person_id;
            let persons = raw::persons(db.raw()).await.expect("persons");
            let person = persons.iter().find(|person| person.id == person_id).expect("a person");
            assert_eq!(person.values.get(field), Some(value), "{number}");
        }
    }

    async fn duisburgs_list_is_imported_without_refusals(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let report = imported(db, DUISBURG).await;
        assert_eq!((report.rows, report.accepted, report.refused.len()), (80, 80, 0), "{}", report.to_text());
        let [persons, cases, _, _, referrals, handovers, _] = counts(db).await;
        assert_eq!([persons, cases, referrals, handovers], [80, 80, 72, 72]);
    }

    async fn a_second_import_changes_nothing(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let first = imported(db, KOELN).await;
        let before = counts(db).await;
        let second = imported(db, KOELN).await;
        assert_eq!((second.accepted, second.unchanged), (0, first.accepted));
        assert_eq!(second.refused, first.refused);
        assert_eq!(second.duplicates, first.duplicates);
        assert_eq!(second.duplicates_elsewhere, 0);
        assert_eq!(counts(db).await, before);

        let again = agencies(db, &Clock::on(today()), AGENCIES, &Options::default(), &mut |_, _| {}).await.expect("agencies");
        assert_eq!((again.accepted, again.unchanged), (0, again.rows));
        let again = agreements(db, &Clock::on(today()), AGREEMENTS, &Options::default(), &mut |_, _| {}).await.expect("agreements");
        assert_eq!((again.accepted, again.unchanged), (0, again.rows));
    }

    async fn the_same_content_in_another_spelling_counts_as_unchanged(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        imported(db, list(&[&[]]).as_bytes()).await;
        let other = list(&[&[("Geburtsdatum", "1999-12-24"), ("Geschlecht", "männlich"), ("Aufenthaltstitel", "25 III")]]);
        let comma = other.replace(',', "").replace(';', ",");
        // Each character of these cells has the same code in Windows-1252 and in Unicode.
        let windows: Vec<u8> = other.replace('\n', "\r\n").chars().map(|c| u8::try_from(c).expect("a letter")).collect();
        let with_mark = format!("\u{feff}{other}").into_bytes();
        for file in [other.into_bytes(), comma.into_bytes(), windows, with_mark] {
            let report = imported(db, &file).await;
            assert_eq!((report.accepted, report.unchanged), (0, 1), "{}", report.to_text());
        }
    }

    async fn a_known_case_with_other_content_is_reported_and_not_written(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        imported(db, list(&[&[]]).as_bytes()).await;
        let report = imported(db, list(&[&[("Telefon", "0221 999999")]]).as_bytes()).await;
        assert_eq!((report.accepted, report.unchanged), (0, 0));
        assert_eq!(codes(&report), [("CHANGED", vec![2])].into());
        assert_eq!(handover_of(db, "T-1").await.values.get(HandoverField::Phone), Some("0221 5550"));
        let person = raw::persons(db.raw()).await.expect("persons").pop().expect("a person");
        assert_eq!(person.values.get(HandoverField::Phone), Some("0221 5550"));

        let changed = String::from_utf8_lossy(AGENCIES).replace("Jobcenter Köln;", "Jobcenter Neu;");
        let report = agencies(db, &Clock::on(today()), changed.as_bytes(), &Options::default(), &mut |_, _| {}).await.expect("agencies");
        assert_eq!((codes(&report), report.refused[0].column.as_str()), ([("CHANGED", vec![3])].into(), "name"));
        let changed = String::from_utf8_lossy(AGREEMENTS).replacen(";10;30;", ";11;30;", 1);
        let report = agreements(db, &Clock::on(today()), changed.as_bytes(), &Options::default(), &mut |_, _| {}).await;
        let report = report.expect("agreements");
        assert_eq!((codes(&report), report.refused[0].column.as_str()), ([("CHANGED", vec![2])].into(), "respond_working_days"));
    }

    async fn a_case_number_that_occurs_twice_in_a_file_is_one_case(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let report = imported(db, list(&[&[], &[], &[("Nachname", "Other")], &[("Träger", "traeger-porz")]]).as_bytes()).await;
        assert_eq!((report.accepted, report.unchanged), (2, 1), "{}", report.to_text());
        assert_eq!(codes(&report), [("CHANGED", vec![4])].into());
        assert_eq!(report.duplicates, [(2, 5)], "the same person at two Träger");
    }

    async fn an_import_for_one_traeger_reads_its_rows_and_counts_the_others(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let only = |slug: &str| Options { agency: Some(slug.to_owned()), ..Options::default() };
        let report = import(db, KOELN, &only("traeger-innenstadt")).await.expect("a report");
        let foreign = codes(&report).remove("FOREIGN_AGENCY").unwrap_or_default().len() as u64;
        assert_eq!((report.rows, foreign), (326, 289));
        assert_eq!(report.accepted + report.refused_rows() as u64, report.rows);
        assert_eq!(report.accepted, 36, "one of its 37 rows is wrong: {:?}", codes(&report));
        assert_eq!((report.duplicates.len(), report.duplicates_elsewhere), (0, 0));
        // Three rows of Kalk are about persons who are also clients of Innenstadt.
        let report = import(db, KOELN, &only("traeger-kalk")).await.expect("a report");
        assert_eq!((report.duplicates, report.duplicates_elsewhere), (vec![], 2));

        let unknown = import(db, KOELN, &only("traeger-bonn")).await;
        assert!(matches!(unknown, Err(ImportError::UnknownAgency(slug)) if slug == "traeger-bonn"));
        assert!(import(db, KOELN, &only("jobcenter-koeln")).await.is_err());
    }

    async fn a_dry_run_reports_the_same_and_writes_nothing(db: TestDatabase) {
        let db = &db.database;
        let dry = Options { dry_run: true, ..Options::default() };
        let report = agencies(db, &Clock::on(today()), AGENCIES, &dry, &mut |_, _| {}).await.expect("agencies");
        assert_eq!((report.accepted, agency::Entity::find().count(db.raw()).await.expect("a count")), (32, 0));
        prepare(db).await;
        let would = import(db, KOELN, &dry).await.expect("a report");
        assert_eq!(counts(db).await, [0; 7]);
        assert_eq!(would, imported(db, KOELN).await);
    }

    async fn a_failed_import_writes_nothing(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        for file in [&b""[..], b"PK\x03\x04", b"Fallnummer;Phase\n1;Intake\n"] {
            assert!(import(db, file, &Options::default()).await.is_err());
        }
        // If the second batch of a file fails, the first one is rolled back.
        let rows: Vec<Vec<(&str, String)>> = (0..900).map(|n| vec![("Fallnummer", format!("T-{n}"))]).collect();
        let rows: Vec<Vec<(&str, &str)>> =
            rows.iter().map(|row| row.iter().map(|(column, cell)| (*column, cell.as_str())).collect()).collect();
        let rows: Vec<&[(&str, &str)]> = rows.iter().map(Vec::as_slice).collect();
        let file = list(&rows);
        let trap = if db.backend() == sea_orm::DbBackend::Sqlite {
            "CREATE TRIGGER trap BEFORE INSERT ON \"case\" WHEN NEW.case_number = 'T-850' BEGIN SELECT RAISE(ABORT, 'trap'); END"
        } else {
            "ALTER TABLE \"case\" ADD CONSTRAINT trap CHECK (case_number <> 'T-850')"
        };
        sea_orm::ConnectionTrait::execute_unprepared(db.raw(), trap).await.expect("a trap");
        let error = import(db, file.as_bytes(), &Options::default()).await.expect_err("the trap");
        assert!(matches!(error, ImportError::Database(_)));
        assert!(!error.to_string().contains("T-850"), "{error}");
        assert_eq!(counts(db).await, [0; 7]);
    }

    async fn references_are_unique_and_progress_is_reported(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let mut told = Vec::new();
        let report = cases(db, &Clock::on(today()), &key(), KOELN, &Options::default(), &mut |done, of| told.push((done, of))).await;
        let report = report.expect("a case list");
        assert_eq!(told.first(), Some(&(0, report.accepted)));
        assert_eq!(told.last(), Some(&(report.accepted, report.accepted)));
        let references: std::collections::HashSet<String> =
            referral::Entity::find().all(db.raw()).await.expect("referrals").into_iter().map(|row| row.reference).collect();
        assert_eq!(references.len() as u64, referral::Entity::find().count(db.raw()).await.expect("a count"));
    }
}
