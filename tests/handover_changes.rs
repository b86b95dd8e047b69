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
use crate::support::play::{Play, jobcenter, on, traeger};
use crate::support::server::token;
use crate::support::world::{self, ConsentSpec, value};

/// An accepted referral to the Jobcenter with these fields, and its case. The client consented to all fields.
async fn accepted(play: &Play, fields: &[&str], more: Value) -> (Value, String) {
    let purpose = ReferralPurpose::BenefitApplication;
    let case = play.case(play.jobcenter, purpose, Some(ConsentSpec::whole())).await;
    let draft = json!({"caseId": case, "receiverId": encode(Kind::Agency, play.jobcenter), "purpose": purpose.code(), "fields": fields});
    let draft = play.done(&traeger(), "draftReferral", draft).await;
    let offered = play.done(&traeger(), "offerReferral", on(&draft, more)).await;
    (play.done(&jobcenter(), "acceptReferral", on(&offered, json!({}))).await, case)
}

/// Changes the record of a case in its first version.
async fn edit(play: &Play, case: &str, record: Value) {
    let query = "mutation($input: UpdateCaseInput!) { updateCase(input: $input) { case { version } } }";
    let input = json!({"idempotencyKey": Uuid::now_v7(), "caseId": case, "expectedVersion": 1, "record": record});
    let answer = play.server.ask(&traeger(), query, &json!({ "input": input })).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
}

async fn seen(play: &Play, token: &str, referral: &Value) -> Value {
    let read = format!(
        "{{ referral(id: {}) {{ version handover {{ familyName phone email concern nationalities {{ code }} workPermission aufenthaltstitel }} \
         events {{ totalCount nodes {{ changedFields {{ field change }} }} }} }} }}",
        referral["id"]
    );
    play.ask(token, &read).await["referral"].clone()
}

