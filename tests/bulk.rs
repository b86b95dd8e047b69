//! Mutations of many referrals: each item has its own result, valid items are executed, and a repeat changes nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use async_graphql::{Request, Variables};
use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use kim_domain::id::{Kind, decode, encode};
use kim_domain::referral::ReferralStatus;
use kim_entity::database::Database;
use kim_entity::{change, disclosed, idempotency, raw, referral_event};
use kim_graphql::{Api, ParsedRequest};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, traeger};
use crate::support::server::{claims, sign, token, verified};
use crate::support::world::{self, ConsentSpec, today};

const RESULTS: &str = "{ results { referralId status version error { code message fields } } }";

fn document(mutation: &str) -> String {
    let input = mutation[..1].to_uppercase() + &mutation[1..];
    format!("mutation($input: {input}Input!) {{ {mutation}(input: $input) {RESULTS} }}")
}

async fn bulk(scenario: &Scenario, token: &str, mutation: &str, input: &Value) -> Value {
    scenario.server.ask(token, &document(mutation), &json!({"input": input})).await
}

/// The results of a call that must succeed.
async fn results(scenario: &Scenario, token: &str, mutation: &str, input: &Value) -> Vec<Value> {
    let answer = bulk(scenario, token, mutation, input).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    answer["data"][mutation]["results"].as_array().expect("a list").clone()
}

