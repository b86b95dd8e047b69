//! The sender decides on a report: every receiver to which the old value was shown is notified.

use std::collections::BTreeSet;

use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose as P;
use kim_entity::raw;
use serde_json::{Value, json};

use crate::consents::{done as consented, given};
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::world::ConsentSpec;

use super::{TwoReceivers, abh, change_case, disputed, last_event};

on_both! {
    async fn a_rejected_report_removes_the_mark_and_keeps_the_value(db: TestDatabase) {
        let both = TwoReceivers::begin(db).await;
        let phone = both.seen(&jobcenter(), &both.of_jobcenter).await["handover"]["phone"].clone();
        both.report().await;
        let silent = both.decision(json!({"decision": "REJECTED"})).await;
        assert_eq!(both.scenario.refused(&traeger(), "decideCorrection", silent).await, "BAD_INPUT");
        let input = both.decision(json!({"decision": "REJECTED", "text": "Heute so bestätigt."})).await;
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        for (token, referral) in [(jobcenter(), &both.of_jobcenter), (abh(), &both.of_abh)] {
            let seen = both.seen(&token, referral).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&phone, json!([])));
            assert_eq!(last_event(&seen)["changedFields"], json!([{"field": "PHONE", "change": "UPHELD"}]));
        }
        // The value can be reported again, and the report can be decided after the referral has ended.
        let seen = both.seen(&jobcenter(), &both.of_jobcenter).await;
        let input = json!({"field": "PHONE", "text": "Immer noch falsch."});
        let reported = both.scenario.done(&jobcenter(), "reportWrongValue", on(&seen, input)).await;
        let back = both.scenario.done(&jobcenter(), "returnReferral", on(&reported, json!({"reason": "OTHER"}))).await;
        assert_eq!(both.seen(&jobcenter(), &back).await["corrections"], json!({"totalCount": 0, "nodes": []}), "its texts are closed");
        assert_eq!(disputed(&both.seen(&abh(), &both.of_abh).await).0, json!(["PHONE"]));
        let seen = both.seen(&traeger(), &back).await;
        let mut input = on(&seen, json!({"decision": "REJECTED", "text": "Bleibt."}));
        input["correctionId"] = seen["corrections"]["nodes"][1]["id"].clone();
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        assert_eq!(disputed(&both.seen(&abh(), &both.of_abh).await).0, json!([]));
        both.scenario.server.stop().await;
    }

    async fn a_receiver_that_saw_the_old_value_is_notified_even_after_its_referral_ended(db: TestDatabase) {
        for was_shown in [true, false] {
            let both = TwoReceivers::begin(crate::support::database::fresh(if db.database.backend() == sea_orm::DbBackend::Sqlite {
                crate::support::database::Backend::Sqlite } else { crate::support::database::Backend::Postgres }).await).await;
            let field = if was_shown { "phone" } else { "postalCode" };
            let read = format!("{{ referral(id: {}) {{ handover {{ {field} }} }} }}", both.of_abh["id"]);
            both.scenario.ask(&abh(), &read).await;
            both.scenario.done(&abh(), "returnReferral", on(&both.of_abh, json!({"reason": "NO_CAPACITY"}))).await;
            both.report().await;
            assert_eq!(both.corrections_in_feed(both.scenario.abh, &both.of_abh).await, 0, "a closed handover shows no mark");
            both.correct_the_case().await;
            let input = both.decision(json!({"decision": "ACCEPTED"})).await;
            both.scenario.done(&traeger(), "decideCorrection", input).await;
            assert_eq!(both.corrections_in_feed(both.scenario.abh, &both.of_abh).await, usize::from(was_shown));
            let seen = both.seen(&abh(), &both.of_abh).await;
            assert_eq!((&seen["status"], &seen["handover"]["phone"]), (&json!("RETURNED"), &Value::Null));
            let change = last_event(&seen)["changedFields"].clone();
            assert_eq!(change, if was_shown { json!([{"field": "PHONE", "change": "OUTDATED"}]) } else { json!([]) });
            let told = format!("{{ referral(id: {}) {{ corrections {{ nodes {{ told {{ agency {{ slug }} }} }} }} }} }}", both.of_jobcenter["id"]);
            let told = both.scenario.ask(&traeger(), &told).await["referral"]["corrections"]["nodes"][0]["told"].clone();
            assert_eq!(told, if was_shown { json!([{"agency": {"slug": "abh"}}]) } else { json!([]) });
            both.scenario.server.stop().await;
        }
    }

    async fn a_receiver_that_saw_a_field_before_its_removal_is_notified(db: TestDatabase) {
        for by_reporter in [false, true] {
            let both = TwoReceivers::begin(crate::support::database::fresh(if db.database.backend() == sea_orm::DbBackend::Sqlite {
                crate::support::database::Backend::Sqlite } else { crate::support::database::Backend::Postgres }).await).await;
            let (clerk, agency, referral) = match by_reporter {
                true => (jobcenter(), both.scenario.jobcenter, &both.of_jobcenter),
                false => (abh(), both.scenario.abh, &both.of_abh),
            };
            let before = both.seen(&clerk, referral).await;
            assert_ne!(before["handover"]["phone"], Value::Null);
            let remove = json!({"remove": ["PHONE"]});
            if by_reporter {
                let reported = both.report().await;
                both.scenario.done(&traeger(), "changeHandover", on(&reported, remove)).await;
            } else {
                both.scenario.done(&traeger(), "changeHandover", on(referral, remove)).await;
                both.report().await;
            }
            let reported = both.corrections_in_feed(agency, referral).await;
            assert_eq!(reported, usize::from(by_reporter), "a handover without the field shows no mark");
            both.correct_the_case().await;
            let input = both.decision(json!({"decision": "ACCEPTED"})).await;
            both.scenario.done(&traeger(), "decideCorrection", input).await;
            assert_eq!(both.corrections_in_feed(agency, referral).await, reported + 1);
            let seen = both.seen(&clerk, referral).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&Value::Null, json!([])), "a correction restores no removed field");
            assert_eq!(last_event(&seen)["changedFields"], json!([{"field": "PHONE", "change": "OUTDATED"}]));

            // If the field is handed over again, it has the corrected value and no mark.
            let again = on(&both.seen(&traeger(), referral).await, json!({"add": ["PHONE"]}));
            both.scenario.done(&traeger(), "changeHandover", again).await;
            let seen = both.seen(&clerk, referral).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&json!("0221 7654321"), json!([])));
            both.scenario.server.stop().await;
        }
    }

    async fn in_a_closed_case_only_disputed_values_can_be_corrected(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, P::BenefitApplication, Some(ConsentSpec::whole())).await;
        let input = json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": "BENEFIT_APPLICATION", "kind": "TRANSFER"});
        let draft = scenario.done(&traeger(), "draftReferral", input).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        let accepted = scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        let of_jobcenter = scenario.done(&jobcenter(), "startReferral", on(&accepted, json!({}))).await;
        assert_eq!(change_case(&scenario, "closeCase", &case, json!({"reason": "TRANSFERRED"})).await, Value::Null);
        let right = json!({"record": {"phone": "0221 7654321"}});
        assert_eq!(change_case(&scenario, "updateCase", &case, right.clone()).await, "ACTION_NOT_ALLOWED", "nobody reported it as wrong");
        let both = TwoReceivers { scenario, of_jobcenter, of_abh: Value::Null };
        both.report().await;
        let update = async |input: Value| change_case(&both.scenario, "updateCase", &case, input).await;
        for beside in [json!({}), json!({"phase": "INTAKE", "record": {"phone": "0221 7654321"}}),
            json!({"record": {"phone": "0221 7654321", "city": "Bonn"}}), json!({"record": {"city": "Bonn"}})] {
            assert_eq!(update(beside.clone()).await, "ACTION_NOT_ALLOWED", "{beside}");
        }
        assert_eq!(update(right.clone()).await, Value::Null);
        let input = both.decision(json!({"decision": "ACCEPTED"})).await;
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        let seen = both.seen(&jobcenter(), &both.of_jobcenter).await;
        assert_eq!((&seen["handover"]["phone"], disputed(&seen).0), (&json!("0221 7654321"), json!([])));
        assert_eq!(update(right).await, "ACTION_NOT_ALLOWED", "the report is decided");
        both.scenario.server.stop().await;
    }

    async fn a_resumed_referral_has_the_value_that_was_corrected_during_its_suspension(db: TestDatabase) {
        let both = TwoReceivers::begin(db).await;
        let query = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", both.of_abh["id"]);
        let consent = both.scenario.ask(&traeger(), &query).await["referral"]["consent"]["id"].clone();
        both.scenario.ask(&abh(), &format!("{{ referral(id: {}) {{ handover {{ phone }} }} }}", both.of_abh["id"])).await;
        consented(&both.scenario, "withdrawConsent", json!({"consentId": consent})).await;
        both.report().await;
        both.correct_the_case().await;
        let input = both.decision(json!({"decision": "ACCEPTED"})).await;
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        assert_eq!(both.seen(&abh(), &both.of_abh).await["handover"]["phone"], Value::Null, "it is suspended");
        let fields = json!({"fields": ["FAMILY_NAME", "CITY"], "ticked": ["PHONE"]});
        consented(&both.scenario, "renewConsent", json!({"consentId": consent, "given": given(fields)})).await;
        let seen = both.seen(&abh(), &both.of_abh).await;
        assert_eq!((&seen["status"], &seen["handover"]["phone"], disputed(&seen).0), (&json!("ACCEPTED"), &json!("0221 7654321"), json!([])), "{seen}");
        let told: Vec<_> = seen["events"]["nodes"].as_array().expect("events").iter().flat_map(|event| event["changedFields"].as_array().expect("a list")).collect();
        assert_eq!(told, [&json!({"field": "PHONE", "change": "DISPUTED"}), &json!({"field": "PHONE", "change": "CORRECTED"})]);
        both.scenario.server.stop().await;
    }

    async fn a_completed_referral_keeps_its_wrong_value_and_the_mark(db: TestDatabase) {
        let both = TwoReceivers::begin(db).await;
        let old = both.seen(&abh(), &both.of_abh).await["handover"]["phone"].clone();
        let started = both.scenario.done(&abh(), "startReferral", on(&both.of_abh, json!({}))).await;
        both.scenario.done(&abh(), "completeReferral", on(&started, json!({"outcome": "OTHER"}))).await;
        both.report().await;
        both.correct_the_case().await;
        let input = both.decision(json!({"decision": "ACCEPTED"})).await;
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        // While the receiver still has access, the handover shows the old value and marks it as wrong.
        for token in [abh(), traeger()] {
            let seen = both.seen(&token, &both.of_abh).await;
            assert_eq!((&seen["handover"]["phone"], disputed(&seen)), (&old, (json!(["PHONE"]), BTreeSet::from(["PHONE"]))), "{seen}");
            assert_eq!(last_event(&seen)["changedFields"], json!([{"field": "PHONE", "change": "OUTDATED"}]));
            assert!(!seen["availableActions"].as_array().expect("a list").contains(&json!("DECIDE_CORRECTION")));
        }
        let own = both.seen(&jobcenter(), &both.of_jobcenter).await;
        assert_eq!((&own["handover"]["phone"], disputed(&own).0), (&json!("0221 7654321"), json!([])));
        assert_eq!(last_event(&own)["changedFields"], json!([{"field": "PHONE", "change": "CORRECTED"}]));

        // The same applies to the referral in which the value was reported.
        let wrong = json!({"field": "CITY", "text": "Umgezogen."});
        let reported = both.scenario.done(&jobcenter(), "reportWrongValue", on(&own, wrong)).await;
        let started = both.scenario.done(&jobcenter(), "startReferral", on(&reported, json!({}))).await;
        both.scenario.done(&jobcenter(), "completeReferral", on(&started, json!({"outcome": "OTHER"}))).await;
        let main = both.scenario.server.database.database.raw();
        let client = raw::persons(main).await.expect("persons").pop().expect("the client");
        raw::update_person(main, &client, &[(HandoverField::City, Some("Bonn".to_owned()))]).await.expect("corrected");
        both.scenario.ask(&jobcenter(), &format!("{{ referral(id: {}) {{ handover {{ city }} }} }}", both.of_jobcenter["id"])).await;
        let seen = both.seen(&traeger(), &both.of_jobcenter).await;
        let mut input = on(&seen, json!({"decision": "ACCEPTED"}));
        input["correctionId"] = seen["corrections"]["nodes"][1]["id"].clone();
        both.scenario.done(&traeger(), "decideCorrection", input).await;
        let own = both.seen(&jobcenter(), &both.of_jobcenter).await;
        assert_eq!((disputed(&own).0, &last_event(&own)["changedFields"]), (json!(["CITY"]), &json!([{"field": "CITY", "change": "OUTDATED"}])));
        both.scenario.server.stop().await;
    }
}
