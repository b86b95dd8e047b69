//! Birth dates that are known in part: stored, handed over, shown and searched as what is known.

use kim_domain::id::{Kind, encode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::consents::to_jobcenter;
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};

/// Opens a case with this birth date. Returns the whole answer.
pub(crate) async fn open(scenario: &Scenario, number: &str, record: Value) -> Value {
    let query = "mutation($input: OpenCaseInput!) { openCase(input: $input) { case { id version record { birthDate birthDatePart age } } } }";
    let input = json!({"idempotencyKey": Uuid::now_v7(), "caseNumber": number, "record": record});
    scenario.server.ask(&traeger(), query, &json!({ "input": input })).await
}

/// Hands the case over to the Jobcenter. Returns the referral.
pub(crate) async fn hand_over(scenario: &Scenario, case: &Value) -> Value {
    let mut consent = to_jobcenter(scenario, case.as_str().expect("an id"), json!({}));
    consent["idempotencyKey"] = json!(Uuid::now_v7());
    let query = "mutation($input: RecordConsentInput!) { recordConsent(input: $input) { consent { id } } }";
    let answer = scenario.server.ask(&traeger(), query, &json!({ "input": consent })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let receiver = encode(Kind::Agency, scenario.jobcenter);
    let input = json!({"caseId": case, "receiverId": receiver, "purpose": "BENEFIT_APPLICATION"});
    let draft = scenario.done(&traeger(), "draftReferral", input).await;
    let offered =
        scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
    scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await
}

on_both! {
    async fn a_birth_date_known_in_part_is_handed_over_shown_and_searched_as_what_is_known(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        for (number, part, read) in [("T-1", "1990-05", "05.1990 (Tag unbekannt)"), ("T-2", "1991", "1991 (Tag und Monat unbekannt)")] {
            let opened = open(&scenario, number, json!({"familyName": "Noori", "birthDatePart": part})).await;
            let case = &opened["data"]["openCase"]["case"];
            let shown = json!({"birthDate": null, "birthDatePart": part});
            assert_eq!(case["record"]["birthDatePart"], part, "{opened}");
            assert_eq!(case["record"]["birthDate"], Value::Null);
            let referral = hand_over(&scenario, &case["id"]).await;
            let query = format!(
                "{{ referral(id: {}) {{ handover {{ birthDate birthDatePart }} alone: handover {{ birthDatePart }} list: handover {{ entries {{ field value }} }} }} }}",
                referral["id"]
            );
            let seen = scenario.ask(&jobcenter(), &query).await["referral"].clone();
            assert_eq!((&seen["handover"], &seen["alone"]["birthDatePart"]), (&shown, &json!(part)));
            let entries = seen["list"]["entries"].as_array().expect("entries");
            let entry = entries.iter().find(|entry| entry["field"] == "BIRTH_DATE").expect("the entry");
            assert_eq!(entry["value"], read);
            // The officer sees one field, under whatever name it was shown.
            let year = part[..4].parse::<i32>().expect("a year");
            for (client, found) in [
                (json!({"familyName": "noori", "birthYear": year}), 1),
                (json!({"familyName": "noori", "birthYear": year + 5}), 0),
                (json!({"familyName": "Norri", "birthYear": year}), 0),
                (json!({"familyName": "noori", "birthDate": format!("{year}-01-01")}), 0),
                (json!({"familyName": "noori", "birthDate": format!("{year}-05-01")}), 0),
            ] {
                let query = "query($client: ClientInput!) { referrals(filter: {client: $client}) { totalCount nodes { id } } }";
                let answer = scenario.server.ask(&jobcenter(), query, &json!({ "client": client })).await;
                assert_eq!(answer["data"]["referrals"]["totalCount"], found, "{client}: {answer}");
                let query = "query($client: ClientInput!) { cases(filter: {client: $client}) { totalCount } }";
                let answer = scenario.server.ask(&traeger(), query, &json!({ "client": client })).await;
                assert_eq!(answer["data"]["cases"]["totalCount"], found, "{client}: {answer}");
            }
        }
        scenario.server.stop().await;
    }

    async fn exactly_one_birth_date_is_given_and_a_day_is_found_by_no_year(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let opened = open(&scenario, "T-1", json!({"familyName": "Noori", "birthDate": "1990-05-17"})).await;
        let case = opened["data"]["openCase"]["case"].clone();
        assert_eq!((&case["record"]["birthDate"], &case["record"]["birthDatePart"]), (&json!("1990-05-17"), &Value::Null), "{opened}");
        for client in [json!({"familyName": "Noori"}), json!({"familyName": "Noori", "birthDate": "1990-05-17", "birthYear": 1990}), json!({"familyName": "Noori", "birthYear": 90})] {
            let query = "query($client: ClientInput!) { cases(filter: {client: $client}) { totalCount } }";
            let answer = scenario.server.ask(&traeger(), query, &json!({ "client": client })).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_INPUT", "{client}: {answer}");
            assert!(answer["errors"][0]["message"].as_str().expect("a text").contains("birthYear"), "{answer}");
        }
        let query = "{ cases(filter: {client: {familyName: \"Noori\", birthYear: 1990}}) { totalCount } }";
        assert_eq!(scenario.ask(&traeger(), query).await["cases"]["totalCount"], 0);
        for (record, named) in [
            (json!({"familyName": "A", "birthDate": "1990-05-17", "birthDatePart": "1990"}), "birthDatePart"),
            (json!({"familyName": "A"}), "birthDate"),
            (json!({"familyName": "A", "birthDatePart": null}), "birthDate"),
            (json!({"familyName": "A", "birthDatePart": "2027"}), "birthDate"),
            (json!({"familyName": "A", "birthDatePart": "1990-05-17"}), "JJJJ-MM"),
            (json!({"familyName": "A", "birthDatePart": "05.1990"}), "JJJJ-MM"),
            (json!({"familyName": "A", "birthDatePart": 1990}), "JJJJ-MM"),
            (json!({"familyName": "A", "birthDate": "1990-05-17", "householdMembers": [{"relation": "CHILD", "birthDate": "2020-01-01", "birthDatePart": "2020"}]}), "birthDatePart"),
        ] {
            let answer = open(&scenario, "T-2", record.clone()).await;
            assert!(answer["errors"][0]["message"].as_str().is_some_and(|text| text.contains(named)), "{record}: {answer}");
        }
        // From a day to a part and back, also with the other one set to null.
        let update = "mutation($input: UpdateCaseInput!) { updateCase(input: $input) { case { version record { birthDate birthDatePart age householdMembers { birthDate birthDatePart } } } } }";
        let mut version = case["version"].clone();
        for (record, day, part) in [
            (json!({"birthDatePart": "1990"}), Value::Null, json!("1990")),
            (json!({"birthDate": null, "birthDatePart": "1990-05"}), Value::Null, json!("1990-05")),
            (json!({"birthDate": "1990-05-17", "birthDatePart": null}), json!("1990-05-17"), Value::Null),
            (json!({"householdMembers": [{"relation": "CHILD", "birthDatePart": "2020-03"}]}), json!("1990-05-17"), Value::Null),
        ] {
            let input = json!({"idempotencyKey": Uuid::now_v7(), "caseId": case["id"], "expectedVersion": version, "record": record});
            let answer = scenario.server.ask(&traeger(), update, &json!({ "input": input })).await;
            let updated = &answer["data"]["updateCase"]["case"];
            assert_eq!((&updated["record"]["birthDate"], &updated["record"]["birthDatePart"]), (&day, &part), "{answer}");
            assert_eq!(updated["record"]["age"].is_number(), day.is_string() || part == "1990-05", "{answer}");
            version = updated["version"].clone();
            if record["householdMembers"].is_array() {
                assert_eq!(updated["record"]["householdMembers"], json!([{"birthDate": null, "birthDatePart": "2020-03"}]));
            }
        }
        scenario.server.stop().await;
    }

    async fn a_rule_of_age_that_a_birth_date_does_not_decide_is_open(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        // The day is 2026-11-20. Young adults are 18 to 27 in Köln.
        for (number, record, result) in [
            ("T-1", json!({"familyName": "A", "birthDatePart": "2008"}), "BIRTH_DATE_INEXACT"),
            ("T-2", json!({"familyName": "B", "birthDatePart": "2003-05"}), ""),
            ("T-3", json!({"familyName": "C", "birthDatePart": "1980"}), "TOO_OLD"),
            ("T-4", json!({"familyName": "D", "birthDatePart": "2015"}), "TOO_YOUNG"),
        ] {
            let opened = open(&scenario, number, record).await;
            let case = &opened["data"]["openCase"]["case"]["id"];
            let query = format!("{{ eligibilityCheck(caseId: {case}) {{ findings {{ group reasons }} }} }}");
            let answer = scenario.server.ask(&traeger(), &query, &json!({})).await;
            let findings = answer["data"]["eligibilityCheck"]["findings"].as_array().unwrap_or_else(|| panic!("{answer}"));
            let young = findings.iter().find(|one| one["group"] == "JUNGE_ERWACHSENE").expect("the group");
            let reasons: Vec<&str> = young["reasons"].as_array().expect("reasons").iter().filter_map(Value::as_str).collect();
            let of_age: Vec<_> = reasons.into_iter().filter(|reason| reason.starts_with("TOO_") || reason.starts_with("BIRTH_")).collect();
            assert_eq!(of_age.first().copied().unwrap_or_default(), result, "{number}: {answer}");
        }
        scenario.server.stop().await;
    }
}
