//! Variables that are omitted or null, at arguments and input fields with a default.

use kim_domain::agency::Role;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::token;
use crate::support::world::ConsentSpec;

const PURPOSE: ReferralPurpose = ReferralPurpose::BenefitApplication;

async fn data(scenario: &Scenario, token: &str, query: &str, variables: Value) -> Value {
    let answer = scenario.server.ask(token, query, &variables).await;
    assert_eq!(answer["errors"], Value::Null, "{query}: {answer}");
    answer["data"].clone()
}

/// Asserts that the field at this path is null, with an error of this argument.
#[track_caller]
fn assert_refused(answer: &Value, path: Value, argument: &str) {
    let errors = answer["errors"].as_array().expect("errors");
    let error = errors.iter().find(|error| error["path"] == path).unwrap_or_else(|| panic!("{path}: {answer}"));
    assert_eq!(error["extensions"]["code"], "BAD_INPUT", "{answer}");
    assert!(error["message"].as_str().expect("a text").contains(&format!("„{argument}“")), "{answer}");
}

on_both! {
    async fn the_default_of_an_argument_counts_if_its_variable_is_omitted(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let referral = scenario.offered().await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        // Root fields, with several operations, fragments and variables that other operations need.
        let list = "query Q($d: Direction, $o: ReferralOrder, $n: Int) { ...L other: referrals(direction: $d) { totalCount } }
            query R($d: Direction!, $o: ReferralOrder!) { ...L }
            fragment L on Query { referrals(direction: $d, orderBy: $o, first: $n) { totalCount nodes { id } } }".replace("query R($d: Direction!, $o: ReferralOrder!) { ...L }", "query R($d: Direction!, $o: ReferralOrder!, $n: Int) { ...L ...M } fragment M on Query { viewer { role } }");
        let body = json!({"query": list, "operationName": "Q", "variables": {}});
        let request = scenario.server.post("", &json!({})).bearer_auth(jobcenter()).body(body.to_string());
        let answer: Value = serde_json::from_str(&request.send().await.expect("an answer").text().await.expect("a body")).expect("JSON");
        assert_eq!(answer, json!({"data": {"referrals": {"totalCount": 1, "nodes": [{"id": referral["id"]}]}, "other": {"totalCount": 1}}}));
        let outgoing = data(&scenario, &traeger(), "query($d: Direction) { referrals(direction: $d) { totalCount } }", json!({"d": "OUTGOING"})).await;
        assert_eq!(outgoing["referrals"]["totalCount"], 1);
        // A nested field, alone and in a fragment that is skipped by a variable with a default.
        let nested = format!("query($m: Int, $if: Boolean, $no: Boolean = false) {{
            case(id: \"{case}\") {{ upcomingDeadlines(withinMonths: $m) {{ __typename }} ...F @include(if: $no) }}
            referral(id: {}) {{ now: disclosure then: disclosure(ifAccepted: $if) }} }} fragment F on Case {{ notes(first: $m) {{ totalCount }} }}", referral["id"]);
        let found = data(&scenario, &traeger(), &nested, json!({})).await;
        assert_eq!(found["referral"]["now"], found["referral"]["then"], "ifAccepted is false");
        let accepted = data(&scenario, &traeger(), &nested, json!({"if": true})).await;
        assert_ne!(accepted["referral"]["now"], accepted["referral"]["then"]);
        assert_eq!(data(&scenario, &traeger(), &nested, json!({"m": 12})).await["case"]["upcomingDeadlines"], found["case"]["upcomingDeadlines"]);
        // The variable's own default comes first.
        let own = "query($d: Direction = OUTGOING, $m: Int = 1) { referrals(direction: $d, first: $m) { totalCount } }";
        assert_eq!(data(&scenario, &traeger(), own, json!({})).await["referrals"]["totalCount"], 1);
        assert_eq!(data(&scenario, &traeger(), own, json!({"d": "INCOMING"})).await["referrals"]["totalCount"], 0);
        // An unused variable is refused whether it is omitted or not, and a variable without any default too.
        for (query, code) in [("query($d: Direction) { viewer { role } }", "GRAPHQL_VALIDATION_FAILED"), ("query($i: ID) { case(id: $i) { id } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($d: Direction) { referrals(direction: $d) { totalCount } } fragment U on Query { viewer { role } }", "GRAPHQL_VALIDATION_FAILED"),
            ("query($d: [Direction]) { referrals(direction: $d) { totalCount } }", "GRAPHQL_VALIDATION_FAILED")] {
            let answer = scenario.server.ask(&traeger(), query, &json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{query}: {answer}");
        }
        scenario.server.stop().await;
    }

    async fn the_default_of_an_input_field_counts_if_its_variable_is_omitted(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, Some(ConsentSpec::whole())).await;
        let draft = "mutation($key: String!, $case: ID!, $to: ID!, $kind: ReferralKind, $application: Boolean, $concern: String, $name: String, $fields: [HandoverField!]) {
            draftReferral(input: {idempotencyKey: $key, caseId: $case, receiverId: $to, purpose: BENEFIT_APPLICATION, kind: $kind,
                carriesApplication: $application, concern: $concern, contact: {name: $name, phone: \"0221 221-0\"}, fields: $fields}) {
            referral { id version kind carriesApplication senderContact { name phone } } } }";
        let given = json!({"key": "a", "case": case, "to": encode(Kind::Agency, scenario.jobcenter)});
        let made = data(&scenario, &traeger(), draft, given.clone()).await["draftReferral"]["referral"].clone();
        assert_eq!((&made["kind"], &made["carriesApplication"], &made["senderContact"]), (&json!("REFERRAL"), &json!(false), &json!({"name": null, "phone": "0221 221-0"})));
        // A repeat without the variables in the document is the same request.
        let same = "mutation($key: String!, $case: ID!, $to: ID!) { draftReferral(input: {idempotencyKey: $key, caseId: $case, receiverId: $to,
            purpose: BENEFIT_APPLICATION, contact: {phone: \"0221 221-0\"}}) { referral { id } } }";
        assert_eq!(data(&scenario, &traeger(), same, given).await["draftReferral"]["referral"]["id"], made["id"]);
        // Lists with a default, and an omitted variable as an item of a list.
        let change = "mutation($id: ID!, $version: Int!, $add: [HandoverField!], $remove: [HandoverField!]) {
            changeHandover(input: {idempotencyKey: \"b\", referralId: $id, expectedVersion: $version, add: $add, remove: $remove, refresh: []}) { referral { version } } }";
        let made = data(&scenario, &traeger(), change, on(&json!({"id": made["id"], "version": made["version"]}), json!({"id": made["id"], "version": made["version"], "remove": ["PHONE"]}))).await;
        assert_eq!(made["changeHandover"]["referral"]["version"], 2);
        // A value that is left out is not deleted; null deletes it.
        let update = "mutation($key: String!, $version: Int!, $case: ID!, $number: String, $result: String, $city: String, $phone: String) {
            updateCase(input: {idempotencyKey: $key, caseId: $case, expectedVersion: $version, district: $result, caseNumber: $number,
                record: {city: $city, phone: $phone}}) { case { version record { city phone } } } }";
        let first = data(&scenario, &traeger(), update, json!({"key": "c", "case": case, "version": 1, "phone": "0221 222-0"})).await["updateCase"]["case"].clone();
        assert!(first["record"]["city"].is_string() && first["record"]["phone"] == "0221 222-0", "{first}");
        let second = data(&scenario, &traeger(), update, json!({"key": "d", "case": case, "version": first["version"], "phone": null})).await["updateCase"]["case"].clone();
        assert_eq!(second["record"], json!({"city": first["record"]["city"], "phone": null}));
        scenario.server.stop().await;
    }

    async fn a_null_where_a_default_counts_is_an_error_of_its_field(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let referral = scenario.offered().await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        // A nullable field is null and the others have their values, also in lists and fragments.
        let query = format!("query($if: Boolean, $no: Boolean = null) {{ viewer {{ role }} referral(id: {0}) {{ id d: disclosure(ifAccepted: $if) ...F }}
            referrals(direction: OUTGOING) {{ nodes {{ reference disclosure(ifAccepted: $no) }} }} }}
            fragment F on Referral {{ status e: disclosure(ifAccepted: $if) }}", referral["id"]);
        for variables in [json!({"if": null}), json!({"if": null, "no": null})] {
            let answer = scenario.server.ask(&traeger(), &query, &variables).await;
            assert_refused(&answer, json!(["referral", "d"]), "ifAccepted");
            assert_refused(&answer, json!(["referral", "e"]), "ifAccepted");
            assert_refused(&answer, json!(["referrals", "nodes", 0, "disclosure"]), "ifAccepted");
            assert_eq!(answer["data"]["referral"], json!({"id": referral["id"], "d": null, "status": "OFFERED", "e": null}), "{answer}");
            assert_eq!(answer["data"]["viewer"]["role"], "CASE_MANAGER");
            assert!(answer["data"]["referrals"]["nodes"][0]["reference"].is_string(), "{answer}");
            assert_eq!(answer["errors"].as_array().map(Vec::len), Some(3), "{answer}");
        }
        // A field that must not be null: no data, and an error at its path.
        let query = format!("query($m: Int, $d: Direction) {{ case(id: \"{case}\") {{ id upcomingDeadlines(withinMonths: $m) {{ __typename }} }} referrals(direction: $d) {{ totalCount }} }}");
        let answer = scenario.server.ask(&traeger(), &query, &json!({"m": null, "d": null})).await;
        assert_eq!(answer["data"], Value::Null);
        assert_refused(&answer, json!(["case", "upcomingDeadlines"]), "withinMonths");
        assert_refused(&answer, json!(["referrals"]), "direction");
        // The default of the variable does not count for null either.
        let query = "query($d: Direction = OUTGOING) { referrals(direction: $d) { totalCount } }";
        assert_refused(&scenario.server.ask(&traeger(), query, &json!({"d": null})).await, json!(["referrals"]), "direction");
        // A mutation is not executed, and the next one is.
        let version = referral["version"].clone();
        let query = "mutation($id: ID!, $version: Int!, $add: [HandoverField!], $know: Boolean) {
            a: changeHandover(input: {idempotencyKey: \"a\", referralId: $id, expectedVersion: $version, add: $add, remove: [CITY]}) { referral { version } }
            b: changeHandover(input: {idempotencyKey: \"b\", referralId: $id, expectedVersion: $version, remove: [CITY], acknowledgeReportingDuty: $know}) { referral { version } }
            c: postMessage(input: {idempotencyKey: \"c\", referralId: $id, expectedVersion: $version, text: \"Guten Tag\"}) { referral { version } } }";
        let answer = scenario.server.ask(&traeger(), query, &json!({"id": referral["id"], "version": version, "add": null, "know": null})).await;
        assert_refused(&answer, json!(["a"]), "input");
        assert_refused(&answer, json!(["b"]), "input");
        assert_eq!(answer["data"], json!({"a": null, "b": null, "c": {"referral": {"version": version.as_i64().expect("a number") + 1}}}), "{answer}");
        // An item of a list that must not be null.
        let query = "query($one: StatisticsDimension = PURPOSE) { municipalityStatistics(period: \"2026-10\", by: [$one]) { __typename } }";
        let coordination = token("koordination", Role::Coordinator);
        assert_refused(&scenario.server.ask(&coordination, query, &json!({"one": null})).await, json!(["municipalityStatistics"]), "by");
        let omitted = "query($by: [StatisticsDimension!]) { municipalityStatistics(period: \"2026-10\", by: $by) { __typename } }";
        data(&scenario, &coordination, omitted, json!({})).await;
        assert_refused(&scenario.server.ask(&coordination, omitted, &json!({"by": null})).await, json!(["municipalityStatistics"]), "by");
        // A null literal, and a null inside the value of a variable, are invalid requests.
        for (query, variables) in [
            ("{ referrals(direction: null) { totalCount } }", json!({})),
            ("mutation($input: ChangeHandoverInput!) { changeHandover(input: $input) { referral { id } } }", json!({"input": {"idempotencyKey": "d", "referralId": referral["id"], "expectedVersion": 1, "add": null}})),
            ("query($if: Boolean = true) { viewer { role @skip(if: $if) kind: __typename } }", json!({"if": null})),
        ] {
            let answer = scenario.server.ask(&traeger(), query, &variables).await;
            assert_eq!((&answer["data"], answer["errors"].as_array().map(Vec::len)), (&Value::Null, Some(1)), "{query}: {answer}");
        }
        scenario.server.stop().await;
    }
}
