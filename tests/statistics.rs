//! Statistics: exact counts of an agency's own referrals, rounded counts of fixed periods for the coordination.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::{Clock, noon_micros};
use kim_domain::field::FieldSet;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{DeclineReason, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::{agency, consent, raw, referral, referral_event, statistics_log};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{TestServer, claims, sign, token};
use crate::support::world::{self, ConsentSpec, ReferralSpec, World};

const AGS: &str = "05315000";

fn coordination() -> String {
    token("koordination", Role::Coordinator)
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day")
}

/// Referrals that are offered on one day and have the same history.
struct Batch {
    receiver: Uuid,
    purpose: ReferralPurpose,
    offered_on: &'static str,
    /// The state after the offer, the day of this move, and its reason.
    then: Option<(ReferralStatus, &'static str, Option<&'static str>)>,
    count: u32,
}

/// Writes the referrals, with one event per move at noon.
async fn fill(scenario: &Scenario, batches: &[Batch]) {
    let main = scenario.server.database.database.raw();
    let mut number = 5_000;
    for batch in batches {
        let agreement = world::agreement(AGS, batch.receiver, batch.purpose, FieldSet::ALL, FieldSet::EMPTY);
        let version = i32::try_from(number).expect("a version");
        let agreement = world::insert_agreement(main, kim_entity::agreement::Model { version, ..agreement }).await;
        let mut world = World::default();
        let mut moved = Vec::new();
        for _ in 0..batch.count {
            number += 1;
            let status = batch.then.map_or(ReferralStatus::Offered, |(status, _, _)| status);
            let id = world.add(&ReferralSpec {
                number,
                sender: scenario.traeger,
                receiver: batch.receiver,
                purpose: batch.purpose,
                agreement,
                status,
                ever_accepted: false,
                closed_on: None,
                due_on: day("2026-12-31"),
                offered_on: day(batch.offered_on),
                consent: Some(ConsentSpec::whole()),
                offered: FieldSet::ALL,
                previous: None,
                messages: 0,
            });
            moved.extend(batch.then.map(|(to, on, reason)| (id, to, on, reason)));
        }
        world.write(main).await;
        for (id, to, on, reason) in moved {
            let event = referral_event::ActiveModel {
                id: Set(Uuid::now_v7()),
                referral_id: Set(id),
                at: Set(noon_micros(day(on))),
                from_status: Set(Some(Code(ReferralStatus::Offered))),
                to_status: Set(Code(to)),
                reason: Set(reason.map(str::to_owned)),
                agency_id: Set(batch.receiver),
                staff: Set(None),
                imported: Set(false),
                ..Default::default()
            };
            event.insert(main).await.expect("an event");
            if let Some(reason) = reason {
                let row =
                    referral::ActiveModel { id: Set(id), reason: Set(Some(reason.to_owned())), ..Default::default() };
                row.update(main).await.expect("a reason");
            }
        }
        raw::record_stays(main).await.expect("stays");
    }
}

async fn municipality(scenario: &Scenario, arguments: &str) -> Value {
    let query = format!(
        "{{ municipalityStatistics({arguments}) {{ period reportedOn withheld by
            cells {{ status purpose {{ code }} receiverKind kind declineReason count }}
            timeInState {{ receiverKind status medianDays ninetiethPercentileDays }} }} }}"
    );
    scenario.ask(&coordination(), &query).await["municipalityStatistics"].clone()
}

/// The cells without members that are null.
fn cells(statistics: &Value) -> Vec<Value> {
    let cells = statistics["cells"].as_array().expect("cells");
    let said = |cell: &Value| {
        let said = cell.as_object().expect("a cell").iter().filter(|(_, value)| !value.is_null());
        said.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
    };
    cells.iter().map(said).collect()
}

