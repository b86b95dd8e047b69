//! Only the sender changes a handover. Each copied field needs a ground.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::disclosure::{Stage, ceiling};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::id::{Kind, decode, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::{agency, change};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::consents::done as consented;
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::token;
use crate::support::world::{self, ConsentSpec, value};

/// An accepted referral to the Jobcenter with these fields, and its case. The client consented to all fields.
async fn accepted(scenario: &Scenario, fields: &[&str], more: Value) -> (Value, String) {
    let purpose = ReferralPurpose::BenefitApplication;
    let case = scenario.case(scenario.jobcenter, purpose, Some(ConsentSpec::whole())).await;
    let draft = json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": purpose.code(), "fields": fields});
    let draft = scenario.done(&traeger(), "draftReferral", draft).await;
    let offered = scenario.done(&traeger(), "offerReferral", on(&draft, more)).await;
    (scenario.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await, case)
}

/// Changes the record of a case in its first version.
async fn edit(scenario: &Scenario, case: &str, record: Value) {
    let query = "mutation($input: UpdateCaseInput!) { updateCase(input: $input) { case { version } } }";
    let input = json!({"idempotencyKey": Uuid::now_v7(), "caseId": case, "expectedVersion": 1, "record": record});
    let answer = scenario.server.ask(&traeger(), query, &json!({ "input": input })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
}

async fn seen(scenario: &Scenario, token: &str, referral: &Value) -> Value {
    let read = format!(
        "{{ referral(id: {}) {{ version handover {{ familyName phone email concern nationalities {{ code }} workPermission aufenthaltstitel }} \
         events {{ totalCount nodes {{ changedFields {{ field change }} }} }} }} }}",
        referral["id"]
    );
    scenario.ask(token, &read).await["referral"].clone()
}

on_both! {
    async fn residence_data_goes_to_a_public_body_only_after_the_sender_acknowledges_the_reporting_duty(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        // Every client in these tests has an expired residence title. This offer contains no field about it.
        let (accepted, case) = accepted(&scenario, &["CONCERN", "FAMILY_NAME", "BIRTH_DATE"], json!({})).await;
        let knowing = |mut input: Value| { input["acknowledgeReportingDuty"] = json!(true); on(&accepted, input) };
        for field in ["AUFENTHALTSTITEL", "AUFENTHALTSTITEL_VALID_UNTIL", "NATIONALITIES", "WOHNSITZAUFLAGE", "WORK_PERMISSION", "IN_GERMANY_SINCE"] {
            let answer = scenario.mutate(&traeger(), "changeHandover", on(&accepted, json!({"add": [field]}))).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_INPUT", "{field}: {answer}");
            assert!(error["message"].as_str().is_some_and(|text| text.contains("§ 87") && text.contains("acknowledgeReportingDuty")), "{answer}");
        }
        assert_eq!(seen(&scenario, &jobcenter(), &accepted).await["version"], accepted["version"], "nothing was handed over");
        let added = scenario.done(&traeger(), "changeHandover", knowing(json!({"add": ["WORK_PERMISSION", "NATIONALITIES", "AUFENTHALTSTITEL"]}))).await;
        assert_ne!(seen(&scenario, &jobcenter(), &accepted).await["handover"]["workPermission"], Value::Null);

        // Only a changed value of such a field needs the acknowledgement, not an unchanged one and not another field.
        edit(&scenario, &case, json!({"nationalities": ["IQ"], "phone": "0221 111222"})).await;
        let same = scenario.done(&traeger(), "changeHandover", on(&added, json!({"refresh": ["WORK_PERMISSION"], "add": ["PHONE"]}))).await;
        assert_eq!(scenario.refused(&traeger(), "changeHandover", on(&same, json!({"refresh": ["NATIONALITIES"]}))).await, "BAD_INPUT");
        let known = json!({"refresh": ["NATIONALITIES"], "acknowledgeReportingDuty": true});
        let last = scenario.done(&traeger(), "changeHandover", on(&same, known)).await;
        assert_eq!(seen(&scenario, &jobcenter(), &accepted).await["handover"]["nationalities"], json!([{"code": "IQ"}]));

        // Accepting a correction copies the value too.
        let wrong = json!({"field": "NATIONALITIES", "text": "Laut Pass anders."});
        let reported = scenario.done(&jobcenter(), "reportWrongValue", on(&last, wrong)).await;
        let id = format!("{{ case(id: {}) {{ version }} referral(id: {}) {{ corrections {{ nodes {{ id }} }} }} }}", json!(case), accepted["id"]);
        let found = scenario.ask(&traeger(), &id).await;
        let update = "mutation($input: UpdateCaseInput!) { updateCase(input: $input) { case { version } } }";
        let input = json!({"idempotencyKey": "fix", "caseId": case, "expectedVersion": found["case"]["version"], "record": {"nationalities": ["AF"]}});
        scenario.server.ask(&traeger(), update, &json!({ "input": input })).await;
        let mut decide = on(&reported, json!({"decision": "ACCEPTED"}));
        decide["correctionId"] = found["referral"]["corrections"]["nodes"][0]["id"].clone();
        assert_eq!(scenario.refused(&traeger(), "decideCorrection", decide.clone()).await, "BAD_INPUT");
        decide["acknowledgeReportingDuty"] = json!(true);
        scenario.done(&traeger(), "decideCorrection", decide).await;
        scenario.server.stop().await;
    }

    async fn a_client_is_found_by_the_values_of_the_handover_and_not_of_the_case(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let (accepted, case) = accepted(&scenario, &["CONCERN", "FAMILY_NAME", "BIRTH_DATE", "PHONE"], json!({})).await;
        let (old, born) = (value(1, F::FamilyName), value(1, F::BirthDate));
        edit(&scenario, &case, json!({"familyName": "Geheimnisname"})).await;
        let found = async |name: &str| {
            let query = format!("{{ referrals(filter: {{client: {{familyName: \"{name}\", birthDate: \"{born}\"}}}}) {{ totalCount }} }}");
            scenario.ask(&jobcenter(), &query).await["referrals"]["totalCount"].as_i64().expect("a count")
        };
        let narrowed = scenario.done(&traeger(), "changeHandover", on(&accepted, json!({"remove": ["PHONE"]}))).await;
        assert_eq!(seen(&scenario, &jobcenter(), &accepted).await["handover"]["familyName"], json!(old));
        assert_eq!((found(&old).await, found("Geheimnisname").await), (1, 0));
        let refreshed = scenario.done(&traeger(), "changeHandover", on(&narrowed, json!({"refresh": ["FAMILY_NAME"]}))).await;
        assert_eq!((found(&old).await, found("Geheimnisname").await), (0, 1));
        let taken = scenario.done(&traeger(), "changeHandover", on(&refreshed, json!({"remove": ["BIRTH_DATE"]}))).await;
        assert_eq!(found("Geheimnisname").await, 0);
        scenario.done(&traeger(), "changeHandover", on(&taken, json!({"add": ["BIRTH_DATE"]}))).await;
        assert_eq!((found(&old).await, found("Geheimnisname").await), (0, 1));
        scenario.server.stop().await;
    }

    async fn a_receiver_that_can_also_send_learns_nothing_about_the_consent(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let other = agency::Entity::find().filter(agency::Column::Slug.eq("other")).one(main).await.expect("a database").expect("a Träger").id;
        let purpose = ReferralPurpose::CaseManagement;
        let fields = ceiling(AgencyKind::Traeger, Stage::Full);
        world::insert_agreement(main, world::agreement("05315000", other, purpose, fields, FieldSet::EMPTY)).await;
        let consent = ConsentSpec { fields: FieldSet::of(&[F::Concern, F::Phone]), ticked: FieldSet::EMPTY, ..ConsentSpec::whole() };
        let case = scenario.case(other, purpose, Some(consent)).await;
        let draft = json!({"caseId": case, "receiverId": encode(Kind::Agency, other), "purpose": purpose.code(), "fields": ["CONCERN"]});
        let draft = scenario.done(&traeger(), "draftReferral", draft).await;
        let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({}))).await;
        let receiver = token("other", Role::CaseManager);
        let told = async |field: &str| {
            let answer = scenario.mutate(&receiver, "changeHandover", on(&offered, json!({"add": [field]}))).await;
            answer["errors"][0]["extensions"].clone()
        };
        for field in ["PHONE", "EMAIL", "CONCERN"] {
            assert_eq!(told(field).await, json!({"code": "ACTION_NOT_ALLOWED"}), "{field}");
        }
        for (mutation, more) in [("offerReferral", json!({"fields": ["PHONE"]})), ("offerReferral", json!({"fields": ["EMAIL"]})), ("offerAgain", json!({})),
            ("withdrawReferral", json!({"reason": "MOVED"})), ("answerInformation", json!({"answer": "a"})), ("discardReferral", json!({}))] {
            assert_eq!(scenario.refused(&receiver, mutation, on(&offered, more)).await, "ACTION_NOT_ALLOWED", "{mutation}");
        }
        let forward = json!({"toAgencyId": encode(Kind::Agency, scenario.jobcenter), "purpose": "TITLE_EXTENSION"});
        assert_eq!(scenario.refused(&traeger(), "forwardReferral", on(&offered, forward)).await, "ACTION_NOT_ALLOWED");
        scenario.server.stop().await;
    }

    async fn a_copied_field_needs_a_ground_even_if_it_was_handed_over_before(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let (accepted, case) = accepted(&scenario, &["CONCERN", "FAMILY_NAME", "PHONE"], json!({})).await;
        let query = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", accepted["id"]);
        let consent = scenario.ask(&traeger(), &query).await["referral"]["consent"]["id"].clone();
        consented(&scenario, "withdrawConsent", json!({"consentId": consent, "fields": ["PHONE", "CONCERN"]})).await;
        edit(&scenario, &case, json!({"phone": "0221 111222"})).await;
        for input in [json!({"add": ["PHONE"]}), json!({"refresh": ["PHONE"]}), json!({"refresh": ["FAMILY_NAME", "PHONE"]})] {
            let answer = scenario.mutate(&traeger(), "changeHandover", on(&accepted, input.clone())).await;
            assert_eq!(answer["errors"][0]["extensions"], json!({"code": "NO_LEGAL_GROUND", "fields": ["PHONE"]}), "{input}: {answer}");
        }
        assert_eq!(scenario.refused(&traeger(), "changeHandover", on(&accepted, json!({"concern": "Etwas anderes."}))).await, "NO_LEGAL_GROUND");
        for input in [json!({"refresh": ["EMAIL"]}), json!({"refresh": ["PHONE"], "remove": ["PHONE"]})] {
            assert_eq!(scenario.refused(&traeger(), "changeHandover", on(&accepted, input.clone())).await, "BAD_INPUT", "{input}");
        }

        // A change without effect succeeds, and creates no version for either side.
        let before = seen(&scenario, &jobcenter(), &accepted).await;
        for input in [json!({}), json!({"add": ["FAMILY_NAME"]}), json!({"refresh": ["FAMILY_NAME"]}), json!({"remove": ["EMAIL"]})] {
            let same = scenario.done(&traeger(), "changeHandover", on(&accepted, input.clone())).await;
            assert_eq!(same["version"], accepted["version"], "{input}");
        }
        assert_eq!(seen(&scenario, &jobcenter(), &accepted).await, before);
        let narrowed = scenario.done(&traeger(), "changeHandover", on(&accepted, json!({"remove": ["PHONE"]}))).await;
        assert_ne!(narrowed["version"], accepted["version"], "a field without a ground can be removed");
        scenario.server.stop().await;
    }

    async fn a_change_of_a_draft_does_not_notify_its_receiver(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let draft = scenario.draft(Some(ConsentSpec::whole())).await;
        let changed = scenario.done(&traeger(), "changeHandover", on(&draft, json!({"remove": ["PHONE"], "concern": "Kurz."}))).await;
        assert_ne!(changed["version"], draft["version"]);
        let (_, id) = decode(draft["id"].as_str().expect("an id")).expect("an id");
        let told = change::Entity::find().filter(change::Column::ReferralId.eq(id)).all(scenario.server.database.database.raw()).await.expect("changes");
        assert!(told.len() == 2 && told.iter().all(|change| change.agency_id == scenario.traeger), "{told:?}");
        scenario.server.stop().await;
    }
}
