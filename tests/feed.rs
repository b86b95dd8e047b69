//! The feed of changes: a poller that follows its cursor gets each change once and in order, with several servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kim_domain::agency::Role;
use kim_domain::id::{Kind, decode, encode};
use kim_entity::change;
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::process::{Served, configured};
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{claims, sign, token};

/// Number of referrals, and the mutations of each.
const REFERRALS: usize = 16;
const MOVES: [&str; 2] = ["acknowledgeReferral", "acceptReferral"];
const MESSAGES: usize = 8;

/// One server's URL and a client for it.
#[derive(Clone)]
struct Endpoint {
    client: reqwest::Client,
    url: String,
}

impl Endpoint {
    async fn ask(&self, token: &str, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        let request = self.client.post(&self.url).bearer_auth(token).json(&body);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"].clone()
    }

    /// Executes a mutation of a referral with this version. Returns the new version.
    async fn change(&self, token: &str, mutation: &str, id: &Value, version: &Value, more: Value) -> Value {
        let type_name = match mutation {
            "acknowledgeReferral" => "ReferralInput",
            "acceptReferral" => "AcceptReferralInput",
            _ => "PostMessageInput",
        };
        let query = format!(
            "mutation($input: {type_name}!) {{ done: {mutation}(input: $input) {{ referral {{ version }} }} }}"
        );
        let mut input = on(&json!({"id": id, "version": version}), more);
        input["idempotencyKey"] = json!(Uuid::now_v7());
        self.ask(token, &query, json!({"input": input})).await["done"]["referral"]["version"].clone()
    }
}

const PAGE: &str = "query($after: String) { changes(after: $after, first: 7) {
    pageInfo { hasNextPage endCursor } edges { cursor node { cursor at kind referralId eventId } } } }";

/// Polls the feed until all changes are written and no further page exists. Returns its entries.
async fn poll(endpoints: Vec<Endpoint>, written: Arc<AtomicBool>) -> Vec<Value> {
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    for endpoint in endpoints.iter().cycle() {
        // Read before the page is requested: later changes are on the next page.
        let last = written.load(Ordering::SeqCst);
        let page = endpoint.ask(&jobcenter(), PAGE, json!({"after": after})).await["changes"].take();
        let rows = page["edges"].as_array().expect("a list");
        assert!(rows.len() <= 7 && rows.iter().all(|row| row["cursor"] == row["node"]["cursor"]), "{page}");
        seen.extend(rows.iter().map(|row| row["node"].clone()));
        if !rows.is_empty() {
            after = page["pageInfo"]["endCursor"].clone();
        }
        if page["pageInfo"]["hasNextPage"] == false && last {
            break;
        }
    }
    seen
}

