//! Lists and lookups use the index that was made for them.
//!
//! PostgreSQL plans with statistics, so its tables get enough rows. SQLite plans without rows.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::database::{Backend, TestDatabase, fresh};

const RECEIVER: &str = "'00000000-0000-7000-8000-000000000003'";

/// Writes 20 agencies and 20,000 referrals between them, of which 40 % are pending, with a handover each.
async fn fill(db: &TestDatabase) {
    let uuid = |of: &str| format!("('00000000-0000-7000-8000-' || lpad(to_hex({of}), 12, '0'))::uuid");
    let statements = [
        "INSERT INTO municipality VALUES ('05315000', 'Koeln')".to_owned(),
        format!(
            "INSERT INTO agency (id, slug, name, kind, ags, legal_form, bound_by_203, data_protection_law,
             controller, enabled)
             SELECT {}, 'agency-' || i, 'A', 'JOBCENTER', '05315000', 'PUBLIC', false, 'DSGVO', 'c', true
             FROM generate_series(0, 19) i",
            uuid("i")
        ),
        format!(
            "INSERT INTO agreement VALUES ({0}, '05315000', {0}, 'BENEFIT_APPLICATION', 1, '2026-01-01', NULL, 10, 30,
             '', '', 0, 0, 0, false, NULL, 0)",
            uuid("0")
        ),
        format!("INSERT INTO person (id, agency_id, created_at, updated_at) VALUES ({0}, {0}, 0, 0)", uuid("0")),
        format!(
            "INSERT INTO \"case\" (id, agency_id, person_id, case_number, phase, opened_on, created_at, updated_at)
             SELECT {}, {}, {}, 'K-' || i, 'INTAKE', date '2025-01-01' + i % 700, 0, 0
             FROM generate_series(0, 19999) i",
            uuid("i"),
            uuid("i % 20"),
            uuid("0")
        ),
        format!(
            "INSERT INTO referral (id, case_id, sender_id, receiver_id, purpose, kind, status, version, reference,
             agreement_id, offered_fields, ever_accepted, pending, offered_at, due_on, hops, created_at, updated_at)
             SELECT {0}, {0}, {1}, {2}, 'BENEFIT_APPLICATION', 'REFERRAL',
             CASE WHEN i / 400 % 10 < 4 THEN 'OFFERED' ELSE 'COMPLETED' END, 1, 'R-' || i, {3}, 0, false,
             i / 400 % 10 < 4,
             1700000000000000 + (i * 7919 % 20000) * 1000000::bigint, date '2025-01-01' + i * 7919 % 700, 0, 0, 0
             FROM generate_series(0, 19999) i",
            uuid("i"),
            uuid("i % 20"),
            uuid("i / 20 % 20"),
            uuid("0")
        ),
        "INSERT INTO handover (referral_id, client_fingerprint) SELECT id, 'fingerprint of ' || id
         FROM referral"
            .to_owned(),
        "INSERT INTO handover_name_part SELECT referral_id, 'part of ' || client_fingerprint FROM handover".to_owned(),
        "INSERT INTO person_name_part SELECT p.id, 'part of ' || h.client_fingerprint FROM handover h, person p"
            .to_owned(),
        format!(
            "INSERT INTO message SELECT {}, id, offered_at, sender_id, NULL, 'x' FROM referral, generate_series(1, 3)",
            "gen_random_uuid()"
        ),
        format!(
            "INSERT INTO referral_event SELECT {}, id, offered_at, NULL, 'OFFERED', NULL, sender_id, NULL, true
             FROM referral",
            "gen_random_uuid()"
        ),
    ];
    for statement in statements {
        db.database.raw().execute_unprepared(&statement).await.expect(&statement);
    }
    db.database.raw().execute_unprepared("ANALYZE").await.expect("statistics");
}