/// The code of a call that must be refused as a whole.
async fn refused(scenario: &Scenario, token: &str, mutation: &str, input: &Value) -> String {
    let answer = bulk(scenario, token, mutation, input).await;
    assert_eq!(answer["data"], json!({mutation: null}), "{answer}");
    answer["errors"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
}

fn offers(ids: &[String], key: &str) -> Value {
    let items = ids.iter().map(|id| json!({"referralId": id, "expectedVersion": 1, "acknowledgeReportingDuty": true}));
    json!({"idempotencyKey": key, "items": items.collect::<Vec<_>>()})
}

fn answers(ids: &[String], version: i32, more: Value) -> Value {
    let items: Vec<_> = ids.iter().map(|id| json!({"referralId": id, "expectedVersion": version})).collect();
    let mut input = more;
    input["items"] = json!(items);
    if input["idempotencyKey"].is_null() {
        input["idempotencyKey"] = json!(Uuid::now_v7());
    }
    input
}

fn codes(results: &[Value]) -> Vec<&str> {
    results.iter().map(|row| row["error"]["code"].as_str().unwrap_or("done")).collect()
}

/// Number of events, changes and stored results, and each referral's version.
async fn row_counts(scenario: &Scenario) -> (u64, u64, u64, BTreeMap<Uuid, i32>) {
    let db = scenario.server.database.database.raw();
    let versions = kim_entity::referral::Entity::find().all(db).await.expect("rows");
    (
        referral_event::Entity::find().count(db).await.expect("events"),
        change::Entity::find().count(db).await.expect("changes"),
        idempotency::Entity::find().count(db).await.expect("answers"),
        versions.into_iter().map(|row| (row.id, row.version)).collect(),
    )
}

/// Closes the case of a draft directly in the database.
async fn close_the_case(scenario: &Scenario, draft: &str) {
    let main = scenario.server.database.database.raw();
    let id = decode(draft).expect("an id").1;
    let draft = kim_entity::referral::Entity::find_by_id(id).one(main).await.expect("a database").expect("the draft");
    raw::close_case(main, draft.case_id, Some(today())).await.expect("closed");
}

/// Checks that each feed is numbered from 1 without a gap.
async fn feeds_have_no_gaps(scenario: &Scenario) {
    let mut feeds: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
    for row in change::Entity::find().all(scenario.server.database.database.raw()).await.expect("changes") {
        feeds.entry(row.agency_id).or_default().push(row.seq);
    }
    for mut numbers in feeds.into_values() {
        numbers.sort_unstable();
        assert!(numbers.iter().copied().eq(1..=numbers.len() as i64));
    }
}

on_both! {
    async fn items_without_a_ground_are_refused_one_by_one_and_the_others_are_offered(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let with_ground = |place: u32| (!place.is_multiple_of(3)).then(ConsentSpec::whole);
        let mut ids = scenario.prepared(ReferralStatus::Draft, 30, with_ground).await;
        close_the_case(&scenario, &ids[5]).await;
        ids.push(encode(Kind::Referral, Uuid::now_v7()));
        ids.push(encode(Kind::Case, Uuid::now_v7()));
        let mut input = offers(&ids, "offer-30");
        input["items"][1]["expectedVersion"] = json!(7);
        input["items"][2]["acknowledgeReportingDuty"] = json!(false);
        let first = results(&scenario, &traeger(), "bulkOfferReferrals", &input).await;
        for (place, (row, id)) in first.iter().zip(&ids).enumerate() {
            assert_eq!(row["referralId"], json!(id), "in the order of the request");
            let expected = match place {
                30 | 31 => (Value::Null, "NOT_FOUND"),
                1 => (json!("DRAFT"), "CONFLICT"),
                2 => (json!("DRAFT"), "BAD_INPUT"),
                5 => (json!("DRAFT"), "ACTION_NOT_ALLOWED"),
                place if place % 3 == 0 => (json!("DRAFT"), "NO_LEGAL_GROUND"),
                _ => (json!("OFFERED"), "done"),
            };
            assert_eq!((&row["status"], codes(&first)[place]), (&expected.0, expected.1), "{place}: {row}");
            let version = if expected.1 == "done" { json!(2) } else if place < 30 { json!(1) } else { Value::Null };
            assert_eq!(row["version"], version, "{row}");
        }
        let seen = scenario.ask(&jobcenter(), "{ referrals(filter: {pending: true}, first: 100) { totalCount nodes { dueOn handover { familyName } } } }").await;
        assert_eq!(seen["referrals"]["totalCount"], 17);
        assert!(seen["referrals"]["nodes"].as_array().expect("rows").iter()
            .all(|row| row["dueOn"] == "2026-12-04" && row["handover"]["familyName"].as_str().is_some_and(|name| name.contains("familyName"))));

        let before = row_counts(&scenario).await;
        assert_eq!(before.0, 30 + 17, "a draft's event each, and an offer's for those offered");
        assert_eq!(before.1, 2 * 17);
        let again = results(&scenario, &traeger(), "bulkOfferReferrals", &input).await;
        assert_eq!((again, row_counts(&scenario).await), (first.clone(), before), "a repeat changes nothing");
        feeds_have_no_gaps(&scenario).await;

        // A repeat keeps the codes and shows the current state.
        let taken = ids[4].clone();
        results(&scenario, &jobcenter(), "bulkAnswerReferrals", &answers(&[taken], 2, json!({"action": "ACCEPT"}))).await;
        let later = results(&scenario, &traeger(), "bulkOfferReferrals", &input).await;
        assert_eq!(codes(&later), codes(&first));
        assert_eq!((&later[4]["status"], &later[4]["version"]), (&json!("ACCEPTED"), &json!(3)));
        let other = offers(&ids[..3], "offer-30");
        assert_eq!(refused(&scenario, &traeger(), "bulkOfferReferrals", &other).await, "IDEMPOTENCY_MISMATCH");
        scenario.server.stop().await;
    }

    async fn an_item_of_another_agency_is_answered_like_a_missing_one(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let ids = scenario.prepared(ReferralStatus::Draft, 1, |_| Some(ConsentSpec::whole())).await;
        let offered = scenario.prepared(ReferralStatus::Offered, 1, |_| Some(ConsentSpec::whole())).await;
        let absent = vec![encode(Kind::Referral, Uuid::now_v7())];
        let stripped = |rows: Vec<Value>| rows.into_iter().map(|mut row| { row["referralId"] = Value::Null; row }).collect::<Vec<_>>();
        let other = token("other", Role::CaseManager);
        let of = |ids: &[String]| offers(ids, &Uuid::now_v7().to_string());
        let foreign = results(&scenario, &other, "bulkOfferReferrals", &of(&ids)).await;
        assert_eq!(codes(&foreign), ["NOT_FOUND"]);
        assert_eq!(stripped(foreign), stripped(results(&scenario, &other, "bulkOfferReferrals", &of(&absent)).await));
        for token in [&other, &token("abh", Role::Clerk)] {
            let accept = |ids: &[String]| answers(ids, 1, json!({"action": "ACCEPT"}));
            let foreign = results(&scenario, token, "bulkAnswerReferrals", &accept(&offered)).await;
            assert_eq!(codes(&foreign), ["NOT_FOUND"]);
            assert_eq!(stripped(foreign), stripped(results(&scenario, token, "bulkAnswerReferrals", &accept(&absent)).await));
        }
        // A draft does not exist for its receiver, and a sender cannot answer its own referral.
        let draft = results(&scenario, &jobcenter(), "bulkAnswerReferrals", &answers(&ids, 1, json!({"action": "ACCEPT"}))).await;
        assert_eq!(codes(&draft), ["NOT_FOUND"]);
        let own = results(&scenario, &traeger(), "bulkAnswerReferrals", &answers(&offered, 1, json!({"action": "ACCEPT"}))).await;
        assert_eq!(codes(&own), ["ACTION_NOT_ALLOWED"]);
        let mut narrow = claims("traeger", Role::CaseManager);
        narrow["scope"] = json!("referral:read");
        assert_eq!(refused(&scenario, &sign(&narrow), "bulkOfferReferrals", &of(&ids)).await, "FORBIDDEN");
        scenario.server.stop().await;
    }

    async fn a_receiver_answers_many_referrals_and_refused_items_change_nothing(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let ids = scenario.prepared(ReferralStatus::Offered, 12, |_| Some(ConsentSpec::whole())).await;
        let step = async |ids: &[String], version, input| {
            results(&scenario, &jobcenter(), "bulkAnswerReferrals", &answers(ids, version, input)).await
        };
        assert_eq!(codes(&step(&ids[..2], 1, json!({"action": "ACKNOWLEDGE"})).await), ["done"; 2]);
        // Two of twelve have another version: they are refused, the others are accepted.
        let accepted = step(&ids, 1, json!({"action": "ACCEPT"})).await;
        assert_eq!(codes(&accepted)[..2], ["CONFLICT"; 2]);
        assert_eq!(codes(&accepted)[2..], ["done"; 10]);
        assert!(accepted[2..].iter().all(|row| row["status"] == "ACCEPTED" && row["version"] == 2));
        let before = row_counts(&scenario).await;
        // A refused item leaves no event, no entry in a feed, and no new version.
        assert_eq!(codes(&step(&ids[..2], 2, json!({"action": "START"})).await), ["ILLEGAL_TRANSITION"; 2]);
        let after = row_counts(&scenario).await;
        assert_eq!((before.0, before.1, before.3), (after.0, after.1, after.3));
        let mixed: Vec<String> = [&ids[..1], &ids[2..]].concat();
        let started = step(&mixed, 2, json!({"action": "START"})).await;
        assert_eq!((codes(&started)[0], &codes(&started)[1..]), ("ILLEGAL_TRANSITION", &["done"; 10][..]));
        let completed = step(&ids[2..6], 3, json!({"action": "COMPLETE", "outcome": "COUNSELLED"})).await;
        assert!(completed.iter().all(|row| row["status"] == "COMPLETED"), "{completed:?}");
        assert_eq!(codes(&step(&ids[6..8], 3, json!({"action": "FAIL", "failReason": "MOVED_AWAY"})).await), ["done"; 2]);
        assert_eq!(codes(&step(&ids[8..9], 3, json!({"action": "RETURN", "returnReason": "NO_CAPACITY"})).await), ["done"]);
        assert_eq!(codes(&step(&ids[..1], 2, json!({"action": "DECLINE", "declineReason": "NO_CAPACITY"})).await), ["done"]);
        let one = scenario.ask(&jobcenter(), &format!("{{ a: referral(id: \"{}\") {{ outcome events {{ nodes {{ action staff }} }} }}
            b: referral(id: \"{}\") {{ status declineReason handover {{ familyName }} }} }}", ids[2], ids[0])).await;
        assert_eq!(one["a"]["outcome"], "COUNSELLED");
        let actions: Vec<_> = one["a"]["events"]["nodes"].as_array().expect("events").iter().map(|event| &event["action"]).collect();
        assert_eq!(actions[1..], ["ACKNOWLEDGE", "ACCEPT", "START", "COMPLETE"]);
        assert_eq!(one["b"], json!({"status": "DECLINED", "declineReason": "NO_CAPACITY", "handover": {"familyName": null}}));
        feeds_have_no_gaps(&scenario).await;
        for wrong in [
            json!({"action": "DECLINE"}), json!({"action": "DECLINE", "outcome": "OTHER"}), json!({"action": "ACCEPT", "declineReason": "OTHER"}),
            json!({"action": "COMPLETE"}), json!({"action": "FAIL", "failReason": "OTHER", "returnReason": "OTHER"}), json!({"action": "RETURN"}),
        ] {
            let input = answers(&ids[9..], 3, wrong);
            assert_eq!(refused(&scenario, &jobcenter(), "bulkAnswerReferrals", &input).await, "BAD_INPUT", "{input}");
        }
        scenario.server.stop().await;
    }

    async fn at_most_a_thousand_referrals_are_offered_in_one_call(db: TestDatabase) {
        let scenario = Scenario::begin_with(db, Clock::on(today()), |config| config.deadline_seconds = 300).await;
        let ids = scenario.prepared(ReferralStatus::Draft, 1_000, |_| Some(ConsentSpec::whole())).await;
        let input = offers(&ids, "offer-1000");
        let began = Instant::now();
        let first = results(&scenario, &traeger(), "bulkOfferReferrals", &input).await;
        // Printed only: the time is measured with a release build.
        eprintln!("a thousand offered in {:?}", began.elapsed());
        assert_eq!(first.len(), 1_000);
        assert!(first.iter().zip(&ids).all(|(row, id)| row == &json!({"referralId": id, "status": "OFFERED", "version": 2, "error": null})));
        let before = row_counts(&scenario).await;
        assert_eq!((before.0, before.1), (2_000, 2_000));
        assert_eq!(results(&scenario, &traeger(), "bulkOfferReferrals", &input).await, first);
        assert_eq!(row_counts(&scenario).await, before, "a repeat changes nothing");
        feeds_have_no_gaps(&scenario).await;
        let facts = disclosed::Entity::find().count(scenario.server.database.database.raw_log()).await.expect("facts");
        assert_eq!(facts, 0, "an offer discloses nothing yet");

        let began = Instant::now();
        let accepted = results(&scenario, &jobcenter(), "bulkAnswerReferrals", &answers(&ids, 2, json!({"action": "ACCEPT"}))).await;
        eprintln!("a thousand accepted in {:?}", began.elapsed());
        assert!(accepted.iter().all(|row| row["status"] == "ACCEPTED" && row["version"] == 3));

        let mut more = ids.clone();
        more.push(encode(Kind::Referral, Uuid::now_v7()));
        let unreadable = vec!["kein Id".to_owned(); 1_001];
        for (mutation, token, input) in [
            ("bulkOfferReferrals", traeger(), offers(&more, "a")),
            ("bulkAnswerReferrals", jobcenter(), answers(&more, 3, json!({"action": "START"}))),
            ("bulkOfferReferrals", traeger(), offers(&unreadable, "e")),
            ("bulkAnswerReferrals", jobcenter(), answers(&unreadable, 3, json!({"action": "START"}))),
        ] {
            let answer = bulk(&scenario, &token, mutation, &input).await;
            assert_eq!((&answer["data"], &answer["errors"][0]["path"]), (&json!({mutation: null}), &json!([mutation])), "{answer}");
            assert_eq!(answer["errors"][0]["extensions"], json!({"code": "LIMIT_EXCEEDED", "limit": "ITEMS"}));
            let message = answer["errors"][0]["message"].as_str().expect("a text");
            assert!(message.contains("„items“") && message.contains("1001") && message.contains("höchstens 1000 "), "{message}");
        }
        assert_eq!(refused(&scenario, &traeger(), "bulkOfferReferrals", &offers(&[], "b")).await, "BAD_INPUT");
        let twice = [ids[0].clone(), ids[1].clone(), ids[0].clone()];
        assert_eq!(refused(&scenario, &traeger(), "bulkOfferReferrals", &offers(&twice, "c")).await, "BAD_INPUT");
        assert_eq!(refused(&scenario, &traeger(), "bulkOfferReferrals", &offers(&["referral_1".to_owned()], "d")).await, "BAD_INPUT");
        scenario.server.stop().await;
    }

    async fn a_bulk_offer_takes_one_statement_per_referral_and_a_constant_number_besides(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let mut counts = Vec::new();
        for (mutation, agency, role, version) in
            [("bulkOfferReferrals", "traeger", Role::CaseManager, 1), ("bulkAnswerReferrals", "jobcenter", Role::Clerk, 2)]
        {
            let mut of_mutation = Vec::new();
            for count in [10, 110] {
                let ids = scenario.prepared(ReferralStatus::Draft, count, |_| Some(ConsentSpec::whole())).await;
                if version == 2 {
                    results(&scenario, &traeger(), "bulkOfferReferrals", &offers(&ids, &Uuid::now_v7().to_string())).await;
                }
                let input = match version {
                    1 => offers(&ids, &Uuid::now_v7().to_string()),
                    _ => answers(&ids, 2, json!({"action": "ACCEPT"})),
                };
                let statements: Arc<Mutex<Vec<String>>> = Arc::default();
                let written = Arc::clone(&statements);
                let mut database = Database::open(&scenario.server.database.url).await.expect("the test's database");
                database.observe(move |text| written.lock().expect("a list").push(text.to_owned()));
                let api = Api::new(database, Clock::on(today()), world::key());
                let viewer = api.admit(verified(&token(agency, role))).await.expect("a database").expect("a viewer");
                let request = Request::new(document(mutation)).variables(Variables::from_json(json!({"input": input})));
                let response = api.execute(viewer, ParsedRequest::read(request).expect("a document"), "a-request").await;
                assert!(response.errors.is_empty(), "{:?}", response.errors);
                let statements = statements.lock().expect("a list").clone();
                of_mutation.push(statements.len());
                assert!(statements.len() < 3 * count as usize + 40, "{:#?}", statements.iter().take(80).map(|text| text.chars().take(100).collect::<String>()).collect::<Vec<_>>());
            }
            counts.push(of_mutation);
        }
        eprintln!("statements for 10 and 110 rows, offered and accepted: {counts:?}");
        assert_eq!(counts[0][1] - counts[0][0], 100, "one for each row: {counts:?}");
        assert!(counts[1][1] - counts[1][0] <= 300, "a savepoint, an update, and its release: {counts:?}");
        scenario.server.stop().await;
    }
}
