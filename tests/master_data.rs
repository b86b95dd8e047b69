//! The master data of agencies: their own administration changes it, everybody sees it at once, and its history stays.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, encode, new_uuid};
use kim_entity::database::Database;
use kim_entity::read::Reads;
use kim_entity::{agency, agency_change};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, traeger};
use crate::support::server::{TestServer, claims, sign, token, verified};
use crate::support::world::today;

const SHOWN: &str = "id version name street postalCode city phone email openingHours district";
const HISTORY: &str = "{ agencyHistory { totalCount nodes { at field oldValue newValue staff actingFor imported } } }";

fn administrator(agency: &str) -> String {
    token(agency, Role::Administrator)
}

/// An input for an agency in this version, with a key of its own.
fn input(agency: Uuid, version: i32, more: Value) -> Value {
    let mut input = json!({
        "idempotencyKey": new_uuid(), "agencyId": encode(Kind::Agency, agency), "expectedVersion": version,
    });
    let members = input.as_object_mut().expect("an object");
    members.extend(more.as_object().expect("an object").clone());
    input
}

async fn send(server: &TestServer, token: &str, input: &Value) -> Value {
    let query =
        format!("mutation($input: UpdateAgencyInput!) {{ updateAgency(input: $input) {{ agency {{ {SHOWN} }} }} }}");
    server.ask(token, &query, &json!({ "input": input })).await
}

#[track_caller]
fn assert_refused(answer: &Value, code: &str) -> String {
    assert_eq!(answer["data"], json!({"updateAgency": null}), "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{answer}");
    answer["errors"][0]["message"].as_str().expect("a text").to_owned()
}

async fn stored(scenario: &Scenario, id: Uuid) -> agency::Model {
    let found = agency::Entity::find_by_id(id).one(scenario.server.database.database.raw()).await;
    found.expect("a database").expect("an agency")
}

async fn changes(scenario: &Scenario) -> u64 {
    agency_change::Entity::find().count(scenario.server.database.database.raw()).await.expect("a count")
}

