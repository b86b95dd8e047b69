//! Whoever acts through a Fachverfahren stands beside it wherever a person is recorded, for the own agency alone.

use kim_domain::agency::Role;
use serde_json::{Value, json};

use crate::cases;
use crate::consents::to_jobcenter;
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{claims, sign};

/// A Fachverfahren of an agency that acts for somebody.
fn service(agency: &str, acting_for: &str) -> String {
    let mut claims = claims(agency, Role::Service);
    claims["sub"] = json!("fachverfahren");
    claims["act"] = json!({ "sub": acting_for });
    sign(&claims)
}

/// The persons of a list's entries: who, and for whom.
fn persons(list: &Value) -> Vec<(Option<&str>, Option<&str>)> {
    list.as_array().expect("a list").iter().map(|one| (one["staff"].as_str(), one["actingFor"].as_str())).collect()
}

on_both! {
    async fn the_person_for_whom_a_service_acts_stands_beside_it_for_its_own_agency(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let receiver = service("jobcenter", "frau-beispiel");
        let mut referral = scenario.done(&receiver, "acceptReferral", on(&offered, json!({}))).await;
        for (mutation, input) in [
            ("postMessage", json!({"text": "Guten Tag"})),
            ("recordAppointment", json!({"at": "2026-12-01T09:00:00Z", "place": "Raum 12"})),
            ("recordTalk", json!({"heldOn": "2026-11-20", "participants": ["a"], "clientTookPart": true})),
            ("reportWrongValue", json!({"field": "PHONE", "text": "falsch"})),
        ] {
            referral = scenario.done(&receiver, mutation, on(&referral, input)).await;
        }
        let parts = "messages { nodes { staff actingFor } } talks { staff actingFor } appointments { staff actingFor }
            events(last: 5) { nodes { action staff actingFor } }
            corrections { nodes { id staff actingFor decidedBy decidedActingFor } }";
        let query = format!("{{ referral(id: {}) {{ version {parts} }} }}", offered["id"]);
        let lists = |seen: &Value| {
            [&seen["messages"]["nodes"], &seen["talks"], &seen["appointments"], &seen["events"]["nodes"], &seen["corrections"]["nodes"]]
                .map(Value::clone)
        };
        let own = scenario.ask(&jobcenter(), &query).await["referral"].clone();
        for list in lists(&own) {
            assert!(!persons(&list).is_empty(), "{own}");
            assert!(persons(&list).iter().all(|one| *one == (Some("fachverfahren"), Some("frau-beispiel"))), "{list}");
        }
        let other = scenario.ask(&traeger(), &query).await["referral"].clone();
        for list in lists(&other) {
            assert!(persons(&list).iter().all(|one| *one == (None, None)), "the other side's staff: {list}");
        }

        let sender = service("traeger", "herr-muster");
        let report = &other["corrections"]["nodes"][0]["id"];
        let input = json!({"correctionId": report, "decision": "REJECTED", "text": "stimmt"});
        let decided = scenario.done(&sender, "decideCorrection", on(&json!({"id": offered["id"], "version": other["version"]}), input)).await;
        assert_eq!(decided["id"], offered["id"]);
        for (token, expected) in [(traeger(), json!(["fachverfahren", "herr-muster"])), (jobcenter(), json!([null, null]))] {
            let seen = scenario.ask(&token, &query).await["referral"].clone();
            let one = &seen["corrections"]["nodes"][0];
            assert_eq!(json!([one["decidedBy"], one["decidedActingFor"]]), expected);
            let last = persons(&seen["events"]["nodes"]).pop().expect("an event");
            assert_eq!(json!([last.0, last.1]), expected);
        }
        scenario.server.stop().await;
    }

    async fn the_person_for_whom_a_service_acts_stands_in_the_case_and_its_consents(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = cases::opened(&scenario, "K-1").await;
        let sender = service("traeger", "herr-muster");
        let consent = "consent { staff actingFor history { staff actingFor } }";
        let mut input = to_jobcenter(&scenario, case["id"].as_str().expect("an id"), json!({}));
        input["idempotencyKey"] = json!("a");
        let query = format!("mutation($input: RecordConsentInput!) {{ recordConsent(input: $input) {{ {consent} }} }}");
        let answer = scenario.server.ask(&sender, &query, &json!({ "input": input })).await;
        let by = json!({"staff": "fachverfahren", "actingFor": "herr-muster"});
        let recorded = &answer["data"]["recordConsent"]["consent"];
        assert_eq!((&recorded["actingFor"], &recorded["history"]), (&by["actingFor"], &json!([by])), "{answer}");

        for (mutation, mut input, list) in [
            ("addNote", json!({"caseId": case["id"], "text": "eine Notiz"}), "notes"),
            ("decideEligibility", cases::at(&case, json!({"eligible": false, "explanation": "Keine Einwilligung"})), "decisions"),
        ] {
            let kind = mutation[..1].to_uppercase() + &mutation[1..];
            let by = "{ staff actingFor }";
            let shown = format!("notes {{ nodes {by} }} decisions: eligibilityDecisions {by}");
            let query = format!("mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ case {{ {shown} }} }} }}");
            let seen = scenario.ask(&traeger(), &format!("{{ case(id: {}) {{ version }} }}", case["id"])).await;
            if mutation == "decideEligibility" {
                input["expectedVersion"] = seen["case"]["version"].clone();
            }
            input["idempotencyKey"] = json!(mutation);
            let answer = scenario.server.ask(&sender, &query, &json!({ "input": input })).await;
            let case = &answer["data"][mutation]["case"];
            let list = if list == "notes" { &case["notes"]["nodes"] } else { &case["decisions"] };
            assert_eq!(list, &json!([{"staff": "fachverfahren", "actingFor": "herr-muster"}]), "{answer}");
        }
        scenario.server.stop().await;
    }
}
