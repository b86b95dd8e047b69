//! The timer: reminders, expiry, suspension and withdrawal happen once, with any number of servers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use kim::demo;
use kim_casework::timer::{RunCounts, TimerPeriods, tick, tick_in_steps};
use kim_domain::calendar::{Clock, noon_micros};
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::{change, consent, feed, idempotency, referral, referral_event};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::process::{Served, configured, kim};
use crate::support::database::TestDatabase;
use crate::support::office;
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::world::{self, ConsentSpec, ReferralSpec, in_days};

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// Runs the timer once on a day.
async fn run_timer(database: &Database, today: &str) -> RunCounts {
    tick(database, &Clock::on(day(today)), TimerPeriods::default(), || true).await.expect("a database")
}

/// Runs the timer and returns its actions, without deleted results of the test's own requests.
async fn run_on(scenario: &Scenario, today: &str) -> RunCounts {
    RunCounts { forgotten: 0, ..run_timer(&scenario.server.database.database, today).await }
}

const NOTHING: RunCounts = RunCounts { expired: 0, suspended: 0, withdrawn: 0, reminded: 0, forgotten: 0, failed: 0 };

async fn feed_kinds(scenario: &Scenario, token: &str) -> Vec<String> {
    let feed = scenario.ask(token, "{ changes(first: 100) { nodes { kind } } }").await;
    let nodes = feed["changes"]["nodes"].as_array().expect("a list").clone();
    nodes.iter().map(|node| node["kind"].as_str().expect("a word").to_owned()).collect()
}

async fn read_referral(scenario: &Scenario, token: &str, referral: &Value, fields: &str) -> Value {
    scenario.ask(token, &format!("{{ referral(id: {}) {{ {fields} }} }}", referral["id"])).await["referral"].take()
}

/// Writes a Jobcenter with this number of referrals from a Träger.
async fn fill(db: &TestDatabase, referrals: u32, spec: impl Fn(ReferralSpec) -> ReferralSpec) -> Vec<Uuid> {
    let usual = |usual| ReferralSpec {
        status: ReferralStatus::Offered,
        ever_accepted: false,
        due_on: day("2020-03-02"),
        offered_on: day("2020-02-03"),
        messages: 0,
        ..usual
    };
    office::fill_with(db, referrals, |other| spec(usual(other))).await
}

