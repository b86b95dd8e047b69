//! The query plans of the API's own statements: each is recorded while it runs, and explained. A statement that scans a large
//! table, because its index is missing, fails the test.

use kim_domain::agency::Role;
use kim_domain::field::HandoverField;
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use serde_json::Value;

use crate::statement_counts::{Watched, fill};
use crate::support::database::TestDatabase;
use crate::support::world;
use crate::support::{json_of, on_both};

/// Tables that grow over the years. No request of a clerk may scan one of them.
const LARGE: [&str; 9] = [
    "referral",
    "handover",
    "handover_name_part",
    "consent",
    "message",
    "referral_event",
    "case",
    "person",
    "person_name_part",
];

const PAGE: &str = "pageInfo { startCursor endCursor }";

const ROWS: &str =
    "nodes { id reference status dueOn overdue sender { name } handover { concern familyName birthDate disputed } }";

/// Counts are read from this index only, without reading rows.
const COUNTED: &str = "referral_receiver_due alone";

/// All counts of a dashboard.
const TILES: &str =
    "total pending overdue dueThisWeek ballMine byStatus { status count } byPurpose { count } byAgency { count }";

/// A query, a part of the text of one of its statements, and the index that this statement must use. "alone" means that
/// it may read only the index.
struct Query {
    index: &'static str,
    words: &'static str,
    query: String,
}

/// Typical queries of client programs.
fn queries() -> Vec<Query> {
    let list = |index, words, arguments: &str, more: &str| Query {
        index,
        words,
        query: format!("query($first: Int) {{ referrals({arguments}) {{ {PAGE} {more} {ROWS} }} }}"),
    };
    let counts = |fields: &str| Query {
        index: COUNTED,
        words: "GROUP BY",
        query: format!("{{ referralCounts {{ {fields} }} }}"),
    };
    let (due, offered, pending) = ("ORDER BY r.due_on", "ORDER BY r.offered_at", "filter: {pending: true}");
    vec![
        list("referral_receiver_pending_due", due, &format!("first: $first, {pending}"), ""),
        list("referral_receiver_pending_due", due, &format!("last: $first, {pending}"), ""),
        list("referral_receiver_pending_due", due, &format!("first: $first, {pending}, orderBy: DUE_ON_DESC"), ""),
        list(
            "referral_receiver_pending_offered",
            offered,
            &format!("first: $first, {pending}, orderBy: OFFERED_AT_DESC"),
            "",
        ),
        list("consent_rule alone", "JOIN consent", &format!("first: $first, {pending}"), ""),
        list("referral_receiver_due", due, "first: $first", ""),
        list("referral_receiver_due", due, "last: $first", ""),
        list("referral_receiver_", "COUNT(*)", "first: $first", "totalCount"),
        list("referral_receiver_offered", offered, "first: $first, orderBy: OFFERED_AT_ASC", ""),
        list(
            "message_referral_sent",
            "FROM message",
            "first: $first",
            "nodes { messages(last: 3) { nodes { text author { name } } } }",
        ),
        list(
            "referral_event_referral_at",
            "FROM referral_event",
            "first: $first",
            "nodes { events(first: 20) { nodes { at } } }",
        ),
        counts("total pending overdue byStatus { status count }"),
        counts(TILES),
    ]
}

/// The query for the page after the answered one, or before it.
fn continued(query: &str, answer: &Value) -> Option<String> {
    let cursor = |which: &str| answer["referrals"]["pageInfo"][which].as_str().map(str::to_owned);
    let (way, cursor) = match query.contains("last: $first") {
        true => ("before", cursor("startCursor")?),
        false => ("after", cursor("endCursor")?),
    };
    Some(
        query
            .replace("$first,", &format!("$first, {way}: \"{cursor}\","))
            .replace("$first)", &format!("$first, {way}: \"{cursor}\")")),
    )
}

