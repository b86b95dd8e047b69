//! Documents and variables that are refused before anything is executed.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use serde_json::{Value, json};

use crate::support::database::{Backend, fresh};
use crate::support::scenario::{Scenario, traeger};
use crate::support::server::{TestServer, token};
use crate::support::world::today;
use crate::support::{office, on_both};

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

on_both! {
    async fn a_text_with_a_nul_character_is_refused(db: TestDatabase) {
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
async fn invalid_documents_that_the_engine_accepts_are_refused_before_execution() {
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

on_both! {
    async fn an_escaped_character_is_stored_and_answered(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let referral = scenario.offered().await;
        let post = |text: &str, key: &str| format!("mutation {{ postMessage(input: {{idempotencyKey: \"{key}\", referralId: {}, expectedVersion: {}, text: {text}}}) {{ referral {{ version }} }} }}", referral["id"], referral["version"]);
        scenario.ask(&traeger(), &post(r#""\uD83D\uDE00 \u{1F600} \u{e4}\u00e4 \\u{41} \\uD83D""#, "a")).await;
        let query = format!("{{ referral(id: {}) {{ version messages {{ nodes {{ text }} }} }} }}", referral["id"]);
        let seen = scenario.ask(&traeger(), &query).await["referral"].clone();
        assert_eq!(seen["messages"]["nodes"], json!([{"text": "😀 😀 ää \\u{41} \\uD83D"}]));
        for literal in [r#""\uD83D""#, r#""\uDE00\uD83D""#, r#""\u{D83D}""#, r#""\u{110000}""#, r#""\u{}""#] {
            let answer = scenario.server.ask(&traeger(), &post(literal, "b"), &json!({})).await;
            assert_eq!(code(&answer), "GRAPHQL_PARSE_FAILED", "{literal}: {answer}");
        }
        // An escaped U+0000 is no text, however it is written, and errors after an escape keep their column.
        let answer = scenario.server.ask(&traeger(), &post(r#""a\u{0}""#, "c"), &json!({})).await;
        assert_eq!(code(&answer), "BAD_INPUT", "{answer}");
        let answer = scenario.server.ask(&traeger(), r#"{ referral(id: "\u{1F600}") { id } nothing }"#, &json!({})).await;
        assert_eq!(answer["errors"][0]["locations"], json!([{"line": 1, "column": 36}]), "{answer}");
        // A block string has no escapes.
        let block = post(r#""""\uD83D\uDE00 \u{1F600}""""#, "d").replace(&format!("expectedVersion: {}", referral["version"]), &format!("expectedVersion: {}", seen["version"]));
        scenario.ask(&traeger(), &block).await;
        let seen = scenario.ask(&traeger(), &query).await;
        assert_eq!(seen["referral"]["messages"]["nodes"][1]["text"], "\\uD83D\\uDE00 \\u{1F600}");
        scenario.server.stop().await;
    }
}
