//! What is recorded as a consent, and what is refused.

use kim_domain::agency::AgencyKind;
use kim_domain::calendar::Clock;
use kim_domain::field::HandoverField;
use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::raw;
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::{Scenario, on, traeger};
use crate::support::world::{ConsentSpec, in_days, today};

use super::{PURPOSE, done, given, refused, to_jobcenter};

on_both! {
    async fn an_invalid_consent_is_refused(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        for (change, fields) in [
            (json!({"fields": ["FAMILY_NAME", "CHILDCARE_NEEDED"]}), json!(["CHILDCARE_NEEDED"])),
            (json!({"ticked": ["TARGET_GROUP"], "art9": true}), json!(["TARGET_GROUP"])),
            (json!({"dataProtection": false, "releaseFromSecrecy": false}), Value::Null),
            (json!({"form": "ORAL"}), Value::Null),
            (json!({"validFrom": in_days(1)}), Value::Null),
            (json!({"validUntil": in_days(-1)}), Value::Null),
            (json!({"validUntil": in_days(800)}), Value::Null),
            (json!({"scanSha256": "12"}), Value::Null),
            (json!({"witness": "Nummer 12345BG0123456"}), Value::Null),
            (json!({"fields": []}), Value::Null),
        ] {
            let answer = refused(&scenario, "recordConsent", to_jobcenter(&scenario, &case, change.clone())).await;
            assert_eq!(answer, ("BAD_INPUT".to_owned(), fields), "{change}");
        }
        let oral = json!({"form": "ORAL", "formReason": "kann nicht schreiben", "witness": "Frau Beispiel", "scanSha256": "AB".repeat(32)});
        let (consent, _) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, oral)).await;
        let facts = scenario.ask(&traeger(), &format!("{{ node(id: {}) {{ ... on Consent {{ form formReason witness scanSha256 language interpreter guardian understands staff dataProtection }} }} }}", consent["id"])).await;
        assert_eq!(facts["node"], json!({"form": "ORAL", "formReason": "kann nicht schreiben", "witness": "Frau Beispiel",
            "scanSha256": "ab".repeat(32), "language": "ARABIC", "interpreter": true, "guardian": null, "understands": false,
            "staff": "test-person", "dataProtection": true}));
        scenario.server.stop().await;
    }

    async fn a_minors_consent_needs_a_guardian_or_a_minor_who_understands(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        let main = scenario.server.database.database.raw();
        let client = raw::persons(main).await.expect("persons").pop().expect("a client");
        let born = |day: &str| [(HandoverField::BirthDate, Some(day.to_owned()))];
        raw::update_person(main, &client, &born("2010-01-01")).await.expect("a minor");
        assert_eq!(refused(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await.0, "BAD_INPUT");
        let (consent, _) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({"guardian": "Mutter"}))).await;
        let (consent, _) = done(&scenario, "renewConsent", json!({"consentId": consent["id"], "given": given(json!({"understands": true}))})).await;
        // A child of three cannot consent, whatever is stated.
        raw::update_person(main, &client, &born("2023-01-01")).await.expect("a child");
        let alone = json!({"consentId": consent["id"], "given": given(json!({"understands": true}))});
        assert_eq!(refused(&scenario, "renewConsent", alone).await.0, "BAD_INPUT");
        done(&scenario, "renewConsent", json!({"consentId": consent["id"], "given": given(json!({"guardian": "Mutter"}))})).await;
        scenario.server.stop().await;
    }

    async fn no_consent_is_recorded_or_renewed_in_a_closed_case(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let case = scenario.case(scenario.jobcenter, PURPOSE, None).await;
        let (consent, _) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        let close = "mutation($input: CloseCaseInput!) { closeCase(input: $input) { case { closedOn } } }";
        let input = json!({"input": {"idempotencyKey": "close", "caseId": case, "expectedVersion": 1, "reason": "GOALS_REACHED"}});
        let closed = scenario.server.ask(&traeger(), close, &input).await;
        assert_eq!(closed["errors"], Value::Null, "{closed}");
        let renewal = json!({"consentId": consent["id"], "given": given(json!({}))});
        assert_eq!(refused(&scenario, "renewConsent", renewal).await.0, "ACTION_NOT_ALLOWED");
        assert_eq!(refused(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await.0, "ACTION_NOT_ALLOWED");
        done(&scenario, "withdrawConsent", json!({"consentId": consent["id"]})).await;
        scenario.server.stop().await;
    }

    async fn an_ended_consent_can_be_followed_by_a_new_one(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let spec = ConsentSpec { until: Some(in_days(-1)), ..ConsentSpec::whole() };
        let draft = scenario.draft(Some(spec)).await;
        let case = scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ case {{ id consents {{ state }} }} }} }}", draft["id"])).await["referral"]["case"].clone();
        assert_eq!(case["consents"], json!([{"state": "ENDED"}]));
        let case = case["id"].as_str().expect("an id").to_owned();
        let (_, referrals) = done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        assert_eq!(referrals.len(), 1);
        let fields = json!({"fields": ["FAMILY_NAME"]});
        assert_eq!(scenario.done(&traeger(), "offerReferral", on(&referrals[0], fields)).await["status"], "OFFERED");
        scenario.server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_reveals_a_disability_must_be_explicit_and_written() {
    let db = crate::support::database::fresh(crate::support::database::Backend::Sqlite).await;
    let office = crate::support::world::add_agency;
    crate::support::world::add_municipality(db.database.raw(), "05315000").await;
    let receiver = office(db.database.raw(), "05315000", "egh", AgencyKind::Eingliederungshilfe).await;
    let scenario = Scenario::begin_on(db, Clock::on(today())).await;
    let purpose = ReferralPurpose::ParticipationSupport;
    let case = scenario.case(receiver, purpose, None).await;
    let input = |change: Value| json!({"caseId": case, "receiverId": encode(Kind::Agency, receiver), "purpose": purpose.code(), "given": given(change)});
    assert_eq!(refused(&scenario, "recordConsent", input(json!({}))).await.0, "BAD_INPUT");
    let oral = json!({"art9": true, "form": "ORAL", "formReason": "a", "witness": "b"});
    assert_eq!(refused(&scenario, "recordConsent", input(oral)).await.0, "BAD_INPUT");
    done(&scenario, "recordConsent", input(json!({"art9": true, "ticked": ["DISABILITY"], "form": "ELECTRONIC"})))
        .await;
    scenario.server.stop().await;
}
