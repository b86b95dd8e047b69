//! The log of disclosures contains exactly what was disclosed, and is written before the answer leaves.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::Request;
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::{Kind, decode, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::{disclosed, disclosure_log, raw};
use kim_graphql::{Api, ParsedRequest};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::office;
use crate::support::on_both;
use crate::support::server::{TestServer, claims, sign, token, verified};
use crate::support::world::{self, ConsentSpec, ReferralSpec, World, in_days, today};

const AGS: &str = "05315000";

/// Writes three referrals to a Jobcenter: in preview, accepted, and accepted with a null value.
async fn fill(db: &TestDatabase) -> Vec<Uuid> {
    let main = db.database.raw();
    let statuses = [ReferralStatus::Offered, ReferralStatus::Accepted, ReferralStatus::InProgress];
    let ids = office::fill_with(db, 3, |spec| {
        let status = statuses[spec.number as usize - 1];
        ReferralSpec { status, ever_accepted: status != ReferralStatus::Offered, ..spec }
    });
    let ids = ids.await;
    let mut last = raw::handover(main, ids[2]).await.expect("a database").expect("a row");
    last.values.set(HandoverField::Phone, None);
    raw::update_handover(main, &last).await.expect("updated");
    ids
}

type Left = BTreeMap<Uuid, BTreeSet<String>>;

/// The fields per referral that the log has for a request, and its rows.
async fn logged(db: &TestDatabase, request_id: &str) -> (Left, Vec<disclosure_log::Model>) {
    let rows = disclosure_log::Entity::find().all(db.database.raw_log()).await.expect("the log");
    let rows: Vec<_> = rows.into_iter().filter(|row| row.request_id == request_id).collect();
    let mut left = Left::new();
    for row in &rows {
        let referrals: Vec<Uuid> = serde_json::from_str(&row.referrals).expect("ids");
        for id in referrals {
            let fields = left.entry(id).or_default();
            fields.extend(FieldSet::from_i64(row.fields).iter().map(|field| field.code().to_owned()));
            if row.messages {
                fields.insert(disclosed::MESSAGES.to_owned());
            }
        }
    }
    (left, rows)
}

/// Sends a query over HTTP. Returns the answer and the id under which it was logged.
async fn ask(server: &TestServer, token: &str, query: &str) -> (Value, String) {
    let response = server.post(query, &json!({})).bearer_auth(token).send().await.expect("an answer");
    let id = response.headers()["x-request-id"].to_str().expect("an id").to_owned();
    (serde_json::from_str(&response.text().await.expect("a body")).expect("JSON"), id)
}

fn set(fields: &[&str]) -> BTreeSet<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}

