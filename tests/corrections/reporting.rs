//! A receiver reports a wrong value: the value is marked as disputed wherever it is shown.

use std::collections::BTreeSet;

use kim_domain::agency::Role;
use kim_domain::id::{Kind, encode};
use kim_entity::disclosure_log;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::on_both;
use crate::support::scenario::{jobcenter, on, traeger};
use crate::support::server::token;
use crate::support::world::ConsentSpec;

use super::{TwoReceivers, abh, disputed, last_event};

on_both! {
    async fn a_reported_value_is_marked_in_every_referral_and_corrected_in_every_open_one(db: TestDatabase) {
        let both = TwoReceivers::begin(db).await;
        let before = both.seen(&abh(), &both.of_abh).await;
        assert_eq!(disputed(&before), (json!([]), BTreeSet::new()));
        let reported = both.report().await;
        assert_eq!(reported["version"], json!(both.of_jobcenter["version"].as_i64().expect("a number") + 1));

        let marked = (json!(["PHONE"]), BTreeSet::from(["PHONE"]));
        let own = both.seen(&jobcenter(), &both.of_jobcenter).await;
        assert_eq!(disputed(&own), marked);
        assert_eq!(own["corrections"]["totalCount"], 1);
        let report = &own["corrections"]["nodes"][0];
        assert_eq!((&report["field"], &report["state"], &report["staff"]), (&json!("PHONE"), &json!("OPEN"), &json!("test-person")));
        assert_eq!(last_event(&own)["changedFields"], json!([{"field": "PHONE", "change": "DISPUTED"}]));

        // The other receiver sees that the value is disputed, but not who reported it.
        let other = both.seen(&abh(), &both.of_abh).await;
        assert_eq!(disputed(&other), marked);
        assert_eq!(other["corrections"], json!({"totalCount": 0, "nodes": []}));
        assert_eq!(last_event(&other), &json!({"action": "REPORT_WRONG_VALUE", "staff": null, "agency": {"slug": "traeger"},
            "changedFields": [{"field": "PHONE", "change": "DISPUTED"}]}));
        assert!(!other.to_string().contains("jobcenter"), "{other}");
        assert_eq!(other["version"], json!(before["version"].as_i64().expect("a number") + 1));
        assert_eq!((both.corrections_in_feed(both.scenario.abh, &both.of_abh).await, both.corrections_in_feed(both.scenario.traeger, &both.of_abh).await), (1, 1));

        let sender = both.seen(&traeger(), &both.of_jobcenter).await;
        assert_eq!(disputed(&sender), marked);
        assert!(sender["availableActions"].as_array().expect("a list").contains(&json!("DECIDE_CORRECTION")));
        let beside = both.seen(&traeger(), &both.of_abh).await;
        assert_eq!(disputed(&beside), marked);
        assert!(!beside["availableActions"].as_array().expect("a list").contains(&json!("DECIDE_CORRECTION")));
        assert_eq!(sender["corrections"]["nodes"][0]["staff"], Value::Null, "the other side's staff");
        assert_eq!(sender["corrections"]["nodes"][0]["suggestedValue"], "0221 7654321");
        let told = format!("{{ referral(id: {}) {{ corrections(first: 1) {{ nodes {{ told {{ agency {{ slug }} at }} }} }} }} }}", both.of_jobcenter["id"]);
        let told = both.scenario.ask(&traeger(), &told).await["referral"]["corrections"]["nodes"][0]["told"].clone();
        assert_eq!((told.as_array().expect("a list").len(), &told[0]["agency"]["slug"]), (1, &json!("abh")));

        // A report can be accepted only after the case has another value.
        let input = both.decision(json!({"decision": "ACCEPTED"})).await;
        assert_eq!(both.scenario.refused(&traeger(), "decideCorrection", input).await, "BAD_INPUT");
        both.correct_the_case().await;
        assert_ne!(both.seen(&jobcenter(), &both.of_jobcenter).await["handover"]["phone"], "0221 7654321", "an edit of the case does not change the handover");
        let input = both.decision(json!({"decision": "ACCEPTED", "text": "Danke."})).await;
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        for (token, referral) in [(jobcenter(), &both.of_jobcenter), (abh(), &both.of_abh)] {
            let seen = both.seen(&token, referral).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen)), (&json!("0221 7654321"), (json!([]), BTreeSet::new())));
            assert_eq!(last_event(&seen), &json!({"action": "DECIDE_CORRECTION", "staff": null, "agency": {"slug": "traeger"},
                "changedFields": [{"field": "PHONE", "change": "CORRECTED"}]}));
        }
        let own = both.seen(&jobcenter(), &both.of_jobcenter).await;
        let report = &own["corrections"]["nodes"][0];
        assert_eq!((&report["state"], &report["decisionText"], &report["decidedBy"]), (&json!("ACCEPTED"), &json!("Danke."), &Value::Null));
        let sender = both.seen(&traeger(), &both.of_jobcenter).await;
        assert_eq!(sender["corrections"]["nodes"][0]["decidedBy"], "test-person");
        assert!(!sender["availableActions"].as_array().expect("a list").contains(&json!("DECIDE_CORRECTION")));
        let again = both.decision(json!({"decision": "REJECTED", "text": "doch"})).await;
        assert_eq!(both.scenario.refused(&traeger(), "decideCorrection", again).await, "ILLEGAL_TRANSITION");
        both.scenario.server.stop().await;
    }

    async fn only_the_receiver_reports_values_and_only_visible_ones(db: TestDatabase) {
        let both = TwoReceivers::begin(db).await;
        let scenario = &both.scenario;
        let wrong = |field: &str| json!({"field": field, "text": "falsch"});
        let preview = scenario.offered().await;
        assert_eq!(scenario.refused(&jobcenter(), "reportWrongValue", on(&preview, wrong("PHONE"))).await, "ACTION_NOT_ALLOWED");
        scenario.done(&jobcenter(), "reportWrongValue", on(&preview, wrong("FAMILY_NAME"))).await;
        // Without a visible field, reporting is not listed as an available action.
        let draft = scenario.draft(Some(ConsentSpec::whole())).await;
        scenario.done(&traeger(), "offerReferral", on(&draft, json!({"fields": ["PHONE"], "acknowledgeReportingDuty": true}))).await;
        for (referral, expected) in [(&preview, true), (&draft, false)] {
            let seen = scenario.ask(&jobcenter(), &format!("{{ referral(id: {}) {{ availableActions }} }}", referral["id"])).await;
            let actions = seen["referral"]["availableActions"].as_array().expect("a list").clone();
            assert_eq!(actions.contains(&json!("REPORT_WRONG_VALUE")), expected, "{seen}");
        }
        assert_eq!(scenario.refused(&traeger(), "reportWrongValue", on(&both.of_jobcenter, wrong("PHONE"))).await, "ACTION_NOT_ALLOWED");
        for bad in [json!({"field": "PHONE", "text": " "}), json!({"field": "PHONE", "text": "siehe 12345BG0123456"}),
            json!({"field": "PHONE", "text": "a", "suggestedValue": "a\nb"})] {
            assert_eq!(scenario.refused(&jobcenter(), "reportWrongValue", on(&both.of_jobcenter, bad)).await, "BAD_INPUT");
        }
        let stale = json!({"id": both.of_jobcenter["id"], "version": 1});
        assert_eq!(scenario.refused(&jobcenter(), "reportWrongValue", on(&stale, wrong("PHONE"))).await, "CONFLICT");
        let reported = both.report().await;
        assert_eq!(scenario.refused(&jobcenter(), "reportWrongValue", on(&reported, wrong("PHONE"))).await, "ACTION_NOT_ALLOWED", "one at a time");
        let two = scenario.done(&jobcenter(), "reportWrongValue", on(&reported, wrong("CITY"))).await;

        // An agency that is no party gets the same answer as for a missing referral. So does a request with another referral's report.
        let absent = json!({"id": encode(Kind::Referral, Uuid::now_v7()), "version": 1});
        let report_id = both.seen(&jobcenter(), &two).await["corrections"]["nodes"][0]["id"].clone();
        let decide = |id: &Value| json!({"correctionId": id, "decision": "REJECTED", "text": "a"});
        for (token, mutation, more) in [
            (abh(), "reportWrongValue", wrong("PHONE")),
            (token("other", Role::CaseManager), "reportWrongValue", wrong("PHONE")),
            (token("other", Role::CaseManager), "decideCorrection", decide(&report_id)),
        ] {
            let foreign = scenario.mutate(&token, mutation, on(&two, more.clone())).await;
            assert_eq!(foreign["errors"][0]["extensions"]["code"], "NOT_FOUND", "{foreign}");
            assert_eq!(foreign, scenario.mutate(&token, mutation, on(&absent, more)).await);
        }
        let of_abh = both.seen(&traeger(), &both.of_abh).await;
        for id in [report_id, json!(encode(Kind::Correction, Uuid::now_v7())), of_abh["id"].clone()] {
            assert_eq!(scenario.refused(&traeger(), "decideCorrection", on(&of_abh, decide(&id))).await, "NOT_FOUND", "{id}");
        }
        let back = scenario.done(&jobcenter(), "returnReferral", on(&two, json!({"reason": "OTHER"}))).await;
        assert_eq!(scenario.refused(&jobcenter(), "reportWrongValue", on(&back, wrong("STREET"))).await, "ILLEGAL_TRANSITION");
        both.scenario.server.stop().await;
    }

    async fn a_preview_reveals_no_report_about_a_field_it_does_not_show(db: TestDatabase) {
        let both = TwoReceivers::offered(db).await;
        let before = both.seen(&abh(), &both.of_abh).await;
        assert_eq!(before["status"], "OFFERED");
        both.report().await;
        assert_eq!(both.seen(&abh(), &both.of_abh).await, before, "a preview does not show that a report exists");
        let sender = both.seen(&traeger(), &both.of_abh).await;
        assert_eq!(last_event(&sender)["changedFields"], json!([{"field": "PHONE", "change": "DISPUTED"}]));
        both.correct_the_case().await;
        let input = both.decision(json!({"decision": "ACCEPTED"})).await;
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        assert_eq!(both.seen(&abh(), &both.of_abh).await, before);
        let sender = both.seen(&traeger(), &both.of_abh).await;
        assert_eq!(last_event(&sender)["changedFields"], json!([{"field": "PHONE", "change": "CORRECTED"}]));
        assert_eq!((both.corrections_in_feed(both.scenario.abh, &both.of_abh).await, both.corrections_in_feed(both.scenario.traeger, &both.of_abh).await), (0, 2));
        let told = format!("{{ referral(id: {}) {{ corrections {{ nodes {{ told {{ agency {{ slug }} }} }} }} }} }}", both.of_jobcenter["id"]);
        let told = both.scenario.ask(&traeger(), &told).await["referral"]["corrections"]["nodes"][0]["told"].clone();
        assert_eq!(told, json!([]));

        // The preview is marked for a field that it shows. After acceptance the handover has the corrected value.
        let seen = both.seen(&jobcenter(), &both.of_jobcenter).await;
        let wrong = json!({"field": "BIRTH_DATE", "text": "falsch"});
        both.scenario.done(&jobcenter(), "reportWrongValue", on(&seen, wrong)).await;
        let seen = both.seen(&abh(), &both.of_abh).await;
        assert_eq!(last_event(&seen)["changedFields"], json!([{"field": "BIRTH_DATE", "change": "DISPUTED"}]));
        both.scenario.done(&abh(), "acceptReferral", on(&seen, json!({}))).await;
        let seen = both.seen(&abh(), &both.of_abh).await;
        assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&json!("0221 7654321"), json!(["BIRTH_DATE"])));
        both.scenario.server.stop().await;
    }

    async fn a_disputed_value_is_marked_in_the_case(db: TestDatabase) {
        let both = TwoReceivers::begin(db).await;
        let query = format!("{{ referral(id: {}) {{ case {{ record {{ phone disputed }} }} }} cases {{ nodes {{ record {{ disputed }} }} }} }}", both.of_abh["id"]);
        let marked = async || {
            let seen = both.scenario.ask(&traeger(), &query).await;
            assert_eq!(seen["cases"]["nodes"][0]["record"]["disputed"], seen["referral"]["case"]["record"]["disputed"]);
            seen["referral"]["case"]["record"]["disputed"].clone()
        };
        assert_eq!(marked().await, json!([]));
        let reported = both.report().await;
        let wrong = |field: &str| json!({"field": field, "text": "falsch"});
        let reported = both.scenario.done(&jobcenter(), "reportWrongValue", on(&reported, wrong("BIRTH_DATE"))).await;
        // The concern belongs to the referral, not to the case.
        both.scenario.done(&jobcenter(), "reportWrongValue", on(&reported, wrong("CONCERN"))).await;
        assert_eq!(marked().await, json!(["BIRTH_DATE", "AGE", "PHONE"]));
        let input = both.decision(json!({"decision": "REJECTED", "text": "Stimmt."})).await;
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        assert_eq!(marked().await, json!(["BIRTH_DATE", "AGE"]));
        both.scenario.server.stop().await;
    }

    async fn reading_the_text_of_a_report_is_logged(db: TestDatabase) {
        let both = TwoReceivers::begin(db).await;
        both.report().await;
        let log = both.scenario.server.database.database.raw_log();
        let logged = async || disclosure_log::Entity::find().all(log).await.expect("a log").iter().filter(|row| row.messages).count();
        assert_eq!(logged().await, 0);
        let ask = async |part: &str| {
            let query = format!("{{ referral(id: {}) {{ corrections {{ nodes {{ {part} }} }} }} }}", both.of_jobcenter["id"]);
            both.scenario.ask(&jobcenter(), &query).await;
        };
        ask("id field state reportedAt").await;
        assert_eq!(logged().await, 0, "no text left");
        for (count, part) in [(1, "text"), (2, "suggestedValue"), (3, "decisionText")] {
            ask(part).await;
            assert_eq!(logged().await, count, "{part}");
        }
        both.scenario.server.stop().await;
    }

    async fn two_simultaneous_reports_do_not_deadlock(db: TestDatabase) {
        let both = TwoReceivers::begin(db).await;
        for field in ["PHONE", "POSTAL_CODE", "CITY", "GIVEN_NAME", "FAMILY_NAME", "BIRTH_DATE"] {
            let one = async |token: String, referral: &Value| loop {
                let seen = both.seen(&token, referral).await;
                let answer = both.scenario.mutate(&token, "reportWrongValue", on(&seen, json!({"field": field, "text": "falsch"}))).await;
                match answer["errors"][0]["extensions"]["code"].as_str() {
                    None => break,
                    // The other agency's report increased this referral's version.
                    Some(code) => assert_eq!(code, "CONFLICT", "{answer}"),
                }
            };
            tokio::join!(one(jobcenter(), &both.of_jobcenter), one(abh(), &both.of_abh));
        }
        for (token, referral) in [(jobcenter(), &both.of_jobcenter), (abh(), &both.of_abh)] {
            let seen = both.seen(&token, referral).await;
            assert_eq!((seen["corrections"]["totalCount"].as_i64(), disputed(&seen).1.len()), (Some(6), 6));
        }
        both.scenario.server.stop().await;
    }
}
