//! docs/privacy.md: the statements for a request for information (Art. 15 DSGVO), for a check of the statistics asked and
//! for a withdrawal work on both databases.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;

use super::root;
use crate::support::on_both;
use crate::support::server::{TestServer, token};

fn blocks(language: &str) -> Vec<String> {
    let document = std::fs::read_to_string(root().join("docs/privacy.md")).expect("docs/privacy.md");
    document
        .split(&format!("```{language}\n"))
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .map(str::to_owned)
        .collect()
}

/// The document's SQL statements for this database that answer a request for information.
fn questions(sqlite: bool) -> Vec<String> {
    let blocks = blocks("sql").into_iter().filter(|block| !block.contains("statistics_log"));
    let blocks = blocks.filter(|block| block.starts_with("ATTACH") == sqlite);
    blocks.flat_map(|block| block.split_inclusive(";\n").map(str::to_owned).collect::<Vec<_>>()).collect()
}

async fn rows(connection: &DatabaseConnection, statement: &str) -> usize {
    let statement = Statement::from_string(connection.get_database_backend(), statement);
    connection.query_all_raw(statement).await.expect("a statement that works").len()
}

on_both! {
    async fn the_documented_statements_answer_a_request_for_information(db: TestDatabase) {
        let clock = Clock::on("2026-11-20".parse().expect("a day"));
        kim::demo::prepare(&db.database, &clock, &FingerprintKey::new([0x5a; 32]), false).await.expect("filled");
        let server = TestServer::start(db, clock).await;
        let query = "{ referrals(filter: {pending: true}, first: 3) { nodes { handover { familyName } } } }";
        let answer = server.ask(&token("abh-koeln", Role::Clerk), query, &json!({})).await;
        assert!(answer["errors"].is_null(), "{answer}");

        let url = server.database.url.clone();
        let mut options = ConnectOptions::new(url.clone());
        options.max_connections(1).sqlx_logging(false);
        let reader = sea_orm::Database::connect(options).await.expect("a connection");
        // The case that the clerk has just read.
        let whose = r#"SELECT s.slug, c.case_number FROM agency s JOIN "case" c ON c.agency_id = s.id JOIN referral r ON r.case_id = c.id"#;
        let backend = reader.get_database_backend();
        let sqlite = url.starts_with("sqlite:");
        let shown = if sqlite { "log.disclosed" } else { "disclosed" };
        let mut selects = 0;
        let mut case = None;
        for statement in questions(sqlite) {
            if statement.starts_with("ATTACH") {
                let path = url.trim_start_matches("sqlite:").replace("kim.sqlite", "kim-log.sqlite");
                reader.execute_unprepared(&statement.replace("kim-log.sqlite", &path)).await.expect("attached");
                continue;
            }
            if case.is_none() {
                let whose = format!("{whose} JOIN {shown} d ON d.referral_id = r.id LIMIT 1");
                let row = reader.query_one_raw(Statement::from_string(backend, whose)).await.expect("answered");
                let row = row.expect("something was disclosed");
                let text = |name: &str| row.try_get::<String>("", name).expect("text");
                case = Some((text("slug"), text("case_number")));
            }
            let (slug, number) = case.clone().expect("a case");
            let asked = statement.replace("traeger-ehrenfeld", &slug).replace("EHR-2026-001", &number);
            assert_eq!(rows(&reader, &asked).await, 1, "{asked}");
            assert_eq!(rows(&reader, &asked.replace(&number, "another")).await, 0, "{asked}");
            selects += 1;
        }
        assert_eq!(selects, 2);
        reader.close().await.expect("closed");
        server.stop().await;
    }

    async fn the_documented_check_finds_who_asked_for_more_than_two_tables(db: TestDatabase) {
        let clock = Clock::on("2026-11-20".parse().expect("a day"));
        kim::demo::prepare(&db.database, &clock, &FingerprintKey::new([0x5a; 32]), false).await.expect("filled");
        let server = TestServer::start(db, clock).await;
        let coordination = token("ki-koeln", Role::Coordinator);
        let table = |period: &str, by: &str| {
            format!("{{ municipalityStatistics(period: \"{period}\", by: [{by}]) {{ withheld }} }}")
        };
        let asked =
            [("2026-09", ""), ("2026-09", "STATUS"), ("2026-10", ""), ("2026-10", "STATUS"), ("2026-10", "KIND")];
        for (period, by) in asked {
            let answer = server.ask(&coordination, &table(period, by), &json!({})).await;
            assert!(answer["errors"].is_null(), "{answer}");
        }
        let url = server.database.url.clone();
        let log = if url.starts_with("sqlite:") { url.replace("kim.sqlite", "kim-log.sqlite") } else { url };
        let mut options = ConnectOptions::new(log);
        options.max_connections(1).sqlx_logging(false);
        let reader = sea_orm::Database::connect(options).await.expect("a connection");
        let check = blocks("sql").into_iter().find(|block| block.contains("statistics_log")).expect("the statement");
        assert_eq!(rows(&reader, &check).await, 1, "only October has three");
        reader.close().await.expect("closed");
        server.stop().await;
    }

    async fn the_documented_withdrawal_closes_the_fields_at_once(db: TestDatabase) {
        let clock = Clock::on("2026-11-20".parse().expect("a day"));
        kim::demo::prepare(&db.database, &clock, &FingerprintKey::new([0x5a; 32]), false).await.expect("filled");
        let server = TestServer::start(db, clock).await;
        let clerk = token("abh-koeln", Role::Clerk);
        let query = "query Q($reference: String) { referrals(filter: {reference: $reference}, first: 1) {
            nodes { reference status sender { slug } handover { familyName withheld { field reason } } } } }";
        let pending = "{ referrals(filter: {pending: true}, first: 1) { nodes { reference sender { slug } } } }";
        let found = server.ask(&clerk, pending, &json!({})).await["data"]["referrals"]["nodes"][0].clone();
        let reference = json!({ "reference": found["reference"] });
        let before = server.ask(&clerk, query, &reference).await;
        assert!(before["data"]["referrals"]["nodes"][0]["handover"]["familyName"].is_string(), "{before}");

        let traeger = token(found["sender"]["slug"].as_str().expect("a sender"), Role::CaseManager);
        let blocks = blocks("graphql");
        let [find, withdraw] = &blocks[..] else { panic!("a query and a mutation") };
        let consent = server.ask(&traeger, find, &reference).await["data"]["referrals"]["nodes"][0]["consent"].clone();
        assert_eq!(consent["state"], "IN_FORCE");
        let done = server.ask(&traeger, withdraw, &json!({ "consent": consent["id"] })).await;
        let done = &done["data"]["withdrawConsent"];
        assert_eq!((&done["consent"]["state"], &done["referrals"][0]["status"]), (&json!("WITHDRAWN"), &json!("SUSPENDED")), "{done}");
        assert_eq!(done["referrals"][0]["reference"], found["reference"]);

        let after = server.ask(&clerk, query, &reference).await;
        let row = &after["data"]["referrals"]["nodes"][0];
        assert!(row["handover"]["familyName"].is_null() && row["status"] == "SUSPENDED", "{after}");
        let withheld = row["handover"]["withheld"].as_array().expect("reasons");
        assert!(withheld.contains(&json!({"field": "FAMILY_NAME", "reason": "CLOSED"})), "{after}");
        server.stop().await;
    }
}
