//! Acknowledged writes survive `kill -9` at any moment: the real program is killed during a thousand writes, restarted on the
//! same database, and checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kim_domain::calendar::Clock;
use kim_entity::database::Database;
use kim_entity::message::NewMessage;
use kim_entity::{change, feed, idempotency, raw, referral, referral_event};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::process::{Served, configured};
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::world::today;

const WRITES: usize = 1_000;
const CLIENTS: usize = 8;
/// How often the server is killed.
const KILLS: usize = 6;

/// One write of a client.
#[derive(Clone, Debug)]
struct Write {
    key: String,
    mutation: &'static str,
    type_name: &'static str,
    by_sender: bool,
    input: Value,
}

/// A client with its own referral, and its progress.
#[derive(Debug)]
struct Client {
    referral: Value,
    version: i64,
    todo: Vec<Write>,
    /// Number of acknowledged writes.
    acknowledged: usize,
}

impl Client {
    /// First the receiver acknowledges and accepts, then both sides write messages with different texts.
    fn new(referral: Value, number: usize) -> Self {
        let version = referral["version"].as_i64().expect("a version");
        let todo = (0..WRITES / CLIENTS).map(|step| {
            let (mutation, type_name, more) = match step {
                0 => ("acknowledgeReferral", "ReferralInput", json!({})),
                1 => ("acceptReferral", "AcceptReferralInput", json!({})),
                _ => ("postMessage", "PostMessageInput", json!({"text": format!("Nachricht {number}-{step}")})),
            };
            let mut input =
                on(&json!({"id": referral["id"], "version": version + i64::try_from(step).expect("small")}), more);
            let key = Uuid::now_v7().to_string();
            input["idempotencyKey"] = json!(key);
            Write { key, mutation, type_name, by_sender: step >= 2 && step % 2 == 0, input }
        });
        Self { todo: todo.collect(), referral, version, acknowledged: 0 }
    }

    /// Sends writes until all are done or the server does not answer.
    async fn work(mut self, http: reqwest::Client, url: String, done: Arc<AtomicUsize>) -> Self {
        while let Some(write) = self.todo.get(self.acknowledged) {
            let Some(answer) = send(&http, &url, write).await else { return self };
            self.check(self.acknowledged, &answer);
            self.acknowledged += 1;
            done.fetch_add(1, Ordering::SeqCst);
        }
        self
    }

    /// Checks that a write succeeded; `step` counts from 0.
    fn check(&self, step: usize, answer: &Value) {
        assert_eq!(answer["errors"], Value::Null, "step {step} of {}: {answer}", self.referral["id"]);
        assert_eq!(answer["data"]["done"]["referral"]["id"], self.referral["id"]);
    }
}

/// Sends a write. Returns the answer, or `None` if the server is gone.
async fn send(http: &reqwest::Client, url: &str, write: &Write) -> Option<Value> {
    let Write { mutation, type_name, by_sender, input, .. } = write;
    let query =
        format!("mutation($input: {type_name}!) {{ done: {mutation}(input: $input) {{ referral {{ id version }} }} }}");
    let token = if *by_sender { traeger() } else { jobcenter() };
    let body = json!({"query": query, "variables": {"input": input}});
    http.post(url).bearer_auth(token).json(&body).send().await.ok()?.json().await.ok()
}

/// The rows of the database.
struct Stored {
    referrals: BTreeMap<Uuid, referral::Model>,
    events: Vec<referral_event::Model>,
    changes: Vec<change::Model>,
    feeds: Vec<feed::Model>,
    keys: Vec<idempotency::Model>,
    messages: Vec<NewMessage>,
}

impl Stored {
    async fn read(url: &str) -> Self {
        let database = Database::open(url).await.expect("the same database");
        let main = database.raw();
        let referrals = referral::Entity::find().all(main).await.expect("referrals");
        let stored = Self {
            referrals: referrals.into_iter().map(|row| (row.id, row)).collect(),
            events: referral_event::Entity::find().all(main).await.expect("events"),
            changes: change::Entity::find().all(main).await.expect("changes"),
            feeds: feed::Entity::find().all(main).await.expect("feeds"),
            keys: idempotency::Entity::find().all(main).await.expect("keys"),
            messages: raw::messages(main).await.expect("messages"),
        };
        database.close().await.expect("closed");
        stored
    }

    fn row_counts(&self) -> [usize; 4] {
        [self.events.len(), self.changes.len(), self.messages.len(), self.keys.len()]
    }

