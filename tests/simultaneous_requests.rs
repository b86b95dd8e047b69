//! Simultaneous requests: one wins, the others get a conflict, and the written rows are consistent.

use std::collections::BTreeMap;
use std::sync::Arc;

use kim_domain::agency::Role;
use kim_domain::id::{Kind, decode, encode};
use kim_domain::life::ReferralAction;
use kim_domain::referral::ReferralStatus;
use kim_entity::{change, referral, referral_event};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{claims, sign};
use crate::support::world::ConsentSpec;

/// Number of referrals for which two clerks compete. Both databases run the writers of one referral one after the other.
const ROUNDS: u32 = 1_000;
const AT_A_TIME: usize = 8;

/// A token of a clerk at the Jobcenter.
fn clerk(name: &str) -> String {
    let mut claims = claims("jobcenter", Role::Clerk);
    claims["sub"] = json!(name);
    sign(&claims)
}

/// Executes a mutation. Returns the referral's new state, or the code of the error.
async fn attempt(scenario: &Scenario, token: &str, mutation: &str, mut input: Value) -> Result<String, String> {
    let type_name = mutation[..1].to_uppercase() + &mutation[1..];
    let query =
        format!("mutation($input: {type_name}Input!) {{ {mutation}(input: $input) {{ referral {{ status }} }} }}");
    if input["idempotencyKey"].is_null() {
        input["idempotencyKey"] = json!(Uuid::now_v7());
    }
    let answer = scenario.server.ask(token, &query, &json!({"input": input})).await;
    match answer["data"][mutation]["referral"]["status"].as_str() {
        Some(status) => Ok(status.to_owned()),
        None => Err(answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("no code").to_owned()),
    }
}