on_both! {
    async fn a_poller_sees_every_change_once_and_in_order_while_several_servers_write(db: TestDatabase) {
        let second = (db.database.backend() == DbBackend::Postgres).then(|| {
            let folder = configured(&db.url);
            let file = folder.path().join("kim.toml");
            let config = std::fs::read_to_string(&file).expect("a configuration");
            // Nobody reads its log, so it must not fill the pipe.
            let quiet = "timer_seconds = 0\nlog_filter = \"error,kim::serve=info\"\n";
            std::fs::write(&file, format!("{quiet}{config}")).expect("written");
            (Served::start(folder.path()), folder)
        });
        let scenario = Scenario::begin(db).await;
        let mut endpoints = vec![Endpoint { client: reqwest::Client::new(), url: scenario.server.url("/graphql") }];
        endpoints.extend(second.iter().map(|(served, _)| Endpoint { client: reqwest::Client::new(), url: served.url("/graphql") }));
        let mut referrals = Vec::new();
        for _ in 0..REFERRALS {
            referrals.push(scenario.offered().await);
        }

        let written = Arc::new(AtomicBool::new(false));
        let poller = tokio::spawn(poll(endpoints.clone(), Arc::clone(&written)));
        let writers = referrals.iter().cloned().enumerate().map(|(number, referral)| {
            let endpoints = endpoints.clone();
            tokio::spawn(async move {
                let (id, mut version) = (referral["id"].clone(), referral["version"].clone());
                for (step, mutation) in MOVES.into_iter().enumerate() {
                    version = endpoints[(number + step) % endpoints.len()].change(&jobcenter(), mutation, &id, &version, json!({})).await;
                }
                for message in 0..MESSAGES {
                    let from = if message % 2 == 0 { jobcenter() } else { traeger() };
                    let endpoint = &endpoints[(number + message) % endpoints.len()];
                    version = endpoint.change(&from, "postMessage", &id, &version, json!({"text": "Guten Tag"})).await;
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("written");
        }
        written.store(true, Ordering::SeqCst);
        let seen = poller.await.expect("followed");

        let own = change::Entity::find().filter(change::Column::AgencyId.eq(scenario.jobcenter)).order_by_asc(change::Column::Seq);
        let kept = own.all(scenario.server.database.database.raw()).await.expect("the feed");
        assert_eq!(kept.len(), REFERRALS * (1 + MOVES.len() + MESSAGES));
        assert!(kept.iter().zip(1..).all(|(one, seq)| one.seq == seq), "no gap");
        let expected: Vec<Value> = kept.iter().map(|one| json!([one.kind.0.code(), encode(Kind::Referral, one.referral_id), one.event_id.map(|id| encode(Kind::Event, id))])).collect();
        let got: Vec<Value> = seen.iter().map(|one| json!([one["kind"], one["referralId"], one["eventId"]])).collect();
        assert_eq!(got, expected);
        let mut events: Vec<_> = kept.iter().map(|one| one.event_id).collect();
        events.sort_unstable();
        events.dedup();
        assert_eq!(events.len(), kept.len(), "each event once");
        if let Some((served, _)) = second {
            served.terminate();
            assert_eq!(served.end().0, Some(0));
        }
        scenario.server.stop().await;
    }

    async fn a_feed_has_only_changes_of_its_agency_and_of_the_tokens_purposes(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let draft = scenario.draft(None).await;
        let list = "{ changes { totalCount nodes { cursor kind referralId eventId } pageInfo { hasNextPage } } }";
        assert_eq!(scenario.ask(&jobcenter(), list).await["changes"]["totalCount"], 0, "a draft is its sender's");
        scenario.done(&traeger(), "discardReferral", on(&draft, json!({}))).await;
        let offered = scenario.offered().await;
        let of_sender = &scenario.ask(&traeger(), list).await["changes"];
        let ids: Vec<&Value> = of_sender["nodes"].as_array().expect("a list").iter().map(|node| &node["referralId"]).collect();
        assert_eq!(ids, [&draft["id"], &offered["id"], &offered["id"]]);
        let of_receiver = &scenario.ask(&jobcenter(), list).await["changes"];
        assert_eq!(of_receiver["totalCount"], 1);
        assert_eq!(of_receiver["nodes"][0]["referralId"], offered["id"]);
        assert!(decode(of_receiver["nodes"][0]["eventId"].as_str().expect("an id")).is_ok_and(|(kind, _)| kind == Kind::Event));
        for (agency, role) in [("abh", Role::Clerk), ("other", Role::CaseManager)] {
            assert_eq!(scenario.ask(&token(agency, role), list).await["changes"], json!({"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": false}}));
        }

        let narrowed = |agency: &str, role: Role, purpose: &str| {
            let mut claims = claims(agency, role);
            claims["purposes"] = json!([purpose]);
            sign(&claims)
        };
        for (purpose, receivers, senders) in [("BENEFIT_APPLICATION", 1, 2), ("INTEGRATION_COURSE", 0, 0)] {
            let of_receiver = scenario.ask(&narrowed("jobcenter", Role::Clerk, purpose), list).await;
            assert_eq!((&of_receiver["changes"]["totalCount"], of_receiver["changes"]["nodes"].as_array().map(Vec::len)), (&json!(receivers), Some(receivers)));
            let of_sender = scenario.ask(&narrowed("traeger", Role::CaseManager, purpose), list).await;
            assert_eq!((&of_sender["changes"]["totalCount"], of_sender["changes"]["nodes"].as_array().map(Vec::len)), (&json!(senders), Some(senders)));
        }

        let refused = async |token: &str, query: &str| {
            let answer = scenario.server.ask(token, query, &json!({})).await;
            answer["errors"][0]["extensions"]["code"].as_str().expect("a code").to_owned()
        };
        let foreign = of_sender["nodes"][0]["cursor"].as_str().expect("a cursor");
        assert_eq!(refused(&jobcenter(), &format!("{{ changes(after: \"{foreign}\") {{ totalCount }} }}")).await, "BAD_INPUT");
        assert_eq!(refused(&jobcenter(), "{ changes(first: 101) { totalCount } }").await, "LIMIT_EXCEEDED");
        assert_eq!(refused(&token("koordination", Role::Coordinator), "{ changes { totalCount } }").await, "GRAPHQL_VALIDATION_FAILED");
        let mut without = claims("jobcenter", Role::Service);
        without["scope"] = json!("agreement:read");
        assert_eq!(refused(&sign(&without), "{ changes { totalCount } }").await, "FORBIDDEN");
        scenario.server.stop().await;
    }
}
