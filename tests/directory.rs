//! The cached directory of agencies and agreements always equals the tables in the request's own snapshot.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{Direction, ReferralOrder, ReferralStatus};
use kim_entity::agreement::Model as Agreement;
use kim_entity::database::Database;
use kim_entity::read::{Extent, Reads, ReferralFilter, Window};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde_json::Value;
use uuid::Uuid;

use crate::statement_counts::{Watched, same_either_way};
use crate::support::database::{Backend, fresh};
use crate::support::server::{TestServer, token, verified};
use crate::support::world::{self, ConsentSpec, ReferralSpec, World, in_days, today};
use crate::support::{json_of, on_both};

const AGS: &str = "05315000";
const PURPOSE: ReferralPurpose = ReferralPurpose::BenefitApplication;

async fn run(main: &DatabaseConnection, statement: &str) {
    main.execute_unprepared(statement).await.expect(statement);
}

async fn version(main: &DatabaseConnection) -> i64 {
    let query = Statement::from_string(main.get_database_backend(), "SELECT version FROM directory");
    main.query_one_raw(query).await.expect("a table").expect("a row").try_get_by_index(0).expect("a number")
}

/// Writes a Träger and a Jobcenter with an agreement, and referrals between them.
async fn fill(main: &DatabaseConnection, count: u32) -> (Uuid, Uuid, Uuid) {
    world::add_municipality(main, AGS).await;
    let sender = world::add_agency(main, AGS, "traeger", AgencyKind::Traeger).await;
    let receiver = world::add_agency(main, AGS, "jobcenter", AgencyKind::Jobcenter).await;
    let agreement = world::agreement(AGS, receiver, PURPOSE, FieldSet::ALL, FieldSet::EMPTY);
    let agreement = world::insert_agreement(main, agreement).await;
    let mut world = World::default();
    (1..=count).for_each(|number| _ = world.add(&referral(number, sender, receiver, agreement)));
    world.write(main).await;
    (sender, receiver, agreement)
}

fn referral(number: u32, sender: Uuid, receiver: Uuid, agreement: Uuid) -> ReferralSpec {
    ReferralSpec {
        number,
        sender,
        receiver,
        purpose: PURPOSE,
        agreement,
        status: ReferralStatus::Accepted,
        ever_accepted: true,
        closed_on: None,
        due_on: in_days(i64::from(number)),
        offered_on: in_days(-40),
        consent: Some(ConsentSpec::whole()),
        offered: FieldSet::ALL,
        previous: None,
        messages: 0,
    }
}

/// The first referral of a viewer's list: the sender's name, and whether the family name is visible.
async fn first_referral(snapshot: &Reads) -> (String, bool) {
    let window = Window { limit: 1, from_end: false, after: None, before: None };
    let order = ReferralOrder::DueOnAsc;
    let filter = ReferralFilter::default();
    let page = snapshot.referrals(Direction::Incoming, &filter, order, &window, Extent::Listed).await.expect("a page");
    let row = page.rows.first().expect("a row");
    let parties = snapshot.parties(&[row.sender_id]).await.expect("the sender");
    assert_eq!(parties[0], row.sender);
    (row.sender.name.to_string(), FieldSet::of(&[F::FamilyName]).is_within(row.visible().fields()))
}

async fn admit(database: &Database) -> Reads {
    let clerk = verified(&token("jobcenter", Role::Clerk));
    Reads::admit(database, clerk, today()).await.expect("a database").expect("a clerk")
}

/// The same over HTTP: the sender's name, and whether the family name is visible.
async fn first_referral_over_http(server: &TestServer) -> (Value, bool) {
    let query = "{ referrals(first: 1) { nodes { sender { name } handover { familyName } } } }";
    let answer = server.ask(&token("jobcenter", Role::Clerk), query, &Value::Null).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    let row = &answer["data"]["referrals"]["nodes"][0];
    (row["sender"]["name"].clone(), !row["handover"]["familyName"].is_null())
}

