//! Each fault of a row or an agreement is reported once.

use super::*;

on_both! {
    async fn every_independent_fault_is_reported_and_its_consequences_are_not(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let only_case = [&[("Fallnummer", "T-9")][..], &NO_REFERRAL].concat();
        let half = [&[("Fallnummer", "T-10"), ("Status", "offen")][..], &NO_REFERRAL].concat();
        let rows: [&[(&str, &str)]; 12] = [
            &[("Geburtsdatum", "31.02.2001"), ("Geschlecht", "q"), ("Übergabe an", "jobcentr"), ("Zweck", "Einbürgerung")],
            &[("Träger", "traeger-bonn"), ("Zweck", "Einbürgerung")],
            &[("Übergabe an", "jobcenter-duisburg")],
            &[("Übergeben am", "01.01.2023"), ("Einwilligung vom", "01.01.2023")],
            &[("Status", "erledigt")],
            &[("Frist", "")],
            &[("Übergeben am", "21.11.2026")],
            &[("Erledigt am", "01.10.2026"), ("Status", "erledigt")],
            &[("Fallnummer", "12345BG0123456"), ("Stadtbezirk", "Hamborn"), ("Notiz", "siehe 123D123456"), ("Zusätzlich eingewilligt", "Schuhgröße, Telefon")],
            &only_case,
            &half,
            &[("Fallnummer", "T-11"), ("Träger", "traeger-stadtweit-1"), ("Stadtbezirk", "9")],
        ];
        let report = imported(db, list(&rows).as_bytes()).await;
        let refused: Vec<(u64, &str, RefusalCode)> =
            report.refused.iter().map(|refusal| (refusal.line, refusal.column.as_str(), refusal.code)).collect();
        assert_eq!(
            refused,
            [
                (2, "Geburtsdatum", RefusalCode::InvalidDate),
                (2, "Geschlecht", RefusalCode::UnknownCode),
                (2, "Übergabe an", RefusalCode::UnknownAgency),
                (3, "Träger", RefusalCode::UnknownAgency),
                (4, "Zweck", RefusalCode::NoAgreement),
                (5, "Zweck", RefusalCode::NoAgreement),
                (6, "Erledigt am", RefusalCode::MissingRequired),
                (7, "Frist", RefusalCode::MissingRequired),
                (8, "Übergeben am", RefusalCode::DateInFuture),
                (9, "Erledigt am", RefusalCode::InvalidDate),
                (10, "Fallnummer", RefusalCode::UnknownCode),
                (10, "Notiz", RefusalCode::UnknownCode),
                (10, "Zusätzlich eingewilligt", RefusalCode::UnknownCode),
                (10, "Stadtbezirk", RefusalCode::UnknownCode),
                (12, "Übergabe an", RefusalCode::MissingRequired),
            ],
            "{}",
            report.to_text()
        );
        assert_eq!(report.accepted, 2);
        assert_eq!(referral::Entity::find().count(db.raw()).await.expect("a count"), 1);
    }

    async fn a_refused_cell_is_reported_as_it_is_written_in_the_file(db: TestDatabase) {
        let db = &db.database;
        prepare(db).await;
        let known = [&[("Fallnummer", "T  1")][..], &NO_REFERRAL].concat();
        assert_eq!(imported(db, list(&[&known]).as_bytes()).await.accepted, 1);
        let changed = [&[("Fallnummer", "T  1"), ("Vorname", "Rosa")][..], &NO_REFERRAL].concat();
        let rows: [&[(&str, &str)]; 5] = [
            &[("Träger", "Traeger-Bonn")],
            &[("Übergabe an", "JobCenter-Bonn")],
            &[("Zweck", "naturalisation")],
            &[("Stadtbezirk", "Alt  Hamborn")],
            &changed,
        ];
        let list = list(&rows);
        let cell = |line, column: &str, value: &str, code| (line, column.to_owned(), value.to_owned(), code);
        let told = |report: &Report| -> Vec<_> {
            report.refused.iter().map(|refusal| cell(refusal.line, &refusal.column, &refusal.value, refusal.code)).collect()
        };
        let report = imported(db, list.as_bytes()).await;
        assert_eq!(
            told(&report),
            [
                cell(2, "Träger", "Traeger-Bonn", RefusalCode::UnknownAgency),
                cell(3, "Übergabe an", "JobCenter-Bonn", RefusalCode::UnknownAgency),
                cell(4, "Zweck", "naturalisation", RefusalCode::NoAgreement),
                cell(5, "Stadtbezirk", "Alt  Hamborn", RefusalCode::UnknownCode),
                cell(6, "Fallnummer", "T  1", RefusalCode::Changed),
            ],
            "{}",
            report.to_text()
        );
        // The report that is sent back also has the cells as written.
        let file = String::from_utf8(report.to_csv()).expect("UTF-8");
        for row in ["2;Träger;Traeger-Bonn;", "3;Übergabe an;JobCenter-Bonn;", "4;Zweck;naturalisation;"] {
            assert!(file.contains(row), "{row} in {file}");
        }
        let one = Options { agency: Some("traeger-muelheim".to_owned()), ..Options::default() };
        let report = import(db, list.as_bytes(), &one).await.expect("a case list");
        assert_eq!(told(&report)[0], cell(2, "Träger", "Traeger-Bonn", RefusalCode::ForeignAgency));
    }

    async fn an_imported_agreement_cannot_exceed_the_ceiling(db: TestDatabase) {
        let db = &db.database;
        agencies(db, &Clock::on(today()), AGENCIES, &Options::default(), &mut |_, _| {}).await.expect("agencies");
        let head = "ags;receiver;purpose;version;valid_from;valid_until;respond_working_days;access_days;contact;legal_ground;fields";
        let row = |receiver: &str, purpose: &str, fields: &str| {
            format!("05315000;{receiver};{purpose};1;01.01.2026;;10;30;a@b.example;Einwilligung;\"{fields}\"")
        };
        let file = [
            head.to_owned(),
            row("jobcenter-koeln", "INTEGRATION_COURSE", "concern,requestedProcedure"),
            row("jobcenter-koeln", "BENEFIT_APPLICATION", "concern,schoolDegree,shoeSize,counsellingNotes?"),
            row("jobcenter-koeln", "NATURALISATION", "concern"),
            row("jobcenter-duisburg", "INTEGRATION_COURSE", "concern"),
            row("ki-koeln", "INTEGRATION_COURSE", "concern"),
            row("ebh-koeln", "NATURALISATION", "concern,schoolDegree?"),
        ];
        let clock = Clock::on(today());
        let report = agreements(db, &clock, file.join("\n").as_bytes(), &Options::default(), &mut |_, _| {}).await;
        let report = report.expect("agreements");
        let refused: Vec<(u64, &str, &str)> =
            report.refused.iter().map(|refusal| (refusal.line, refusal.column.as_str(), refusal.value.as_str())).collect();
        assert_eq!(
            refused,
            [
                (2, "fields", "requestedProcedure"),
                (3, "fields", "schoolDegree"),
                (3, "fields", "shoeSize"),
                (3, "fields", "counsellingNotes?"),
                (4, "purpose", "NATURALISATION"),
                (5, "receiver", "jobcenter-duisburg"),
                (6, "receiver", "ki-koeln"),
            ]
        );
        assert_eq!(report.accepted, 1);
        let stored = agreement::Entity::find().one(db.raw()).await.expect("an answer").expect("an agreement");
        assert_eq!(FieldSet::from_i64(stored.ticked_only), FieldSet::of(&[HandoverField::SchoolDegree]));
    }
}
