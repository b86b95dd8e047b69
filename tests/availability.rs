//! No request waits forever, and the server recovers from locks, abandoned requests and a restarted database.

use std::time::Duration;

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_entity::database::Database;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use serde_json::{Value, json};

use crate::support::database::{Backend, TestDatabase, fresh};
use crate::support::server::{TestServer, token};
use crate::support::world::today;
use crate::support::{office, on_both};

/// A server with a deadline of one second.
async fn server_with_short_deadline(db: TestDatabase) -> TestServer {
    office::fill(&db, 2).await;
    TestServer::start_with(db, Clock::on(today()), |config| config.deadline_seconds = 1).await
}

/// Locks the log of disclosures until the transaction is rolled back.
async fn lock_the_log(db: &Database) -> DatabaseTransaction {
    let immediate = db.backend() == DbBackend::Sqlite;
    let options = TransactionOptions {
        sqlite_transaction_mode: immediate.then_some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    let held = db.raw_log().begin_with_options(options).await.expect("a transaction");
    if !immediate {
        held.execute_unprepared("LOCK TABLE disclosure_log IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    }
    held
}

const READ: &str = "{ referrals { nodes { handover { familyName } } } }";

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

fn timeout_error() -> Value {
    json!({"errors": [{
        "message": "Die Anfrage hat zu lange gedauert und wurde abgebrochen. Bitte weniger auf einmal abfragen.",
        "extensions": {"code": "TIMEOUT", "retryable": true},
    }]})
}

/// Makes every session that writes read-only, as those of a former primary are after a switch-over.
async fn demote_sessions(db: &Database) {
    let mut held = Vec::new();
    // As many as the pool has, so that each of its connections is held once.
    for _ in 0..8 {
        held.push(db.raw().begin().await.expect("a transaction"));
    }
    for session in held {
        let read_only = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";
        session.execute_unprepared(read_only).await.expect("set");
        session.commit().await.expect("committed");
    }
}

async fn readiness(server: &TestServer) -> u16 {
    reqwest::get(server.url("/readyz")).await.expect("an answer").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_a_former_primary_are_replaced_and_the_work_begun_again() {
    let db = fresh(Backend::Postgres).await;
    office::fill(&db, 2).await;
    let server = TestServer::start_with(db, Clock::on(today()), |_| {}).await;
    let clerk = token("jobcenter", Role::Clerk);
    let first = server.ask(&clerk, "{ referrals { nodes { id version } } }", &json!({})).await;
    let referral = &first["data"]["referrals"]["nodes"][0];
    for step in ["disclosure", "mutation", "readiness"] {
        demote_sessions(server.running_database()).await;
        match step {
            "disclosure" => {
                let answer = server.ask(&clerk, READ, &json!({})).await;
                assert_eq!(code(&answer), "none", "{answer}");
            }
            "mutation" => {
                let input = json!({
                    "idempotencyKey": "a",
                    "referralId": referral["id"],
                    "expectedVersion": referral["version"],
                    "text": "Guten Morgen.",
                });
                let mutation = "mutation($input: PostMessageInput!) { postMessage(input: $input) { referral { id } } }";
                let answer = server.ask(&clerk, mutation, &json!({"input": input})).await;
                assert_eq!(answer["data"]["postMessage"]["referral"]["id"], referral["id"], "{answer}");
            }
            _ => assert_eq!(readiness(&server).await, 200),
        }
    }
    server.stop().await;
}

on_both! {
    async fn a_request_that_cannot_be_logged_in_time_gets_a_timeout_and_no_data(db: TestDatabase) {
        let server = server_with_short_deadline(db).await;
        let other = Database::open(&server.database.url).await.expect("a second connection");
        let held = lock_the_log(&other).await;
        let clerk = token("jobcenter", Role::Clerk);
        let answer = server.ask(&clerk, READ, &json!({})).await;
        assert_eq!(answer, timeout_error());
        assert_eq!(readiness(&server).await, 503, "the log cannot be written");
        held.rollback().await.expect("released");
        assert_eq!(readiness(&server).await, 200);
        let answer = server.ask(&clerk, READ, &json!({})).await;
        assert_eq!(answer["data"]["referrals"]["nodes"].as_array().map(Vec::len), Some(2), "{answer}");
        other.close().await.expect("closed");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_postgresql_statement_is_cancelled_and_its_connection_is_reused() {
    let server = server_with_short_deadline(fresh(Backend::Postgres).await).await;
    let other = Database::open(&server.database.url).await.expect("a second connection");
    let clerk = token("jobcenter", Role::Clerk);
    let held = other.raw().begin().await.expect("a transaction");
    held.execute_unprepared("LOCK TABLE referral IN ACCESS EXCLUSIVE MODE").await.expect("locked");

    // More requests than there are connections for reading.
    let query = json!({});
    let waiting = (0..20).map(|_| server.ask(&clerk, "{ referrals { nodes { id } } }", &query));
    let answers = futures_util::future::join_all(waiting).await;
    let with = |expected: &str| answers.iter().filter(|answer| code(answer) == expected).count();
    // Of the 16 that may run at once on two cores, one agency gets 12. The others have waited for a turn.
    assert_eq!(with("TIMEOUT") + with("RATE_LIMITED"), 20, "{answers:?}");
    assert!(with("TIMEOUT") >= 12, "{answers:?}");
    // The lock is still held, so only the deadline can have ended the statements.
    let count = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                 AND application_name = 'kim' AND pid <> pg_backend_pid()";
    let count = Statement::from_string(DbBackend::Postgres, count);
    let ended = async {
        loop {
            // Outside the transaction, which would see the same activity until its end.
            let row = other.raw().query_one_raw(count.clone()).await.expect("an answer").expect("a row");
            if row.try_get::<i64>("", "n").expect("a number") == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(8), ended).await.expect("nothing runs for anyone");

    held.rollback().await.expect("released");
    let again = (0..20).map(|_| server.ask(&clerk, READ, &query));
    for answer in futures_util::future::join_all(again).await {
        assert_eq!(answer["data"]["referrals"]["nodes"].as_array().map(Vec::len), Some(2), "{answer}");
    }
    other.close().await.expect("closed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_of_the_database_is_answered_like_one_of_the_server() {
    let db = fresh(Backend::Postgres).await;
    office::fill(&db, 2).await;
    let other = Database::open(&db.url).await.expect("a second connection");
    let hurry = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET lock_timeout = 50', current_database()); END $$";
    other.raw().execute_unprepared(hurry).await.expect("set for every connection from now on");
    let server = TestServer::start(db, Clock::on(today())).await;
    let clerk = token("jobcenter", Role::Clerk);
    for table in ["referral", "disclosure_log", "agency"] {
        let held = other.raw().begin().await.expect("a transaction");
        held.execute_unprepared(&format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await.expect("locked");
        assert_eq!(server.ask(&clerk, READ, &json!({})).await, timeout_error(), "{table}");
        held.rollback().await.expect("released");
        let answer = server.ask(&clerk, READ, &json!({})).await;
        assert_eq!(answer["data"]["referrals"]["nodes"].as_array().map(Vec::len), Some(2), "{table}: {answer}");
    }
    other.close().await.expect("closed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_answered_after_a_restart_of_the_database() {
    let db = fresh(Backend::Postgres).await;
    office::fill(&db, 2).await;
    let server = TestServer::start(db, Clock::on(today())).await;
    let other = Database::open(&server.database.url).await.expect("a second connection");
    let clerk = token("jobcenter", Role::Clerk);
    let query = json!({});
    let many = || futures_util::future::join_all((0..12).map(|_| server.ask(&clerk, READ, &query)));
    many().await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
               AND pid <> pg_backend_pid()";
    other.raw().execute_unprepared(end).await.expect("every connection is dead");
    for _ in 0..2 {
        for answer in many().await {
            assert_eq!(answer["data"]["referrals"]["nodes"].as_array().map(Vec::len), Some(2), "{answer}");
        }
    }
    server.stop().await;
}
