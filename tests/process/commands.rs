//! Commands other than `serve`: the files that they write, their exit codes and their error messages.

use crate::support::world::{self, World};

use super::*;

#[test]
fn the_exit_code_of_an_import_says_whether_rows_were_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    let header = "slug;name;kind;ags;legal_form;bound_by_203;data_protection_law;controller;association;district;\
                  baustein;internal_specialisation\n";
    let good = "jobcenter-koeln;Jobcenter Köln;JOBCENTER;05315000;PUBLIC;no;DSGVO;jobcenter-koeln;;;;\n";
    let wrong = "other-koeln;Anderes;CANARY;05315000;PUBLIC;no;DSGVO;other-koeln;;;;\n";
    let refused = folder.path().join("agencies.refused.csv");
    let import = |text: String, more: &[&str]| {
        std::fs::write(folder.path().join("agencies.csv"), text).expect("a file");
        run(folder.path(), &[&["import", "agencies", "agencies.csv"], more].concat())
    };

    let output = import([header, good, wrong].concat(), &["--dry-run", "--json"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!refused.exists(), "a dry run leaves nothing behind");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!((&report["rows"], &report["accepted"]), (&json!(2), &json!(1)));
    assert_eq!(report["refused"][0]["line"], 3);

    assert_eq!(import([header, good].concat(), &[]).status.code(), Some(0));
    assert_eq!(import([header, good, wrong].concat(), &[]).status.code(), Some(3));
    assert!(std::fs::read_to_string(&refused).expect("the refused rows").contains("CANARY"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&refused).expect("a file").permissions().mode() & 0o777, 0o600);
    }
    let renamed = [header, &good.replace("Jobcenter Köln", "Jobcenter")].concat();
    assert_eq!(import(renamed.clone(), &[]).status.code(), Some(3));
    let report: Value = serde_json::from_slice(&import(renamed.clone(), &["--update", "--dry-run", "--json"]).stdout)
        .expect("one object");
    assert_eq!(report["changes"], json!([{"line": 2, "column": "name", "old": "Jobcenter Köln", "new": "Jobcenter"}]));
    assert_eq!(import(renamed.clone(), &["--update"]).status.code(), Some(0));
    assert_eq!(import(renamed, &[]).status.code(), Some(0), "it is known now");
    assert_eq!(run(folder.path(), &["import", "cases", "agencies.csv", "--update"]).status.code(), Some(2));
    assert_eq!(import(String::new(), &[]).status.code(), Some(1));
    assert_eq!(run(folder.path(), &["import", "agencies", "nothing.csv"]).status.code(), Some(1));
}

#[test]
fn only_kim_migrate_creates_a_database() {
    let folder = with_agencies();
    let files = || {
        let names = folder.path().read_dir().expect("a folder").map(|file| file.expect("a file").file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    for arguments in [
        &["import", "agencies", "a.csv", "--dry-run"][..],
        &["import", "agencies", "a.csv"],
        &["import", "cases", "a.csv", "--dry-run"],
        &["migrate", "--down", "--yes-delete-all-data"],
    ] {
        let (code, words) =
            exit_code_and_stderr(&run(folder.path(), &[arguments, &["--database", "sqlite:mistyped.sqlite"]].concat()));
        assert_eq!(code, Some(1), "{arguments:?}: {words}");
        assert!(words.contains("mistyped.sqlite: there is no such database"), "{words}");
        assert!(words.contains("`kim migrate`"), "{words}");
        assert_eq!(files(), before, "{arguments:?}");
    }
    let served = configured("sqlite:mistyped.sqlite");
    let (code, words) = exit_code_and_stderr(&run(served.path(), &["serve"]));
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("there is no such database"), "{words}");
    assert!(!served.path().join("mistyped.sqlite").exists());
    assert_eq!(run(folder.path(), &["migrate", "--database", "sqlite:mistyped.sqlite"]).status.code(), Some(0));
    assert!(folder.path().join("mistyped.sqlite").exists());
}

/// A folder with a migrated database, and a file of agencies with a valid and an invalid row.
fn with_agencies() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    let text = "slug;name;kind;ags;legal_form;bound_by_203;data_protection_law;controller\n\
                a-koeln;A;JOBCENTER;05315000;PUBLIC;no;DSGVO;a-koeln\n\
                b-koeln;B;CANARY;05315000;PUBLIC;no;DSGVO;b-koeln\n";
    std::fs::write(folder.path().join("a.csv"), text).expect("a file");
    folder
}