on_both! {
    async fn an_agency_gets_exact_counts_of_its_own_referrals(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let declined = Some((ReferralStatus::Declined, "2026-10-07", Some(DeclineReason::NotCompetent.code())));
        let purpose = ReferralPurpose::BenefitApplication;
        fill(&scenario, &[
            Batch { receiver: scenario.jobcenter, purpose, offered_on: "2026-10-05", then: declined, count: 2 },
            Batch { receiver: scenario.jobcenter, purpose, offered_on: "2026-10-05", then: Some((ReferralStatus::Acknowledged, "2026-10-06", None)), count: 1 },
            Batch { receiver: scenario.jobcenter, purpose, offered_on: "2026-11-02", then: None, count: 3 },
            Batch { receiver: scenario.abh, purpose: ReferralPurpose::TitleExtension, offered_on: "2026-11-02", then: None, count: 1 },
            Batch { receiver: scenario.jobcenter, purpose, offered_on: "2026-01-02", then: None, count: 1 },
        ]).await;
        let query = r#"{ referralStatistics(DIRECTION filter: {from: "2026-10", to: "2026-11"}) {
            from to total awaited overdue overdueShare
            byStatus { status count } byPurpose { purpose { code } count } byAgency { agency { slug } count }
            byMonth { month total accepted declined notCompetent completed overdue }
            reasons { declined { reason count } notCompetent notReported }
            timeInState { status count medianHours ninetiethPercentileHours } } }"#;
        let incoming = query.replace("DIRECTION", "");
        let seen = &scenario.ask(&jobcenter(), &incoming).await["referralStatistics"];
        assert_eq!(seen, &json!({
            "from": "2026-10", "to": "2026-11", "total": 6, "awaited": 4, "overdue": 0, "overdueShare": 0.0,
            "byStatus": [{"status": "OFFERED", "count": 3}, {"status": "ACKNOWLEDGED", "count": 1}, {"status": "DECLINED", "count": 2}],
            "byPurpose": [{"purpose": {"code": "BENEFIT_APPLICATION"}, "count": 6}],
            "byAgency": [{"agency": {"slug": "traeger"}, "count": 6}],
            "byMonth": [
                {"month": "2026-10", "total": 3, "accepted": 0, "declined": 2, "notCompetent": 2, "completed": 0, "overdue": 0},
                {"month": "2026-11", "total": 3, "accepted": 0, "declined": 0, "notCompetent": 0, "completed": 0, "overdue": 0}],
            "reasons": {"declined": [{"reason": "NOT_COMPETENT", "count": 2}], "notCompetent": 2, "notReported": 0},
            // Three referrals left OFFERED: after 24, 48 and 48 hours.
            "timeInState": [{"status": "OFFERED", "count": 3, "medianHours": 48.0, "ninetiethPercentileHours": 48.0}],
        }));
        // The sender does not see the reasons: the clients did not permit the receiver to report them.
        let outgoing = query.replace("DIRECTION", "direction: OUTGOING");
        let seen = &scenario.ask(&traeger(), &outgoing).await["referralStatistics"];
        assert_eq!((&seen["total"], &seen["reasons"]), (&json!(7), &json!({"declined": [], "notCompetent": 0, "notReported": 2})));
        assert_eq!(seen["byAgency"], json!([{"agency": {"slug": "abh"}, "count": 1}, {"agency": {"slug": "jobcenter"}, "count": 6}]));
        consent::Entity::update_many().set(consent::ActiveModel { report_outcome: Set(true), ..Default::default() })
            .exec(scenario.server.database.database.raw()).await.expect("the clients allow it");
        let seen = &scenario.ask(&traeger(), &outgoing).await["referralStatistics"]["reasons"];
        assert_eq!(seen, &json!({"declined": [{"reason": "NOT_COMPETENT", "count": 2}], "notCompetent": 2, "notReported": 0}));
        // Another Träger and another receiver count only their own referrals.
        let of_other = scenario.ask(&token("other", Role::CaseManager), &outgoing).await;
        assert_eq!((&of_other["referralStatistics"]["total"], &of_other["referralStatistics"]["timeInState"]), (&json!(0), &json!([])));
        assert_eq!(scenario.ask(&token("abh", Role::Clerk), &incoming).await["referralStatistics"]["total"], json!(1));
        let by_agency = format!(r#"{{ referralStatistics(direction: OUTGOING, filter: {{from: "2026-10", agency: "{}", purpose: [TITLE_EXTENSION]}}) {{ total }} }}"#,
            kim_domain::id::encode(kim_domain::id::Kind::Agency, scenario.abh));
        assert_eq!(scenario.ask(&traeger(), &by_agency).await["referralStatistics"]["total"], json!(1));
        scenario.server.stop().await;
    }

    async fn the_time_in_a_state_is_computed_from_events(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let accepted = scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        scenario.done(&jobcenter(), "startReferral", on(&accepted, json!({}))).await;
        let query = "{ referralStatistics { overdueShare timeInState { status count } } }";
        let seen = &scenario.ask(&jobcenter(), query).await["referralStatistics"];
        // It was ACKNOWLEDGED for no time, and has not left IN_PROGRESS yet.
        assert_eq!(seen, &json!({"overdueShare": null, "timeInState": [{"status": "OFFERED", "count": 1}, {"status": "ACCEPTED", "count": 1}]}));
        scenario.server.stop().await;
    }

    async fn statistics_need_their_scope_and_a_valid_period(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let mut narrow = claims("jobcenter", Role::Clerk);
        narrow["scope"] = json!("referral:read");
        let answer = scenario.server.ask(&sign(&narrow), "{ referralStatistics { total } }", &json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
        for (filter, code) in [
            (r#"{from: "2026-11", to: "2026-10"}"#, "BAD_INPUT"), (r#"{from: "2020-01", to: "2026-10"}"#, "BAD_INPUT"),
            (r#"{from: "2026-13"}"#, "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let answer = scenario.server.ask(&jobcenter(), &format!("{{ referralStatistics(filter: {filter}) {{ total }} }}"), &json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{filter}: {answer}");
        }
        let mut narrow = claims("koordination", Role::Coordinator);
        narrow["scope"] = json!("agreement:read");
        let query = r#"{ municipalityStatistics(period: "2026-10") { withheld } }"#;
        let answer = scenario.server.ask(&sign(&narrow), query, &json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{answer}");
        for (arguments, code) in [
            (r#"period: "2026-11""#, "BAD_INPUT"), (r#"period: "2026-Q4""#, "BAD_INPUT"),
            (r#"period: "2026-10", by: [STATUS, PURPOSE, KIND]"#, "BAD_INPUT"),
            (r#"period: "October""#, "GRAPHQL_VALIDATION_FAILED"), (r#"period: "2026-10", by: [AGENCY]"#, "GRAPHQL_VALIDATION_FAILED"),
        ] {
            let query = format!("{{ municipalityStatistics({arguments}) {{ withheld }} }}");
            let answer = scenario.server.ask(&coordination(), &query, &json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{arguments}: {answer}");
        }
        // An agency's schema has no municipal statistics, and the coordination's has no statistics of an agency.
        for (token, query) in [(jobcenter(), query), (coordination(), "{ referralStatistics { total } }")] {
            let answer = scenario.server.ask(&token, query, &json!({})).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer}");
        }
        scenario.server.stop().await;
    }

    async fn the_coordination_sees_rounded_counts_of_the_reporting_date(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let eingliederungshilfe = world::add_agency(main, AGS, "eingliederungshilfe", AgencyKind::Eingliederungshilfe).await;
        let reason = Some(DeclineReason::NoCapacity.code());
        fill(&scenario, &[
            Batch { receiver: scenario.jobcenter, purpose: ReferralPurpose::BenefitApplication, offered_on: "2026-10-05", then: Some((ReferralStatus::Declined, "2026-10-20", reason)), count: 4 },
            // These were declined after the reporting date of October.
            Batch { receiver: scenario.jobcenter, purpose: ReferralPurpose::BenefitApplication, offered_on: "2026-10-05", then: Some((ReferralStatus::Declined, "2026-11-01", reason)), count: 9 },
            Batch { receiver: scenario.abh, purpose: ReferralPurpose::TitleExtension, offered_on: "2026-10-31", then: None, count: 2 },
            Batch { receiver: scenario.abh, purpose: ReferralPurpose::TitleExtension, offered_on: "2026-11-01", then: None, count: 5 },
            // The purpose and the kind of receiver reveal a disability.
            Batch { receiver: eingliederungshilfe, purpose: ReferralPurpose::ParticipationSupport, offered_on: "2026-10-05", then: None, count: 20 },
        ]).await;
        let whole = municipality(&scenario, r#"period: "2026-10""#).await;
        assert_eq!((&whole["reportedOn"], cells(&whole)), (&json!("2026-10-31"), vec![json!({"count": 15})]));
        let by_status = municipality(&scenario, r#"period: "2026-10", by: [STATUS]"#).await;
        assert_eq!(cells(&by_status), [json!({"status": "DECLINED", "count": 5}), json!({"status": "OFFERED", "count": 10})]);
        let by_purpose = municipality(&scenario, r#"period: "2026-10", by: [PURPOSE, RECEIVER_KIND]"#).await;
        // A count of two is rounded to zero.
        assert_eq!(cells(&by_purpose), [json!({"purpose": {"code": "BENEFIT_APPLICATION"}, "receiverKind": "JOBCENTER", "count": 15})]);
        let by_reason = municipality(&scenario, r#"period: "2026-10", by: [DECLINE_REASON, STATUS]"#).await;
        assert_eq!(by_reason["by"], json!(["STATUS", "DECLINE_REASON"]));
        assert_eq!(cells(&by_reason), [
            json!({"status": "DECLINED", "declineReason": "NO_CAPACITY", "count": 5}), json!({"status": "OFFERED", "count": 10})]);
        assert_eq!(cells(&municipality(&scenario, r#"period: "2026-Q3""#).await), Vec::<Value>::new());

        // Later imports with past dates, and present events, do not change a past period.
        let late = referral::Entity::find().one(main).await.expect("a referral").expect("one");
        let ids: Vec<Uuid> = referral::Entity::find().all(main).await.expect("referrals").iter().map(|row| row.id).collect();
        for id in &ids[..3] {
            let event = referral_event::ActiveModel {
                id: Set(Uuid::now_v7()), referral_id: Set(*id), at: Set(noon_micros(day("2026-11-20"))),
                from_status: Set(Some(Code(late.status.0))), to_status: Set(Code(ReferralStatus::Withdrawn)), reason: Set(None),
                agency_id: Set(scenario.traeger), staff: Set(None), imported: Set(false), ..Default::default()
            };
            event.insert(main).await.expect("an event");
        }
        let (mut copies, mut offers) = (Vec::new(), Vec::new());
        for place in 0..9 {
            let id = Uuid::now_v7();
            let copy = referral::Model { id, reference: format!("LATE-{place}"), created_at: noon_micros(day("2026-11-20")), ..late.clone() };
            copies.push(copy.into_active_model());
            offers.push(referral_event::ActiveModel {
                id: Set(Uuid::now_v7()), referral_id: Set(id), at: Set(noon_micros(day("2026-10-05"))), from_status: Set(None),
                to_status: Set(Code(ReferralStatus::Offered)), reason: Set(None), agency_id: Set(scenario.traeger), staff: Set(None),
                imported: Set(true), ..Default::default()
            });
        }
        referral::Entity::insert_many(copies).exec_without_returning(main).await.expect("rows");
        referral_event::Entity::insert_many(offers).exec_without_returning(main).await.expect("events");
        for (before, arguments) in [
            (&whole, r#"period: "2026-10""#), (&by_status, r#"period: "2026-10", by: [STATUS]"#),
            (&by_purpose, r#"period: "2026-10", by: [RECEIVER_KIND, PURPOSE]"#),
        ] {
            assert_eq!(&municipality(&scenario, arguments).await, before, "{arguments}");
        }
        // Every request is logged, also a refused one.
        let logged = statistics_log::Entity::find().all(scenario.server.database.database.raw_log()).await.expect("the log");
        assert_eq!(logged.len(), 8);
        let one = logged.iter().find(|row| row.dimensions == "STATUS").expect("a row");
        assert_eq!((one.agency.as_str(), one.subject.as_str(), one.period.as_str()), ("koordination", "test-person", "2026-10"));
        scenario.server.stop().await;
    }

    async fn a_table_from_which_exact_counts_follow_is_withheld(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let ebh = world::add_agency(main, AGS, "ebh", AgencyKind::Einbuergerungsbehoerde).await;
        let sozialamt = world::add_agency(main, AGS, "sozialamt", AgencyKind::Sozialamt).await;
        let two = |receiver, purpose| Batch { receiver, purpose, offered_on: "2026-10-05", then: None, count: 2 };
        fill(&scenario, &[
            two(scenario.jobcenter, ReferralPurpose::BenefitApplication), two(scenario.abh, ReferralPurpose::TitleExtension),
            two(ebh, ReferralPurpose::Naturalisation), two(sozialamt, ReferralPurpose::SocialAssistance),
        ]).await;
        // A total of eight is shown as ten, so it is at least eight. Four cells of at most two would then be exactly two each.
        assert_eq!(cells(&municipality(&scenario, r#"period: "2026-10""#).await), [json!({"count": 10})]);
        let by_kind = municipality(&scenario, r#"period: "2026-10", by: [RECEIVER_KIND]"#).await;
        assert_eq!((&by_kind["withheld"], &by_kind["cells"]), (&json!(true), &json!([])));
        scenario.server.stop().await;
    }

    async fn the_time_in_a_state_is_withheld_for_fewer_than_three_posts(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let accepted = |receiver, purpose, count| Batch {
            receiver, purpose, offered_on: "2026-10-05", then: Some((ReferralStatus::Acknowledged, "2026-10-09", None)), count };
        fill(&scenario, &[
            accepted(scenario.jobcenter, ReferralPurpose::BenefitApplication, 12), accepted(scenario.abh, ReferralPurpose::TitleExtension, 12),
        ]).await;
        let times = async || municipality(&scenario, r#"period: "2026-10""#).await["timeInState"].clone();
        assert_eq!(times().await, json!([]), "nobody said how many posts there are");
        for (id, posts) in [(scenario.jobcenter, 300), (scenario.abh, 250)] {
            let row = agency::ActiveModel { id: Set(id), posts: Set(Some(posts)), ..Default::default() };
            row.update(main).await.expect("posts");
        }
        assert_eq!(times().await, json!([{"receiverKind": "JOBCENTER", "status": "OFFERED", "medianDays": 4, "ninetiethPercentileDays": 4}]));
        let few = municipality(&scenario, r#"period: "2026-09""#).await["timeInState"].clone();
        assert_eq!(few, json!([]), "none ended in September");
        scenario.server.stop().await;
    }

    async fn the_demos_coordination_sees_statistics_of_past_months(db: TestDatabase) {
        let clock = Clock::on(world::today());
        kim::demo::prepare(&db.database, &clock, &FingerprintKey::new([0x5a; 32]), false).await.expect("filled");
        let server = TestServer::start(db, clock).await;
        let ask = async |arguments: &str, fields: &str| {
            let query = format!("{{ municipalityStatistics({arguments}) {{ {fields} }} }}");
            let answer = server.ask(&token("ki-koeln", Role::Coordinator), &query, &json!({})).await;
            assert_eq!(answer["errors"], Value::Null, "{answer}");
            answer["data"]["municipalityStatistics"].clone()
        };
        let answer = ask(r#"period: "2026-10", by: [RECEIVER_KIND, STATUS]"#, "withheld cells { count receiverKind }").await;
        let month = answer["cells"].as_array().expect("cells");
        assert!(!month.is_empty(), "{answer}");
        assert!(month.iter().all(|cell| cell["count"].as_i64().is_some_and(|count| count > 0 && count % 5 == 0)), "{answer}");
        assert!(month.iter().all(|cell| cell["receiverKind"] != "EINGLIEDERUNGSHILFE"), "{answer}");
        let quarter = ask(r#"period: "2026-Q3""#, "cells { count }").await;
        assert!(quarter["cells"][0]["count"].as_i64().is_some_and(|count| count >= 10), "{quarter}");
        server.stop().await;
    }

    async fn the_coordination_of_another_municipality_sees_no_statistics(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        world::add_municipality(main, "05112000").await;
        world::add_agency(main, "05112000", "koordination-2", AgencyKind::Koordination).await;
        fill(&scenario, &[Batch { receiver: scenario.jobcenter, purpose: ReferralPurpose::BenefitApplication, offered_on: "2026-10-05", then: None, count: 9 }]).await;
        let query = r#"{ municipalityStatistics(period: "2026-10") { cells { count } } }"#;
        let foreign = scenario.ask(&token("koordination-2", Role::Coordinator), query).await;
        assert_eq!(foreign["municipalityStatistics"]["cells"], json!([]));
        let own = scenario.ask(&coordination(), query).await;
        assert_eq!(own["municipalityStatistics"]["cells"], json!([{"count": 10}]));
        assert_eq!(statistics_log::Entity::find().count(scenario.server.database.database.raw_log()).await.expect("the log"), 2);
        scenario.server.stop().await;
    }
}
