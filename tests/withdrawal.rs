//! No disclosure overtakes a withdrawal: many clients request lists while a consent is withdrawn and renewed repeatedly.
//!
//! The tests show three things. Every answer with a name has a row in the log. No answer shows the name if its request began
//! after a withdrawal was acknowledged and ended before the consent was renewed. Between these two moments the log gets no
//! row with this field. The tests read the log over their own connection and do not rely on the server's count of closings.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kim_casework::disclose::{AnswerStart, DisclosureLog, LogOutcome, Reader, Shown};
use kim_casework::import::{Options, agreements};
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::decode;
use kim_domain::referral::ReferralStatus;
use kim_entity::database::Database;
use kim_entity::log::Log;
use kim_entity::read::Reads;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::consents::{done, given, mutate};
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, traeger};
use crate::support::server::verified;
use crate::support::world::{ConsentSpec, in_days, today};

/// Number of requests that must overlap with a withdrawal.
const INTERLEAVINGS: u32 = 1_000;
/// Number of clients that request lists without a pause. A withdrawal overlaps with at most one request of each.
const READERS: u32 = 4;
/// After so many renewals, those that were withdrawn are given to another client: one has at most 100 consents.
const CONSENTS_OF_A_CLIENT: usize = 90;
/// Maximum duration of the test. It takes some seconds on two idle cores.
const PATIENCE: Duration = Duration::from_secs(240);

const LIST: &str = "{ referrals { nodes { status handover { familyName withheld { field reason } } } } }";

/// Number of rows of the log that contain the field.
async fn logged(database: &Database) -> i64 {
    let bit = FieldSet::of(&[HandoverField::FamilyName]).to_i64();
    let text = format!("SELECT COUNT(*) FROM disclosure_log WHERE fields & {bit} <> 0 AND ground <> 'OWN'");
    let statement = Statement::from_string(database.backend(), text);
    let row = database.raw_log().query_one_raw(statement).await.expect("the log").expect("a count");
    row.try_get_by_index(0).expect("a number")
}

/// What one answer showed, and the epochs at its request and at its arrival. The epoch is even while the consent is valid.
/// It becomes odd when the withdrawal is acknowledged, and even again before the consent is renewed.
struct Seen {
    request_id: String,
    before: u32,
    after: u32,
    shown: bool,
}

impl Seen {
    /// Whether it was requested while the consent was valid, and answered after the withdrawal was acknowledged.
    fn crossed(&self) -> bool {
        self.before.is_multiple_of(2) && self.after != self.before
    }
}

async fn list(scenario: &Scenario, epoch: &AtomicU32, token: &str) -> Seen {
    let before = epoch.load(Ordering::SeqCst);
    let response = scenario.server.post(LIST, &json!({})).bearer_auth(token).send().await.expect("an answer");
    let request_id = response.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let body = response.text().await.expect("a body");
    let after = epoch.load(Ordering::SeqCst);
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    Seen { request_id, before, after, shown: body.contains("Kanari") }
}

/// A disclosure of this referral's family name to the Jobcenter, on the ground of a consent.
fn about_to_show(referral: &Value, receiver_id: Uuid) -> Shown {
    let (_, referral_id) = decode(referral["id"].as_str().expect("an id")).expect("an id of ours");
    let fields = FieldSet::of(&[HandoverField::FamilyName]);
    Shown {
        referral_id,
        receiver_id,
        own: false,
        statutory: FieldSet::EMPTY,
        consented: fields,
        fields,
        messages: false,
    }
}

