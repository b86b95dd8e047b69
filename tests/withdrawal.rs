//! No disclosure overtakes a withdrawal: many clients list while a consent is withdrawn and renewed, again and again.
//!
//! What is proved, and from where: every answer that shows a name has its row in the log; no answer that began after a
//! withdrawal was acknowledged, and ended before the next consent was asked for, shows it; and from the acknowledgement
//! until then the log gets no further row that names the field. The log is read from outside, over a connection of its
//! own, so that nothing here believes the server's own count of closings.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use kim_domain::field::{FieldSet, HandoverField};
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use serde_json::{Value, json};

use crate::consents::{done, given};
use crate::support::database::TestDatabase;
use crate::support::on_both;
use crate::support::play::{Play, jobcenter, traeger};

/// How many withdrawals, each with reads in flight.
const ROUNDS: u32 = 1_000;
/// Clients that list all the time; two withdrawals or renewals a round meet each of them.
const READERS: usize = 4;
/// The test gives up later than this.
const PATIENCE: Duration = Duration::from_secs(240);

const LIST: &str = "{ referrals { nodes { status handover { familyName withheld { field reason } } } } }";

/// How many rows of the log name the field.
async fn logged(database: &Database) -> i64 {
    let bit = FieldSet::of(&[HandoverField::FamilyName]).to_i64();
    let text = format!("SELECT COUNT(*) FROM disclosure_log WHERE fields & {bit} <> 0 AND ground <> 'OWN'");
    let statement = Statement::from_string(database.backend(), text);
    let row = database.log.query_one_raw(statement).await.expect("the log").expect("a count");
    row.try_get_by_index(0).expect("a number")
}

/// What one answer showed, and when it was asked: the epoch is even while the consent stands, odd once its withdrawal was
/// acknowledged, and counts on before the next one is asked for.
struct Seen {
    request_id: String,
    before: u32,
    after: u32,
    shown: bool,
}

async fn list(play: &Play, epoch: &AtomicU32, token: &str) -> Seen {
    let before = epoch.load(Ordering::SeqCst);
    let response = play.server.post(LIST, &json!({})).bearer_auth(token).send().await.expect("an answer");
    let request_id = response.headers()["x-request-id"].to_str().expect("an id").to_owned();
    let body = response.text().await.expect("a body");
    let after = epoch.load(Ordering::SeqCst);
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    Seen { request_id, before, after, shown: body.contains("Kanari") }
}

on_both! {
    async fn no_disclosure_overtakes_a_withdrawal(db: TestDatabase) {
        let outside = Database::open(&db.url).await.expect("a second look");
        let play = Arc::new(Play::begin(db).await);
        let offered = play.offered().await;
        let query = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"]);
        let mut consent = play.ask(&traeger(), &query).await["referral"]["consent"]["id"].clone();
        let (epoch, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let readers: Vec<_> = (0..READERS).map(|_| {
            let (play, epoch, over, token) = (Arc::clone(&play), Arc::clone(&epoch), Arc::clone(&over), jobcenter());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !over.load(Ordering::SeqCst) {
                    seen.push(list(&play, &epoch, &token).await);
                }
                seen
            })
        }).collect();

        let begun = Instant::now();
        let clerk = jobcenter();
        let mut mine = Vec::new();
        for round in 0..ROUNDS {
            assert!(begun.elapsed() < PATIENCE, "only {round} rounds");
            done(&play, "withdrawConsent", json!({"consentId": consent})).await;
            epoch.fetch_add(1, Ordering::SeqCst);
            let at_withdrawal = logged(&outside).await;
            // One answer at least begins and ends while it is closed.
            mine.push(list(&play, &epoch, &clerk).await);
            assert_eq!(logged(&outside).await, at_withdrawal, "round {round}: logged after the withdrawal");
            epoch.fetch_add(1, Ordering::SeqCst);
            let renewal = json!({"consentId": consent, "given": given(json!({}))});
            consent = done(&play, "renewConsent", renewal).await.0["id"].clone();
        }
        over.store(true, Ordering::SeqCst);
        let mut seen = mine;
        for reader in readers {
            seen.extend(reader.await.expect("a reader"));
        }

        let while_closed: Vec<_> = seen.iter().filter(|one| one.before % 2 == 1 && one.before == one.after).collect();
        assert!(while_closed.len() >= ROUNDS as usize);
        assert!(while_closed.iter().all(|one| !one.shown), "shown after the withdrawal was acknowledged");
        // Else the test looked at nothing: names were shown, and answers were under way when a consent went.
        let crossing = seen.iter().filter(|one| one.before % 2 == 0 && one.after != one.before).count();
        let shown: BTreeSet<&str> = seen.iter().filter(|one| one.shown).map(|one| one.request_id.as_str()).collect();
        assert!(shown.len() > ROUNDS as usize / 10 && crossing > ROUNDS as usize / 2, "{} {crossing}", shown.len());

        let bit = FieldSet::of(&[HandoverField::FamilyName]);
        let rows = kim_entity::disclosure_log::Entity::find().all(&outside.log).await.expect("the log");
        let names = |row: &&kim_entity::disclosure_log::Model| bit.is_within(FieldSet::from_i64(row.fields));
        let written: BTreeSet<&str> = rows.iter().filter(names).map(|row| row.request_id.as_str()).collect();
        assert_eq!(written, shown, "what was shown is what was logged");
        println!(
            "{} answers, {} with a name, {crossing} across a change, {:.1} s",
            seen.len(), shown.len(), begun.elapsed().as_secs_f32()
        );
    }
}
