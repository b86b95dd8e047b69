//! What the API's own statements cost the database: each is written down as it runs, and explained. One that has lost its
//! index reads a table whole, and fails here.

use kim_domain::agency::Role;
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::plan::{Watched, fill};
use crate::support::on_both;

/// Tables that grow with the years, and have rows here. No request of a clerk reads one of them whole.
const LARGE: [&str; 7] = ["referral", "handover", "consent", "message", "referral_event", "case", "person"];

const ROWS: &str =
    "nodes { id reference status dueOn overdue sender { name } handover { concern familyName birthDate disputed } }";

/// All that a dashboard counts.
const TILES: &str =
    "total pending overdue dueThisWeek ballMine byStatus { status count } byPurpose { count } byAgency { count }";

/// What is counted is in the index that is named, and no row is read for it.
const COUNTED: &str = "referral_receiver_due alone";

/// What programs ask, and the index that each list is carried by.
fn asked() -> Vec<(&'static str, String)> {
    let list =
        |arguments: &str, more: &str| format!("query($first: Int) {{ referrals({arguments}) {{ {more} {ROWS} }} }}");
    vec![
        ("referral_receiver_pending_due", list("first: $first, filter: {pending: true}", "")),
        ("referral_receiver_pending_due", list("last: $first, filter: {pending: true}", "")),
        ("referral_receiver_pending_due", list("first: $first, filter: {pending: true}, orderBy: DUE_ON_DESC", "")),
        (
            "referral_receiver_pending_offered",
            list("first: $first, filter: {pending: true}, orderBy: OFFERED_AT_DESC", ""),
        ),
        ("referral_receiver_due", list("first: $first", "pageInfo { endCursor }")),
        ("referral_receiver_due", list("first: $first", "totalCount")),
        ("referral_receiver_offered", list("first: $first, orderBy: OFFERED_AT_ASC", "")),
        (
            "message_referral_sent",
            list("first: $first", "nodes { messages(last: 3) { nodes { text author { name } } } }"),
        ),
        ("referral_event_referral_at", list("first: $first", "nodes { events(first: 20) { nodes { at } } }")),
        (COUNTED, "{ referralCounts { total pending overdue byStatus { status count } } }".to_owned()),
        (COUNTED, format!("{{ referralCounts {{ {TILES} }} }}")),
    ]
}

/// The plan of a statement of the API, whatever its values are.
pub(crate) async fn explain(database: &Database, statement: &str) -> String {
    let backend = database.backend();
    let connection = &database.read().await.expect("one connection");
    let (explain, column) = match backend {
        DbBackend::Sqlite => {
            // Only what reads a table notices that its indexes have changed.
            connection.execute_unprepared("SELECT id FROM referral LIMIT 1").await.expect("a look");
            (format!("EXPLAIN QUERY PLAN {statement}"), "detail")
        }
        DbBackend::Postgres | _ => {
            // As the server does: one plan for all values.
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

/// Large tables that a statement's plan reads whole: PostgreSQL names the table, SQLite its alias.
fn read_whole(statement: &str, plan: &str) -> Vec<&'static str> {
    let scanned = |table: &str, line: &str| {
        let line = line.trim_start_matches([' ', '-', '>']);
        let after = |start: &str| line.strip_prefix(start).and_then(|rest| rest.split_whitespace().next());
        after("Seq Scan on ").is_some_and(|name| name.trim_matches('"') == table)
            || after("SCAN ").is_some_and(|alias| alias == table || statement.contains(&format!("{table} {alias} ")))
    };
    LARGE.into_iter().filter(|table| plan.lines().any(|line| scanned(table, line))).collect()
}

on_both! {
    async fn no_statement_of_a_clerk_reads_a_large_table_whole(db: TestDatabase) {
        // Enough rows that PostgreSQL has something to choose.
        fill(&db, 6_000).await;
        db.database.main.execute_unprepared(if db.database.backend() == DbBackend::Postgres { "VACUUM ANALYZE" } else { "ANALYZE" }).await.expect("statistics");
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        for (index, query) in asked() {
            let (_, reads, log) = watched.ask(&query, 50).await;
            let mut plans = Vec::new();
            for statement in reads.iter().chain(&log).filter(|text| text.trim_start().starts_with("SELECT")) {
                let plan = explain(&db.database, statement).await;
                assert_eq!(read_whole(statement, &plan), Vec::<&str>::new(), "{query}\n{statement}\n{plan}");
                plans.push(plan);
            }
            let carried = |plan: &String| match index.strip_suffix(" alone") {
                Some(index) => ["Index Only Scan using ", "COVERING INDEX "].iter().any(|by| plan.contains(&format!("{by}{index}"))),
                None => plan.contains(index),
            };
            assert!(plans.iter().any(carried), "{query} does not use {index}\n{}", plans.join("\n\n"));
        }
    }

    async fn a_lost_index_is_noticed(db: TestDatabase) {
        fill(&db, 6_000).await;
        let main = &db.database.main;
        for index in ["referral_receiver_due", "referral_receiver_pending_due", "referral_receiver_offered", "referral_receiver_pending_offered"] {
            main.execute_unprepared(&format!("DROP INDEX {index}")).await.expect("dropped");
        }
        main.execute_unprepared("ANALYZE").await.expect("statistics");
        let watched = Watched::new(&db.url, "jobcenter-3", Role::Clerk).await;
        let (_, reads, _) = watched.ask(&asked()[0].1, 50).await;
        let page = reads.iter().find(|text| text.contains("FROM referral")).expect("the page");
        let plan = explain(&db.database, page).await;
        assert!(!plan.contains("referral_receiver") && read_whole(page, &plan).contains(&"referral"), "{plan}");
    }
}