on_both! {
    async fn a_disclosure_is_held_back_only_if_its_own_fields_were_closed(db: TestDatabase) {
        let database = Database::open(&db.url).await.expect("a second look");
        let scenario = Scenario::begin(db).await;
        let (one, other) = (scenario.offered().await, scenario.offered().await);
        let ledger = DisclosureLog::open(Arc::new(database.clone()), Clock::on(today()));
        let admitted = Reads::admit(&database, verified(&jobcenter()), today()).await.expect("a database");
        let viewer = Arc::clone(admitted.expect("a clerk").viewer());
        let (reader, shown) = (Reader::of(&viewer, "a-request", "an-operation"), [about_to_show(&one, scenario.jobcenter)]);
        let start = AnswerStart { closings: viewer.closings(), today: today() };
        let record = async |start| ledger.record(&viewer, &reader, shown.to_vec(), start).await.expect("the log");

        // After this answer began, first another client's consent is withdrawn, then this client's own.
        for (referral, expected) in [(&other, LogOutcome::Written), (&one, LogOutcome::Outdated(2))] {
            let query = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", referral["id"]);
            let consent = scenario.ask(&traeger(), &query).await["referral"]["consent"]["id"].clone();
            done(&scenario, "withdrawConsent", json!({"consentId": consent})).await;
            assert_eq!(record(start).await, expected);
        }
        let yesterday = AnswerStart { closings: 2, today: in_days(-1) };
        assert_eq!(record(yesterday).await, LogOutcome::Outdated(2), "a consent may have ended with the day");
        assert_eq!(logged(&database).await, 1);
        scenario.server.stop().await;
    }

    async fn a_withdrawal_waits_for_running_disclosures_and_holds_back_new_ones(db: TestDatabase) {
        let database = Database::open(&db.url).await.expect("a second process");
        let scenario = Arc::new(Scenario::begin(db).await);
        let offered = scenario.offered().await;
        let query = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"]);
        let consent = scenario.ask(&traeger(), &query).await["referral"]["consent"]["id"].clone();
        let disclosing = Log::begin_when_free(&database, scenario.jobcenter).await.expect("the lock of a disclosure");
        let withdrawal = tokio::spawn({
            let scenario = Arc::clone(&scenario);
            async move { done(&scenario, "withdrawConsent", json!({"consentId": consent})).await }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!withdrawal.is_finished(), "it was acknowledged while something was being logged");
        disclosing.commit().await.expect("logged");
        withdrawal.await.expect("withdrawn");
        let disclosing = Log::begin_when_free(&database, scenario.jobcenter).await.expect("the lock of a disclosure");
        assert_eq!(disclosing.closings(scenario.jobcenter), 1);
        disclosing.roll_back().await.expect("ended");
    }

    async fn a_narrowing_version_holds_back_disclosures(db: TestDatabase) {
        let database = Database::open(&db.url).await.expect("a second process");
        let scenario = Scenario::begin(db).await;
        let clock = Clock::on(today());
        for (version, narrows, expected) in [(2, "nein", 0), (3, "ja", 1)] {
            let file = format!(
                "ags;receiver;purpose;version;valid_from;respond_working_days;access_days;contact;legal_ground;fields;narrows_running\n\
                 05315000;jobcenter;BENEFIT_APPLICATION;{version};2026-11-01;10;30;a@b.example;Einwilligung;familyName;{narrows}\n"
            );
            scenario.prepared(ReferralStatus::Accepted, 1, |_| Some(ConsentSpec::whole())).await;
            let report = agreements(&database, &clock, file.as_bytes(), &Options::default(), &mut |_, _| {}).await;
            assert_eq!(report.expect("imported").accepted, 1);
            let disclosing = Log::begin_when_free(&database, scenario.jobcenter).await.expect("the lock of a disclosure");
            assert_eq!(disclosing.closings(scenario.jobcenter), expected);
            disclosing.roll_back().await.expect("ended");
            // Both sides are notified about each referral that shows less. Nobody is notified if none does.
            let query = "{ changes(first: 100) { nodes { kind eventId } } }";
            for token in [jobcenter(), traeger()] {
                let told = scenario.ask(&token, query).await["changes"]["nodes"].as_array().expect("a list").clone();
                let narrowed = told.iter().filter(|change| change["kind"] == "AGREEMENT_CHANGED" && change["eventId"].is_string());
                assert_eq!((narrowed.count() as i64, told.len() as i64), (2 * expected, 2 * expected));
            }
        }
        scenario.server.stop().await;
    }

    async fn a_disclosure_that_waited_for_a_withdrawal_is_dated_after_it(db: TestDatabase) {
        let scenario = Arc::new(Scenario::begin(db).await);
        let offered = scenario.offered().await;
        let consent = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"]);
        let over = Arc::new(AtomicBool::new(false));
        // A withdrawal waits for a disclosure that is being logged, and a renewal waits for the withdrawal.
        let readers: Vec<_> = (0..2).map(|_| {
            let (scenario, over, token) = (Arc::clone(&scenario), Arc::clone(&over), jobcenter());
            tokio::spawn(async move {
                while !over.load(Ordering::SeqCst) {
                    scenario.server.ask(&token, LIST, &json!({})).await;
                }
            })
        }).collect();
        for round in 0..20 {
            let id = scenario.ask(&traeger(), &consent).await["referral"]["consent"]["id"].clone();
            let token = traeger();
            let withdrawal = mutate(&scenario, &token, "withdrawConsent", json!({"consentId": id}));
            let renewal = async {
                tokio::time::sleep(Duration::from_millis(round % 8)).await;
                mutate(&scenario, &token, "renewConsent", json!({"consentId": id, "given": given(json!({}))})).await
            };
            tokio::join!(withdrawal, renewal);
            // Whichever came first, the consent is valid again before the next round.
            let now = scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ status consent {{ id }} }} }}", offered["id"])).await;
            if now["referral"]["status"] == "SUSPENDED" {
                let renewal = json!({"consentId": now["referral"]["consent"]["id"], "given": given(json!({}))});
                done(&scenario, "renewConsent", renewal).await;
            }
        }
        over.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.await.expect("a reader");
        }
        let history = format!("{{ referral(id: {}) {{ events(last: 100) {{ nodes {{ fromStatus toStatus }} }} }} }}", offered["id"]);
        let history = scenario.ask(&traeger(), &history).await["referral"]["events"]["nodes"].clone();
        let steps = history.as_array().expect("a history");
        assert!(steps.iter().any(|step| step["toStatus"] == "SUSPENDED"), "{history}");
        for pair in steps.windows(2) {
            assert_eq!(pair[0]["toStatus"], pair[1]["fromStatus"], "{history}");
        }
    }

    async fn no_disclosure_overtakes_a_withdrawal(db: TestDatabase) {
        let outside = Database::open(&db.url).await.expect("a second look");
        let scenario = Arc::new(Scenario::begin(db).await);
        let offered = scenario.offered().await;
        let query = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"]);
        let mut consent = scenario.ask(&traeger(), &query).await["referral"]["consent"]["id"].clone();
        // The client of the newest case.
        scenario.draft(None).await;
        let (epoch, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let crossings = Arc::new(AtomicU32::new(0));
        let readers: Vec<_> = (0..READERS).map(|_| {
            let (scenario, epoch, over, token) = (Arc::clone(&scenario), Arc::clone(&epoch), Arc::clone(&over), jobcenter());
            let crossings = Arc::clone(&crossings);
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    let one = list(&scenario, &epoch, &token).await;
                    crossings.fetch_add(u32::from(one.crossed()), Ordering::SeqCst);
                    seen.push(one);
                }
                seen
            })
        }).collect();

        let start = Instant::now();
        let clerk = jobcenter();
        let mut mine = Vec::new();
        let mut round = 0;
        while crossings.load(Ordering::SeqCst) < INTERLEAVINGS {
            round += 1;
            assert!(start.elapsed() < PATIENCE, "only {} in {round} rounds", crossings.load(Ordering::SeqCst));
            done(&scenario, "withdrawConsent", json!({"consentId": consent})).await;
            epoch.fetch_add(1, Ordering::SeqCst);
            let at_withdrawal = logged(&outside).await;
            // At least one request begins and ends while the fields are closed.
            mine.push(list(&scenario, &epoch, &clerk).await);
            assert_eq!(logged(&outside).await, at_withdrawal, "round {round}: logged after the withdrawal");
            epoch.fetch_add(1, Ordering::SeqCst);
            let renewal = json!({"consentId": consent, "given": given(json!({}))});
            consent = done(&scenario, "renewConsent", renewal).await.0["id"].clone();
            if round % CONSENTS_OF_A_CLIENT == 0 {
                let to_another = "UPDATE consent SET person_id = (SELECT person_id FROM \"case\" ORDER BY id DESC LIMIT 1) \
                                  WHERE withdrawn_at IS NOT NULL";
                outside.raw().execute_unprepared(to_another).await.expect("an answer");
            }
        }
        over.store(true, Ordering::SeqCst);
        let mut seen = mine;
        for reader in readers {
            seen.extend(reader.await.expect("a reader"));
        }

        let while_closed: Vec<_> = seen.iter().filter(|one| one.before % 2 == 1 && one.before == one.after).collect();
        assert!(while_closed.len() >= round && round >= (INTERLEAVINGS / READERS) as usize, "{round} rounds");
        assert!(while_closed.iter().all(|one| !one.shown), "shown after the withdrawal was acknowledged");
        let shown: BTreeSet<&str> = seen.iter().filter(|one| one.shown).map(|one| one.request_id.as_str()).collect();
        assert!(shown.len() > round / 4, "the test looked at nothing: {} in {round} rounds", shown.len());

        let bit = FieldSet::of(&[HandoverField::FamilyName]);
        let rows = kim_entity::disclosure_log::Entity::find().all(outside.raw_log()).await.expect("the log");
        let names = |row: &&kim_entity::disclosure_log::Model| bit.is_within(FieldSet::from_i64(row.fields));
        // The times match the order: no disclosure is dated after the withdrawal of its consent.
        let mut withdrawn = Vec::new();
        for consent in kim_entity::consent::Entity::find().all(outside.raw()).await.expect("consents") {
            withdrawn.push((consent.created_at, consent.withdrawn_at.unwrap_or(i64::MAX)));
        }
        withdrawn.sort_unstable();
        assert_eq!(withdrawn.len(), round + 1, "the last one stands");
        for row in rows.iter().filter(names).filter(|row| row.ground == "CONSENT") {
            let (_, end) = withdrawn[withdrawn.partition_point(|(begin, _)| *begin <= row.at) - 1];
            assert!(row.at <= end, "disclosed {} µs after the withdrawal", row.at - end);
        }
        let written: BTreeSet<&str> = rows.iter().filter(names).map(|row| row.request_id.as_str()).collect();
        assert_eq!(written, shown, "what was shown is what was logged");
        println!(
            "{round} withdrawals, {} answers, {} with a name, {:.1} s",
            seen.len(), shown.len(), start.elapsed().as_secs_f32()
        );
    }
}
