//! What recording, renewing and withdrawing a consent does to referrals.

use kim_domain::id::{Kind, encode};
use kim_entity::agency;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::{Scenario, on, traeger};
use crate::support::world::{ConsentSpec, in_days};

use super::{PURPOSE, done, given, refused, seen, to_jobcenter};

on_both! {
    async fn a_recorded_consent_permits_offers_and_a_withdrawal_closes_them(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        let draft = scenario.done(&traeger(), "draftReferral",
            json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": PURPOSE.code(), "fields": ["FAMILY_NAME", "BIRTH_DATE", "PHONE"]})).await;
        assert_eq!(scenario.refused(&traeger(), "offerReferral", on(&draft, json!({}))).await, "NO_LEGAL_GROUND");

        let (consent, referrals) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        assert_eq!((&consent["state"], &consent["validUntil"]), (&json!("IN_FORCE"), &json!("2027-11-20")), "twelve months");
        assert_eq!(consent["releaseOn"], json!("2026-11-20"));
        assert_eq!(consent["history"][0]["step"], "RECORDED");
        assert_eq!(consent["history"][0]["staff"], "test-person");
        assert_eq!((referrals.len(), &referrals[0]["id"]), (1, &draft["id"]));
        let again = refused(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        assert_eq!(again.0, "ACTION_NOT_ALLOWED", "there is one already");

        let offered = scenario.done(&traeger(), "offerReferral", on(&referrals[0], json!({}))).await;
        assert!(seen(&scenario, &draft["id"]).await["handover"]["familyName"].is_string());

        let id = &consent["id"];
        let (withdrawn, referrals) = done(&scenario, "withdrawConsent", json!({"consentId": id})).await;
        assert_eq!(withdrawn["state"], "WITHDRAWN");
        assert!(withdrawn["withdrawnAt"].is_string());
        assert_eq!(referrals[0]["status"], "SUSPENDED");
        let after = seen(&scenario, &draft["id"]).await;
        assert_eq!((&after["status"], &after["handover"]["familyName"]), (&json!("SUSPENDED"), &Value::Null));
        assert_eq!(after["handover"]["withheld"][0]["reason"], "CLOSED");
        assert_eq!(refused(&scenario, "withdrawConsent", json!({"consentId": id})).await.0, "ILLEGAL_TRANSITION");

        let renewed = json!({"consentId": id, "given": given(json!({"validUntil": in_days(30)}))});
        let (renewal, referrals) = done(&scenario, "renewConsent", renewed.clone()).await;
        assert_eq!((&renewal["renews"], &renewal["validUntil"]), (id, &json!(in_days(30))));
        assert_eq!((&referrals[0]["status"], &referrals[0]["dueOn"]), (&json!("OFFERED"), &offered["dueOn"]));
        assert!(seen(&scenario, &draft["id"]).await["handover"]["familyName"].is_string());
        assert_eq!(refused(&scenario, "renewConsent", renewed).await.0, "ILLEGAL_TRANSITION", "only once");
        let listed = scenario.ask(&traeger(), &format!("{{ case(id: \"{case}\") {{ consents {{ id state receiver {{ slug }} history {{ step }} }} }} }}")).await;
        assert_eq!(listed["case"]["consents"], json!([
            {"id": renewal["id"], "state": "IN_FORCE", "receiver": {"slug": "jobcenter"}, "history": [{"step": "RECORDED"}]},
            {"id": id, "state": "WITHDRAWN", "receiver": {"slug": "jobcenter"},
             "history": [{"step": "RECORDED"}, {"step": "WITHDRAWN"}, {"step": "RENEWED"}]}]));
        scenario.server.stop().await;
    }

    async fn a_partial_withdrawal_closes_only_its_fields(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        let (consent, _) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({"ticked": ["CHILDCARE_NEEDED"]}))).await;
        let draft = scenario.done(&traeger(), "draftReferral",
            json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": PURPOSE.code(), "fields": ["FAMILY_NAME", "BIRTH_DATE"]})).await;
        scenario.done(&traeger(), "offerReferral", on(&draft, json!({}))).await;
        let id = &consent["id"];
        let foreign = refused(&scenario, "withdrawConsent", json!({"consentId": id, "fields": ["STREET"]})).await;
        assert_eq!(foreign, ("BAD_INPUT".to_owned(), json!(["STREET"])));
        assert_eq!(refused(&scenario, "withdrawConsent", json!({"consentId": id, "fields": []})).await.0, "BAD_INPUT");

        let (part, referrals) = done(&scenario, "withdrawConsent", json!({"consentId": id, "fields": ["BIRTH_DATE", "CHILDCARE_NEEDED"]})).await;
        assert_eq!((&part["state"], &part["ticked"]), (&json!("IN_FORCE"), &json!([])));
        assert_eq!(part["history"][1]["step"], "WITHDRAWN_IN_PART");
        assert_eq!(part["history"][1]["fields"], json!(["BIRTH_DATE", "CHILDCARE_NEEDED"]));
        assert_eq!((referrals.len(), &referrals[0]["status"]), (1, &json!("OFFERED")));
        let after = seen(&scenario, &draft["id"]).await;
        assert!(after["handover"]["familyName"].is_string(), "{after}");
        assert_eq!(after["handover"]["birthDate"], Value::Null, "{after}");
        assert!(after["handover"]["withheld"].as_array().expect("a list").contains(&json!({"field": "BIRTH_DATE", "reason": "NOT_OFFERED"})), "only the sender sees what was ticked");

        // Without any offered field the referral has no ground, although the consent has other fields.
        let (part, referrals) = done(&scenario, "withdrawConsent", json!({"consentId": id, "fields": ["FAMILY_NAME"]})).await;
        assert_eq!((&part["state"], &referrals[0]["status"]), (&json!("IN_FORCE"), &json!("SUSPENDED")));
        // Withdrawing the last field withdraws the whole consent.
        let (all, _) = done(&scenario, "withdrawConsent", json!({"consentId": id, "fields": ["GIVEN_NAME", "CITY", "PHONE"]})).await;
        assert_eq!(all["state"], "WITHDRAWN");
        scenario.server.stop().await;
    }

    async fn a_withdrawal_does_not_revive_an_older_consent(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, Some(ConsentSpec::whole())).await;
        let old = scenario.ask(&traeger(), &format!("{{ case(id: \"{case}\") {{ consents {{ id }} }} }}")).await["case"]["consents"][0]["id"].clone();
        let (new, _) = done(&scenario, "renewConsent", json!({"consentId": old, "given": given(json!({}))})).await;
        done(&scenario, "withdrawConsent", json!({"consentId": new["id"]})).await;
        let states = scenario.ask(&traeger(), &format!("{{ case(id: \"{case}\") {{ consents {{ state }} }} }}")).await;
        assert_eq!(states["case"]["consents"], json!([{"state": "WITHDRAWN"}, {"state": "WITHDRAWN"}]));
        let draft = scenario.done(&traeger(), "draftReferral",
            json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": PURPOSE.code()})).await;
        assert_eq!(scenario.refused(&traeger(), "offerReferral", on(&draft, json!({"acknowledgeReportingDuty": true}))).await, "NO_LEGAL_GROUND");
        // A new consent can be recorded afterwards.
        let (_, referrals) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        assert_eq!(referrals[0]["id"], draft["id"]);
        scenario.server.stop().await;
    }

    async fn a_renewed_consent_with_fewer_fields_closes_the_others(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        assert!(seen(&scenario, &offered["id"]).await["handover"]["birthDate"].is_string());
        let consent = scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ consent {{ id state }} }} }}", offered["id"])).await;
        let id = &consent["referral"]["consent"]["id"];
        let (_, referrals) = done(&scenario, "renewConsent", json!({"consentId": id, "given": given(json!({"fields": ["FAMILY_NAME"]}))})).await;
        assert_eq!(referrals[0]["status"], "OFFERED");
        let after = seen(&scenario, &offered["id"]).await;
        assert!(after["handover"]["familyName"].is_string() && after["handover"]["birthDate"].is_null(), "{after}");
        // Without the release from secrecy a Träger that is bound by § 203 StGB may not hand over anything.
        let newer = scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"])).await["referral"]["consent"]["id"].clone();
        let (_, referrals) = done(&scenario, "renewConsent", json!({"consentId": newer, "given": given(json!({"releaseFromSecrecy": false}))})).await;
        assert_eq!(referrals[0]["status"], "SUSPENDED");
        scenario.server.stop().await;
    }

    async fn a_repeated_withdrawal_gets_the_same_answer_and_changes_nothing(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let consent = scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"])).await["referral"]["consent"]["id"].clone();
        let input = json!({"consentId": consent, "idempotencyKey": "once"});
        let first = done(&scenario, "withdrawConsent", input.clone()).await;
        assert_eq!(done(&scenario, "withdrawConsent", input).await, first);
        let closings = agency::Entity::find_by_id(scenario.jobcenter).one(scenario.server.database.database.raw()).await.expect("a database");
        assert_eq!(closings.map(|row| row.closings), Some(1));
        scenario.server.stop().await;
    }
}