on_both! {
    async fn every_change_increases_the_directorys_version_and_a_closing_does_not(db: TestDatabase) {
        let main = db.database.raw();
        let mut last = version(main).await;
        let (_, receiver, agreement) = fill(main, 0).await;
        let filled = version(main).await;
        assert!(filled >= last + 3, "two agencies and an agreement");
        last = filled;
        for (statement, counts) in [
            ("UPDATE agency SET name = 'Anders' WHERE slug = 'traeger'", true),
            ("UPDATE agency SET bound_by_203 = false WHERE slug = 'traeger'", true),
            ("UPDATE agency SET slug = 'anders' WHERE slug = 'traeger'", true),
            ("UPDATE agency SET kind = 'SOZIALAMT' WHERE slug = 'anders'", true),
            ("UPDATE agency SET closings = closings + 1", false),
            ("UPDATE agency SET enabled = false WHERE slug = 'anders'", false),
            ("UPDATE agreement SET fields = 1", true),
            ("UPDATE agreement SET terminated_for_cause_on = '2026-11-20'", true),
            ("UPDATE agreement SET contact = 'x'", true),
            ("DELETE FROM agency WHERE slug = 'anders'", true),
            ("DELETE FROM agreement", true),
        ] {
            run(main, statement).await;
            let now = version(main).await;
            assert!(if counts { now > last } else { now == last }, "{statement}");
            last = now;
        }
        let again = Agreement { id: agreement, ..world::agreement(AGS, receiver, PURPOSE, FieldSet::ALL, FieldSet::EMPTY) };
        world::insert_agreement(main, again).await;
        assert!(version(main).await > last);
    }

    async fn the_next_request_sees_a_change(db: TestDatabase) {
        let (_, receiver, agreement) = fill(db.database.raw(), 1).await;
        let server = TestServer::start(db, Clock::on(today())).await;
        // The server uses its own connections, so these changes come from another process.
        let main = server.database.database.raw();
        assert_eq!(first_referral_over_http(&server).await, (Value::from("Stelle traeger"), true));
        for number in 0..20 {
            run(main, &format!("UPDATE agency SET name = 'Träger {number}' WHERE slug = 'traeger'")).await;
            assert_eq!(first_referral_over_http(&server).await, (Value::from(format!("Träger {number}")), true));
        }
        let fields = FieldSet::ALL.without(FieldSet::of(&[F::FamilyName])).to_i64();
        run(main, &format!("UPDATE agreement SET fields = {fields}")).await;
        assert!(!first_referral_over_http(&server).await.1);
        run(main, &format!("UPDATE agreement SET fields = {}", FieldSet::ALL.to_i64())).await;
        assert!(first_referral_over_http(&server).await.1);
        let narrower = Agreement {
            version: 2,
            narrows_running: true,
            ..world::agreement(AGS, receiver, PURPOSE, FieldSet::EMPTY, FieldSet::EMPTY)
        };
        let narrower = world::insert_agreement(main, narrower).await;
        assert!(!first_referral_over_http(&server).await.1);
        run(main, "DELETE FROM agreement WHERE version = 2").await;
        assert!(first_referral_over_http(&server).await.1, "{narrower} narrows no more");
        run(main, &format!("UPDATE agreement SET terminated_for_cause_on = '{}'", in_days(0))).await;
        assert!(!first_referral_over_http(&server).await.1);
        assert_ne!(agreement, narrower);
        server.stop().await;
    }

    async fn a_snapshot_keeps_the_directory_it_began_with(db: TestDatabase) {
        fill(db.database.raw(), 1).await;
        let database = Database::open(&db.url).await.expect("a process of its own");
        let first = admit(&database).await;
        let before = ("Stelle traeger".to_owned(), true);
        assert_eq!(first_referral(&first).await, before);
        let after = ("Anders".to_owned(), false);
        run(db.database.raw(), "UPDATE agency SET name = 'Anders' WHERE slug = 'traeger'").await;
        run(db.database.raw(), "UPDATE agreement SET fields = 0").await;
        // Another process has no cached directory yet: it reads the snapshot's state first.
        assert_eq!(first_referral(&first).await, before);
        let second = admit(&database).await;
        assert_eq!(first_referral(&second).await, after);
        assert_eq!(first_referral(&first).await, before, "whatever is kept now");
        // A snapshot that began without a directory joins the tables, with the same result.
        let joined = Reads::begin(&database, Arc::clone(second.viewer()), today()).await.expect("a snapshot");
        assert_eq!(first_referral(&joined).await, after);
        drop((first, second, joined));
        assert_eq!(first_referral(&admit(&database).await).await, after);
    }

    async fn without_a_version_the_directory_is_not_cached(db: TestDatabase) {
        fill(db.database.raw(), 1).await;
        let database = Database::open(&db.url).await.expect("a process of its own");
        assert_eq!(first_referral(&admit(&database).await).await, ("Stelle traeger".to_owned(), true));
        run(db.database.raw(), "DELETE FROM directory").await;
        run(db.database.raw(), "UPDATE agency SET name = 'Anders' WHERE slug = 'traeger'").await;
        assert_eq!(first_referral(&admit(&database).await).await, ("Anders".to_owned(), true));
    }

    async fn with_two_writers_every_request_sees_what_was_committed_before_it(db: TestDatabase) {
        fill(db.database.raw(), 1).await;
        let database = Database::open(&db.url).await.expect("a process of its own");
        let (writing, other) = (db.database.clone(), Database::open(&db.url).await.expect("a third"));
        let (done, acknowledged) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
        let looks = Arc::new(AtomicI64::new(0));
        // The first writer increases the name. Only the second one writes the agreement, so that they compete only for the directory.
        let names = tokio::spawn({
            let (done, acknowledged, looks) = (Arc::clone(&done), Arc::clone(&acknowledged), Arc::clone(&looks));
            async move {
                let mut number = 0;
                // Until the reader has read often enough, however busy the machine is.
                while number < 200 || looks.load(Ordering::SeqCst) < 20 {
                    number += 1;
                    let tx = writing.raw_write().await.expect("a transaction");
                    let name = format!("UPDATE agency SET name = '{number}' WHERE slug = 'traeger'");
                    tx.execute_unprepared(&name).await.expect("renamed");
                    tx.commit().await.expect("committed");
                    acknowledged.store(number, Ordering::SeqCst);
                }
                done.store(true, Ordering::SeqCst);
                number
            }
        });
        let agreements = tokio::spawn({
            let done = Arc::clone(&done);
            async move {
                while !done.load(Ordering::SeqCst) {
                    let tx = other.raw_write().await.expect("a transaction");
                    tx.execute_unprepared("UPDATE agreement SET access_days = 10 + access_days % 7").await.expect("set");
                    tx.commit().await.expect("committed");
                }
            }
        });
        while !done.load(Ordering::SeqCst) {
            let before = acknowledged.load(Ordering::SeqCst);
            let (name, _) = first_referral(&admit(&database).await).await;
            let seen: i64 = name.parse().unwrap_or(0);
            assert!(seen >= before, "{seen} after {before}");
            looks.fetch_add(1, Ordering::SeqCst);
        }
        let last = names.await.expect("the first writer");
        agreements.await.expect("the second writer");
        assert_eq!(first_referral(&admit(&database).await).await.0, last.to_string());
    }

    async fn a_list_from_the_cached_directory_equals_one_from_joined_tables(db: TestDatabase) {
        let main = db.database.raw();
        world::add_municipality(main, AGS).await;
        let sender = world::add_agency(main, AGS, "traeger", AgencyKind::Traeger).await;
        let less = FieldSet::ALL.without(FieldSet::of(&[F::FamilyName]));
        let later = |version, from, fields| Agreement {
            version,
            narrows_running: true,
            valid_from: in_days(from),
            ..world::agreement(AGS, Uuid::nil(), PURPOSE, fields, FieldSet::of(&[F::BirthDate]))
        };
        let plain = || world::agreement(AGS, Uuid::nil(), PURPOSE, FieldSet::ALL, FieldSet::EMPTY);
        let terminated = |day| Agreement { terminated_for_cause_on: Some(in_days(day)), ..plain() };
        // For each receiver: the offer's version, later versions, and whether the name is still visible.
        let cases = [
            ("plain", plain(), vec![], true),
            ("narrowed", plain(), vec![later(2, 0, less)], false),
            ("narrowed-tomorrow", plain(), vec![later(2, 1, less)], true),
            ("narrowed-twice", plain(), vec![later(2, -5, FieldSet::ALL), later(3, -1, less)], false),
            ("replaced", plain(), vec![Agreement { narrows_running: false, ..later(2, -5, less) }], true),
            ("terminated", terminated(0), vec![], false),
            ("terminated-tomorrow", terminated(1), vec![], true),
            ("short", Agreement { access_days: 3, ..plain() }, vec![], true),
        ];
        let (mut world, mut number) = (World::default(), 0);
        for (slug, pinned, later, _) in &cases {
            let receiver = world::add_agency(main, AGS, slug, AgencyKind::Jobcenter).await;
            let mut agreements = Vec::new();
            for version in std::iter::once(pinned).chain(later) {
                agreements.push(world::insert_agreement(main, Agreement { receiver_id: receiver, ..version.clone() }).await);
            }
            for (status, closed) in [
                (ReferralStatus::Accepted, None),
                (ReferralStatus::Offered, None),
                (ReferralStatus::Completed, Some(-10)),
                (ReferralStatus::Completed, Some(-60)),
                (ReferralStatus::Draft, None),
            ] {
                // Referrals under the first version, and under the last one, which no version narrows.
                for &agreement in [agreements.first(), agreements.last()].into_iter().flatten() {
                    number += 1;
                    let ever_accepted = !matches!(status, ReferralStatus::Offered | ReferralStatus::Draft);
                    let closed_on = closed.map(in_days);
                    let of = referral(number, sender, receiver, agreement);
                    world.add(&ReferralSpec { status, ever_accepted, closed_on, messages: 2, ..of });
                }
            }
        }
        world.write(main).await;
        run(main, "UPDATE referral SET agreement_id = NULL WHERE status = 'DRAFT'").await;
        same_either_way(&db, "traeger", Role::CaseManager, "OUTGOING").await;
        for (slug, _, _, name) in cases {
            same_either_way(&db, slug, Role::Service, "INCOMING").await;
            let watched = Watched::new(&db.url, slug, Role::Clerk).await;
            let query = "query($first: Int) { referrals(first: $first) { nodes { status handover { familyName } } } }";
            let (response, ..) = watched.ask(query, 100).await;
            let rows = json_of(&response)["referrals"]["nodes"].clone();
            let accepted = rows.as_array().expect("rows").iter().find(|row| row["status"] == "ACCEPTED").expect("one");
            assert_eq!(!accepted["handover"]["familyName"].is_null(), name, "{slug}");
        }
    }
}

