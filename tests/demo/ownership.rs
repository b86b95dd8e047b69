//! The demo never changes data that is not its own, or that another demo uses.

use std::process::{Command, Stdio};
use std::time::Duration;

use kim::demo::{self, Lock};
use kim::failure::Failure;
use kim_domain::agency::AgencyKind;
use kim_entity::database::Database;
use kim_entity::{agency, setting};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait,
    Statement,
};

use super::{filled, key, on};
use crate::support::database::{Backend, empty};
use crate::support::on_both;
use crate::support::server::add_agency;

on_both! {
    async fn the_demo_keeps_data_that_no_demo_created(db: TestDatabase) {
        add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
        for keep in [false, true] {
            let refused = demo::prepare(&db.database, &on("2026-11-20"), &key(), keep).await.expect_err("refused");
            let Failure::Usage(words) = refused else { panic!("{refused}") };
            assert!(words.contains("no demo made") && words.contains("bleiben unberührt"), "{words}");
        }
        assert_eq!(agency::Entity::find().count(db.database.raw()).await, Ok(1));
        assert_eq!(setting::Entity::find().count(db.database.raw()).await, Ok(0));
        let other = setting::ActiveModel { name: Set("demo".to_owned()), value: Set("no".to_owned()) };
        other.insert(db.database.raw()).await.expect("a setting");
        assert!(demo::prepare(&db.database, &on("2026-11-20"), &key(), false).await.is_err());
    }

    async fn the_demo_does_not_change_the_database_of_another_program(migrated: TestDatabase) {
        let is_server = migrated.database.backend() == DbBackend::Postgres;
        let backend = if is_server { Backend::Postgres } else { Backend::Sqlite };
        // The other names are names of our tables, at which the migrations would fail halfway.
        for table in ["kunden", "message", "agency", "setting"] {
            let db = empty(backend).await;
            let create = format!("CREATE TABLE {table} (name text); INSERT INTO {table} VALUES ('yes')");
            db.database.raw().execute_unprepared(&create).await.expect("a table");
            for keep in [false, true] {
                let refused = demo::prepare(&db.database, &on("2026-11-20"), &key(), keep).await.expect_err("refused");
                assert!(matches!(refused, Failure::Usage(_)), "{table}: {refused}");
            }
            assert_eq!(tables(&db.database).await, [table]);
        }
    }

    async fn a_used_demo_is_emptied_completely(db: TestDatabase) {
        let prepare = async || demo::prepare(&db.database, &on("2026-11-20"), &key(), false).await;
        prepare().await.expect("filled");
        let main = db.database.raw();
        for left in [
            "INSERT INTO feed (agency_id, last) SELECT id, 1 FROM agency LIMIT 1",
            "INSERT INTO person_fingerprint (person_id, kind, fingerprint) SELECT id, 'NAMES', '00' FROM person LIMIT 1",
        ] {
            main.execute_unprepared(left).await.expect(left);
        }
        prepare().await.expect("emptied and filled again");
        assert_eq!(kim_entity::feed::Entity::find().count(main).await, Ok(0));
        assert_eq!(kim_entity::person_fingerprint::Entity::find().count(main).await, Ok(0));
        assert_eq!(setting::Entity::find().count(main).await, Ok(1));
    }

    async fn a_database_error_is_not_mistaken_for_a_missing_table(db: TestDatabase) {
        let broken = "ALTER TABLE setting RENAME COLUMN value TO other";
        db.database.raw().execute_unprepared(broken).await.expect("changed");
        let refused = demo::prepare(&db.database, &on("2026-11-20"), &key(), false).await.expect_err("refused");
        assert!(matches!(refused, Failure::Failed(_)), "{refused}");
    }

    async fn a_second_demo_on_the_same_database_is_refused(db: TestDatabase) {
        filled(&db.database, &on("2026-11-20")).await;
        let before = agency::Entity::find().all(db.database.raw()).await.expect("agencies");
        let held = Lock::acquire(&db.url).await.expect("the lock");
        // In this process, and in another one on another port.
        assert!(matches!(Lock::acquire(&db.url).await, Err(Failure::Usage(_))));
        let (code, words) = exit_code_and_stderr(kim().args(["demo", "--listen", "127.0.0.1:0", "--database", &db.url]));
        assert_eq!(code, Some(2), "{words}");
        assert!(words.contains("runs on this database already") && words.contains("läuft schon eine Demo"), "{words}");
        assert_eq!(agency::Entity::find().all(db.database.raw()).await.expect("agencies"), before);
        drop(held);
        let again = async || {
            for _ in 0..100 {
                if let Ok(lock) = Lock::acquire(&db.url).await {
                    return Some(lock);
                }
                // PostgreSQL ends a session shortly after its connection is closed.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            None
        };
        assert!(again().await.is_some(), "the next one may start");
    }
}

/// The names of all tables, including those of the log's database.
async fn tables(database: &Database) -> Vec<String> {
    let mut names = Vec::new();
    let of = async |connection: &DatabaseConnection| -> Vec<String> {
        let backend = connection.get_database_backend();
        let sql = if backend == DbBackend::Postgres {
            "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'"
        } else {
            "SELECT name FROM sqlite_master"
        };
        let rows = connection.query_all_raw(Statement::from_string(backend, sql)).await.expect("rows");
        rows.iter().map(|row| row.try_get("", "name").expect("a name")).collect()
    };
    names.extend(of(database.raw()).await);
    if database.backend() == DbBackend::Sqlite {
        names.extend(of(database.raw_log()).await);
    }
    names
}

/// The command `kim`, without `KIM_*` variables of the environment.
fn kim() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kim"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KIM_")) {
        command.env_remove(name);
    }
    command
}

/// The exit code and the error output of a command that ends by itself.
fn exit_code_and_stderr(command: &mut Command) -> (Option<i32>, String) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("kim runs");
    for _ in 0..600 {
        if child.try_wait().expect("a child").is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // A command that does not end is killed and has no exit code.
    drop(child.kill());
    let output = child.wait_with_output().expect("ended");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn the_demo_does_not_change_a_byte_of_a_foreign_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("foreign.sqlite");
    let foreign = sea_orm::Database::connect(format!("sqlite://{}?mode=rwc", path.display())).await.expect("a file");
    foreign
        .execute_unprepared("CREATE TABLE kunden (name text); INSERT INTO kunden VALUES ('A')")
        .await
        .expect("a row");
    foreign.close().await.expect("closed");
    let before = std::fs::read(&path).expect("a file");
    for keep in [&[][..], &["--keep"]] {
        let url = format!("sqlite:{}", path.display());
        let (code, words) =
            exit_code_and_stderr(kim().args(["demo", "--listen", "127.0.0.1:0", "--database", &url]).args(keep));
        assert_eq!(code, Some(2), "{words}");
        assert!(words.contains("no demo made") && words.contains("bleiben unberührt"), "{words}");
    }
    assert_eq!(std::fs::read(&path).expect("a file"), before);
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").map(|file| file.expect("a file")).collect();
    assert_eq!(names.len(), 1, "no log, key or lock beside it: {names:?}");
}

#[tokio::test]
async fn a_file_that_is_not_a_database_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.txt");
    let text = "Das ist keine Datenbank. ".repeat(100);
    std::fs::write(&path, &text).expect("a file");
    let url = format!("sqlite:{}", path.display());
    let (code, words) = exit_code_and_stderr(kim().args(["demo", "--listen", "127.0.0.1:0", "--database", &url]));
    assert_eq!(code, Some(1), "{words}");
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), text);
}