/// The query plan of a statement, for any values.
pub(crate) async fn explain(database: &Database, statement: &str) -> String {
    let backend = database.backend();
    let connection = &database.raw_read().await.expect("one connection");
    let (explain, column) = match backend {
        DbBackend::Sqlite => {
            // A connection notices changed indexes only when it reads a table.
            connection.execute_unprepared("SELECT id FROM referral LIMIT 1").await.expect("a look");
            (format!("EXPLAIN QUERY PLAN {statement}"), "detail")
        }
        DbBackend::Postgres | _ => {
            // PostgreSQL prefers to sort few rows. The test asks whether it could avoid the sort.
            connection.execute_unprepared("SET LOCAL enable_sort = off").await.expect("a setting");
            // The server also uses one plan for all values.
            connection.execute_unprepared(&format!("PREPARE asked AS {statement}")).await.expect(statement);
            let values = (1..).take_while(|number| statement.contains(&format!("${number}"))).map(|_| "NULL");
            let values = values.collect::<Vec<_>>().join(",");
            let call = if values.is_empty() { "asked".to_owned() } else { format!("asked({values})") };
            (format!("EXPLAIN EXECUTE {call}"), "QUERY PLAN")
        }
    };
    let rows = connection.query_all_raw(Statement::from_string(backend, explain)).await.expect(statement);
    if backend == DbBackend::Postgres {
        connection.execute_unprepared("DEALLOCATE asked").await.expect("forgotten");
    }
    rows.iter().map(|row| row.try_get::<String>("", column).expect("a line")).collect::<Vec<_>>().join("\n")
}

/// The large tables that a plan scans, also in the order of an index. PostgreSQL names the table, SQLite its alias.
fn scanned_tables(statement: &str, plan: &str) -> Vec<&'static str> {
    let lines: Vec<&str> = plan.lines().map(|line| line.trim_start_matches([' ', '-', '>'])).collect();
    let scanned = |table: &str, place: usize| {
        let after = |start: &str| lines[place].split_once(start).and_then(|(_, rest)| rest.split_whitespace().next());
        let of_table = |name: &str| name.trim_matches('"') == table;
        after("Seq Scan on ").is_some_and(of_table)
            || lines[place].contains(" Scan using ")
                && after(" on ").is_some_and(of_table)
                && !lines.get(place + 1).is_some_and(|line| line.starts_with("Index Cond:"))
            || lines[place].starts_with("SCAN ")
                && after("SCAN ")
                    .is_some_and(|alias| alias == table || statement.contains(&format!("{table} {alias} ")))
    };
    LARGE.into_iter().filter(|table| (0..lines.len()).any(|place| scanned(table, place))).collect()
}

/// Executes a query and checks each statement that reads: none scans a large table, and the named statement uses its index
/// without a sort.
async fn check_plans(db: &TestDatabase, watched: &Watched, query_case: &Query, query: &str) -> Value {
    let Query { index, words, .. } = query_case;
    let (response, reads, log) = watched.ask(query, 50).await;
    let mut carried = 0;
    for statement in reads.iter().chain(&log).filter(|text| text.trim_start().starts_with("SELECT")) {
        let plan = explain(&db.database, statement).await;
        assert_eq!(scanned_tables(statement, &plan), Vec::<&str>::new(), "{query}\n{statement}\n{plan}");
        if statement.contains(words) {
            let carries = match index.strip_suffix(" alone") {
                Some(index) => ["Index Only Scan using ", "COVERING INDEX "]
                    .iter()
                    .any(|by| plan.contains(&format!("{by}{index}"))),
                None => plan.contains(index),
            };
            assert!(carries, "{query} does not use {index}\n{statement}\n{plan}");
            let sorted = plan.contains("Sort") || plan.contains("USE TEMP B-TREE FOR ORDER BY");
            assert!(!(words.starts_with("ORDER BY") && sorted), "{statement}\n{plan}");
            carried += 1;
        }
    }
    assert!(carried > 0, "{query}\n{reads:#?}");
    json_of(&response)
}

