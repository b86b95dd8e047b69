//! Cases of a Träger over HTTP: opened, changed, planned, decided on and closed, and visible to no other agency.

mod deadlines;
mod eligibility;
mod record;
mod referrals;

use kim_domain::agency::Role;
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, encode};
use kim_entity::raw;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, traeger};
use crate::support::server::{claims, sign, token};
use crate::support::world;

/// The fields of a case that mutations change.
const SHOWN: &str = "id version caseNumber district phase openedOn closedOn closedReason result planReviewedOn";

/// Executes a mutation of a case and selects these fields. Returns the whole answer.
async fn mutate(scenario: &Scenario, token: &str, mutation: &str, mut input: Value, shown: &str) -> Value {
    let type_name = mutation[..1].to_uppercase() + &mutation[1..] + "Input";
    let query = format!("mutation($input: {type_name}!) {{ {mutation}(input: $input) {{ case {{ {shown} }} }} }}");
    if input["idempotencyKey"].is_null() {
        input["idempotencyKey"] = json!(Uuid::now_v7());
    }
    scenario.server.ask(token, &query, &json!({ "input": input })).await
}

pub(crate) async fn done(scenario: &Scenario, mutation: &str, input: Value, shown: &str) -> Value {
    let answer = mutate(scenario, &traeger(), mutation, input, shown).await;
    assert_eq!(answer["errors"], Value::Null, "{mutation}: {answer}");
    answer["data"][mutation]["case"].clone()
}

/// Executes a mutation that must be refused. Returns the code and the message.
pub(crate) async fn refused(scenario: &Scenario, mutation: &str, input: Value) -> (String, String) {
    let answer = mutate(scenario, &traeger(), mutation, input, "id").await;
    assert_eq!(answer["data"], json!({ mutation: null }), "{mutation}: {answer}");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&answer["errors"][0]["extensions"]["code"]), text(&answer["errors"][0]["message"]))
}

pub(crate) fn at(case: &Value, mut input: Value) -> Value {
    input["caseId"] = case["id"].clone();
    input["expectedVersion"] = case["version"].clone();
    input
}

fn record() -> Value {
    json!({
        "familyName": "Haddad", "givenName": "Rana", "birthDate": "2004-05-01", "nationalities": ["SY"],
        "nameVariants": ["Alhaddad"], "gender": "FEMALE", "phone": "0221/5550-123", "email": "rana@example.org",
        "postalCode": "50667", "inGermanySince": "2016-02-01", "interpreterNeeded": true, "preferredLanguage": "ARABIC",
        "aufenthaltstitel": "DULDUNG_60A", "aufenthaltstitelValidUntil": "2027-01-31",
        "wohnsitzauflage": {"place": "Köln"}, "germanLevel": "B1", "germanCertificate": {"level": "B1", "issuedOn": "2025-03-01"},
        "documents": [{"name": "Pass", "state": "beantragt"}], "integrationAchievements": [{"kind": "Praktikum"}],
        "legalRepresentative": {"name": "Amt Muster", "phone": "0221 221-0"},
        "householdMembers": [{"relation": "CHILD", "givenName": "Mia", "birthDate": "2024-01-01"}, {"relation": "PARENT"}],
        "concern": "Braucht Hilfe bei:\nArbeit", "targetGroup": ["ALLEINERZIEHENDE"], "currentBenefit": "ASYLBLG_3",
    })
}

pub(crate) async fn opened(scenario: &Scenario, number: &str) -> Value {
    done(scenario, "openCase", json!({"caseNumber": number, "record": record()}), SHOWN).await
}

async fn fingerprint(scenario: &Scenario, family_name: &str) -> (Option<String>, Option<String>) {
    let persons = raw::persons(scenario.server.database.database.raw()).await.expect("persons");
    let person = persons.into_iter().find(|person| person.values.get(HandoverField::FamilyName) == Some(family_name));
    person.expect("a person").fingerprints.map_or((None, None), |made| (Some(made.exact.whole), made.phonetic))
}

