//! Every migration runs up, down and up again on both databases, and the schema has its constraints.

use kim_migration::{LogMigrator, MainMigrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr};

use crate::support::database::{Backend, TestDatabase, empty, fresh};
use crate::support::on_both;

/// Names of tables, indexes and other objects, without those of the database system and the migrators.
async fn objects(db: &DatabaseConnection) -> Vec<String> {
    let query = if db.get_database_backend() == DbBackend::Sqlite {
        "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
    } else {
        "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    };
    let rows = db.query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(), query)).await;
    let name = |row: &sea_orm::QueryResult| row.try_get::<String>("", "name").expect("a name");
    let mut names: Vec<String> = rows.expect("a catalogue").iter().map(name).collect();
    names.retain(|name| !name.starts_with("kim_"));
    names.sort();
    names
}

async fn up_down_up(backend: Backend) {
    let db = empty(backend).await;
    let (main, log) = (db.database.raw(), db.database.raw_log());
    MainMigrator::up(main, None).await.expect("up");
    LogMigrator::up(log, None).await.expect("up");
    let first = (objects(main).await, objects(log).await);
    assert!(first.0.contains(&"referral_receiver_pending_due".to_owned()), "{first:?}");
    assert!(first.1.contains(&"disclosed".to_owned()), "{first:?}");

    LogMigrator::down(log, None).await.expect("down");
    MainMigrator::down(main, None).await.expect("down");
    assert_eq!((objects(main).await, objects(log).await), (vec![], vec![]), "nothing of ours is left");

    MainMigrator::up(main, None).await.expect("up again");
    LogMigrator::up(log, None).await.expect("up again");
    assert_eq!((objects(main).await, objects(log).await), first, "the second time gives what the first gave");
}

#[tokio::test]
async fn every_migration_runs_up_and_down_on_sqlite() {
    up_down_up(Backend::Sqlite).await;
}

#[tokio::test]
async fn every_migration_runs_up_and_down_on_postgres() {
    up_down_up(Backend::Postgres).await;
}

/// The ids of a page of fifty are neither compressed nor moved out of the row (TOAST).
#[tokio::test]
async fn a_row_of_the_log_is_neither_compressed_nor_moved_on_postgres() {
    let db = fresh(Backend::Postgres).await;
    run(
        &db,
        "INSERT INTO disclosure_log VALUES ('00000000-0000-7000-8000-000000000001', 0, 'r',
         '00000000-0000-7000-8000-000000000001', 'a', 'CLERK', 's', NULL, 'o', repeat('a', 2000), 0, false, 'CONSENT')",
    )
    .await
    .expect("a row");
    let text = "SELECT pg_column_size(referrals) >= 2000 FROM disclosure_log";
    let row = db.database.raw_log().query_one_raw(sea_orm::Statement::from_string(DbBackend::Postgres, text)).await;
    assert!(row.expect("the log").expect("a row").try_get_by_index::<bool>(0).expect("an answer"));
}

async fn run(db: &TestDatabase, statement: &str) -> Result<(), DbErr> {
    db.database.raw().execute_unprepared(statement).await.map(drop)
}

/// Writes an agency, an agreement and a case.
async fn seed(db: &TestDatabase) {
    for statement in [
        "INSERT INTO municipality VALUES ('05315000', 'Koeln')",
        "INSERT INTO agency (id, slug, name, kind, ags, legal_form, bound_by_203, data_protection_law,
         controller, enabled)
         VALUES ('00000000-0000-7000-8000-000000000001', 'a', 'A', 'TRAEGER', '05315000', 'PRIVATE', true,
         'DSGVO', 'a', true)",
        "INSERT INTO agreement VALUES ('00000000-0000-7000-8000-000000000001', '05315000',
         '00000000-0000-7000-8000-000000000001', 'CASE_MANAGEMENT', 1, '2026-01-01', NULL, 10, 30,
         '', '', 0, 0, 0, false, NULL, 0)",
        "INSERT INTO person (id, agency_id, created_at, updated_at)
         VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000001', 0, 0)",
        "INSERT INTO \"case\" (id, agency_id, person_id, case_number, phase, opened_on, created_at, updated_at)
         VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000001',
         '00000000-0000-7000-8000-000000000001', 'K-1', 'INTAKE', '2026-01-01', 0, 0)",
    ] {
        run(db, statement).await.expect(statement);
    }
}

/// Inserts a referral with this status and this value of `pending`.
async fn referral(db: &TestDatabase, id: u8, status: &str, ever_accepted: bool, pending: bool) -> Result<(), DbErr> {
    let one = "'00000000-0000-7000-8000-000000000001'";
    let statement = format!(
        "INSERT INTO referral (id, case_id, sender_id, receiver_id, purpose, kind, status, version, reference,
         agreement_id, offered_fields, ever_accepted, pending, offered_at, due_on, hops, created_at, updated_at)
         VALUES ('00000000-0000-7000-8000-0000000001{id:02x}', {one}, {one}, {one}, 'CASE_MANAGEMENT', 'REFERRAL',
         '{status}', 1, 'R-{id}', {one}, 0, {ever_accepted}, {pending}, 0, '9999-12-31', 0, 0, 0)"
    );
    run(db, &statement).await
}

on_both! {
    async fn a_second_run_of_the_migrations_changes_nothing(db: TestDatabase) {
        let before = objects(db.database.raw()).await;
        MainMigrator::up(db.database.raw(), None).await.expect("up");
        LogMigrator::up(db.database.raw_log(), None).await.expect("up");
        assert_eq!(objects(db.database.raw()).await, before);
        let pending = MainMigrator::get_pending_migrations_read_only(db.database.raw()).await.expect("a list");
        assert!(pending.is_empty());
    }

    async fn the_column_pending_cannot_contradict_the_status(db: TestDatabase) {
        use kim_domain::referral::ReferralStatus;
        seed(&db).await;
        let mut id = 0;
        for status in ReferralStatus::ALL {
            for ever_accepted in [false, true] {
                id += 1;
                let pending = status.is_pending(ever_accepted);
                let wrong = referral(&db, id, status.code(), ever_accepted, !pending).await;
                assert!(wrong.is_err(), "{status} {ever_accepted}");
                referral(&db, id, status.code(), ever_accepted, pending).await.expect("the rule's own answer");
            }
        }
    }

    async fn a_code_cannot_be_empty_and_a_field_set_cannot_be_negative(db: TestDatabase) {
        seed(&db).await;
        assert!(referral(&db, 1, "", false, false).await.is_err());
        assert!(run(&db, "UPDATE agency SET kind = ''").await.is_err());
        assert!(run(&db, "UPDATE agreement SET fields = -1").await.is_err());
        assert!(run(&db, "UPDATE agreement SET fields = 562949953421311").await.is_ok());
    }

    async fn a_referenced_row_cannot_be_deleted(db: TestDatabase) {
        seed(&db).await;
        assert!(run(&db, "DELETE FROM agency").await.is_err());
        assert!(run(&db, "DELETE FROM person").await.is_err());
    }
}
