//! The parts of double names, by each of which a client is found: written, replaced and deleted together with the name.

use kim_domain::agency::Role;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::id::new_uuid;
use kim_entity::handover::HandoverRow;
use kim_entity::name_part::NamePart;
use kim_entity::person::{Fingerprints, PersonRow};
use kim_entity::raw::{self, Stored};
use kim_entity::values::Values;
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::birth_date::{hand_over, open};
use crate::support::on_both;
use crate::support::scenario::{SHOWN, Scenario, jobcenter, on, traeger};
use crate::support::server::token;
use crate::support::world;

const BORN: &str = "1990-05-17";

/// How many referrals, or cases, a search for the client finds.
async fn found(scenario: &Scenario, token: &str, list: &str, name: &str) -> i64 {
    let query =
        format!("{{ {list}(filter: {{client: {{familyName: \"{name}\", birthDate: \"{BORN}\"}}}}) {{ totalCount }} }}");
    scenario.ask(token, &query).await[list]["totalCount"].as_i64().expect("a count")
}

/// Checks which names find the client in the Jobcenter's referral, and in the Träger's case.
async fn check(scenario: &Scenario, of_referral: &[&str], of_case: &[&str]) {
    for name in ["Müller-Schmidt", "Mueller", "SCHMIDT", "Weber Fischer", "Weber", "Fischer", "Schmid", "Weber-Schmidt"]
    {
        let is_of = |names: &[&str]| i64::from(names.contains(&name));
        assert_eq!(found(scenario, &jobcenter(), "referrals", name).await, is_of(of_referral), "referral: {name}");
        assert_eq!(found(scenario, &traeger(), "cases", name).await, is_of(of_case), "case: {name}");
        assert_eq!(found(scenario, &token("other", Role::CaseManager), "cases", name).await, 0, "another Träger");
    }
}