on_both! {
    async fn a_case_runs_from_opening_to_closing(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let read = "record { familyName age nationalities { code } nameVariants phone germanCertificate { level issuedOn } concern
            householdMembers { relation givenName birthDate } legalRepresentative { phone } wohnsitzauflage { place }
            documents { name state } interpreterNeeded targetGroup counsellingNotes planSteps { step } }";
        let case = done(&scenario, "openCase", json!({"caseNumber": "K-1", "record": record()}), &format!("{SHOWN} {read}")).await;
        assert_eq!((&case["version"], &case["phase"], &case["openedOn"]), (&json!(1), &json!("INTAKE"), &json!("2026-11-20")));
        assert_eq!(case["record"], json!({
            "familyName": "Haddad", "age": 22, "nationalities": [{"code": "SY"}], "nameVariants": ["Alhaddad"], "phone": "0221 5550-123",
            "germanCertificate": {"level": "B1", "issuedOn": "2025-03-01"}, "concern": "Braucht Hilfe bei:\nArbeit",
            "householdMembers": [{"relation": "CHILD", "givenName": "Mia", "birthDate": "2024-01-01"},
                {"relation": "PARENT", "givenName": null, "birthDate": null}],
            "legalRepresentative": {"phone": "0221 221-0"}, "wohnsitzauflage": {"place": "Köln"},
            "documents": [{"name": "Pass", "state": "beantragt"}], "interpreterNeeded": true, "targetGroup": ["ALLEINERZIEHENDE"],
            "counsellingNotes": null, "planSteps": null}));
        let found = |name: &str| format!("{{ cases(filter: {{client: {{familyName: \"{name}\", birthDate: \"2004-05-01\"}}}}) {{ totalCount }} }}");
        assert_eq!(scenario.ask(&traeger(), &found("haddad")).await["cases"]["totalCount"], 1);

        let before = fingerprint(&scenario, "Haddad").await;
        let input = json!({"phase": "ASSESSMENT", "record": {"familyName": "Schmidt", "phone": null, "householdMembers": null, "documents": []}});
        let read = format!("{SHOWN} record {{ familyName givenName phone householdMembers {{ relation }} documents {{ name }} city }}");
        let updated = done(&scenario, "updateCase", at(&case, input), &read).await;
        assert_eq!((&updated["version"], &updated["phase"]), (&json!(2), &json!("ASSESSMENT")));
        assert_eq!(updated["record"], json!({"familyName": "Schmidt", "givenName": "Rana", "phone": null, "householdMembers": null,
            "documents": null, "city": null}));
        // A client is found by the new name and no longer by the old one.
        assert_eq!(scenario.ask(&traeger(), &found("Schmidt")).await["cases"]["totalCount"], 1);
        assert_eq!(scenario.ask(&traeger(), &found("Haddad")).await["cases"]["totalCount"], 0);
        let after = fingerprint(&scenario, "Schmidt").await;
        assert!(before.0 != after.0 && before.1 != after.1 && after.1.is_some());
        assert_eq!(after.0, Some(world::key().client("Schmidt", "2004-05-01".parse().expect("a day"))));

        for text in ["Erstes Gespräch", "Zweites Gespräch"] {
            let noted = done(&scenario, "addNote", json!({"caseId": case["id"], "text": text}), "version notes { totalCount nodes { text staff } }").await;
            assert_eq!((&noted["version"], &noted["notes"]["nodes"][0]), (&json!(2), &json!({"text": text, "staff": "test-person"})));
        }
        let page = |after: &str| format!("{{ case(id: {}) {{ notes(first: 1{after}) {{ totalCount nodes {{ text }} pageInfo {{ hasNextPage endCursor }} }} }} }}", case["id"]);
        let first = &scenario.ask(&traeger(), &page("")).await["case"]["notes"];
        assert_eq!((&first["totalCount"], &first["pageInfo"]["hasNextPage"]), (&json!(2), &json!(true)));
        let second = &scenario.ask(&traeger(), &page(&format!(", after: {}", first["pageInfo"]["endCursor"]))).await["case"]["notes"];
        assert_eq!((&second["nodes"][0]["text"], &second["pageInfo"]["hasNextPage"]), (&json!("Erstes Gespräch"), &json!(false)));

        let decision = json!({"eligible": true, "groups": ["DULDUNG_GESTATTUNG"], "statements": {"jobcenterLeads": false}});
        let decided = done(&scenario, "decideEligibility", at(&updated, decision), &format!("{SHOWN} admission {{ ruleSet {{ id version }} groups }}")).await;
        assert_eq!(decided["admission"], json!({"ruleSet": {"id": "koeln-2023", "version": 1}, "groups": ["DULDUNG_GESTATTUNG"]}));
        let closed = done(&scenario, "closeCase", at(&decided, json!({"reason": "GOALS_REACHED", "result": "Arbeit gefunden"})), SHOWN).await;
        assert_eq!((&closed["version"], &closed["phase"], &closed["closedOn"], &closed["closedReason"], &closed["result"]),
            (&json!(4), &json!("EVALUATION"), &json!("2026-11-20"), &json!("GOALS_REACHED"), &json!("Arbeit gefunden")));
        for (mutation, input) in [
            ("updateCase", json!({"phase": "INTAKE"})), ("closeCase", json!({"reason": "OTHER"})), ("setPlan", json!({"goals": []})),
            ("decideEligibility", json!({"eligible": false, "explanation": "a"})),
        ] {
            assert_eq!(refused(&scenario, mutation, at(&closed, input)).await.0, "ACTION_NOT_ALLOWED", "{mutation}");
        }
        done(&scenario, "addNote", json!({"caseId": case["id"], "text": "Ruft noch einmal an"}), "id").await;
        scenario.server.stop().await;
    }

    async fn a_case_of_another_traeger_is_answered_like_a_missing_one(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = opened(&scenario, "K-1").await;
        let foreign = token("other", Role::CaseManager);
        let absent = json!({"id": encode(Kind::Case, Uuid::now_v7()), "version": 1});
        for (mutation, input) in [
            ("updateCase", json!({"phase": "PLANNING"})), ("closeCase", json!({"reason": "DIED"})), ("setPlan", json!({"goals": []})),
            ("decideEligibility", json!({"eligible": true, "groups": ["LSBTI"]})), ("addNote", json!({"text": "a"})),
        ] {
            let aim = |case: &Value| {
                let mut aimed = at(case, input.clone());
                if mutation == "addNote" {
                    aimed.as_object_mut().expect("an input").remove("expectedVersion");
                }
                aimed
            };
            let of_foreign = mutate(&scenario, &foreign, mutation, aim(&case), "id").await;
            let of_absent = mutate(&scenario, &foreign, mutation, aim(&absent), "id").await;
            assert_eq!(of_foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{mutation}: {of_foreign}");
            assert_eq!(of_foreign, of_absent, "{mutation}");
        }
        let check = format!("{{ case(id: {0}) {{ id }} eligibilityCheck(caseId: {0}) {{ result }} upcomingDeadlines {{ totalCount }} }}", case["id"]);
        assert_eq!(scenario.ask(&foreign, &check).await, json!({"case": null, "eligibilityCheck": null, "upcomingDeadlines": {"totalCount": 0}}));

        // A receiver's schema has no such field. A token that may only read is refused.
        let answer = scenario.server.ask(&jobcenter(), "{ upcomingDeadlines { totalCount } }", &json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
        let mut reader = claims("traeger", Role::CaseManager);
        reader["scope"] = json!("case:read");
        let answer = mutate(&scenario, &sign(&reader), "addNote", json!({"caseId": case["id"], "text": "a"}), "id").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");

        let newer = done(&scenario, "updateCase", at(&case, json!({"phase": "PLANNING"})), SHOWN).await;
        let answer = mutate(&scenario, &traeger(), "updateCase", at(&case, json!({"phase": "LINKING"})), "id").await;
        assert_eq!(answer["errors"][0]["extensions"], json!({"code": "CONFLICT", "version": newer["version"]}), "{answer}");
        scenario.server.stop().await;
    }

    async fn one_of_four_simultaneous_requests_wins_and_the_others_are_refused(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let codes = |answers: [Value; 4], mutation: &str| {
            let won = answers.iter().filter(|answer| answer["data"][mutation] != Value::Null).count();
            let codes = answers.iter().filter_map(|answer| answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned));
            (won, codes.collect::<Vec<_>>())
        };
        for round in 0..10 {
            let number = format!("K-{round}");
            let (tokens, input) = (traeger(), json!({"caseNumber": number, "record": record()}));
            let open = || mutate(&scenario, &tokens, "openCase", input.clone(), SHOWN);
            let answers: [Value; 4] = tokio::join!(open(), open(), open(), open()).into();
            let case = answers.iter().find(|answer| answer["errors"] == Value::Null).expect("one")["data"]["openCase"]["case"].clone();
            assert_eq!(codes(answers, "openCase"), (1, vec!["BAD_INPUT".to_owned(); 3]));
            let update = |phase: &'static str| mutate(&scenario, &tokens, "updateCase", at(&case, json!({"phase": phase})), SHOWN);
            let answers = tokio::join!(update("PLANNING"), update("LINKING"), update("MONITORING"), update("ASSESSMENT")).into();
            assert_eq!(codes(answers, "updateCase"), (1, vec!["CONFLICT".to_owned(); 3]));
        }
        scenario.server.stop().await;
    }

    async fn a_repeated_request_opens_no_second_case(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let input = json!({"idempotencyKey": "open-1", "caseNumber": "K-1", "record": record()});
        let first = done(&scenario, "openCase", input.clone(), SHOWN).await;
        assert_eq!(done(&scenario, "openCase", input.clone(), SHOWN).await, first);
        let mut other = input;
        other["record"]["city"] = json!("Köln");
        assert_eq!(refused(&scenario, "openCase", other).await.0, "IDEMPOTENCY_MISMATCH");
        scenario.server.stop().await;
    }
}