/// Index and statement: the statement must use the index.
fn look_ups() -> Vec<(&'static str, String)> {
    let list = |side: &str, also: &str, column: &str, way: &str| {
        // A list reads columns that the index does not have.
        format!(
            "SELECT id, reference FROM referral WHERE {side}_id = {RECEIVER} {also} ORDER BY {column} {way}, id {way} \
             LIMIT 51"
        )
    };
    let due = "AND (due_on, id) > ('2025-02-01', '00000000-0000-7000-8000-000000001000')";
    let offered = "AND (offered_at, id) < (1700018000000000, '00000000-0000-7000-8000-000000001000')";
    vec![
        ("referral_receiver_pending_due", list("receiver", "AND pending", "due_on", "ASC")),
        ("referral_receiver_pending_due", list("receiver", "AND pending", "due_on", "DESC")),
        ("referral_receiver_pending_due", list("receiver", &format!("AND pending {due}"), "due_on", "ASC")),
        ("referral_receiver_pending_offered", list("receiver", "AND pending", "offered_at", "DESC")),
        ("referral_sender_pending_due", list("sender", "AND pending", "due_on", "ASC")),
        ("referral_receiver_due", list("receiver", "", "due_on", "ASC")),
        ("referral_receiver_due", list("receiver", "", "due_on", "DESC")),
        ("referral_receiver_due", list("receiver", due, "due_on", "ASC")),
        ("referral_receiver_offered", list("receiver", "", "offered_at", "ASC")),
        ("referral_receiver_offered", list("receiver", "", "offered_at", "DESC")),
        ("referral_receiver_offered", list("receiver", offered, "offered_at", "DESC")),
        ("referral_sender_due", list("sender", "", "due_on", "ASC")),
        ("referral_sender_due", list("sender", due, "due_on", "ASC")),
        ("referral_sender_offered", list("sender", "", "offered_at", "DESC")),
        ("referral_sender_offered", list("sender", offered, "offered_at", "DESC")),
        (
            "handover_client_fingerprint",
            format!(
                "SELECT r.id FROM referral r WHERE r.receiver_id = {RECEIVER} AND r.id IN
                 (SELECT h.referral_id FROM handover h WHERE h.client_fingerprint = 'fingerprint of 1')"
            ),
        ),
        (
            "handover_name_part_fingerprint",
            format!(
                "SELECT r.id FROM referral r WHERE r.receiver_id = {RECEIVER} AND r.id IN
                 (SELECT n.referral_id FROM handover_name_part n WHERE n.fingerprint = 'part of 1')"
            ),
        ),
        (
            "person_name_part_fingerprint",
            "SELECT n.person_id FROM person_name_part n WHERE n.fingerprint = 'part of 1'".to_owned(),
        ),
        (
            "message_referral_sent",
            format!("SELECT id FROM message WHERE referral_id = {RECEIVER} ORDER BY sent_at DESC, id DESC LIMIT 21"),
        ),
        (
            "referral_event_referral_at",
            format!("SELECT id FROM referral_event WHERE referral_id = {RECEIVER} ORDER BY at, id LIMIT 21"),
        ),
        (
            "case_agency_opened",
            format!("SELECT id FROM \"case\" WHERE agency_id = {RECEIVER} ORDER BY opened_on DESC, id DESC LIMIT 21"),
        ),
    ]
}