/// Number of agencies in the database, counted by another import.
fn agencies_in(folder: &Path) -> Value {
    let output = run(folder, &["import", "agencies", "a.csv", "--dry-run", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
    let keys: Vec<&str> = report.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["accepted", "duplicates", "refused", "rows", "unchanged"]);
    report["unchanged"].clone()
}

#[test]
fn a_report_never_overwrites_the_list_or_another_file() {
    let folder = with_agencies();
    let list = std::fs::read(folder.path().join("a.csv")).expect("the list");
    std::fs::create_dir(folder.path().join("sub")).expect("a folder");
    std::fs::write(folder.path().join("letter.txt"), "dear").expect("a file");
    let mut places = vec![("a.csv", 2), ("./sub/../a.csv", 2), ("letter.txt", 1), ("nothing/r.csv", 1), ("sub", 1)];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("a.csv", folder.path().join("link.csv")).expect("a link");
        places.push(("link.csv", 2));
    }
    for (place, expected) in places {
        for more in [&[][..], &["--dry-run"]] {
            let arguments = [&["import", "agencies", "a.csv", "--report", place], more].concat();
            let (code, words) = exit_code_and_stderr(&run(folder.path(), &arguments));
            assert_eq!(code, Some(expected), "{place}: {words}");
            assert!(words.contains("--report nennt die Datei") || words.contains("nicht nach"), "{place}: {words}");
        }
    }
    assert_eq!(std::fs::read(folder.path().join("a.csv")).expect("the list"), list);
    assert_eq!(std::fs::read(folder.path().join("letter.txt")).expect("a file"), b"dear");
    assert_eq!(agencies_in(folder.path()), 0, "nothing went in");

    for _ in 0..2 {
        let output = run(folder.path(), &["import", "agencies", "a.csv", "--report", "r.csv"]);
        assert_eq!(output.status.code(), Some(3));
        assert!(std::fs::read_to_string(folder.path().join("r.csv")).expect("the report").contains("CANARY"));
    }
    assert_eq!(agencies_in(folder.path()), 1);

    // Without --report the rows are imported before the report's default file is found to exist. That file is kept.
    std::fs::write(folder.path().join("a.refused.csv"), "dear").expect("a file");
    let (code, words) = exit_code_and_stderr(&run(folder.path(), &["import", "agencies", "a.csv"]));
    assert_eq!(code, Some(3));
    assert!(words.contains("a.refused.csv") && words.contains("--report"), "{words}");
    assert_eq!(std::fs::read(folder.path().join("a.refused.csv")).expect("a file"), b"dear");
}

#[test]
fn refused_rows_go_to_where_the_command_was_started() {
    let (folder, other) = (with_agencies(), tempfile::tempdir().expect("someone else's folder"));
    let list = other.path().join("a.csv");
    std::fs::copy(folder.path().join("a.csv"), &list).expect("a copy");
    let files = || other.path().read_dir().expect("a folder").count();
    for more in [&[][..], &["--report", "r.csv"]] {
        let arguments = [&["import", "agencies", list.to_str().expect("a path")], more].concat();
        assert_eq!(run(folder.path(), &arguments).status.code(), Some(3));
        assert_eq!(files(), 1, "nothing is written beside the list");
    }
    for report in ["a.refused.csv", "r.csv"] {
        assert!(std::fs::read_to_string(folder.path().join(report)).expect("the report").contains("CANARY"));
    }
}