on_both! {
    async fn residence_data_goes_to_a_public_body_only_after_the_sender_acknowledges_the_reporting_duty(db: TestDatabase) {
        let play = Play::begin(db).await;
        // Every client in these tests has an expired residence title. This offer contains no field about it.
        let (accepted, case) = accepted(&play, &["CONCERN", "FAMILY_NAME", "BIRTH_DATE"], json!({})).await;
        let knowing = |mut input: Value| { input["acknowledgeReportingDuty"] = json!(true); on(&accepted, input) };
        for field in ["AUFENTHALTSTITEL", "AUFENTHALTSTITEL_VALID_UNTIL", "NATIONALITIES", "WOHNSITZAUFLAGE", "WORK_PERMISSION", "IN_GERMANY_SINCE"] {
            let answer = play.mutate(&traeger(), "changeHandover", on(&accepted, json!({"add": [field]}))).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_INPUT", "{field}: {answer}");
            assert!(error["message"].as_str().is_some_and(|text| text.contains("§ 87") && text.contains("acknowledgeReportingDuty")), "{answer}");
        }
        assert_eq!(seen(&play, &jobcenter(), &accepted).await["version"], accepted["version"], "nothing was handed over");
        let added = play.done(&traeger(), "changeHandover", knowing(json!({"add": ["WORK_PERMISSION", "NATIONALITIES", "AUFENTHALTSTITEL"]}))).await;
        assert_ne!(seen(&play, &jobcenter(), &accepted).await["handover"]["workPermission"], Value::Null);

        // Only a changed value of such a field needs the acknowledgement, not an unchanged one and not another field.
        edit(&play, &case, json!({"nationalities": ["IQ"], "phone": "0221 111222"})).await;
        let same = play.done(&traeger(), "changeHandover", on(&added, json!({"refresh": ["WORK_PERMISSION"], "add": ["PHONE"]}))).await;
        assert_eq!(play.refused(&traeger(), "changeHandover", on(&same, json!({"refresh": ["NATIONALITIES"]}))).await, "BAD_INPUT");
        let known = json!({"refresh": ["NATIONALITIES"], "acknowledgeReportingDuty": true});
        let last = play.done(&traeger(), "changeHandover", on(&same, known)).await;
        assert_eq!(seen(&play, &jobcenter(), &accepted).await["handover"]["nationalities"], json!([{"code": "IQ"}]));

        // Accepting a correction copies the value too.
        let wrong = json!({"field": "NATIONALITIES", "text": "Laut Pass anders."});
        let reported = play.done(&jobcenter(), "reportWrongValue", on(&last, wrong)).await;
        let id = format!("{{ case(id: {}) {{ version }} referral(id: {}) {{ corrections {{ nodes {{ id }} }} }} }}", json!(case), accepted["id"]);
        let found = play.ask(&traeger(), &id).await;
        let update = "mutation($input: UpdateCaseInput!) { updateCase(input: $input) { case { version } } }";
        let input = json!({"idempotencyKey": "fix", "caseId": case, "expectedVersion": found["case"]["version"], "record": {"nationalities": ["AF"]}});
        play.server.ask(&traeger(), update, &json!({ "input": input })).await;
        let mut decide = on(&reported, json!({"decision": "ACCEPTED"}));
        decide["correctionId"] = found["referral"]["corrections"]["nodes"][0]["id"].clone();
        assert_eq!(play.refused(&traeger(), "decideCorrection", decide.clone()).await, "BAD_INPUT");
        decide["acknowledgeReportingDuty"] = json!(true);
        play.done(&traeger(), "decideCorrection", decide).await;
        play.server.stop().await;
    }

    async fn a_client_is_found_by_the_values_of_the_handover_and_not_of_the_case(db: TestDatabase) {
        let play = Play::begin(db).await;
        let (accepted, case) = accepted(&play, &["CONCERN", "FAMILY_NAME", "BIRTH_DATE", "PHONE"], json!({})).await;
        let (old, born) = (value(1, F::FamilyName), value(1, F::BirthDate));
        edit(&play, &case, json!({"familyName": "Geheimnisname"})).await;
        let found = async |name: &str| {
            let query = format!("{{ referrals(filter: {{client: {{familyName: \"{name}\", birthDate: \"{born}\"}}}}) {{ totalCount }} }}");
            play.ask(&jobcenter(), &query).await["referrals"]["totalCount"].as_i64().expect("a count")
        };
        let narrowed = play.done(&traeger(), "changeHandover", on(&accepted, json!({"remove": ["PHONE"]}))).await;
        assert_eq!(seen(&play, &jobcenter(), &accepted).await["handover"]["familyName"], json!(old));
        assert_eq!((found(&old).await, found("Geheimnisname").await), (1, 0));
        let refreshed = play.done(&traeger(), "changeHandover", on(&narrowed, json!({"refresh": ["FAMILY_NAME"]}))).await;
        assert_eq!((found(&old).await, found("Geheimnisname").await), (0, 1));
        let taken = play.done(&traeger(), "changeHandover", on(&refreshed, json!({"remove": ["BIRTH_DATE"]}))).await;
        assert_eq!(found("Geheimnisname").await, 0);
        play.done(&traeger(), "changeHandover", on(&taken, json!({"add": ["BIRTH_DATE"]}))).await;
        assert_eq!((found(&old).await, found("Geheimnisname").await), (0, 1));
        play.server.stop().await;
    }

    async fn a_receiver_that_can_also_send_learns_nothing_about_the_consent(db: TestDatabase) {
        let play = Play::begin(db).await;
        let main = play.server.database.database.raw();
        let other = agency::Entity::find().filter(agency::Column::Slug.eq("other")).one(main).await.expect("a database").expect("a Träger").id;
        let purpose = ReferralPurpose::CaseManagement;
        let fields = ceiling(AgencyKind::Traeger, Stage::Full);
        world::insert_agreement(main, world::agreement("05315000", other, purpose, fields, FieldSet::EMPTY)).await;
        let consent = ConsentSpec { fields: FieldSet::of(&[F::Concern, F::Phone]), ticked: FieldSet::EMPTY, ..ConsentSpec::whole() };
        let case = play.case(other, purpose, Some(consent)).await;
        let draft = json!({"caseId": case, "receiverId": encode(Kind::Agency, other), "purpose": purpose.code(), "fields": ["CONCERN"]});
        let draft = play.done(&traeger(), "draftReferral", draft).await;
        let offered = play.done(&traeger(), "offerReferral", on(&draft, json!({}))).await;
        let receiver = token("other", Role::CaseManager);
        let told = async |field: &str| {
            let answer = play.mutate(&receiver, "changeHandover", on(&offered, json!({"add": [field]}))).await;
            answer["errors"][0]["extensions"].clone()
        };
        for field in ["PHONE", "EMAIL", "CONCERN"] {
            assert_eq!(told(field).await, json!({"code": "ACTION_NOT_ALLOWED"}), "{field}");
        }
        for (mutation, more) in [("offerReferral", json!({"fields": ["PHONE"]})), ("offerReferral", json!({"fields": ["EMAIL"]})), ("offerAgain", json!({})),
            ("withdrawReferral", json!({"reason": "MOVED"})), ("answerInformation", json!({"answer": "a"})), ("discardReferral", json!({}))] {
            assert_eq!(play.refused(&receiver, mutation, on(&offered, more)).await, "ACTION_NOT_ALLOWED", "{mutation}");
        }
        let forward = json!({"toAgencyId": encode(Kind::Agency, play.jobcenter), "purpose": "TITLE_EXTENSION"});
        assert_eq!(play.refused(&traeger(), "forwardReferral", on(&offered, forward)).await, "ACTION_NOT_ALLOWED");
        play.server.stop().await;
    }

    async fn a_copied_field_needs_a_ground_even_if_it_was_handed_over_before(db: TestDatabase) {
        let play = Play::begin(db).await;
        let (accepted, case) = accepted(&play, &["CONCERN", "FAMILY_NAME", "PHONE"], json!({})).await;
        let query = format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", accepted["id"]);
        let consent = play.ask(&traeger(), &query).await["referral"]["consent"]["id"].clone();
        consented(&play, "withdrawConsent", json!({"consentId": consent, "fields": ["PHONE", "CONCERN"]})).await;
        edit(&play, &case, json!({"phone": "0221 111222"})).await;
        for input in [json!({"add": ["PHONE"]}), json!({"refresh": ["PHONE"]}), json!({"refresh": ["FAMILY_NAME", "PHONE"]})] {
            let answer = play.mutate(&traeger(), "changeHandover", on(&accepted, input.clone())).await;
            assert_eq!(answer["errors"][0]["extensions"], json!({"code": "NO_LEGAL_GROUND", "fields": ["PHONE"]}), "{input}: {answer}");
        }
        assert_eq!(play.refused(&traeger(), "changeHandover", on(&accepted, json!({"concern": "Etwas anderes."}))).await, "NO_LEGAL_GROUND");
        for input in [json!({"refresh": ["EMAIL"]}), json!({"refresh": ["PHONE"], "remove": ["PHONE"]})] {
            assert_eq!(play.refused(&traeger(), "changeHandover", on(&accepted, input.clone())).await, "BAD_INPUT", "{input}");
        }

        // A change without effect succeeds, and creates no version for either side.
        let before = seen(&play, &jobcenter(), &accepted).await;
        for input in [json!({}), json!({"add": ["FAMILY_NAME"]}), json!({"refresh": ["FAMILY_NAME"]}), json!({"remove": ["EMAIL"]})] {
            let same = play.done(&traeger(), "changeHandover", on(&accepted, input.clone())).await;
            assert_eq!(same["version"], accepted["version"], "{input}");
        }
        assert_eq!(seen(&play, &jobcenter(), &accepted).await, before);
        let narrowed = play.done(&traeger(), "changeHandover", on(&accepted, json!({"remove": ["PHONE"]}))).await;
        assert_ne!(narrowed["version"], accepted["version"], "a field without a ground can be removed");
        play.server.stop().await;
    }

    async fn a_change_of_a_draft_does_not_notify_its_receiver(db: TestDatabase) {
        let play = Play::begin(db).await;
        let draft = play.draft(Some(ConsentSpec::whole())).await;
        let changed = play.done(&traeger(), "changeHandover", on(&draft, json!({"remove": ["PHONE"], "concern": "Kurz."}))).await;
        assert_ne!(changed["version"], draft["version"]);
        let (_, id) = decode(draft["id"].as_str().expect("an id")).expect("an id");
        let told = change::Entity::find().filter(change::Column::ReferralId.eq(id)).all(play.server.database.database.raw()).await.expect("changes");
        assert!(told.len() == 2 && told.iter().all(|change| change.agency_id == play.traeger), "{told:?}");
        play.server.stop().await;
    }
}
