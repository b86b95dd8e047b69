//! The clock of the machine is set back: the order of all steps is still that in which they happened.

use kim_domain::calendar::Clock;
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::world::{ConsentSpec, in_days, today};

const HISTORY: &str = "events { nodes { at action } } messages { nodes { sentAt text } }";

fn texts<'v>(of: &'v Value, list: &str, field: &str) -> Vec<&'v str> {
    let nodes = of[list]["nodes"].as_array().expect("a list");
    nodes.iter().map(|one| one[field].as_str().unwrap_or_default()).collect()
}

on_both! {
    async fn a_history_is_in_the_order_of_its_steps_if_the_clock_was_set_back(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let draft = scenario.draft(Some(ConsentSpec::whole())).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        let written = scenario.done(&traeger(), "postMessage", on(&offered, json!({"text": "eins"}))).await;

        // The same database with a clock that is two days behind.
        let scenario = scenario.with_clock(Clock::on(in_days(-2))).await;
        let seen = scenario.done(&jobcenter(), "acknowledgeReferral", on(&written, json!({}))).await;
        let answered = scenario.done(&jobcenter(), "postMessage", on(&seen, json!({"text": "zwei"}))).await;
        let accepted = scenario.done(&jobcenter(), "acceptReferral", on(&answered, json!({}))).await;
        let started = scenario.done(&jobcenter(), "startReferral", on(&accepted, json!({}))).await;
        let failed = scenario.done(&jobcenter(), "failReferral", on(&started, json!({"reason": "MOVED_AWAY"}))).await;
        assert_eq!(failed["status"], "FAILED");

        let scenario = scenario.with_clock(Clock::on(today())).await;
        let history = scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ {HISTORY} }} }}", draft["id"])).await;
        let referral = &history["referral"];
        assert_eq!(texts(referral, "events", "action"), ["", "OFFER", "POST_MESSAGE", "ACKNOWLEDGE", "POST_MESSAGE", "ACCEPT", "START", "FAIL"]);
        assert_eq!(texts(referral, "messages", "text"), ["eins", "zwei"]);
        for (list, field) in [("events", "at"), ("messages", "sentAt")] {
            let instants = texts(referral, list, field);
            assert!(instants.is_sorted(), "no time lies before the step before it: {instants:?}");
        }
        let changes = scenario.ask(&traeger(), "{ changes(first: 100) { nodes { at kind } } }").await;
        let instants: Vec<&str> = changes["changes"]["nodes"].as_array().expect("a list").iter().map(|one| one["at"].as_str().expect("an instant")).collect();
        assert!(instants.is_sorted() && instants.len() > 6, "{instants:?}");
        scenario.server.stop().await;
    }
}
