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

    async fn rows_that_were_imported_with_the_first_hash_are_unchanged(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let first = imported(db, KOELN).await;
        // The first version wrote the hash without a version; without new values it is the same.
        let strip = "UPDATE \"case\" SET import_hash = substr(import_hash, 3) WHERE import_hash LIKE '2:%'";
        sea_orm::ConnectionTrait::execute_unprepared(db.raw(), strip).await.expect("older hashes");
        let second = imported(db, KOELN).await;
        assert_eq!((second.accepted, second.unchanged), (0, first.accepted));
        assert_eq!(second.refused, first.refused);
        let foreign = "UPDATE \"case\" SET import_hash = '9:' || import_hash";
        sea_orm::ConnectionTrait::execute_unprepared(db.raw(), foreign).await.expect("hashes of a later version");
        let third = imported(db, KOELN).await;
        assert_eq!((third.accepted, third.unchanged), (0, 0), "what is not understood is not the same");
    }

    async fn a_heading_that_is_misread_does_not_prolong_a_consent(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let expired: [&[(&str, &str)]; 1] = [&[("Einwilligung bis", "18.11.2026")]];
        for heading in ["Einwilligung\u{a0}bis", "Einwilligung  bis", "\"Einwilligung\nbis\"", "\"Ein-\r\nwilligung bis\"", "EINWILLIGUNG BIS"] {
            let file = list(&expired).replace(";Einwilligung bis;", &format!(";{heading};"));
            let report = imported(db, file.as_bytes()).await;
            assert_eq!((report.accepted + report.unchanged, &report.unread_columns), (1, &Vec::new()), "{heading}: {}", report.to_text());
            assert_eq!(referral_of(db, "T-1").await.status, Code(S::Suspended), "{heading}");
        }
        for heading in ["Einwilligung bs", "Einwilligung biss", "Einwilligung bsi", "Einwilligung bit", "Einwilligung bis?"] {
            let file = list(&expired).replace(";Einwilligung bis;", &format!(";{heading};"));
            let error = import(db, file.as_bytes(), &Options::default()).await.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(&format!("„{heading}“")) && error.contains("„Einwilligung bis“"), "{heading}: {error}");
        }
        let other = list(&[&[("Fallnummer", "T-2")]]).replace(";Einwilligung bis;", ";Gültigkeit;");
        let error = import(db, other.as_bytes(), &Options::default()).await.err().map(|error| error.to_string());
        assert!(error.is_some_and(|error| error.contains("--ignore-column \"Gültigkeit\"")), "days that are not read");
        let ignoring = Options { ignored_columns: vec!["Gültigkeit".to_owned()], ..Options::default() };
        let report = import(db, other.as_bytes(), &ignoring).await.expect("a report");
        assert_eq!(report.unread_columns, ["Gültigkeit"]);
        assert_eq!(serde_json::to_value(&report).expect("JSON")["unreadColumns"], serde_json::json!(["Gültigkeit"]));
        let consent_id = referral_of(db, "T-2").await.consent_id.expect("a consent");
        let consent = consent::Entity::find_by_id(consent_id).one(db.raw()).await.expect("an answer").expect("a consent");
        assert_eq!(consent.valid_until, NaiveDate::from_ymd_opt(2027, 10, 9), "twelve months, as in the program");
    }

    async fn a_row_that_ends_before_its_consent_is_refused_and_another_short_one_is_told(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let file = list(&[&[], &[("Fallnummer", "T-2")], &[("Fallnummer", "T-3")]]);
        let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
        lines[1] = lines[1].split(';').take(20).collect::<Vec<_>>().join(";");
        lines[2] = lines[2].split(';').take(24).collect::<Vec<_>>().join(";");
        let report = imported(db, lines.join("\n").as_bytes()).await;
        let refused: Vec<(u64, &str, RefusalCode)> =
            report.refused.iter().map(|refusal| (refusal.line, refusal.column.as_str(), refusal.code)).collect();
        assert_eq!(
            refused,
            [
                (2, "Einwilligung bis", RefusalCode::MissingRequired),
                (2, "Schweigepflichtentbindung vom", RefusalCode::MissingRequired),
                (2, "Zusätzlich eingewilligt", RefusalCode::MissingRequired),
            ]
        );
        assert_eq!(report.accepted, 2);
        assert!(report.notes.iter().any(|note| note.contains("Zeile 2, 3")), "{:?}", report.notes);
        // The end of an agreement narrows it as well.
        let cut = "ags;receiver;purpose;version;valid_from;respond_working_days;access_days;contact;legal_ground;fields;valid_until\n\
                   05315000;jobcenter-koeln;INTEGRATION_COURSE;9;01.01.2027;10;30;a@b.example;Einwilligung;concern\n";
        let report = agreements(db, &Clock::on(today()), cut.as_bytes(), &Options::default(), &mut |_, _| {}).await.expect("agreements");
        assert_eq!((report.accepted, report.refused[0].column.as_str()), (0, "valid_until"));
    }

    async fn a_district_of_a_city_without_a_list_is_told_and_one_of_its_list_is_checked(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let clock = Clock::on(today());
        let agency = "slug;name;kind;ags;legal_form;bound_by_203;data_protection_law;controller;district\n\
                      traeger-bonn;Träger Bonn;TRAEGER;05314000;PRIVATE;yes;DSGVO;traeger-bonn;1\n";
        let report = agencies(db, &clock, agency.as_bytes(), &Options::default(), &mut |_, _| {}).await.expect("agencies");
        assert_eq!((report.accepted, report.refused.len(), report.notes.len()), (1, 0, 1), "{}", report.to_text());
        let case = |number: &'static str, district: &'static str| {
            list(&[&[&[("Fallnummer", number), ("Träger", "traeger-bonn"), ("Stadtbezirk", district)][..], &NO_REFERRAL].concat()])
        };
        let report = imported(db, case("B-1", "Beuel").as_bytes()).await;
        assert_eq!((report.accepted, report.refused.len()), (1, 0), "{}", report.to_text());
        assert!(report.notes[0].contains("Zeile 2") && report.notes[0].contains("Bonn"), "{:?}", report.notes);
        assert_eq!(case_of(db, "B-1").await.district, None);

        let file = "ags;code;name;kind\n05314000;1;Bonn;STADTBEZIRK\n05314000;3;Beuel;STADTBEZIRK\n05999000;1;X;Y\n05314000;4;beuel;STADTBEZIRK\n\
                    05315000;8;Kalk;STADTBEZIRK\n05315000;9;Deutz;STADTBEZIRK\n05913000;1;Innenstadt-West;STADTBEZIRK\n";
        let add = async |options: &Options| districts(db, &clock, file.as_bytes(), options, &mut |_, _| {}).await.expect("districts");
        let dry = add(&Options { dry_run: true, ..Options::default() }).await;
        let report = add(&Options::default()).await;
        assert_eq!(report, dry);
        assert_eq!((report.accepted, report.unchanged), (3, 1), "{}", report.to_text());
        assert_eq!(codes(&report), [("CHANGED", vec![7]), ("UNKNOWN_CODE", vec![4, 5])].into());
        assert_eq!((add(&Options::default()).await.accepted, add(&Options::default()).await.unchanged), (0, 4));

        assert_eq!(imported(db, case("B-2", "Beuel").as_bytes()).await.accepted, 1);
        assert_eq!(case_of(db, "B-2").await.district.as_deref(), Some("3"));
        assert_eq!(codes(&imported(db, case("B-3", "Atlantis").as_bytes()).await), [("UNKNOWN_CODE", vec![2])].into());
    }
}
