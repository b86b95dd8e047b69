//! Effects of a case on its referrals: an edit changes no handover, and closing a case requires closed referrals.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::disclosure::{Stage, ceiling};
use kim_domain::field::FieldSet;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SHOWN, at, done, mutate, refused};
use crate::consents;
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{claims, sign, token};
use crate::support::world::{self, ConsentSpec};

on_both! {
    async fn a_plan_is_handed_over_as_its_open_steps_and_only_by_a_new_copy(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        // A Jobcenter never receives the plan, a Migrationsberatung does.
        let main = scenario.server.database.database.raw();
        let (mbe, purpose) = (world::add_agency(main, "05315000", "mbe", AgencyKind::Mbe).await, ReferralPurpose::MigrationCounselling);
        let agreement = world::agreement("05315000", mbe, purpose, ceiling(AgencyKind::Mbe, Stage::Full), FieldSet::EMPTY);
        world::insert_agreement(main, agreement).await;
        let clerk = token("mbe", Role::Clerk);
        let id = scenario.case(mbe, purpose, Some(ConsentSpec::whole())).await;
        let case = |read: &str| format!("{{ case(id: {}) {{ version goals {{ text steps {{ text responsible agency {{ slug }} agencyKind dueOn state }} }} {read} }} }}", json!(id));
        // Imported steps are shown as a plan.
        let imported = &scenario.ask(&traeger(), &case("")).await["case"];
        assert_eq!(imported["goals"][0]["steps"][0]["state"], "OPEN");
        let notes = &scenario.ask(&traeger(), &case("record { counsellingNotes }")).await["case"]["record"];
        assert!(notes["counsellingNotes"].as_str().is_some_and(|text| text.starts_with("Kanari")), "old notes stay readable");

        let draft = json!({"caseId": id, "receiverId": encode(Kind::Agency, mbe), "purpose": purpose.code(), "fields": ["FAMILY_NAME", "CITY"]});
        let draft = scenario.done(&traeger(), "draftReferral", draft).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        let accepted = scenario.done(&clerk, "acceptReferral", on(&offered, json!({}))).await;
        let handed_over = format!("{{ referral(id: {}) {{ version handover {{ familyName city planSteps {{ goal step responsible dueOn }} }} }} }}", accepted["id"]);
        let before = scenario.ask(&clerk, &handed_over).await;

        let goals = json!([{"text": "Arbeit", "steps": [
            {"text": "Antrag stellen", "responsible": {"agencyId": encode(Kind::Agency, scenario.jobcenter)}, "dueOn": "2026-12-01"},
            {"text": "Lebenslauf", "responsible": {"other": "Klientin"}, "state": "DONE"},
            {"text": "Anerkennung", "responsible": {"agencyKind": "AGENTUR_FUER_ARBEIT"}, "state": "DROPPED"}]},
            {"text": "Wohnung", "steps": []}]);
        let seen = json!({"id": id, "version": imported["version"]});
        let planned = done(&scenario, "setPlan", at(&seen, json!({"goals": goals})), &format!("{SHOWN} record {{ planSteps {{ goal step responsible }} }}")).await;
        assert_eq!((&planned["version"], &planned["planReviewedOn"]), (&json!(2), &json!("2026-11-20")));
        assert_eq!(planned["record"]["planSteps"], json!([{"goal": "Arbeit", "step": "Antrag stellen", "responsible": "Stelle jobcenter"}]));
        let goals = &scenario.ask(&traeger(), &case("")).await["case"]["goals"];
        assert_eq!(goals[0]["steps"][0], json!({"text": "Antrag stellen", "responsible": "Stelle jobcenter", "agency": {"slug": "jobcenter"},
            "agencyKind": null, "dueOn": "2026-12-01", "state": "OPEN"}));
        assert_eq!((&goals[0]["steps"][2]["agencyKind"], &goals[0]["steps"][2]["state"], &goals[1]["text"]),
            (&json!("AGENTUR_FUER_ARBEIT"), &json!("DROPPED"), &json!("Wohnung")));
        let wrong = json!({"goals": [{"text": "a", "steps": [{"text": "b", "responsible": {"agencyId": encode(Kind::Agency, Uuid::now_v7())}}]}]});
        assert_eq!(refused(&scenario, "setPlan", at(&planned, wrong)).await.0, "BAD_INPUT");

        // An edit of the case does not change the handover.
        let edited = done(&scenario, "updateCase", at(&planned, json!({"record": {"familyName": "Neuname", "city": "Bonn"}})), SHOWN).await;
        assert_eq!(edited["version"], 3);
        assert_eq!(scenario.ask(&clerk, &handed_over).await, before);
        scenario.done(&traeger(), "changeHandover", on(&accepted, json!({"add": ["PLAN_STEPS"], "refresh": ["FAMILY_NAME"]}))).await;
        let after = &scenario.ask(&clerk, &handed_over).await["referral"]["handover"];
        assert_eq!((&after["familyName"], &after["city"]), (&json!("Neuname"), &before["referral"]["handover"]["city"]));
        assert_eq!(after["planSteps"], json!([{"goal": "Arbeit", "step": "Antrag stellen", "responsible": "Stelle jobcenter", "dueOn": "2026-12-01"}]));
        scenario.server.stop().await;
    }

    async fn a_case_with_open_referrals_is_closed_only_if_they_are_withdrawn(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let id = scenario.case(scenario.jobcenter, ReferralPurpose::BenefitApplication, Some(ConsentSpec::whole())).await;
        let input = json!({"caseId": id, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": "BENEFIT_APPLICATION", "kind": "TRANSFER"});
        let draft = scenario.done(&traeger(), "draftReferral", input.clone()).await;
        let case = json!({"id": id, "version": 1});
        assert_eq!(refused(&scenario, "closeCase", at(&case, json!({"reason": "MOVED"}))).await.0, "ACTION_NOT_ALLOWED", "a draft");
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        let (code, text) = refused(&scenario, "closeCase", at(&case, json!({"reason": "MOVED"}))).await;
        assert!(code == "ACTION_NOT_ALLOWED" && text.contains("(1)") && text.contains("withdrawReferrals"), "{text}");
        let closed = scenario.ask(&traeger(), &format!("{{ case(id: {}) {{ version closedOn }} }}", json!(id))).await;
        assert_eq!(closed["case"], json!({"version": 1, "closedOn": null}), "nothing was changed");

        let second = scenario.done(&traeger(), "draftReferral", input).await;
        let read = format!("{SHOWN} referrals {{ id status withdrawalReason }}");
        let closed = done(&scenario, "closeCase", at(&case, json!({"reason": "MOVED", "withdrawReferrals": true})), &read).await;
        assert_eq!(closed["referrals"], json!([{"id": offered["id"], "status": "WITHDRAWN", "withdrawalReason": "MOVED"}]));
        let withdrawn = json!({"id": offered["id"], "version": 3});
        let again = on(&withdrawn, json!({"acknowledgeReportingDuty": true}));
        assert_eq!(scenario.refused(&traeger(), "offerAgain", again).await, "ACTION_NOT_ALLOWED", "nothing is offered from a closed case");
        let actions = scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ availableActions }} }}", offered["id"])).await;
        assert_eq!(actions["referral"]["availableActions"], json!([]), "an impossible action is not listed as available");
        assert_eq!(scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ id }} }}", second["id"])).await["referral"], Value::Null);
        let seen = scenario.ask(&jobcenter(), &format!("{{ referral(id: {}) {{ handover {{ familyName withheld {{ reason }} }} }} }}", offered["id"])).await;
        assert_eq!(seen["referral"]["handover"]["familyName"], Value::Null);
        scenario.server.stop().await;
    }

    async fn a_token_limited_to_purposes_cannot_start_or_end_referrals_it_does_not_see(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let id = scenario.case(scenario.jobcenter, ReferralPurpose::BenefitApplication, Some(ConsentSpec::whole())).await;
        let draft = json!({"caseId": id, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": "BENEFIT_APPLICATION"});
        let mut narrow = claims("traeger", Role::CaseManager);
        narrow["purposes"] = json!(["TITLE_EXTENSION"]);
        let narrow = sign(&narrow);
        assert_eq!(scenario.refused(&narrow, "draftReferral", draft.clone()).await, "ACTION_NOT_ALLOWED");
        let referrals = format!("{{ case(id: {}) {{ referrals {{ id }} }} }}", json!(id));
        assert_eq!(scenario.ask(&traeger(), &referrals).await["case"]["referrals"], json!([]), "nothing was drafted");

        scenario.done(&traeger(), "draftReferral", draft).await;
        for withdraw in [false, true] {
            let input = at(&json!({"id": id, "version": 1}), json!({"reason": "MOVED", "withdrawReferrals": withdraw}));
            let answer = mutate(&scenario, &narrow, "closeCase", input, SHOWN).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "ACTION_NOT_ALLOWED", "{answer}");
            let text = error["message"].as_str().expect("a text");
            assert!(text.contains("Ihr Token") && !text.contains("(1)") && !text.contains("withdrawReferrals"), "{text}");
        }
        scenario.server.stop().await;
    }

    async fn a_started_transfer_continues_after_its_case_is_closed(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let sozialamt = world::add_agency(main, "05315000", "sozialamt", AgencyKind::Sozialamt).await;
        let id = scenario.case(scenario.jobcenter, ReferralPurpose::BenefitApplication, Some(ConsentSpec::whole())).await;
        let input = json!({"caseId": id, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": "BENEFIT_APPLICATION", "kind": "TRANSFER", "carriesApplication": true});
        let draft = scenario.done(&traeger(), "draftReferral", input).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        let accepted = scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        let case = json!({"id": id, "version": 1});
        let transferred = || at(&case, json!({"reason": "TRANSFERRED"}));
        assert_eq!(refused(&scenario, "closeCase", transferred()).await.0, "ACTION_NOT_ALLOWED", "an accepted transfer has not started yet");
        let started = scenario.done(&jobcenter(), "startReferral", on(&accepted, json!({}))).await;
        assert_eq!(refused(&scenario, "closeCase", at(&case, json!({"reason": "OTHER"}))).await.0, "ACTION_NOT_ALLOWED");
        let closed = done(&scenario, "closeCase", transferred(), &format!("{SHOWN} referrals {{ status }}")).await;
        assert_eq!((&closed["closedReason"], &closed["referrals"][0]["status"]), (&json!("TRANSFERRED"), &json!("IN_PROGRESS")));
        // The application cannot be forwarded: its sender can offer nothing from a closed case.
        let forward = json!({"toAgencyId": encode(Kind::Agency, sozialamt), "purpose": "SOCIAL_ASSISTANCE"});
        assert_eq!(scenario.refused(&jobcenter(), "forwardReferral", on(&started, forward)).await, "ACTION_NOT_ALLOWED");
        scenario.server.stop().await;
    }

    async fn an_interrupted_transfer_remains_its_receivers_responsibility(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let id = scenario.case(scenario.jobcenter, ReferralPurpose::BenefitApplication, Some(ConsentSpec::whole())).await;
        let input = json!({"caseId": id, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": "BENEFIT_APPLICATION", "kind": "TRANSFER"});
        let draft = scenario.done(&traeger(), "draftReferral", input).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await;
        let accepted = scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await;
        let started = scenario.done(&jobcenter(), "startReferral", on(&accepted, json!({}))).await;
        let responsible = format!("{{ referral(id: {}) {{ status responsible {{ slug }} consent {{ id }} }} }}", draft["id"]);
        let asked = scenario.done(&jobcenter(), "requestInformation", on(&started, json!({"question": "Seit wann?"}))).await;
        let seen = scenario.ask(&traeger(), &responsible).await["referral"].clone();
        assert_eq!((&seen["status"], &seen["responsible"]["slug"]), (&json!("INFO_REQUESTED"), &json!("jobcenter")));

        // A question or a suspension does not make the sender responsible again after the transfer started (§ 86c SGB VIII).
        let case = json!({"id": id, "version": 1});
        let transferred = json!({"reason": "TRANSFERRED", "withdrawReferrals": true});
        let closed = done(&scenario, "closeCase", at(&case, transferred), &format!("{SHOWN} referrals {{ status }}")).await;
        assert_eq!((&closed["closedReason"], &closed["referrals"][0]["status"]), (&json!("TRANSFERRED"), &json!("INFO_REQUESTED")));
        scenario.done(&traeger(), "answerInformation", on(&asked, json!({"answer": "Seit Mai."}))).await;
        consents::done(&scenario, "withdrawConsent", json!({"consentId": seen["consent"]["id"]})).await;
        let seen = scenario.ask(&traeger(), &responsible).await["referral"].clone();
        assert_eq!((&seen["status"], &seen["responsible"]["slug"]), (&json!("SUSPENDED"), &json!("jobcenter")));
        // A renewed consent resumes the suspended referral, although the case is closed.
        let renewed = json!({"consentId": seen["consent"]["id"], "given": consents::given(json!({}))});
        consents::done(&scenario, "renewConsent", renewed).await;
        assert_eq!(scenario.ask(&traeger(), &responsible).await["referral"]["status"], "IN_PROGRESS");
        scenario.server.stop().await;
    }
}