on_both! {
    async fn an_administrator_changes_the_own_agency_and_every_side_sees_it_at_once(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let main = scenario.server.database.database.raw();
        let district = format!("INSERT INTO district (ags, code, name, kind) VALUES ('{}', '8', 'Kalk', 'Stadtbezirk')", stored(&scenario, scenario.jobcenter).await.ags);
        main.execute_unprepared(&district).await.expect("a district");
        // Both servers have the directory in their caches.
        let other = Database::open(&scenario.server.database.url).await.expect("another server");
        drop(Reads::admit(&other, verified(&traeger()), today()).await.expect("a database"));
        let sides = format!("{{ referral(id: {}) {{ sender {{ name }} receiver {{ name phone openingHours }} }} }}", offered["id"]);
        assert_eq!(scenario.ask(&traeger(), &sides).await["referral"]["receiver"], json!({"name": "Stelle jobcenter", "phone": null, "openingHours": null}));

        let change = json!({
            "name": " Jobcenter  Köln ", "street": "Musterweg 1", "postalCode": "50667", "city": "Köln", "phone": "0221/5550",
            "email": "post@jobcenter.example", "openingHours": "Mo 8–12 Uhr\nDi zu", "district": "8",
        });
        let answer = send(&scenario.server, &administrator("jobcenter"), &input(scenario.jobcenter, 1, change)).await;
        let now = json!({
            "id": encode(Kind::Agency, scenario.jobcenter), "version": 2, "name": "Jobcenter Köln", "street": "Musterweg 1",
            "postalCode": "50667", "city": "Köln", "phone": "0221 5550", "email": "post@jobcenter.example",
            "openingHours": "Mo 8–12 Uhr\nDi zu", "district": "8",
        });
        assert_eq!(answer, json!({"data": {"updateAgency": {"agency": now}}}));

        let receiver = json!({"name": "Jobcenter Köln", "phone": "0221 5550", "openingHours": "Mo 8–12 Uhr\nDi zu"});
        for viewer in [traeger(), jobcenter()] {
            assert_eq!(scenario.ask(&viewer, &sides).await["referral"]["receiver"], receiver);
        }
        let snapshot = Reads::admit(&other, verified(&traeger()), today()).await.expect("a database").expect("a viewer");
        let seen = snapshot.parties(&[scenario.jobcenter]).await.expect("a directory").pop().expect("an agency");
        assert_eq!((&*seen.name, seen.details.version, seen.details.city.as_deref()), ("Jobcenter Köln", 2, Some("Köln")));
        drop(snapshot);
        let viewer = scenario.ask(&administrator("jobcenter"), &format!("{{ viewer {{ agency {{ {SHOWN} }} }} }}")).await;
        assert_eq!(viewer["viewer"]["agency"], now);
        let listed = scenario.ask(&traeger(), "{ agencies(kind: JOBCENTER) { nodes { name city } } }").await;
        assert_eq!(listed["agencies"]["nodes"], json!([{"name": "Jobcenter Köln", "city": "Köln"}]));
        // Without a version of the directory the tables are read.
        main.execute_unprepared("DELETE FROM directory").await.expect("no version");
        assert_eq!(scenario.ask(&jobcenter(), &sides).await["referral"]["receiver"], receiver);
        assert_eq!(stored(&scenario, scenario.abh).await.version, 1);
    }

    async fn only_the_own_agency_can_be_changed_and_only_by_its_administration(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let before = stored(&scenario, scenario.abh).await;
        for id in [scenario.abh, new_uuid()] {
            let answer = send(&scenario.server, &administrator("jobcenter"), &input(id, 1, json!({"name": "Fremd"}))).await;
            assert_refused(&answer, "NOT_FOUND");
        }
        let mut case = input(scenario.abh, 1, json!({"name": "Fremd"}));
        case["agencyId"] = json!(encode(Kind::Case, scenario.jobcenter));
        assert_refused(&send(&scenario.server, &administrator("jobcenter"), &case).await, "NOT_FOUND");

        // Others have neither the mutation nor the history nor the version in their schema.
        let own = input(scenario.jobcenter, 1, json!({"name": "Fremd"}));
        for (slug, role) in [
            ("jobcenter", Role::Clerk), ("jobcenter", Role::Service), ("jobcenter", Role::DataProtectionOfficer),
            ("traeger", Role::CaseManager), ("koordination", Role::Coordinator),
        ] {
            let token = token(slug, role);
            let answer = send(&scenario.server, &token, &own).await;
            assert_eq!(answer["data"], Value::Null, "{answer}");
            for query in [HISTORY, "{ viewer { agency { version } } }"] {
                let answer = scenario.server.ask(&token, query, &Value::Null).await;
                assert_eq!(answer["data"], Value::Null, "{answer}");
            }
        }
        // A token needs the scope for each.
        for (scope, forbids_change) in [("agency:read agreement:write", true), ("agency:write agreement:read", false)] {
            let mut claims = claims("jobcenter", Role::Administrator);
            claims["scope"] = json!(scope);
            let narrow = sign(&claims);
            let change = send(&scenario.server, &narrow, &input(scenario.jobcenter, 1, json!({"city": "Köln"}))).await;
            let history = scenario.server.ask(&narrow, HISTORY, &Value::Null).await;
            let (refused, answered) = if forbids_change { (&change, &history) } else { (&history, &change) };
            assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
            assert_eq!(answered["errors"], Value::Null, "{answered}");
        }
        assert_eq!(stored(&scenario, scenario.abh).await, before);
        assert_eq!(stored(&scenario, scenario.jobcenter).await.name, "Stelle jobcenter");
    }

    async fn a_version_changes_once_and_a_repeat_with_the_same_key_changes_nothing(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let (server, administrator) = (&scenario.server, administrator("jobcenter"));
        let first = input(scenario.jobcenter, 1, json!({"name": "Erster", "phone": "0221 5550"}));
        let answer = send(server, &administrator, &first).await;
        assert_eq!(answer["data"]["updateAgency"]["agency"]["version"], 2, "{answer}");
        assert_eq!(send(server, &administrator, &first).await, answer, "a repeat");
        assert_eq!(changes(&scenario).await, 2);
        let mut other = first.clone();
        other["name"] = json!("Zweiter");
        assert_refused(&send(server, &administrator, &other).await, "IDEMPOTENCY_MISMATCH");
        let late = send(server, &administrator, &input(scenario.jobcenter, 1, json!({"name": "Zweiter"}))).await;
        assert_refused(&late, "CONFLICT");
        assert_eq!(late["errors"][0]["extensions"]["version"], 2, "{late}");
        // What is already so is no change.
        let same = send(server, &administrator, &input(scenario.jobcenter, 2, json!({"name": "Erster", "street": null}))).await;
        assert_eq!(same["data"]["updateAgency"]["agency"]["version"], 2, "{same}");
        assert_eq!(changes(&scenario).await, 2);
        // Of two at the same time one is refused.
        let (one, two) = (input(scenario.jobcenter, 2, json!({"city": "Köln"})), input(scenario.jobcenter, 2, json!({"city": "Bonn"})));
        let (one, two) = tokio::join!(send(server, &administrator, &one), send(server, &administrator, &two));
        let (done, refused) = if one["errors"].is_null() { (one, two) } else { (two, one) };
        assert_eq!(done["data"]["updateAgency"]["agency"]["version"], 3, "{done}");
        assert_refused(&refused, "CONFLICT");
        assert_eq!(changes(&scenario).await, 3);
    }

    async fn every_change_is_in_the_history_of_the_own_agency(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let mut acting = claims("jobcenter", Role::Administrator);
        acting["sub"] = json!("verwaltung");
        acting["act"] = json!({"sub": "frau-beispiel"});
        let change = json!({"name": "Jobcenter", "phone": "0221 5550"});
        send(&scenario.server, &sign(&acting), &input(scenario.jobcenter, 1, change)).await;
        send(&scenario.server, &administrator("jobcenter"), &input(scenario.jobcenter, 2, json!({"phone": null}))).await;
        send(&scenario.server, &administrator("abh"), &input(scenario.abh, 1, json!({"city": "Köln"}))).await;

        let history = scenario.ask(&administrator("jobcenter"), HISTORY).await["agencyHistory"].clone();
        let nodes = history["nodes"].as_array().expect("a list");
        assert_eq!((history["totalCount"].as_i64(), nodes.len()), (Some(3), 3));
        let newest = &nodes[0];
        assert!(newest["at"].is_string());
        assert_eq!(
            (&newest["field"], &newest["oldValue"], &newest["newValue"], &newest["staff"], &newest["imported"]),
            (&json!("PHONE"), &json!("0221 5550"), &Value::Null, &json!("test-person"), &json!(false))
        );
        let name = nodes.iter().find(|node| node["field"] == "NAME").expect("the name");
        assert_eq!((&name["oldValue"], &name["newValue"]), (&json!("Stelle jobcenter"), &json!("Jobcenter")));
        assert_eq!((&name["staff"], &name["actingFor"]), (&json!("verwaltung"), &json!("frau-beispiel")));
        let page = "{ agencyHistory(first: 2) { pageInfo { endCursor hasNextPage } nodes { field } } }";
        let first = scenario.ask(&administrator("jobcenter"), page).await["agencyHistory"].clone();
        assert_eq!(first["pageInfo"]["hasNextPage"], true);
        let rest = format!("{{ agencyHistory(after: {}) {{ nodes {{ newValue field }} }} }}", first["pageInfo"]["endCursor"]);
        let rest = scenario.ask(&administrator("jobcenter"), &rest).await;
        assert_eq!(rest["agencyHistory"]["nodes"].as_array().map(Vec::len), Some(1));
        let other = scenario.ask(&administrator("traeger"), HISTORY).await;
        assert_eq!(other["agencyHistory"], json!({"totalCount": 0, "nodes": []}));
    }

    async fn a_wrong_value_is_refused_by_its_name_and_nothing_is_written(db: TestDatabase) {
        let scenario = Scenario::begin_with(db, Clock::on(today()), |_| {}).await;
        let before = stored(&scenario, scenario.jobcenter).await;
        for (name, value) in [
            ("name", json!(" ")), ("name", json!("a\nb")), ("name", json!("x".repeat(201))), ("street", json!("a\u{202e}b")),
            ("postalCode", json!("5066")), ("city", json!("x".repeat(201))), ("phone", json!("siehe Netz")),
            ("email", json!("post")), ("openingHours", json!("x".repeat(1_001))), ("district", json!("99")),
        ] {
            let wrong = input(scenario.jobcenter, 1, json!({"city": "Köln", name: value}));
            let text = assert_refused(&send(&scenario.server, &administrator("jobcenter"), &wrong).await, "BAD_INPUT");
            assert!(text.contains(&format!("„{name}“")), "{text}");
        }
        assert_eq!(stored(&scenario, scenario.jobcenter).await, before);
        assert_eq!(changes(&scenario).await, 0);
    }
}
