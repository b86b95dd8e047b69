//! What a front-end developer is told, to the letter, and that no request waits for ever.

use std::time::Duration;

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode};
use kim_entity::database::Database;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use serde_json::{Value, json};

use crate::support::database::{Backend, TestDatabase, fresh};
use crate::support::server::{TestServer, claims, sign, token};
use crate::support::world::today;
use crate::support::{office, on_both};

/// A server whose requests may take one second.
async fn hasty(db: TestDatabase) -> TestServer {
    office::fill(&db, 2).await;
    TestServer::start_with(db, Clock::on(today()), |config| config.deadline_seconds = 1).await
}

/// Keeps everyone else from writing the log of disclosures until it is rolled back.
async fn hold_the_log(db: &Database) -> DatabaseTransaction {
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

fn too_late() -> Value {
    json!({"errors": [{
        "message": "Die Anfrage hat zu lange gedauert und wurde abgebrochen. Bitte weniger auf einmal abfragen.",
        "extensions": {"code": "TIMEOUT", "retryable": true},
    }]})
}

on_both! {
    async fn a_request_that_cannot_log_in_time_is_told_so_and_discloses_nothing(db: TestDatabase) {
        let server = hasty(db).await;
        let other = Database::open(&server.database.url).await.expect("a second connection");
        let held = hold_the_log(&other).await;
        let clerk = token("jobcenter", Role::Clerk);
        let answer = server.ask(&clerk, READ, &json!({})).await;
        assert_eq!(answer, too_late());
        held.rollback().await.expect("released");
        let answer = server.ask(&clerk, READ, &json!({})).await;
        assert_eq!(answer["data"]["referrals"]["nodes"].as_array().map(Vec::len), Some(2), "{answer}");
        other.close().await.expect("closed");
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_whose_request_is_gone_ends_and_its_connection_serves_again() {
    let server = hasty(fresh(Backend::Postgres).await).await;
    let other = Database::open(&server.database.url).await.expect("a second connection");
    let clerk = token("jobcenter", Role::Clerk);
    let held = other.raw().begin().await.expect("a transaction");
    held.execute_unprepared("LOCK TABLE referral IN ACCESS EXCLUSIVE MODE").await.expect("locked");

    // More than there are connections for reading.
    let query = json!({});
    let waiting = (0..20).map(|_| server.ask(&clerk, "{ referrals { nodes { id } } }", &query));
    for answer in futures_util::future::join_all(waiting).await {
        assert_eq!(code(&answer), "TIMEOUT", "{answer}");
    }
    // The lock is still held: only the clock can have ended them.
    let count = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
                 AND application_name = 'kim' AND pid <> pg_backend_pid()";
    let count = Statement::from_string(DbBackend::Postgres, count);
    let ended = async {
        loop {
            // Outside the transaction, which sees one state of activity to its end.
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
async fn whichever_clock_speaks_first_the_answer_is_the_same() {
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
        assert_eq!(server.ask(&clerk, READ, &json!({})).await, too_late(), "{table}");
        held.rollback().await.expect("released");
        let answer = server.ask(&clerk, READ, &json!({})).await;
        assert_eq!(answer["data"]["referrals"]["nodes"].as_array().map(Vec::len), Some(2), "{table}: {answer}");
    }
    other.close().await.expect("closed");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistake_is_answered_with_what_to_do() {
    let db = fresh(Backend::Sqlite).await;
    let ids = office::fill(&db, 1).await;
    let server = TestServer::start(db, Clock::on(today())).await;
    let clerk = token("jobcenter", Role::Clerk);
    let one = encode(Kind::Referral, ids[0]);
    let told = async |query: &str, variables: Value, expected: Value| {
        let answer = server.ask(&clerk, query, &variables).await;
        assert_eq!(answer, expected, "{query}");
    };
    let refused = |code: &str, line: u32, column: u32, message: &str| {
        let place = json!([{"line": line, "column": column}]);
        json!({"errors": [{"message": message, "locations": place, "extensions": {"code": code}}]})
    };
    let invalid = |line, column, message: &str| refused("GRAPHQL_VALIDATION_FAILED", line, column, message);

    // A field, an argument, a type, a word that is not there; and what another kind of agency has.
    told(
        "{\n  viewer { rolle }\n}",
        json!({}),
        invalid(2, 12, "Unknown field \"rolle\" on type \"Viewer\". Did you mean \"role\"?"),
    )
    .await;
    told(
        "{ cases { totalCount } }",
        json!({}),
        invalid(1, 3, "Unknown field \"cases\" on type \"Query\". Did you mean \"changes\"?"),
    )
    .await;
    told(
        "{ referrals(frist: 1) { totalCount } }",
        json!({}),
        invalid(1, 13, "Unknown argument \"frist\" on field \"referrals\" of type \"Query\". Did you mean \"first\"?"),
    )
    .await;
    told(
        "{ referrals(first: \"zehn\") { totalCount } }",
        json!({}),
        invalid(1, 13, "Invalid value for argument \"first\", expected type \"Int\""),
    )
    .await;
    told("{ referrals(filter: {status: [OFERED]}) { totalCount } }", json!({}), invalid(1, 13, "Invalid value for argument \"filter.status.0\", enumeration type \"ReferralStatus\" does not contain this value. Did you mean \"OFFERED\"?")).await;
    told(
        "{ viewer }",
        json!({}),
        invalid(1, 3, "Field \"viewer\" of type \"Viewer\" must have a selection of subfields"),
    )
    .await;
    told("{ ...nothing }", json!({}), invalid(1, 3, "Unknown fragment: \"nothing\"")).await;

    // Variables: unknown, missing, of another shape.
    told("{ referrals(first: $n) { totalCount } }", json!({}), invalid(1, 13, "Variable \"$n\" is not defined")).await;
    let needs = "query($n: Int!) { referrals(first: $n) { totalCount } }";
    let missing = refused("BAD_INPUT", 1, 7, "Variable \"$n\" of type \"Int!\" is required but not provided.");
    told(needs, json!({}), missing.clone()).await;
    told(needs, json!({"n": null}), missing).await;
    told(needs, json!({"n": "zehn"}), invalid(1, 29, "Invalid value for argument \"first\", expected type \"Int\""))
        .await;
    let filtered = "query($f: ReferralFilter) { referrals(filter: $f) { totalCount } }";
    told(filtered, json!({"f": {"client": {"familyName": "A"}}}), invalid(1, 39, "Invalid value for argument \"filter.client\", field \"birthDate\" of type \"Date!\" is required but not provided")).await;

    let due = "query($d: Date) { referrals(filter: {dueBefore: $d}) { totalCount } }";
    told(
        due,
        json!({"d": "20.11.2026"}),
        invalid(
            1,
            29,
            "Invalid value for argument \"filter.dueBefore\", expected type \"Date\": a day is written 2026-11-20",
        ),
    )
    .await;

    // Too deep, and no GraphQL at all.
    let deep =
        format!("{{ node(id: \"a\") {}{{ id }}{} }}", "{ ... on Referral { previous ".repeat(25), "} }".repeat(25));
    told(
        &deep,
        json!({}),
        json!({"errors": [{
            "message": "Die Anfrage ist zu groß: höchstens 24 Ebenen.",
            "locations": [{"line": 1, "column": 1}],
            "extensions": {"code": "LIMIT_EXCEEDED", "limit": "DEPTH"},
        }]}),
    )
    .await;
    told("{ viewer { role }", json!({}), refused("GRAPHQL_PARSE_FAILED", 1, 18, "Syntax error: expected selection"))
        .await;

    // While executing: the place in the answer, and siblings that are intact where null is allowed.
    let at = |code: &str, line: u32, column: u32, path: Value, message: &str| json!([{"message": message, "locations": [{"line": line, "column": column}], "path": path, "extensions": {"code": code}}]);
    let no_id = "Das ist keine Kennung. Kennungen sehen so aus: referral_01h455vb4pex5vsknk084sn02q";
    told(
        "{ viewer { role }\n a: referral(id: \"x\") { id } }",
        json!({}),
        json!({
            "data": {"viewer": {"role": "CLERK"}, "a": null},
            "errors": at("BAD_INPUT", 2, 2, json!(["a"]), no_id),
        }),
    )
    .await;
    let elsewhere = "Dieser Zeiger (cursor) gehört nicht zu dieser Liste, Ordnung und Auswahl.";
    told(
        &format!("{{ referral(id: \"{one}\") {{\n m: messages(after: \"x\") {{ totalCount }} }} }}"),
        json!({}),
        json!({
            "data": null,
            "errors": at("BAD_INPUT", 2, 2, json!(["referral", "m"]), elsewhere),
        }),
    )
    .await;
    let both = "Bitte nur „first“ oder nur „last“ angeben.";
    told(
        "{ referrals(first: 1, last: 1) { totalCount } }",
        json!({}),
        json!({
            "data": null,
            "errors": at("BAD_INPUT", 1, 3, json!(["referrals"]), both),
        }),
    )
    .await;

    // A token without a scope, and none.
    let mut narrow = claims("jobcenter", Role::Clerk);
    narrow["scope"] = json!("agreement:read");
    let answer = server.ask(&sign(&narrow), "{ viewer { role } a: referral(id: \"x\") { id } }", &json!({})).await;
    let lacks = "Dem Token fehlt die Berechtigung „referral:read“ (Übergaben lesen).";
    assert_eq!(
        answer,
        json!({
            "data": {"viewer": {"role": "CLERK"}, "a": null},
            "errors": at("FORBIDDEN", 1, 19, json!(["a"]), lacks),
        })
    );
    let nobody = server.post(READ, &json!({})).send().await.expect("an answer");
    assert_eq!(
        (nobody.status().as_u16(), &nobody.headers()["www-authenticate"]),
        (401, &"Bearer".parse().expect("a value"))
    );
    assert_eq!(
        nobody.json::<Value>().await.expect("JSON"),
        json!({"errors": [{
            "message": "Ein gültiges Token ist nötig.",
            "extensions": {"code": "UNAUTHENTICATED"},
        }]})
    );
    server.stop().await;
}

on_both! {
    async fn no_text_may_hold_the_character_nul(db: TestDatabase) {
        office::fill(&db, 1).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let query = "query($f: ReferralFilter) { referrals(filter: $f) { totalCount } }";
        let by_variable = server.ask(&clerk, query, &json!({"f": {"reference": "a\u{0}b"}})).await;
        let literal = "{ referrals(filter: {reference: \"a\\u0000b\"}) { totalCount } }";
        for answer in [by_variable, server.ask(&clerk, literal, &json!({})).await] {
            assert_eq!((code(&answer), answer.get("data")), ("BAD_INPUT", None), "{answer}");
        }
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_database_restarted_every_request_is_answered() {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_engine_would_let_pass_is_refused_before_anything_runs() {
    let db = fresh(Backend::Sqlite).await;
    office::fill(&db, 1).await;
    let server = TestServer::start(db, Clock::on(today())).await;
    let clerk = token("jobcenter", Role::Clerk);
    let long = "A".repeat(15_000);
    for (query, variables, says) in [
        (
            "query($a: String) { referrals(first: $a) { totalCount } }",
            json!({"a": "1"}),
            "Variable \"$a\" of type \"String\" used in position expecting type \"Int\"",
        ),
        (
            "query($a: ID) { referral(id: $a) { id } }",
            json!({}),
            "Variable \"$a\" of type \"ID\" used in position expecting type \"ID!\"",
        ),
        (
            "query($a: Int) { ...F } fragment F on Query { referrals(filter: {reference: $a}) { totalCount } }",
            json!({}),
            "used in position expecting type \"String\"",
        ),
        ("query($a: [Nothing] = [1]) { referrals(first: $a) { totalCount } }", json!({}), "Unknown type \"Nothing\""),
        (
            "query($a: Referral) { referrals(first: $a) { totalCount } }",
            json!({}),
            "cannot be of non-input type \"Referral\"",
        ),
        ("query($a: Int @a) { referrals(first: $a) { totalCount } }", json!({}), "Unknown directive \"a\""),
        ("{ __typename @aa @aa }", json!({}), "Unknown directive \"aa\""),
        ("{ __typename(a: 1) }", json!({}), "Unknown argument \"a\" on field \"__typename\""),
        ("{ __typename { a } }", json!({}), "must not have a selection"),
        ("{ __typename @skip }", json!({}), "is required but not provided"),
        ("{ referrals(orderBy: \"DUE_ON_ASC\") { totalCount } }", json!({}), "stands without quotes"),
        ("{ referrals(filter: []) { totalCount } }", json!({}), "expected type \"ReferralFilter\""),
        (
            "query($a: ReferralFilter) { referrals(filter: $a) { totalCount } }",
            json!({"a": []}),
            "expected type \"ReferralFilter\"",
        ),
        (
            "query($a: ReferralFilter) { referrals(filter: $a) { totalCount } }",
            json!({"a": {"client": [1]}}),
            "expected type \"ReferralFilter\"",
        ),
        (
            "query($a: ReferralOrder!) { referrals(orderBy: $a) { totalCount } }",
            json!({ "a": long }),
            "does not contain this value.",
        ),
        ("query A { viewer { role } } query A { viewer { role } }", json!({}), "operation A is defined twice"),
        ("{ viewer { role } } { viewer { role } }", json!({}), "document contains multiple operations"),
        (
            "{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }",
            json!({}),
            "fragment F is defined twice",
        ),
        ("query A { __typename } query B { __typename }", json!({}), "must say which one"),
        (
            "{ a: referrals(first: 1) { totalCount } a: referrals(first: 2) { totalCount } }",
            json!({}),
            "Fields \"a\" conflict because they have differing arguments.",
        ),
    ] {
        let answer = server.ask(&clerk, query, &variables).await;
        assert_eq!((code(&answer), answer.get("data")), ("GRAPHQL_VALIDATION_FAILED", None), "{query}: {answer}");
        let message = answer["errors"][0]["message"].as_str().expect("a text");
        assert!(message.contains(says) && message.len() <= 310, "{query}: {message}");
    }
    for (query, variables) in [
        (
            "query($a: Int = 1, $b: [ReferralStatus!]) { referrals(first: $a, filter: {status: $b}) { totalCount } }",
            json!({"b": "ACCEPTED"}),
        ),
        ("query($a: ReferralOrder = DUE_ON_ASC) { referrals(orderBy: $a) { totalCount } }", json!({})),
        ("query($a: Boolean!) { referrals { totalCount } __typename @skip(if: $a) }", json!({"a": true})),
    ] {
        let answer = server.ask(&clerk, query, &variables).await;
        assert_eq!(answer, json!({"data": {"referrals": {"totalCount": 1}}}), "{query}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_long_or_repeats_a_value() {
    let db = fresh(Backend::Sqlite).await;
    office::fill(&db, 1).await;
    let server = TestServer::start(db, Clock::on(today())).await;
    let clerk = token("jobcenter", Role::Clerk);
    let canary = "kanari".repeat(2_000);
    let order = "query($a: ReferralOrder!) { referrals(orderBy: $a) { totalCount } }";
    for (query, variables) in [
        (format!("{{ referrals(filter: {{reference: \"{canary}\"}}) {{ totalCount"), json!({})),
        (order.to_owned(), json!({ "a": canary })),
        (order.to_owned(), json!({"a": [[[canary]]]})),
        (
            "query($a: ReferralFilter) { referrals(filter: $a) { totalCount } }".to_owned(),
            json!({"a": {"dueBefore": canary}}),
        ),
        ("query($a: Int) { referrals(first: $a) { totalCount } }".to_owned(), json!({ "a": canary })),
        ("query($a: Int) { referrals(first: $a) { totalCount } }".to_owned(), json!({"a": 1.5})),
        (format!("{{ referrals(after: \"{canary}\") {{ totalCount }} }}"), json!({})),
        (format!("{{ referral(id: \"{canary}\") {{ id }} }}"), json!({})),
    ] {
        let answer = server.ask(&clerk, &query, &variables).await;
        let text = answer.to_string();
        assert!(answer["errors"].is_array() && text.len() < 600 && !text.contains("kanari"), "{text}");
    }
    let body = json!({"query": "query A { __typename }", "operationName": canary}).to_string();
    let answer = server.post("", &json!({})).body(body).bearer_auth(&clerk).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    assert!(text.contains("GRAPHQL_VALIDATION_FAILED") && !text.contains("kanari"), "{text}");
    server.stop().await;
}