on_both! {
    async fn every_disclosed_field_is_logged(db: TestDatabase) {
        let ids = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);

        // A list: the street was requested but is not visible in preview; the null phone number is visible.
        let (answer, id) = ask(&server, &clerk, "{ referrals { nodes { id handover { familyName phone withheld { field } } } } }").await;
        let nodes = answer["data"]["referrals"]["nodes"].as_array().expect("rows");
        assert_eq!(nodes.len(), 3);
        assert_eq!(nodes[2]["handover"]["phone"], Value::Null);
        let (left, rows) = logged(&server.database, &id).await;
        let both = set(&["FAMILY_NAME", "PHONE"]);
        assert_eq!(left, Left::from([(ids[0], set(&["FAMILY_NAME"])), (ids[1], both.clone()), (ids[2], both)]));
        assert_eq!(rows.len(), 2, "one row for each distinct set");
        for row in &rows {
            assert_eq!((row.agency.as_str(), row.subject.as_str(), row.ground.as_str()), ("jobcenter", "test-person", "CONSENT"));
            assert_eq!((row.role.0, row.operation.len()), (Role::Clerk, 32));
        }

        // Fragments and aliases.
        let one = encode(Kind::Referral, ids[1]);
        let query = format!(
            "{{ a: referral(id: \"{one}\") {{ ...P }} b: node(id: \"{one}\") {{ ... on Referral {{ h: handover {{ s: street t: street }} }} }} }}
             fragment P on Referral {{ handover {{ x: givenName ...Q }} }} fragment Q on Handover {{ city }}"
        );
        let (answer, id) = ask(&server, &clerk, &query).await;
        assert_eq!(answer["errors"], Value::Null);
        assert_eq!(logged(&server.database, &id).await.0, Left::from([(ids[1], set(&["GIVEN_NAME", "CITY", "STREET"]))]));

        // Entries disclose every visible field if values are requested, otherwise none.
        let (answer, id) = ask(&server, &clerk, &format!("{{ referral(id: \"{one}\") {{ handover {{ entries {{ field value }} }} }} }}")).await;
        let visible: BTreeSet<String> = answer["data"]["referral"]["handover"]["entries"]
            .as_array()
            .expect("entries")
            .iter()
            .filter(|entry| !entry["value"].is_null())
            .map(|entry| entry["field"].as_str().expect("a field").to_owned())
            .collect();
        assert!(visible.len() > 20);
        assert_eq!(logged(&server.database, &id).await.0, Left::from([(ids[1], visible)]));
        let (_, id) = ask(&server, &clerk, &format!("{{ referral(id: \"{one}\") {{ status handover {{ entries {{ field label withheld }} }} }} }}")).await;
        assert!(logged(&server.database, &id).await.1.is_empty(), "no value left");

        // Messages.
        let (_, id) = ask(&server, &clerk, &format!("{{ referral(id: \"{one}\") {{ messages {{ nodes {{ text }} }} }} }}")).await;
        assert_eq!(logged(&server.database, &id).await.0, Left::from([(ids[1], set(&["MESSAGES"]))]));
        for without_text in ["totalCount", "nodes { id sentAt }", "pageInfo { endCursor }"] {
            let (_, id) = ask(&server, &clerk, &format!("{{ referral(id: \"{one}\") {{ messages {{ {without_text} }} }} }}")).await;
            assert!(logged(&server.database, &id).await.1.is_empty(), "{without_text}");
        }
        let (_, id) = ask(&server, &clerk, &format!("{{ referral(id: \"{one}\") {{ messages(first: 0) {{ nodes {{ text }} }} }} }}")).await;
        assert!(logged(&server.database, &id).await.1.is_empty(), "no message left");

        // Search by name and birth date.
        let born = world::value(2, HandoverField::BirthDate);
        let name = world::value(2, HandoverField::FamilyName);
        let (answer, id) = ask(&server, &clerk, &format!("{{ referrals(filter: {{client: {{familyName: \"{name}\", birthDate: \"{born}\"}}}}) {{ nodes {{ id handover {{ givenName }} }} }} }}")).await;
        assert_eq!(answer["data"]["referrals"]["nodes"].as_array().expect("rows").len(), 1);
        let found = set(&["FAMILY_NAME", "BIRTH_DATE"]);
        assert_eq!(logged(&server.database, &id).await.0, Left::from([(ids[1], found.iter().cloned().chain(set(&["GIVEN_NAME"])).collect())]));
        // Finding a client discloses name and birth date, whatever else is requested. Not finding one discloses nothing.
        let desk = format!("filter: {{client: {{familyName: \"{name}\", birthDate: \"{born}\"}}, status: [ACCEPTED]}}");
        for query in [format!("{{ referrals({desk}) {{ totalCount }} }}"), format!("{{ referralCounts({desk}) {{ total }} }}")] {
            let (_, id) = ask(&server, &clerk, &query).await;
            assert_eq!(logged(&server.database, &id).await.0, Left::from([(ids[1], found.clone())]), "{query}");
            let (_, id) = ask(&server, &clerk, &query.replace("ACCEPTED", "OFFERED")).await;
            assert!(logged(&server.database, &id).await.1.is_empty());
        }

        // A sender's read of its own referral is logged, but is no disclosure.
        let before = disclosed::Entity::find().all(server.database.database.raw_log()).await.expect("facts").len();
        let (_, id) = ask(&server, &token("traeger", Role::CaseManager), "{ referrals(direction: OUTGOING) { nodes { handover { email } } } }").await;
        let (left, rows) = logged(&server.database, &id).await;
        assert_eq!(left, Left::from([(ids[1], set(&["EMAIL"])), (ids[2], set(&["EMAIL"]))]));
        assert!(rows.iter().all(|row| row.ground == "OWN"));
        let facts = disclosed::Entity::find().all(server.database.database.raw_log()).await.expect("facts");
        assert_eq!(facts.len(), before);
        assert!(facts.iter().all(|fact| fact.first_at <= fact.last_at && fact.ground == "CONSENT"));
        let of_second: BTreeSet<&str> = facts.iter().filter(|fact| fact.referral_id == ids[1]).map(|fact| fact.field.as_str()).collect();
        assert!(of_second.contains("MESSAGES") && of_second.contains("PHONE") && of_second.contains("CITY"));
        let of_first: BTreeSet<&str> = facts.iter().filter(|fact| fact.referral_id == ids[0]).map(|fact| fact.field.as_str()).collect();
        assert_eq!(of_first, BTreeSet::from(["FAMILY_NAME"]));
        server.stop().await;
    }

    async fn the_log_states_for_whom_a_service_acts(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let mut service = claims("jobcenter", Role::Service);
        service["act"] = json!({"sub": "frau-beispiel"});
        let (_, id) = ask(&server, &sign(&service), "{ referrals { nodes { handover { city } } } }").await;
        let rows = logged(&server.database, &id).await.1;
        assert!(!rows.is_empty() && rows.iter().all(|row| row.acting_for.as_deref() == Some("frau-beispiel")));
        server.stop().await;
    }

    async fn a_failed_answer_discloses_nothing_and_logs_nothing(db: TestDatabase) {
        let ids = fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let one = encode(Kind::Referral, ids[1]);
        let query = format!("{{ referral(id: \"{one}\") {{ handover {{ familyName }} messages(first: 500) {{ nodes {{ text }} }} }} }}");
        let (answer, id) = ask(&server, &token("jobcenter", Role::Clerk), &query).await;
        assert_eq!(answer["data"], Value::Null);
        assert_eq!(answer["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
        assert!(logged(&server.database, &id).await.1.is_empty());

        // An error at a nullable field keeps the sibling fields.
        let mut narrow = claims("jobcenter", Role::Clerk);
        narrow["scope"] = json!("agreement:read");
        let (answer, id) = ask(&server, &sign(&narrow), &format!("{{ viewer {{ subject }} referral(id: \"{one}\") {{ handover {{ familyName }} }} }}")).await;
        assert_eq!(answer["data"], json!({"viewer": {"subject": "test-person"}, "referral": null}));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
        assert!(logged(&server.database, &id).await.1.is_empty());
        server.stop().await;
    }

    async fn nothing_is_disclosed_if_the_log_cannot_be_written(db: TestDatabase) {
        fill(&db).await;
        let api = Api::new(db.database.clone(), Clock::on(today()), world::key());
        db.database.raw_log().execute_unprepared("DROP TABLE disclosure_log").await.expect("dropped");
        let ask = |query: &'static str| {
            let api = api.clone();
            async move {
                let verified = verified(&token("jobcenter", Role::Clerk));
                let viewer = api.admit(verified).await.expect("a database").expect("a viewer");
                api.execute(viewer, ParsedRequest::read(Request::new(query)).expect("a document"), "a-request").await
            }
        };
        let refused = ask("{ referrals { nodes { id handover { familyName } } } }").await;
        assert_eq!(refused.data, async_graphql::Value::Null);
        assert!(!format!("{refused:?}").contains("Kanari"));
        let answered = ask("{ referrals { nodes { id status } } }").await;
        assert!(answered.errors.is_empty(), "what discloses nothing needs no log");
    }

    async fn the_log_is_written_again_after_a_full_disk(db: TestDatabase) {
        fill(&db).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let clerk = token("jobcenter", Role::Clerk);
        let ask = || ask(&server, &clerk, "{ referrals { nodes { handover { entries { value } } } } }");
        assert!(!logged(&server.database, &ask().await.1).await.1.is_empty());
        // The log refuses every row for a while, as on a full disk. On SQLite the first refusal rolls the transaction back,
        // the second one only the statement. Neither may leave a connection whose commit has no effect.
        let log = server.database.database.raw_log();
        let (refusals, free): (&[&str], &str) = if log.get_database_backend() == sea_orm::DbBackend::Sqlite {
            let whole = "CREATE TRIGGER full BEFORE INSERT ON disclosure_log BEGIN SELECT RAISE(ROLLBACK, 'full'); END";
            let statement = "DROP TRIGGER full; CREATE TRIGGER full BEFORE INSERT ON disclosure_log BEGIN SELECT RAISE(ABORT, 'full'); END";
            (&[whole, statement], "DROP TRIGGER full")
        } else {
            let check = "ALTER TABLE disclosure_log ADD CONSTRAINT full_up CHECK (false) NOT VALID";
            (&[check], "ALTER TABLE disclosure_log DROP CONSTRAINT full_up")
        };
        for refusal in refusals {
            log.execute_unprepared(refusal).await.expect("full");
            for _ in 0..2 {
                let (answer, id) = ask().await;
                assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL", "{answer}");
                assert!(!answer.to_string().contains("Kanari"));
                assert!(logged(&server.database, &id).await.1.is_empty());
            }
        }
        log.execute_unprepared(free).await.expect("free");
        let (answer, id) = ask().await;
        assert_eq!(answer["errors"], Value::Null);
        assert!(!logged(&server.database, &id).await.1.is_empty(), "an answer left and its log did not stay");
        server.stop().await;
    }

    async fn each_field_is_logged_under_its_legal_ground(db: TestDatabase) {
        let main = db.database.raw();
        world::add_municipality(main, AGS).await;
        // Between two SGB bodies a statute can be the ground of some fields (§ 69 SGB X), and consent the ground of others.
        let sender = world::add_agency(main, AGS, "sozialamt", AgencyKind::Sozialamt).await;
        let receiver = world::add_agency(main, AGS, "jobcenter", AgencyKind::Jobcenter).await;
        let purpose = ReferralPurpose::BenefitApplication;
        let by_statute = FieldSet::of(&[HandoverField::FamilyName, HandoverField::City]);
        let agreement = kim_entity::agreement::Model {
            statutory_fields: by_statute.to_i64(),
            ..world::agreement(AGS, receiver, purpose, FieldSet::ALL, FieldSet::EMPTY)
        };
        let agreement = world::insert_agreement(main, agreement).await;
        let mut world = World::default();
        let spec = ReferralSpec {
            number: 1, sender, receiver, purpose, agreement, status: ReferralStatus::Accepted, ever_accepted: true, closed_on: None,
            due_on: in_days(1), offered_on: in_days(-3), consent: None, offered: FieldSet::ALL, previous: None, messages: 1,
        };
        let without = world.add(&spec);
        let fields = FieldSet::of(&[HandoverField::City, HandoverField::Phone]);
        let consent = ConsentSpec { fields, ticked: FieldSet::EMPTY, ..ConsentSpec::whole() };
        let with = world.add(&ReferralSpec { number: 2, consent: Some(consent), ..spec });
        world.write(main).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        let (_, id) = ask(&server, &token("jobcenter", Role::Clerk), "{ referrals { nodes { handover { familyName city phone } messages { nodes { text } } } } }").await;
        let mut grounds: BTreeMap<(Uuid, String), (BTreeSet<String>, bool)> = BTreeMap::new();
        for row in logged(&server.database, &id).await.1 {
            for referral in serde_json::from_str::<Vec<Uuid>>(&row.referrals).expect("ids") {
                let fields = FieldSet::from_i64(row.fields).iter().map(|field| field.code().to_owned()).collect();
                grounds.insert((referral, row.ground.clone()), (fields, row.messages));
            }
        }
        assert_eq!(grounds, BTreeMap::from([
            ((without, "STATUTE".to_owned()), (set(&["FAMILY_NAME", "CITY"]), true)),
            ((with, "STATUTE".to_owned()), (set(&["FAMILY_NAME"]), false)),
            ((with, "CONSENT".to_owned()), (set(&["CITY", "PHONE"]), true)),
        ]));
        // When consent covers the field too, the row in `disclosed` gets the ground of the last disclosure.
        let fact = async || {
            let key = (with, "FAMILY_NAME".to_owned());
            disclosed::Entity::find_by_id(key).one(server.database.database.raw_log()).await.expect("the log").expect("a fact").ground
        };
        assert_eq!(fact().await, "STATUTE");
        server.database.database.raw().execute_unprepared(&format!("UPDATE consent SET fields = {}", FieldSet::ALL.to_i64())).await.expect("renewed");
        ask(&server, &token("jobcenter", Role::Clerk), "{ referrals { nodes { handover { familyName } } } }").await;
        assert_eq!(fact().await, "CONSENT");
        server.stop().await;
    }

    async fn the_first_disclosure_is_kept_and_the_last_one_is_updated(db: TestDatabase) {
        let ids = fill(&db).await;
        let ask = |day| {
            let api = Api::new(db.database.clone(), Clock::on(day), world::key());
            async move {
                let viewer = api.admit(verified(&token("jobcenter", Role::Clerk))).await.expect("a database").expect("a viewer");
                let request = Request::new("{ referrals { nodes { handover { postalCode } } } }");
                api.execute(viewer, ParsedRequest::read(request).expect("a document"), "a-request").await
            }
        };
        for day in [today(), in_days(1), in_days(2)] {
            assert!(ask(day).await.errors.is_empty());
        }
        let fact = disclosed::Entity::find_by_id((ids[0], "POSTAL_CODE".to_owned()))
            .one(db.database.raw_log())
            .await
            .expect("the log")
            .expect("a fact");
        let days = (fact.last_at - fact.first_at) / 86_400_000_000;
        assert!((1..=2).contains(&days), "{days}");
        assert!(decode(&encode(Kind::Referral, fact.referral_id)).is_ok());
    }
}