/// An uncommitted writer does not block readers, and its changes are not visible.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_of_two_writers_waits_and_both_changes_are_seen_on_postgresql() {
    let db = fresh(Backend::Postgres).await;
    fill(db.database.raw(), 1).await;
    let database = Database::open(&db.url).await.expect("a process of its own");
    let seen = async || first_referral(&admit(&database).await).await;
    assert_eq!(seen().await, ("Stelle traeger".to_owned(), true));
    let first = db.database.raw_write().await.expect("a transaction");
    first.execute_unprepared("UPDATE agency SET name = 'Anders' WHERE slug = 'traeger'").await.expect("renamed");
    let second = db.database.raw_write().await.expect("another");
    let waiting = tokio::spawn(async move {
        second.execute_unprepared("UPDATE agreement SET fields = 0").await.expect("set");
        second.commit().await.expect("committed");
    });
    assert_eq!(seen().await, ("Stelle traeger".to_owned(), true));
    while count_waiting(db.database.raw()).await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished(), "it waits for the first");
    first.commit().await.expect("committed");
    waiting.await.expect("the second");
    assert_eq!(seen().await, ("Anders".to_owned(), false));
}

async fn count_waiting(main: &DatabaseConnection) -> i64 {
    let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let row = main.query_one_raw(Statement::from_string(DbBackend::Postgres, text)).await.expect("a view");
    row.expect("a count").try_get_by_index(0).expect("a number")
}