/// Changes the family name in a case's record. Returns the case.
async fn rename(scenario: &Scenario, case: &Value, name: &str) -> Value {
    let query = "mutation($input: UpdateCaseInput!) { updateCase(input: $input) { case { id version } } }";
    let input = json!({"idempotencyKey": Uuid::now_v7(), "caseId": case["id"], "expectedVersion": case["version"], "record": {"familyName": name}});
    let answer = scenario.server.ask(&traeger(), query, &json!({ "input": input })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"]["updateCase"]["case"].clone()
}

async fn count<S: Stored>(scenario: &Scenario) -> i64 {
    raw::count::<S>(scenario.server.database.database.raw()).await.expect("a count")
}

const BEFORE: [&str; 3] = ["Müller-Schmidt", "Mueller", "SCHMIDT"];
const AFTER: [&str; 3] = ["Weber Fischer", "Weber", "Fischer"];

on_both! {
    async fn the_parts_follow_every_change_of_the_name(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let opened = open(&scenario, "T-1", json!({"familyName": "Müller-Schmidt", "birthDate": BORN})).await;
        let case = opened["data"]["openCase"]["case"].clone();
        check(&scenario, &[], &BEFORE).await;
        let referral = hand_over(&scenario, &case["id"]).await;
        check(&scenario, &BEFORE, &BEFORE).await;
        // The handover keeps its copy until it is refreshed.
        let case = rename(&scenario, &case, "Weber Fischer").await;
        check(&scenario, &BEFORE, &AFTER).await;
        let referral = scenario.done(&traeger(), "changeHandover", on(&referral, json!({"refresh": ["FAMILY_NAME"]}))).await;
        check(&scenario, &AFTER, &AFTER).await;
        // A change of another field keeps the parts, and without the birth date there are none.
        let referral = scenario.done(&traeger(), "changeHandover", on(&referral, json!({"remove": ["CITY"]}))).await;
        check(&scenario, &AFTER, &AFTER).await;
        let referral = scenario.done(&traeger(), "changeHandover", on(&referral, json!({"remove": ["BIRTH_DATE"]}))).await;
        check(&scenario, &[], &AFTER).await;
        assert_eq!(count::<NamePart<HandoverRow>>(&scenario).await, 0);
        let referral = scenario.done(&traeger(), "changeHandover", on(&referral, json!({"add": ["BIRTH_DATE"]}))).await;
        check(&scenario, &AFTER, &AFTER).await;

        // A decided correction copies the name anew.
        let wrong = on(&referral, json!({"field": "FAMILY_NAME", "text": "Laut Pass anders."}));
        let reported = scenario.done(&jobcenter(), "reportWrongValue", wrong).await;
        let read = format!("{{ referral(id: {}) {{ {SHOWN} corrections {{ nodes {{ id }} }} }} case(id: {}) {{ id version }} }}", referral["id"], case["id"]);
        let seen = scenario.ask(&traeger(), &read).await;
        let case = rename(&scenario, &seen["case"], "Müller-Schmidt").await;
        check(&scenario, &AFTER, &BEFORE).await;
        let mut decision = on(&reported, json!({"decision": "ACCEPTED"}));
        decision["correctionId"] = seen["referral"]["corrections"]["nodes"][0]["id"].clone();
        scenario.done(&traeger(), "decideCorrection", decision).await;
        check(&scenario, &BEFORE, &BEFORE).await;

        // A simple name has no parts.
        rename(&scenario, &case, "Fischer").await;
        check(&scenario, &BEFORE, &["Weber Fischer", "Fischer"]).await;
        assert_eq!(count::<NamePart<PersonRow>>(&scenario).await, 0);
        scenario.server.stop().await;
    }

    async fn a_search_that_finds_by_a_part_is_logged_as_a_disclosure(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let opened = open(&scenario, "T-1", json!({"familyName": "Müller-Schmidt", "birthDate": BORN})).await;
        hand_over(&scenario, &opened["data"]["openCase"]["case"]["id"]).await;
        let logged = async || {
            let log = scenario.server.database.database.raw_log();
            let rows = kim_entity::disclosure_log::Entity::find().all(log).await.expect("the log");
            let fields = FieldSet::of(&[F::FamilyName, F::BirthDate]);
            rows.iter().filter(|row| row.agency == "jobcenter" && FieldSet::from_i64(row.fields) == fields).count()
        };
        let before = logged().await;
        assert_eq!(found(&scenario, &jobcenter(), "referrals", "Schmidt").await, 1);
        assert_eq!(logged().await, before + 1);
        assert_eq!(found(&scenario, &jobcenter(), "referrals", "Schmid").await, 0);
        assert_eq!(logged().await, before + 1, "nothing was found");
        scenario.server.stop().await;
    }

    async fn the_parts_are_deleted_with_their_person_or_handover(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let opened = open(&scenario, "T-1", json!({"familyName": "Müller-Schmidt", "birthDate": BORN})).await;
        hand_over(&scenario, &opened["data"]["openCase"]["case"]["id"]).await;
        let main = scenario.server.database.database.raw();
        let exact = world::key().client_name("Weber Fischer", BORN.parse().expect("a birth date"));
        let alone = PersonRow { id: new_uuid(), agency_id: scenario.traeger, fingerprints: Some(Fingerprints { exact, phonetic: None }), created_at: 0, values: Values::blank() };
        raw::insert_with_parts(main, &[alone]).await.expect("a person");
        assert_eq!((count::<NamePart<PersonRow>>(&scenario).await, count::<NamePart<HandoverRow>>(&scenario).await), (4, 2));
        for statement in ["DELETE FROM handover", "DELETE FROM person WHERE id NOT IN (SELECT person_id FROM \"case\")"] {
            main.execute_unprepared(statement).await.expect(statement);
        }
        assert_eq!((count::<NamePart<PersonRow>>(&scenario).await, count::<NamePart<HandoverRow>>(&scenario).await), (2, 0));
        scenario.server.stop().await;
    }
}