on_both! {
    async fn exactly_one_of_two_simultaneous_answers_wins(db: TestDatabase) {
        let scenario = Arc::new(Scenario::begin(db).await);
        let ids = scenario.prepared(ReferralStatus::Offered, ROUNDS, |_| Some(ConsentSpec::whole())).await;
        let clerks = Arc::new([clerk("frau-a"), clerk("herr-b")]);
        let (mut running, mut won) = (JoinSet::new(), BTreeMap::new());
        for (round, id) in ids.into_iter().enumerate() {
            if running.len() == AT_A_TIME {
                let (id, status) = running.join_next().await.expect("one runs").expect("it ended");
                won.insert(id, status);
            }
            let (scenario, clerks) = (Arc::clone(&scenario), Arc::clone(&clerks));
            running.spawn(async move {
                let seen = json!({"id": id, "version": 1});
                let accept = attempt(&scenario, &clerks[0], "acceptReferral", on(&seen, json!({})));
                let decline = attempt(&scenario, &clerks[1], "declineReferral", on(&seen, json!({"reason": "NO_CAPACITY"})));
                // Alternate which of the two requests is polled first.
                let (accepted, declined) = match round % 2 {
                    0 => tokio::join!(accept, decline),
                    _ => { let (declined, accepted) = tokio::join!(decline, accept); (accepted, declined) }
                };
                let status = match (&accepted, &declined) {
                    (Ok(status), Err(code)) if status == "ACCEPTED" && code == "CONFLICT" => ReferralStatus::Accepted,
                    (Err(code), Ok(status)) if status == "DECLINED" && code == "CONFLICT" => ReferralStatus::Declined,
                    (_, _) => panic!("{accepted:?} {declined:?}"),
                };
                (decode(&id).expect("an id").1, status)
            });
        }
        while let Some(ended) = running.join_next().await {
            let (id, status) = ended.expect("it ended");
            won.insert(id, status);
        }
        assert_eq!(won.len(), ROUNDS as usize);
        let of = |status| won.values().filter(|won| **won == status).count();
        eprintln!("accepted {}, declined {}", of(ReferralStatus::Accepted), of(ReferralStatus::Declined));

        // State, events and both feeds contain only the winner's change.
        let db = scenario.server.database.database.raw();
        for row in referral::Entity::find().all(db).await.expect("rows") {
            assert_eq!((row.status.0, row.version), (won[&row.id], 2));
        }
        let mut events: BTreeMap<Uuid, Vec<(Uuid, ReferralAction, Option<String>)>> = BTreeMap::new();
        for event in referral_event::Entity::find().all(db).await.expect("events") {
            if let Some(action) = event.action {
                events.entry(event.referral_id).or_default().push((event.id, action.0, event.staff));
            }
        }
        let mut told: BTreeMap<(Uuid, Uuid), Vec<Uuid>> = BTreeMap::new();
        let mut numbers: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
        for change in change::Entity::find().all(db).await.expect("changes") {
            told.entry((change.agency_id, change.referral_id)).or_default().push(change.event_id.expect("a move"));
            numbers.entry(change.agency_id).or_default().push(change.seq);
        }
        for (id, status) in &won {
            let mut of_referral = events.remove(id).expect("events");
            of_referral.sort();
            let actions: Vec<_> = of_referral.iter().map(|(_, action, staff)| (*action, staff.as_deref())).collect();
            if *status == ReferralStatus::Accepted {
                let expected = [(ReferralAction::Acknowledge, Some("frau-a")), (ReferralAction::Accept, Some("frau-a"))];
                assert_eq!(actions, expected);
            } else {
                assert_eq!(actions, [(ReferralAction::Decline, Some("herr-b"))]);
            }
            let ids: Vec<Uuid> = of_referral.iter().map(|(event, _, _)| *event).collect();
            for agency in [scenario.jobcenter, scenario.traeger] {
                let mut in_feed = told.remove(&(agency, *id)).expect("told");
                in_feed.sort();
                assert_eq!(in_feed, ids);
            }
        }
        assert!(events.is_empty() && told.is_empty());
        for (_, mut seqs) in numbers {
            seqs.sort_unstable();
            assert!(seqs.iter().copied().eq(1..=seqs.len() as i64), "a feed has a gap");
        }
        Arc::into_inner(scenario).expect("nobody else").server.stop().await;
    }

    async fn simultaneous_requests_with_one_key_have_one_effect_and_one_answer(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let ids = scenario.prepared(ReferralStatus::Offered, 60, |_| Some(ConsentSpec::whole())).await;
        let token = jobcenter();
        for (round, id) in ids.iter().enumerate() {
            let mut input = on(&json!({"id": id, "version": 1}), json!({"reason": "NO_CAPACITY"}));
            input["idempotencyKey"] = json!(format!("key-{round}"));
            let one = || attempt(&scenario, &token, "declineReferral", input.clone());
            let (a, b, c) = tokio::join!(one(), one(), one());
            assert_eq!((a.as_deref(), &b, &c), (Ok("DECLINED"), &a, &a));
        }
        let db = scenario.server.database.database.raw();
        let events = referral_event::Entity::find().all(db).await.expect("events");
        assert_eq!(events.iter().filter(|event| event.action.is_some()).count(), ids.len());
        assert!(referral::Entity::find().all(db).await.expect("rows").iter().all(|row| row.version == 2));

        // A mutation that creates an object creates it once.
        let purpose = kim_domain::purpose::ReferralPurpose::BenefitApplication;
        let case = scenario.case(scenario.jobcenter, purpose, Some(ConsentSpec::whole())).await;
        let input = json!({"idempotencyKey": "draft", "caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": purpose.code()});
        let draft = async || scenario.done(&traeger(), "draftReferral", input.clone()).await;
        let (a, b, c) = tokio::join!(draft(), draft(), draft());
        assert_eq!((&a, &a), (&b, &c));
        assert_eq!(referral::Entity::find().all(db).await.expect("rows").len(), ids.len() + 1);
        scenario.server.stop().await;
    }

    async fn two_bulk_calls_in_opposite_orders_do_not_deadlock(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let ids = scenario.prepared(ReferralStatus::Offered, 40, |_| Some(ConsentSpec::whole())).await;
        let query = "mutation($input: BulkAnswerReferralsInput!) { bulkAnswerReferrals(input: $input) { results { error { code } } } }";
        let answer = async |name: &str, ids: Vec<&String>| {
            let items: Vec<_> = ids.iter().map(|id| json!({"referralId": id, "expectedVersion": 1})).collect();
            let input = json!({"idempotencyKey": Uuid::now_v7(), "action": "ACCEPT", "items": items});
            let answer = scenario.server.ask(&clerk(name), query, &json!({"input": input})).await;
            let results = answer["data"]["bulkAnswerReferrals"]["results"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
            results.iter().map(|row| row["error"]["code"].as_str().unwrap_or("done").to_owned()).collect::<Vec<_>>()
        };
        let (a, b) = tokio::join!(answer("frau-a", ids.iter().collect()), answer("herr-b", ids.iter().rev().collect()));
        let (winner, loser) = if a[0] == "done" { (a, b) } else { (b, a) };
        assert!(winner.iter().all(|code| code == "done") && loser.iter().all(|code| code == "CONFLICT"), "{winner:?} {loser:?}");
        scenario.server.stop().await;
    }
}