on_both! {
    async fn an_unanswered_referral_gets_reminders_and_then_expires(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        assert_eq!(offered["dueOn"], "2026-12-04");
        for (today, expected) in [
            ("2026-12-01", NOTHING),
            ("2026-12-02", RunCounts { reminded: 1, ..NOTHING }),
            ("2026-12-03", NOTHING),
            ("2026-12-07", RunCounts { reminded: 1, ..NOTHING }),
            ("2026-12-08", NOTHING),
            ("2026-12-11", RunCounts { reminded: 1, ..NOTHING }),
            ("2026-12-18", NOTHING),
            ("2026-12-19", RunCounts { expired: 1, ..NOTHING }),
            ("2026-12-20", NOTHING),
        ] {
            assert_eq!(run_on(&scenario, today).await, expected, "{today}");
        }
        assert_eq!(feed_kinds(&scenario, &jobcenter()).await, ["MOVED", "REMINDER", "REMINDER", "REMINDER", "MOVED"]);
        assert_eq!(feed_kinds(&scenario, &traeger()).await, ["MOVED", "MOVED", "MOVED"], "the receiver had to act");
        let shown = "version status closedAt availableActions handover { familyName withheld { reason } }
            events(last: 1) { nodes { fromStatus toStatus action agency { slug } staff } }";
        let seen = read_referral(&scenario, &jobcenter(), &offered, shown).await;
        assert_eq!((&seen["status"], &seen["version"]), (&json!("EXPIRED"), &json!(3)));
        assert_eq!(seen["handover"]["familyName"], Value::Null);
        assert_eq!(seen["handover"]["withheld"][0]["reason"], "CLOSED");
        let event = json!({"fromStatus": "OFFERED", "toStatus": "EXPIRED", "action": "EXPIRE", "agency": {"slug": "traeger"}, "staff": null});
        assert_eq!(seen["events"]["nodes"][0], event);
        assert_eq!(read_referral(&scenario, &traeger(), &offered, shown).await["availableActions"], json!(["OFFER_AGAIN"]));
        scenario.server.stop().await;
    }

    async fn an_ended_consent_suspends_a_referral_and_later_withdraws_it(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let draft = scenario.draft(Some(ConsentSpec { until: Some(day("2026-11-23")), ..ConsentSpec::whole() })).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        assert_eq!(run_on(&scenario, "2026-11-23").await, NOTHING, "the consent's last day");
        assert_eq!(run_on(&scenario, "2026-11-24").await, RunCounts { suspended: 1, ..NOTHING });
        assert_eq!(run_on(&scenario, "2026-11-24").await, NOTHING);
        let shown = "status dueOn ballWith { slug } handover { familyName } events(last: 1) { nodes { toStatus suspensionReason } }";
        let seen = read_referral(&scenario, &jobcenter(), &offered, shown).await;
        assert_eq!((&seen["status"], &seen["dueOn"], &seen["ballWith"]["slug"]), (&json!("SUSPENDED"), &json!("2026-12-24"), &json!("traeger")));
        assert_eq!(seen["handover"]["familyName"], Value::Null);
        assert_eq!(seen["events"]["nodes"][0], json!({"toStatus": "SUSPENDED", "suspensionReason": "CONSENT_ENDED"}));
        let row = referral::Entity::find().one(scenario.server.database.database.raw()).await.expect("a row").expect("a row");
        assert_eq!((row.reason, row.paused_days), (None, Some(8)), "it is not closed, and eight working days are left");

        for (today, expected) in [
            ("2026-12-21", NOTHING),
            ("2026-12-22", RunCounts { reminded: 1, ..NOTHING }),
            ("2026-12-24", NOTHING),
            ("2026-12-25", RunCounts { withdrawn: 1, ..NOTHING }),
            ("2026-12-26", NOTHING),
        ] {
            assert_eq!(run_on(&scenario, today).await, expected, "{today}");
        }
        let seen = read_referral(&scenario, &traeger(), &offered, "status withdrawalReason").await;
        assert_eq!(seen, json!({"status": "WITHDRAWN", "withdrawalReason": "GROUND_ENDED"}));
        assert_eq!(feed_kinds(&scenario, &traeger()).await, ["MOVED", "MOVED", "MOVED", "REMINDER", "MOVED"]);
        assert_eq!(feed_kinds(&scenario, &jobcenter()).await, ["MOVED", "MOVED", "MOVED"]);
        scenario.server.stop().await;
    }

    async fn an_application_never_expires_at_an_sgb_body(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let purpose = ReferralPurpose::BenefitApplication;
        let case = scenario.case(scenario.jobcenter, purpose, Some(ConsentSpec::whole())).await;
        let receiver = encode(Kind::Agency, scenario.jobcenter);
        let input = json!({"caseId": case, "receiverId": receiver, "purpose": purpose.code(), "carriesApplication": true});
        let draft = scenario.done(&traeger(), "draftReferral", input).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        assert_eq!(run_on(&scenario, "2027-06-01").await, RunCounts { reminded: 1, ..NOTHING });
        assert_eq!(read_referral(&scenario, &jobcenter(), &offered, "status overdue").await["status"], "OFFERED");
        // An ended ground does not withdraw it either: the application stays filed until somebody decides.
        let main = scenario.server.database.database.raw();
        let over = consent::ActiveModel { valid_until: Set(Some(day("2026-11-23"))), ..Default::default() };
        consent::Entity::update_many().set(over).exec(main).await.expect("an end");
        assert_eq!(run_on(&scenario, "2026-11-24").await, RunCounts { suspended: 1, ..NOTHING });
        assert_eq!(run_on(&scenario, "2027-06-01").await, NOTHING);
        assert_eq!(read_referral(&scenario, &jobcenter(), &offered, "status").await["status"], "SUSPENDED");
        scenario.server.stop().await;
    }

    async fn a_referral_with_an_unanswered_question_expires(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        scenario.done(&jobcenter(), "requestInformation", on(&offered, json!({"question": "Seit wann?"}))).await;
        assert_eq!(run_on(&scenario, "2026-12-02").await, RunCounts { reminded: 1, ..NOTHING });
        assert_eq!(feed_kinds(&scenario, &traeger()).await.last().map(String::as_str), Some("REMINDER"));
        assert_eq!(run_on(&scenario, "2026-12-19").await, RunCounts { expired: 1, ..NOTHING });
        scenario.server.stop().await;
    }

    async fn referrals_that_stay_as_they_are_do_not_hide_the_later_ones(db: TestDatabase) {
        let ids = fill(&db, 5, |spec| spec).await;
        let staying = referral::ActiveModel { carries_application: Set(true), due_on: Set(day("2020-02-28")), ..Default::default() };
        let first = referral::Column::Id.is_in(ids[..3].to_vec());
        referral::Entity::update_many().set(staying).filter(first).exec(db.database.raw()).await.expect("applications");
        let (clock, periods) = (Clock::system(), TimerPeriods::default());
        let run = || tick_in_steps(&db.database, &clock, periods, 2, || true);
        assert_eq!(run().await.expect("a run"), RunCounts { expired: 2, reminded: 3, ..NOTHING });
        assert_eq!(run().await.expect("a run"), NOTHING);
    }

    async fn simultaneous_timers_act_once_and_an_interrupted_run_is_continued(db: TestDatabase) {
        let ids = fill(&db, 60, |spec| spec).await;
        let periods = TimerPeriods::default();
        let started = AtomicUsize::new(0);
        let some = tick(&db.database, &Clock::system(), periods, || started.fetch_add(1, Ordering::Relaxed) < 7).await;
        assert_eq!(some.expect("a database"), RunCounts { expired: 7, ..NOTHING });

        let timers = (0..3).map(|_| {
            let url = db.url.clone();
            tokio::spawn(async move {
                let database = Database::open(&url).await.expect("the same database");
                let done = tick(&database, &Clock::system(), periods, || true).await.expect("a run");
                database.close().await.expect("closed");
                done
            })
        });
        let mut expired = 7;
        for timer in timers.collect::<Vec<_>>() {
            let done = timer.await.expect("a timer");
            assert_eq!(done, RunCounts { expired: done.expired, ..NOTHING });
            expired += done.expired;
        }
        assert_eq!(expired, 60);
        let main = db.database.raw();
        let rows = referral::Entity::find().all(main).await.expect("referrals");
        assert!(rows.iter().all(|row| (row.status.0, row.version) == (ReferralStatus::Expired, 2)));
        let events = referral_event::Entity::find().filter(referral_event::Column::ToStatus.eq("EXPIRED"));
        assert_eq!(events.count(main).await, Ok(60));
        for feed in feed::Entity::find().all(main).await.expect("feeds") {
            let changes = change::Entity::find().filter(change::Column::AgencyId.eq(feed.agency_id));
            let changes = changes.order_by_asc(change::Column::Seq).all(main).await.expect("changes");
            assert!(changes.iter().map(|one| one.seq).eq(1..=60), "no gap");
            let mut told: Vec<Uuid> = changes.iter().map(|one| one.referral_id).collect();
            told.sort_unstable();
            let mut all = ids.clone();
            all.sort_unstable();
            assert_eq!(told, all);
            assert_eq!(feed.last, 60);
        }
    }

    async fn a_locked_referral_is_left_for_the_next_run(db: TestDatabase) {
        let ids = fill(&db, 2, |spec| spec).await;
        if db.database.backend() == sea_orm::DbBackend::Sqlite {
            // SQLite locks the whole database, and the timer waits for the lock.
            return;
        }
        let busy = db.database.raw_write().await.expect("a transaction");
        let touched = referral::ActiveModel { version: Set(2), ..Default::default() };
        referral::Entity::update_many().set(touched).filter(referral::Column::Id.eq(ids[0])).exec(&busy).await.expect("locked");
        assert_eq!(run_timer(&db.database, "2026-11-20").await, RunCounts { expired: 1, ..NOTHING });
        busy.commit().await.expect("committed");
        assert_eq!(run_timer(&db.database, "2026-11-20").await, RunCounts { expired: 1, ..NOTHING });
    }

    async fn closed_referrals_and_drafts_trigger_no_action(db: TestDatabase) {
        let quiet: Vec<_> = ReferralStatus::ALL.iter().copied().filter(|status| status.ball().is_none() || *status == ReferralStatus::Draft).collect();
        let count = u32::try_from(quiet.len()).expect("a few");
        fill(&db, count, |spec| {
            let status = quiet[spec.number as usize - 1];
            let closed_on = (status != ReferralStatus::Draft).then(|| day("2020-03-03"));
            ReferralSpec { status, closed_on, consent: None, ..spec }
        }).await;
        for today in ["2020-02-27", "2020-03-03", "2020-04-01", "2026-11-20"] {
            assert_eq!(run_timer(&db.database, today).await, NOTHING, "{today}");
        }
    }

    async fn imported_referrals_keep_their_status_on_the_first_day_and_change_normally_later(db: TestDatabase) {
        let (database, key) = (&db.database, FingerprintKey::new([7; 32]));
        demo::prepare(database, &Clock::on(day("2026-11-20")), &key, false).await.expect("filled");
        let statuses = async || -> Vec<(Uuid, ReferralStatus, i32)> {
            let rows = referral::Entity::find().order_by_asc(referral::Column::Id).all(database.raw()).await;
            rows.expect("referrals").iter().map(|row| (row.id, row.status.0, row.version)).collect()
        };
        let before = statuses().await;
        let first = run_timer(database, "2026-11-20").await;
        assert_eq!(first, RunCounts { reminded: first.reminded, ..NOTHING });
        assert_eq!(statuses().await, before, "something is always overdue, and something suspended");
        // Referrals that become due get reminders. Overdue ones change no status yet.
        assert!(first.reminded > 0);
        let later = run_timer(database, "2026-12-04").await;
        assert_eq!((later.expired, later.withdrawn), (0, 0), "ten working days are given");
        let over = run_timer(database, "2026-12-05").await;
        assert!(over.expired > 0, "{over:?}");
        let waited = run_timer(database, "2026-12-21").await;
        assert!(waited.withdrawn > 0, "{waited:?}");
    }

    async fn stored_results_of_requests_are_deleted_after_thirty_days(db: TestDatabase) {
        fill(&db, 0, |spec| spec).await;
        let agency = kim_entity::agency::Entity::find().one(db.database.raw()).await.expect("one").expect("one");
        let rows = |count: usize, on: NaiveDate| -> Vec<idempotency::ActiveModel> {
            let row = |number: usize| idempotency::ActiveModel {
                agency_id: Set(agency.id),
                subject: Set("somebody".to_owned()),
                key: Set(format!("{on} {number}")),
                mutation: Set("postMessage".to_owned()),
                request_hash: Set(String::new()),
                result: Set(String::new()),
                at: Set(noon_micros(on)),
            };
            (0..count).map(row).collect()
        };
        for rows in [rows(1_234, in_days(-31)), rows(3, in_days(-29))] {
            idempotency::Entity::insert_many(rows).exec_without_returning(db.database.raw()).await.expect("rows");
        }
        assert_eq!(run_timer(&db.database, world::TODAY).await, RunCounts { forgotten: 1_234, ..NOTHING });
        assert_eq!(idempotency::Entity::find().count(db.database.raw()).await, Ok(3));
        assert_eq!(run_timer(&db.database, world::TODAY).await, NOTHING);
    }

    async fn the_servers_timer_runs_automatically_and_logs_no_names(db: TestDatabase) {
        fill(&db, 3, |spec| spec).await;
        let folder = configured(&db.url);
        let file = folder.path().join("kim.toml");
        let config = std::fs::read_to_string(&file).expect("a configuration");
        std::fs::write(&file, format!("timer_seconds = 1\nmetrics_listen = \"127.0.0.1:0\"\n{config}")).expect("written");
        let served = Served::start(folder.path());
        let metrics: Value = served.lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).find(|line| line["message"] == "metrics").expect("metrics");
        let url = format!("http://{}/metrics", metrics["address"].as_str().expect("an address"));
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let page = reqwest::get(&url).await.expect("an answer").text().await.expect("text");
            if page.contains("kim_timer_actions_total{action=\"expired\"} 3") {
                assert!(page.contains("kim_timer_runs_total{result=\"ok\"}"), "{page}");
                break;
            }
            assert!(Instant::now() < deadline, "{page}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        served.terminate();
        let (code, log) = served.end();
        assert_eq!(code, Some(0));
        let line = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).find(|line| line["message"] == "timer");
        assert_eq!(line.expect("a line")["expired"], 3);
        assert!(!log.contains("traeger") && !log.contains("jobcenter") && !log.contains("Kanari"), "{log}");
    }

    async fn kim_tick_runs_the_timer_once_and_prints_its_actions(db: TestDatabase) {
        fill(&db, 4, |spec| match spec.number {
            1 => ReferralSpec { status: ReferralStatus::Accepted, ever_accepted: true, ..spec },
            2 => ReferralSpec { consent: None, due_on: day("9990-01-01"), ..spec },
            3 => ReferralSpec { status: ReferralStatus::Suspended, consent: None, ..spec },
            _ => spec,
        }).await;
        let folder = configured(&db.url);
        for expected in ["expired: 1\nsuspended: 1\nwithdrawn: 1\nreminded: 1\nforgotten: 0\n", "expired: 0\nsuspended: 0\nwithdrawn: 0\nreminded: 0\nforgotten: 0\n"] {
            let output = kim(folder.path()).arg("tick").output().expect("kim runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{output:?}");
            assert_eq!(output.status.code(), Some(0));
        }
        let statuses = referral::Entity::find().filter(referral::Column::Status.eq(Code(ReferralStatus::Withdrawn)));
        assert_eq!(statuses.count(db.database.raw()).await, Ok(1));
    }
}