    /// Checks that no write is incomplete: one version per event, one change per event in both feeds, no gap in a feed, and a
    /// stored result for each key.
    fn check_consistency(&self) {
        for (id, referral) in &self.referrals {
            let events = self.events.iter().filter(|event| event.referral_id == *id).count();
            assert_eq!(
                usize::try_from(referral.version),
                Ok(events),
                "{id}: a version for each event, the draft's included"
            );
            let posted = self.events.iter().filter(|event| {
                event.referral_id == *id && event.action.is_some_and(|action| action.0.code() == "POST_MESSAGE")
            });
            assert_eq!(
                posted.count(),
                self.messages.iter().filter(|message| message.referral_id == *id).count(),
                "{id}"
            );
        }
        for feed in &self.feeds {
            let mut own: Vec<i64> =
                self.changes.iter().filter(|one| one.agency_id == feed.agency_id).map(|one| one.seq).collect();
            own.sort_unstable();
            assert!(own.iter().copied().eq(1..=feed.last), "a gap: {own:?}");
        }
        for event in &self.events {
            // The event of a draft is only in its sender's feed.
            let told = self.changes.iter().filter(|one| one.event_id == Some(event.id)).count();
            assert_eq!(told, if event.from_status.is_none() { 1 } else { 2 });
        }
        assert!(self.keys.iter().all(|key| !key.result.is_empty()), "a key without its answer");
    }

    /// Checks that every acknowledged write of a client is stored, and at most one further write.
    fn check_writes_of(&self, client: &Client) {
        let id = kim_domain::id::decode(client.referral["id"].as_str().expect("an id")).expect("an id").1;
        let done = i64::from(self.referrals[&id].version) - client.version;
        let acknowledged = i64::try_from(client.acknowledged).expect("small");
        assert!(done == acknowledged || done == acknowledged + 1, "{done} done, {acknowledged} acknowledged");
        let done = usize::try_from(done).expect("not fewer than none");
        for (step, write) in client.todo.iter().enumerate() {
            assert_eq!(self.keys.iter().any(|key| key.key == write.key), step < done, "{step} of {done}");
            if let Some(text) = write.input["text"].as_str() {
                let there = self.messages.iter().filter(|message| message.body == text).count();
                assert_eq!(there, usize::from(step < done), "{text}");
            }
        }
    }
}

/// A folder from which servers are started repeatedly, without a timer.
fn folder(url: &str) -> TempDir {
    let folder = configured(url);
    let file = folder.path().join("kim.toml");
    let config = std::fs::read_to_string(&file).expect("a configuration");
    // Nobody reads its log, so it must not fill the pipe.
    let quiet = "timer_seconds = 0\nlog_filter = \"error,kim::serve=info\"\n";
    std::fs::write(&file, format!("{quiet}{config}")).expect("written");
    folder
}

on_both! {
    async fn acknowledged_writes_survive_a_kill_at_any_moment(db: TestDatabase) {
        let url = db.url.clone();
        let folder = folder(&url);
        let scenario = Scenario::begin_on(db, Clock::on(today())).await;
        let mut clients = Vec::new();
        for number in 0..CLIENTS {
            clients.push(Client::new(scenario.offered().await, number));
        }
        // No other process keeps the database open, so the next server finds what the killed one left.
        let db = scenario.server.close().await;
        db.database.close().await.expect("closed");

        let http = reqwest::Client::new();
        for round in 0..=KILLS {
            // The server is the first to open the database again.
            let served = Served::start(folder.path());
            let graphql = served.url("/graphql");
            let before = Stored::read(&url).await;
            before.check_consistency();
            clients.iter().for_each(|client| before.check_writes_of(client));
            // Acknowledged writes are answered again with their results.
            for client in &clients {
                for step in client.acknowledged.saturating_sub(5)..client.acknowledged {
                    client.check(step, &send(&http, &graphql, &client.todo[step]).await.expect("an answer"));
                }
            }
            let repeated = Stored::read(&url).await;
            assert_eq!((&repeated.referrals, repeated.row_counts()), (&before.referrals, before.row_counts()), "a repeat changes nothing");

            // The interrupted write is sent again: it is executed now, or its stored result is returned.
            let done = Arc::new(AtomicUsize::new(clients.iter().map(|client| client.acknowledged).sum()));
            let working = clients.drain(..).map(|client| tokio::spawn(client.work(http.clone(), graphql.clone(), Arc::clone(&done))));
            let working: Vec<_> = working.collect();
            if round < KILLS {
                let enough = (round + 1) * WRITES / (KILLS + 1);
                while done.load(Ordering::SeqCst) < enough && !working.iter().all(JoinHandle::is_finished) {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                served.kill();
            }
            for client in working {
                clients.push(client.await.expect("a client"));
            }
            assert!(round == KILLS || done.load(Ordering::SeqCst) < WRITES, "round {round}: the server was killed after the last write");
        }
        let stored = Stored::read(&url).await;
        stored.check_consistency();
        clients.iter().for_each(|client| stored.check_writes_of(client));
        assert!(clients.iter().all(|client| client.acknowledged == client.todo.len()), "all was done in the end");
        drop(db);
    }
}
