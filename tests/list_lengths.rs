//! Lists without pages are never cut: whoever would add too much is refused.

use kim_casework::list_length::MAX_ROWS;
use kim_domain::id::{decode, new_uuid};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::{appointment, consent, eligibility_decision, referral, talk};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cases::{at, done, refused};
use crate::consents::{self, given, to_jobcenter};
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::world::{ConsentSpec, insert, today};

/// How many rows a list gets beside the one that is added over the API.
const BESIDE: i64 = MAX_ROWS - 1;

fn id_of(shown: &Value) -> Uuid {
    decode(shown["id"].as_str().expect("an id")).expect("an id").1
}

fn length(list: &Value) -> i64 {
    i64::try_from(list.as_array().expect("a list").len()).expect("a length")
}

on_both! {
    async fn meetings_are_listed_in_whole_and_have_a_maximum_for_each_side(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let (main, referral) = (scenario.server.database.database.raw(), scenario.offered().await);
        let (referral_id, agency_id) = (id_of(&referral), scenario.jobcenter);
        let appointments = (0..BESIDE).map(|place| {
            let bring = None;
            appointment::Model { id: new_uuid(), referral_id, agency_id, staff: None, acting_for: None, at: place, place: "Raum 1".into(), bring, created_at: 0 }
        });
        insert::<appointment::Entity, _>(main, appointments.map(Into::into).collect::<Vec<appointment::ActiveModel>>()).await;
        let talks = (0..BESIDE).map(|_| {
            let (held_on, participants) = (today(), "[]".to_owned());
            talk::Model { id: new_uuid(), referral_id, agency_id, staff: None, acting_for: None, held_on, participants, client_took_part: true, created_at: 0 }
        });
        insert::<talk::Entity, _>(main, talks.map(Into::into).collect::<Vec<talk::ActiveModel>>()).await;

        let met = json!({"at": "2026-12-01T09:00:00Z", "place": "Raum 12"});
        let talked = json!({"heldOn": "2026-11-19", "participants": ["Fachkraft"], "clientTookPart": true});
        let last = scenario.done(&jobcenter(), "recordAppointment", on(&referral, met.clone())).await;
        let last = scenario.done(&jobcenter(), "recordTalk", on(&last, talked.clone())).await;
        assert_eq!(scenario.refused(&jobcenter(), "recordAppointment", on(&last, met.clone())).await, "ACTION_NOT_ALLOWED");
        assert_eq!(scenario.refused(&jobcenter(), "recordTalk", on(&last, talked.clone())).await, "ACTION_NOT_ALLOWED");
        // The other side has its own maximum, so that it does not learn how many there are.
        let last = scenario.done(&traeger(), "recordAppointment", on(&last, met)).await;
        scenario.done(&traeger(), "recordTalk", on(&last, talked)).await;
        let query = format!("{{ referral(id: {}) {{ appointments {{ place }} talks {{ heldOn }} }} }}", referral["id"]);
        let listed = scenario.ask(&jobcenter(), &query).await;
        assert_eq!((length(&listed["referral"]["appointments"]), length(&listed["referral"]["talks"])), (MAX_ROWS + 1, MAX_ROWS + 1));
        scenario.server.stop().await;
    }

    async fn decisions_are_listed_in_whole_and_have_a_maximum(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let (main, case) = (scenario.server.database.database.raw(), scenario.case(scenario.jobcenter, ReferralPurpose::BenefitApplication, None).await);
        let case = scenario.ask(&traeger(), &format!("{{ case(id: {case:?}) {{ id version }} }}")).await["case"].clone();
        let (case_id, agency_id) = (id_of(&case), scenario.traeger);
        let decisions = (0..BESIDE).map(|at| eligibility_decision::Model {
            id: new_uuid(),
            case_id,
            agency_id,
            staff: None,
            acting_for: None,
            at,
            decided_on: today(),
            reference_date: today(),
            rule_set: "koeln-2023".to_owned(),
            rule_set_version: 1,
            // An admission after fifty refusals still binds later decisions.
            eligible: at == BESIDE - 1,
            groups: "[]".to_owned(),
            findings: "[]".to_owned(),
            statements: "{}".to_owned(),
            explanation: None,
        });
        insert::<eligibility_decision::Entity, _>(main, decisions.map(Into::into).collect::<Vec<eligibility_decision::ActiveModel>>()).await;
        let query = format!("{{ case(id: {}) {{ admission {{ ruleSet {{ id }} }} eligibilityDecisions {{ eligible }} }} }}", case["id"]);
        let listed = scenario.ask(&traeger(), &query).await;
        assert_eq!(listed["case"]["admission"]["ruleSet"]["id"], "koeln-2023");
        assert_eq!(length(&listed["case"]["eligibilityDecisions"]), BESIDE);

        let decision = json!({"eligible": false, "explanation": "Keine Einwilligung in das Case Management"});
        let last = done(&scenario, "decideEligibility", at(&case, decision.clone()), "id version").await;
        assert_eq!(refused(&scenario, "decideEligibility", at(&last, decision)).await.0, "ACTION_NOT_ALLOWED");
        assert_eq!(length(&scenario.ask(&traeger(), &query).await["case"]["eligibilityDecisions"]), MAX_ROWS);
        scenario.server.stop().await;
    }

    async fn consents_of_a_client_are_listed_in_whole_and_have_a_maximum(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let case = scenario.case(scenario.jobcenter, ReferralPurpose::BenefitApplication, None).await;
        let (first, _) = consents::done(&scenario, "recordConsent", to_jobcenter(&scenario, &case, json!({}))).await;
        let row = consent::Entity::find_by_id(id_of(&first)).one(main).await.expect("a database").expect("the consent");
        let others = (1..BESIDE).map(|_| consent::Model { id: new_uuid(), withdrawn_at: Some(row.created_at), ..row.clone() });
        insert::<consent::Entity, _>(main, others.map(Into::into).collect::<Vec<consent::ActiveModel>>()).await;

        let renewal = |id: &Value| json!({"consentId": id, "given": given(json!({}))});
        let (last, _) = consents::done(&scenario, "renewConsent", renewal(&first["id"])).await;
        assert_eq!(consents::refused(&scenario, "renewConsent", renewal(&last["id"])).await.0, "ACTION_NOT_ALLOWED");
        // A withdrawal adds none. It is possible whatever the number is.
        consents::done(&scenario, "withdrawConsent", json!({"consentId": last["id"]})).await;
        let another = to_jobcenter(&scenario, &case, json!({}));
        assert_eq!(consents::refused(&scenario, "recordConsent", another).await.0, "ACTION_NOT_ALLOWED");
        let listed = scenario.ask(&traeger(), &format!("{{ case(id: {case:?}) {{ consents {{ id }} }} }}")).await;
        assert_eq!(length(&listed["case"]["consents"]), MAX_ROWS);
        scenario.server.stop().await;
    }

    async fn referrals_of_a_case_are_listed_in_whole_and_have_a_maximum(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let purpose = ReferralPurpose::BenefitApplication;
        let case = scenario.case(scenario.jobcenter, purpose, Some(ConsentSpec::whole())).await;
        let receiver = kim_domain::id::encode(kim_domain::id::Kind::Agency, scenario.jobcenter);
        let input = json!({"caseId": case, "receiverId": receiver, "purpose": purpose.code()});
        let draft = scenario.done(&traeger(), "draftReferral", input.clone()).await;
        let row = referral::Entity::find_by_id(id_of(&draft)).one(main).await.expect("a database").expect("the draft");
        let others = (1..MAX_ROWS).map(|place| referral::Model { id: new_uuid(), reference: format!("KIM-{place}"), ..row.clone() });
        insert::<referral::Entity, _>(main, others.map(Into::into).collect::<Vec<referral::ActiveModel>>()).await;

        assert_eq!(scenario.refused(&traeger(), "draftReferral", input).await, "ACTION_NOT_ALLOWED");
        let listed = scenario.ask(&traeger(), &format!("{{ case(id: {case:?}) {{ referrals {{ id }} }} }}")).await;
        assert_eq!(length(&listed["case"]["referrals"]), MAX_ROWS);
        scenario.server.stop().await;
    }
}
