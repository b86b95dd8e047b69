//! The error messages that a front-end developer reads.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode};
use serde_json::{Value, json};

use crate::support::database::{Backend, fresh};
use crate::support::office;
use crate::support::server::{TestServer, add_agency, claims, sign, token};
use crate::support::world::today;

const READ: &str = "{ referrals { nodes { handover { familyName } } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_message_says_what_is_wrong_and_where() {
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

    // Unknown fields, arguments, types and enum values, and a field that exists only for other kinds of agency.
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

    // Variables that are unknown, missing or of another type.
    told("{ referrals(first: $n) { totalCount } }", json!({}), invalid(1, 13, "Variable \"$n\" is not defined")).await;
    let needs = "query($n: Int!) { referrals(first: $n) { totalCount } }";
    let missing = refused("BAD_INPUT", 1, 7, "Variable \"$n\" of type \"Int!\" is required but not provided.");
    told(needs, json!({}), missing.clone()).await;
    told(needs, json!({"n": null}), missing).await;
    told(needs, json!({"n": "zehn"}), invalid(1, 29, "Invalid value for argument \"first\", expected type \"Int\""))
        .await;
    let filtered = "query($f: ReferralFilter) { referrals(filter: $f) { totalCount } }";
    told(filtered, json!({"f": {"client": {"birthYear": 1990}}}), invalid(1, 39, "Invalid value for argument \"filter.client\", field \"familyName\" of type \"String!\" is required but not provided")).await;

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

    // A document that is too deep, and one that is not GraphQL.
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

    // Errors during execution have a path. Sibling fields are kept where null is allowed.
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

    // A token without the scope, and no token.
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

/// By literal and by variable, at an argument, an input field and in a list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_about_a_scalar_says_how_a_value_is_written() {
    let db = fresh(Backend::Sqlite).await;
    office::fill(&db, 1).await;
    add_agency(&db, "ki", AgencyKind::Koordination, true).await;
    let server = TestServer::start(db, Clock::on(today())).await;
    let (clerk, coordination) = (token("jobcenter", Role::Clerk), token("ki", Role::Coordinator));
    let manager = token("traeger", Role::CaseManager);
    let id = "Kennung als Text, z. B. referral_01h455vb4pex5vsknk084sn02q";
    let periods = "Monat als JJJJ-MM (2026-03), Quartal als JJJJ-QN (2026-Q1)";
    let of_referrals = |filter: &str| format!("referrals(filter: {filter}) {{ totalCount }}");
    for (token, ty, field, values, written) in [
        (&coordination, "Period", "municipalityStatistics(period: VALUE) { period }".to_owned(),
            vec![json!("2026"), json!("2026-13"), json!("2026-Q5"), json!("März"), json!(2026), json!(["2026"]), json!("")], periods),
        (&clerk, "Month", "referralStatistics(filter: {from: VALUE}) { total }".to_owned(),
            vec![json!("2026"), json!("2026-3"), json!("03/2026"), json!("2026-Q1"), json!(202603)], "Monat als JJJJ-MM (2026-03)"),
        (&clerk, "Date", of_referrals("{dueBefore: VALUE}"), vec![json!("2026-1-1"), json!("20.11.2026"), json!(20261120)], "2026-11-20"),
        (&manager, "BirthDatePart", "openCase(input: {idempotencyKey: \"a\", caseNumber: \"1\", record: {familyName: \"A\", birthDatePart: VALUE}}) { case { id } }".to_owned(),
            vec![json!("1990-5"), json!("05.1990"), json!(1990), json!("1990-05-17"), json!("")], "Jahr als JJJJ (1990) oder Monat als JJJJ-MM (1990-05)"),
        (&clerk, "DateTime", "recordAppointment(input: {idempotencyKey: \"a\", referralId: \"a\", expectedVersion: 1, at: VALUE}) { referral { id } }".to_owned(),
            vec![json!("2026-11-20"), json!("20.11.2026 11:00"), json!(1)], "2026-11-20T11:00:00Z"),
        (&clerk, "ID", "referral(id: VALUE) { id }".to_owned(), vec![json!(true), json!(1.5), json!({"a": 1}), json!(["a", "b"])], id),
        (&clerk, "ID", "referralsById(ids: [VALUE]) { id }".to_owned(), vec![json!(false)], id),
        (&clerk, "ID", of_referrals("{agency: VALUE}"), vec![json!(true)], id),
    ] {
        let kind = if field.starts_with("record") || field.starts_with("open") { "mutation" } else { "query" };
        for value in values {
            let literal = if value.is_object() { "{a: 1}".to_owned() } else { value.to_string() };
            let by_literal = format!("{kind} {{ {} }}", field.replace("VALUE", &literal));
            let by_variable = format!("{kind}($v: {ty}!) {{ {} }}", field.replace("VALUE", "$v"));
            for (query, variables) in [(by_literal, json!({})), (by_variable, json!({"v": value}))] {
                let answer = server.ask(token, &query, &variables).await;
                let message = answer["errors"][0]["message"].as_str().unwrap_or_default();
                assert!(message.contains(written), "{query} {variables}: {answer}");
            }
        }
    }
    // A text that is no id is an error of its field.
    for (query, place) in [
        ("{ referral(id: \"7\") { id } }", "referral"),
        (
            "mutation { acknowledgeReferral(input: {idempotencyKey: \"b\", referralId: \"7\", expectedVersion: 1}) { referral { id } } }",
            "acknowledgeReferral",
        ),
    ] {
        let answer = server.ask(&clerk, query, &json!({})).await;
        assert_eq!(
            (&answer["errors"][0]["path"], &answer["errors"][0]["extensions"]["code"]),
            (&json!([place]), &json!("BAD_INPUT")),
            "{answer}"
        );
        assert!(
            answer["errors"][0]["message"]
                .as_str()
                .expect("a text")
                .ends_with("Kennungen sehen so aus: referral_01h455vb4pex5vsknk084sn02q"),
            "{answer}"
        );
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_error_message_is_long_or_repeats_a_value() {
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