#[test]
fn a_file_in_another_encoding_is_refused_or_read_as_told() {
    let folder = with_agencies();
    let text = b"slug;name;kind;ags;legal_form;bound_by_203;data_protection_law;controller\n\
                 y-koeln;Beratung Y\xFDld\xFDz;TRAEGER;05315000;PRIVATE;yes;DSGVO;y-koeln\n";
    std::fs::write(folder.path().join("y.csv"), text).expect("a file");
    let import =
        |more: &[&str]| exit_code_and_stderr(&run(folder.path(), &[&["import", "agencies", "y.csv"], more].concat()));
    let (code, words) = import(&[]);
    assert_eq!(code, Some(1));
    assert!(words.contains("windows-1254") && words.contains("--encoding"), "{words}");
    let (code, words) = import(&["--encoding", "klingon"]);
    assert_eq!(code, Some(2));
    assert!(words.contains("klingon") && words.contains("windows-1254"), "{words}");
    assert_eq!(import(&["--encoding", "windows-1254"]).0, Some(0));
    std::fs::write(
        folder.path().join("a.csv"),
        "slug;name;kind;ags;legal_form;bound_by_203;data_protection_law;controller\n\
        y-koeln;Beratung Yıldız;TRAEGER;05315000;PRIVATE;yes;DSGVO;y-koeln\n",
    )
    .expect("a file");
    assert_eq!(agencies_in(folder.path()), 1, "the name is the right one");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error_and_no_panic() {
    let folder = with_agencies();
    for arguments in [&["schema"][..], &["disclosure"], &["token", "--agency", "jobcenter-koeln", "--role", "CLERK"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
        let output = kim(folder.path()).args(arguments).stdout(full).stderr(Stdio::piped()).spawn();
        let (code, words) = exit_code_and_stderr(&output.expect("kim runs").wait_with_output().expect("it ends"));
        assert_eq!(code, Some(1), "{words}");
        assert!(words.contains("standard output") && !words.contains("panicked"), "{words}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_an_error_and_no_panic() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full disk");
    let broken = || {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        writer
    };
    for (nth, more) in [&[][..], &["--json"], &["--dry-run"]].into_iter().enumerate() {
        for out in [Stdio::from(full()), Stdio::from(broken())] {
            let folder = with_agencies();
            let arguments = [&["import", "agencies", "a.csv"], more].concat();
            let output = kim(folder.path()).args(&arguments).stdout(out).stderr(Stdio::piped()).spawn();
            let output = output.expect("kim runs").wait_with_output().expect("it ends");
            let (code, words) = exit_code_and_stderr(&output);
            assert_eq!(code, Some(1), "{words}");
            assert!(words.contains("kann nicht ausgegeben werden") && !words.contains("panicked"), "{words}");
            let (rows, done) = if nth == 2 { (0, "nichts eingelesen") } else { (1, "1 Zeilen sind eingelesen") };
            assert!(words.contains(done), "{words}");
            assert_eq!(agencies_in(folder.path()), rows);
            assert_eq!(folder.path().join("a.refused.csv").exists(), nth != 2);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let migrate = kim(folder.path()).arg("migrate").stdout(full()).stderr(Stdio::piped()).spawn().expect("kim runs");
    let (code, words) = exit_code_and_stderr(&migrate.wait_with_output().expect("it ends"));
    assert_eq!(code, Some(1));
    assert!(words.contains("migrations were run") && !words.contains("panicked"), "{words}");
    // Notes about written files go to standard error. That they cannot be written changes nothing.
    let folder = with_agencies();
    let code = kim(folder.path())
        .args(["import", "agencies", "a.csv"])
        .stdout(Stdio::null())
        .stderr(full())
        .status()
        .expect("kim runs")
        .code();
    assert_eq!(code, Some(3));
}

#[test]
fn a_long_import_prints_its_progress() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    let mut text = "slug;name;kind;ags;legal_form;bound_by_203;data_protection_law;controller\n".to_owned();
    for number in 0..20_001 {
        text += &format!("t-{number};T;TRAEGER;05315000;PRIVATE;yes;DSGVO;t\n");
    }
    std::fs::write(folder.path().join("t.csv"), text).expect("a file");
    let (code, words) = exit_code_and_stderr(&run(folder.path(), &["import", "agencies", "t.csv"]));
    assert_eq!((code, words.as_str()), (Some(0), "10000 von 20001 Zeilen\n20000 von 20001 Zeilen\n"));
}

/// A new key would renew the fingerprints of everybody, and no server with the old one would find anybody.
#[test]
fn normalise_never_creates_the_fingerprint_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = ["--database", "sqlite:kim.sqlite"];
    assert_eq!(run(folder.path(), &[&["migrate"][..], &database].concat()).status.code(), Some(0));
    let key = folder.path().join("kim.sqlite.key");
    assert!(!key.exists());
    let normalise = || exit_code_and_stderr(&run(folder.path(), &[&["normalise"][..], &database].concat()));
    let (code, words) = normalise();
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("cannot read the fingerprint key") && words.contains("kim.sqlite.key"), "{words}");
    assert!(!key.exists());
    std::fs::write(&key, "0f".repeat(32)).expect("a key");
    assert_eq!(normalise().0, Some(0));
}

on_both! {
    async fn normalise_with_a_key_that_is_not_the_databases_changes_nothing_and_says_why(db: TestDatabase) {
        let main = db.database.raw();
        world::add_municipality(main, "05315000").await;
        let agency = world::add_agency(main, "05315000", "traeger", AgencyKind::Traeger).await;
        let mut clients = World::default();
        clients.add_client(1, agency, None);
        clients.write(main).await;
        let folder = configured(&db.url);
        let normalise = |more: &[&str]| run(folder.path(), &[&["normalise"][..], more].concat());
        assert_eq!(normalise(&[]).status.code(), Some(0));
        std::fs::write(folder.path().join("fingerprint.key"), "0f".repeat(32)).expect("another key");
        let (code, words) = exit_code_and_stderr(&normalise(&[]));
        assert_eq!(code, Some(1), "{words}");
        for part in ["the fingerprint key is not the one", "of 1 clients", "Nothing was changed", "--new-key"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert_eq!(normalise(&["--new-key"]).status.code(), Some(0));
        assert_eq!(normalise(&[]).status.code(), Some(0), "it is the key now");
    }
}

#[test]
fn all_data_is_deleted_only_with_an_explicit_flag() {
    let folder = with_agencies();
    assert_eq!(run(folder.path(), &["import", "agencies", "a.csv"]).status.code(), Some(3));
    let (code, words) = exit_code_and_stderr(&run(folder.path(), &["migrate", "--down"]));
    assert_eq!(code, Some(2));
    assert!(words.contains("--yes-delete-all-data") && words.contains("Nothing was done"), "{words}");
    assert_eq!(agencies_in(folder.path()), 1);
    assert_eq!(run(folder.path(), &["migrate", "--down", "--yes-delete-all-data"]).status.code(), Some(0));
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    assert_eq!(agencies_in(folder.path()), 0);
}

#[test]
fn an_agreement_is_exported_as_a_document() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    let import = |what: &str, text: &str| {
        std::fs::write(folder.path().join("list.csv"), text).expect("a file");
        assert_eq!(run(folder.path(), &["import", what, "list.csv"]).status.code(), Some(0));
    };
    import(
        "agencies",
        "slug;name;kind;ags;legal_form;bound_by_203;data_protection_law;controller\n\
         ki-koeln;Integrationszentrum;KOORDINATION;05315000;PUBLIC;no;DSGVO;stadt-koeln/ki\n\
         jobcenter-koeln;Jobcenter_Köln;JOBCENTER;05315000;PUBLIC;no;DSGVO;jobcenter-koeln\n\
         hilfe-koeln;Hilfe e. V.;TRAEGER;05315000;PRIVATE;yes;DSGVO;hilfe\n",
    );
    let header = "ags;receiver;purpose;version;valid_from;valid_until;respond_working_days;access_days;contact;\
                  legal_ground;fields;narrows_running\n";
    let line = |version: u32, fields: &str| {
        format!(
            "05315000;jobcenter-koeln;INTEGRATION_COURSE;{version};2026-01-02;;10;30;kurs@jc.example;Art. 6 | DSGVO;{fields};no\n"
        )
    };
    import("agreements", &[header, &line(1, "concern"), &line(2, "concern,familyName?,street")].concat());

    let export = |more: &[&str]| {
        let arguments = ["agreement", "export", "--receiver", "jobcenter-koeln", "--purpose", "INTEGRATION_COURSE"];
        run(folder.path(), &[&arguments, more].concat())
    };
    let output = export(&[]);
    assert_eq!(exit_code_and_stderr(&output), (Some(0), String::new()));
    let page = String::from_utf8(output.stdout).expect("a text");
    for line in [
        "# Schnittstellenvereinbarung: Integrationskurs",
        "Köln, Fassung 2",
        "- **Empfangende Stelle:** Jobcenter\\_Köln (Verantwortlicher: jobcenter-koeln)",
        "- **Übergebende Träger**, vertreten durch: Integrationszentrum (Verantwortlicher: stadt-koeln/ki)",
        "  - Hilfe e. V. (Verantwortlicher: hilfe)",
        "- **Rechtsgrundlage:** Art. 6 \\| DSGVO",
        "- **Gilt ab:** 02.01.2026",
        "- **Gilt bis:** unbefristet",
        "| Anliegen | Anliegen | ab dem Angebot | im Ganzen |",
        "| Familienname | Person | ab dem Angebot | einzeln angekreuzt |",
        "| Straße und Hausnummer | Kontakt | nach der Annahme | im Ganzen |",
    ] {
        assert!(page.lines().any(|has| has == line), "{line} is not in\n{page}");
    }
    let first = String::from_utf8(export(&["--version", "1"]).stdout).expect("a text");
    assert!(first.contains("Fassung 1") && !first.contains("Familienname"), "{first}");
    let (code, words) = exit_code_and_stderr(&export(&["--version", "3"]));
    assert_eq!(code, Some(1));
    assert!(words.contains("jobcenter-koeln") && words.contains("Fassung 3"), "{words}");
    let other = ["agreement", "export", "--receiver", "nobody", "--purpose", "INTEGRATION_COURSE"];
    assert_eq!(run(folder.path(), &other).status.code(), Some(1));
    let unknown = ["agreement", "export", "--receiver", "jobcenter-koeln", "--purpose", "NOTHING"];
    assert_eq!(run(folder.path(), &unknown).status.code(), Some(2));
}

#[test]
fn a_database_that_cannot_be_reached_is_told_apart_from_a_busy_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &["migrate", "--database", "postgres://kim:secret@127.0.0.1:1/kim"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("PostgreSQL cannot be reached") && text.contains("refused"), "{text}");
    assert!(!text.contains("secret") && !text.contains("pool timed out"), "{text}");
}