on_both! {
    async fn no_statement_of_a_clerk_scans_a_large_table(db: TestDatabase) {
        // With few rows PostgreSQL would scan.
        fill(&db, 6_000).await;
        db.vacuum().await;
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        for query_case in queries() {
            let answer = check_plans(&db, &watched, &query_case, &query_case.query).await;
            if query_case.words.starts_with("ORDER BY") {
                let deeper = continued(&query_case.query, &answer).expect("another page");
                assert!(deeper.contains("after: ") || deeper.contains("before: "), "{deeper}");
                check_plans(&db, &watched, &query_case, &deeper).await;
            }
        }
    }

    async fn a_client_is_sought_in_indexes_by_one_statement(db: TestDatabase) {
        fill(&db, 6_000).await;
        // Double names with two parts each.
        for statement in [
            "INSERT INTO handover_name_part SELECT referral_id, client_fingerprint || p.part FROM handover, (SELECT 'a' AS part UNION SELECT 'b') p",
            "INSERT INTO person_name_part SELECT id, fingerprint || p.part FROM person, (SELECT 'a' AS part UNION SELECT 'b') p",
        ] {
            db.database.raw().execute_unprepared(statement).await.expect(statement);
        }
        db.vacuum().await;
        db.database.analyze().await.expect("statistics");
        // A client of whom the Jobcenter has a referral.
        let (client, born) = (world::value(3, HandoverField::FamilyName), world::value(3, HandoverField::BirthDate));
        let seeks = |list: &str, name: &str| format!("query($first: Int) {{ {list}(first: $first, filter: {{client: {{familyName: \"{name}\", birthDate: \"{born}\"}}}}) {{ totalCount nodes {{ id }} }} }}");
        for (agency, role, list, indexes) in [
            ("jobcenter-3", Role::Clerk, "referrals", ["handover_client_fingerprint", "handover_name_part_fingerprint"]),
            ("traeger", Role::CaseManager, "cases", ["person_agency_fingerprint", "person_name_part_fingerprint"]),
        ] {
            let watched = Watched::new(&db.url, agency, role).await;
            let (answer, single, _) = watched.ask(&seeks(list, &client), 50).await;
            let (_, double, _) = watched.ask(&seeks(list, &format!("{client}-Müller")), 50).await;
            assert_eq!(single.len(), double.len(), "{double:#?}");
            assert_eq!(json_of(&answer)[list]["totalCount"], 1);
            for statement in single.iter().chain(&double) {
                let plan = explain(&db.database, statement).await;
                assert_eq!(scanned_tables(statement, &plan), Vec::<&str>::new(), "{statement}\n{plan}");
                if statement.contains("fingerprint IN ") {
                    assert!(indexes.iter().all(|index| plan.contains(index)), "{indexes:?}\n{statement}\n{plan}");
                }
            }
            let seeking = double.iter().filter(|statement| statement.contains("_name_part")).count();
            // The page of cases and their number are two statements of one search.
            assert_eq!(seeking, if list == "cases" { 2 } else { 1 }, "{double:#?}");
        }
    }

    async fn a_table_that_grew_after_its_analysis_is_not_scanned(db: TestDatabase) {
        if db.database.backend() == DbBackend::Postgres {
            return; // PostgreSQL analyses grown tables automatically.
        }
        fill(&db, 4).await;
        // SQLite scans a table whose statistics say that it has one row.
        for table in ["message", "referral_event"] {
            let others = format!("DELETE FROM {table} WHERE id <> (SELECT MIN(id) FROM {table})");
            db.database.raw().execute_unprepared(&others).await.expect("one is left");
        }
        db.database.analyze().await.expect("statistics");
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        for (table, field) in [("message", "messages(last: 3) { nodes { text } }"), ("referral_event", "events(first: 3) { nodes { at } }")] {
            let query = format!("query($first: Int) {{ referrals(first: $first) {{ nodes {{ {field} }} }} }}");
            let (_, reads, _) = watched.ask(&query, 50).await;
            let history = reads.iter().find(|text| text.contains(&format!("FROM {table} "))).expect("a history");
            let plan = explain(&db.database, history).await;
            assert!(!scanned_tables(history, &plan).contains(&table), "{history}\n{plan}");
        }
    }

    async fn a_missing_index_is_detected(db: TestDatabase) {
        fill(&db, 6_000).await;
        let main = db.database.raw();
        for index in ["referral_receiver_due", "referral_receiver_pending_due", "referral_receiver_offered", "referral_receiver_pending_offered"] {
            main.execute_unprepared(&format!("DROP INDEX {index}")).await.expect("dropped");
        }
        main.execute_unprepared("ANALYZE").await.expect("statistics");
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        let (_, reads, _) = watched.ask(&queries()[0].query, 50).await;
        let page = reads.iter().find(|text| text.contains("FROM referral")).expect("the page");
        let plan = explain(&db.database, page).await;
        assert!(!plan.contains("referral_receiver") && scanned_tables(page, &plan).contains(&"referral"), "{plan}");
    }
}