/// The query plan, one step per line.
async fn plan(db: &TestDatabase, statement: &str) -> String {
    let backend = db.database.backend();
    let (explain, column) =
        if backend == DbBackend::Sqlite { ("EXPLAIN QUERY PLAN", "detail") } else { ("EXPLAIN", "QUERY PLAN") };
    let explained = Statement::from_string(backend, format!("{explain} {statement}"));
    let rows = db.database.raw().query_all_raw(explained).await.expect(statement);
    let line = |row: &sea_orm::QueryResult| row.try_get::<String>("", column).expect("a line");
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn lists_and_lookups_use_their_index_on_postgres() {
    let db = fresh(Backend::Postgres).await;
    fill(&db).await;
    for (index, statement) in look_ups() {
        let plan = plan(&db, &statement).await;
        assert!(plan.contains(&format!(" {index} ")), "not {index} for {statement}\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{statement}\n{plan}");
    }
}

#[tokio::test]
async fn lists_and_lookups_use_their_index_on_sqlite() {
    let db = fresh(Backend::Sqlite).await;
    for (index, statement) in look_ups() {
        let plan = plan(&db, &statement).await;
        assert!(plan.contains(&format!("INDEX {index} ")), "not {index} for {statement}\n{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
    }
}

/// A prepared statement uses its index even with a generic plan, which is made for all values.
#[tokio::test]
async fn a_prepared_statement_for_the_pending_list_uses_its_index() {
    let db = fresh(Backend::Postgres).await;
    fill(&db).await;
    let connection = &db.database.raw_read().await.expect("one connection");
    for statement in [
        "SET LOCAL plan_cache_mode = force_generic_plan",
        "PREPARE list (uuid) AS SELECT id FROM referral WHERE receiver_id = $1 AND pending
         ORDER BY due_on, id LIMIT 51",
    ] {
        connection.execute_unprepared(statement).await.expect(statement);
    }
    let explained = Statement::from_string(DbBackend::Postgres, format!("EXPLAIN EXECUTE list ({RECEIVER})"));
    let rows = connection.query_all_raw(explained).await.expect("a plan");
    let plan: Vec<String> = rows.iter().map(|row| row.try_get("", "QUERY PLAN").expect("a line")).collect();
    assert!(plan.iter().any(|line| line.contains("referral_receiver_pending_due")), "{plan:?}");
    assert!(!plan.iter().any(|line| line.contains("Sort")), "{plan:?}");
}

/// The timer runs every minute: it reads open referrals, and not the referrals of all years.
#[tokio::test]
async fn the_timer_finds_due_referrals_by_the_index_of_open_ones() {
    let statement = "SELECT r.id FROM referral r WHERE r.closed_on IS NULL AND r.pending AND r.due_on <= '2025-02-01'
         AND r.created_at < 1 ORDER BY r.due_on, r.id LIMIT 10000";
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let db = fresh(backend).await;
        if backend == Backend::Postgres {
            fill(&db).await;
        }
        let plan = plan(&db, statement).await;
        assert!(plan.contains(" referral_running_due "), "{backend:?}\n{plan}");
        assert!(!plan.contains("Seq Scan") && !plan.contains("SCAN"), "{backend:?}\n{plan}");
    }
}

/// The consents of a page of fifty are read from an index that contains every column that the rule needs.
#[tokio::test]
async fn the_rules_columns_of_a_consent_are_read_from_an_index_only() {
    let db = fresh(Backend::Postgres).await;
    fill(&db).await;
    let main = db.database.raw();
    for statement in [
        "INSERT INTO consent (id, person_id, receiver_id, purpose, fields, ticked, data_protection,
         release_from_secrecy, art9, valid_from, created_at, form, interpreter, understands, report_outcome)
         SELECT r.id, p.id, r.receiver_id, r.purpose, 1, 0, true, true, true, '2026-01-01', 0, 'WRITTEN', false,
         false, false FROM referral r, person p",
        "UPDATE referral SET consent_id = id",
    ] {
        main.execute_unprepared(statement).await.expect(statement);
    }
    db.vacuum().await;
    let statement = format!(
        "SELECT r.id, c.fields, c.ticked, c.data_protection, c.release_from_secrecy, c.art9, c.valid_from,
         c.valid_until, c.withdrawn_at FROM referral r LEFT JOIN consent c ON c.id = r.consent_id
         WHERE r.receiver_id = {RECEIVER} AND r.pending ORDER BY r.due_on, r.id LIMIT 51"
    );
    let plan = plan(&db, &statement).await;
    assert!(plan.contains("Index Only Scan using consent_rule on consent c"), "{plan}");
}
