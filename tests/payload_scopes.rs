//! The payload of a mutation needs the scopes that the same fields need in a query. They are checked before anything
//! changes.

use kim_domain::agency::Role;
use kim_domain::id::{Kind, decode, encode};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::{consent, idempotency, raw, referral};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::server::{claims, sign};
use crate::support::world::ConsentSpec;

const PURPOSE: ReferralPurpose = ReferralPurpose::BenefitApplication;

/// A token with these scopes only.
fn with_scopes(agency: &str, role: Role, scopes: &str) -> String {
    let mut claims = claims(agency, role);
    claims["scope"] = json!(scopes);
    sign(&claims)
}

/// Sends a mutation with this selection. Returns the whole answer.
async fn send(scenario: &Scenario, token: &str, mutation: &str, of: &str, input: &Value, selection: &str) -> Value {
    let query = format!("mutation($input: {of}Input!) {{ {mutation}(input: $input) {selection} }}");
    scenario.server.ask(token, &query, &json!({ "input": input })).await
}

#[track_caller]
fn assert_forbidden(answer: &Value, mutation: &str, scope: &str) {
    assert_eq!(answer["data"], json!({ mutation: null }), "{answer}");
    let error = &answer["errors"][0];
    assert_eq!((&error["extensions"]["code"], &error["path"]), (&json!("FORBIDDEN"), &json!([mutation])), "{answer}");
    let message = error["message"].as_str().expect("a text");
    assert!(message.contains(&format!("„{scope}“")), "{message}");
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{answer}");
}

async fn stored_keys(scenario: &Scenario) -> u64 {
    idempotency::Entity::find().count(scenario.server.database.database.raw()).await.expect("keys")
}

on_both! {
    async fn a_payload_needs_the_scopes_that_its_fields_need_elsewhere(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let offered = scenario.offered().await;
        let writer = with_scopes("jobcenter", Role::Clerk, "referral:write");
        let (input, keys) = (on(&offered, json!({"idempotencyKey": "accept"})), stored_keys(&scenario).await);
        let id = decode(offered["id"].as_str().expect("an id")).expect("an id").1;
        for selection in [
            "{ referral { handover { familyName } } }",
            "{ referral { id handover { __typename } } }",
            "{ r: referral { h: handover { n: familyName } } }",
            "{ ... { referral { messages { totalCount } } } }",
            "{ ...P } } fragment P on ReferralPayload { referral { ...R } } fragment R on Referral { updatedAt ",
            "{ referral { ... on Node { ... on Referral { events { totalCount } } } } }",
            "{ referral { sender { name } } }",
            "{ referral { availableActions } }",
            "{ referral { id previous { id } } }",
        ] {
            let answer = send(&scenario, &writer, "acceptReferral", "AcceptReferral", &input, selection).await;
            assert_forbidden(&answer, "acceptReferral", "referral:read");
        }
        assert_eq!(stored_keys(&scenario).await, keys, "a refused request stores no key");
        let row = referral::Entity::find_by_id(id).one(scenario.server.database.database.raw()).await.expect("a database");
        assert_eq!(json!(row.expect("a row").version), offered["version"], "nothing changed");
        // What the mutation itself says about its target stays, and so do fields that are skipped.
        let conveyed = "{ __typename referral { __typename id status version handover @skip(if: true) { familyName } } }";
        let answer = send(&scenario, &writer, "acceptReferral", "AcceptReferral", &input, conveyed).await;
        assert_eq!(answer["data"]["acceptReferral"]["referral"]["status"], "ACCEPTED", "{answer}");
        // A repeat of the accepted request is refused too if it selects more, and its key stays usable.
        let more = "{ referral { id handover { familyName } } }";
        let answer = send(&scenario, &writer, "acceptReferral", "AcceptReferral", &input, more).await;
        assert_forbidden(&answer, "acceptReferral", "referral:read");
        assert!(!answer.to_string().contains("Kanari"), "{answer}");
        let answer = send(&scenario, &jobcenter(), "acceptReferral", "AcceptReferral", &input, more).await;
        assert!(answer["data"]["acceptReferral"]["referral"]["handover"]["familyName"].is_string(), "{answer}");
        // Each root field is checked on its own.
        let input = |key: &str, text: &str| json!({"idempotencyKey": key, "referralId": offered["id"], "text": text,
            "expectedVersion": answer["data"]["acceptReferral"]["referral"]["version"].as_i64().unwrap_or(3)});
        let both = "mutation($a: PostMessageInput!, $b: PostMessageInput!) { a: postMessage(input: $a) { referral { handover { familyName } } } b: postMessage(input: $b) { referral { id } } }";
        let answer = scenario.server.ask(&writer, both, &json!({"a": input("a", "eins"), "b": input("b", "zwei")})).await;
        assert_eq!((&answer["data"]["a"], &answer["data"]["b"]["referral"]["id"]), (&Value::Null, &offered["id"]), "{answer}");
        scenario.server.stop().await;
    }

    async fn payloads_of_cases_and_consents_need_their_scopes_too(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let main = scenario.server.database.database.raw();
        let case = scenario.case(scenario.jobcenter, PURPOSE, Some(ConsentSpec::whole())).await;
        let keys = stored_keys(&scenario).await;
        let manager = |scopes: &str| with_scopes("traeger", Role::CaseManager, scopes);
        let note = json!({"idempotencyKey": "note", "caseId": case, "text": "Notiz"});
        for (scopes, selection, needs) in [
            ("case:write", "{ case { caseNumber } }", "case:read"),
            ("case:write", "{ case { id record { familyName } } }", "case:read"),
            ("case:write", "{ case { consents { id } } }", "case:read"),
            ("case:write referral:read", "{ case { referrals { id } } }", "case:read"),
            ("case:write case:read", "{ case { caseNumber referrals { id } } }", "referral:read"),
        ] {
            assert_forbidden(&send(&scenario, &manager(scopes), "addNote", "AddNote", &note, selection).await, "addNote", needs);
        }
        assert_eq!((stored_keys(&scenario).await, raw::notes(main).await.expect("notes").len()), (keys, 0));
        let answer = send(&scenario, &manager("case:write"), "addNote", "AddNote", &note, "{ case { id version } }").await;
        assert_eq!(answer["data"]["addNote"]["case"]["id"], json!(case), "{answer}");
        // A draft is a referral with parts of the sender's case.
        let draft = json!({"idempotencyKey": "draft", "caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": PURPOSE.code()});
        let reader = manager("referral:read referral:write");
        for selection in ["{ referral { case { id } } }", "{ referral { id consent { id } } }"] {
            assert_forbidden(&send(&scenario, &reader, "draftReferral", "DraftReferral", &draft, selection).await, "draftReferral", "case:read");
        }
        assert_eq!(referral::Entity::find().count(main).await.expect("rows"), 0);
        // A consent and the referrals that it changed.
        let id = consent::Entity::find().one(main).await.expect("a database").expect("a consent").id;
        let withdraw = json!({"idempotencyKey": "withdraw", "consentId": encode(Kind::Consent, id)});
        for (scopes, selection, needs) in [
            ("consent:write", "{ consent { fields } }", "case:read"),
            ("consent:write case:read", "{ consent { fields } referrals { reference } }", "referral:read"),
        ] {
            let answer = send(&scenario, &manager(scopes), "withdrawConsent", "WithdrawConsent", &withdraw, selection).await;
            assert_forbidden(&answer, "withdrawConsent", needs);
        }
        let conveyed = "{ consent { id state } referrals { id status } }";
        let answer = send(&scenario, &manager("consent:write"), "withdrawConsent", "WithdrawConsent", &withdraw, conveyed).await;
        assert_eq!(answer["data"]["withdrawConsent"]["consent"]["state"], "WITHDRAWN", "{answer}");
        let answer = send(&scenario, &traeger(), "withdrawConsent", "WithdrawConsent", &withdraw, "{ consent { fields } referrals { reference } }").await;
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        scenario.server.stop().await;
    }

    async fn payloads_of_agreements_need_their_scope_too(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let keys = stored_keys(&scenario).await;
        let id = kim_entity::agreement::Entity::find().one(scenario.server.database.database.raw()).await.expect("a database").expect("one").id;
        let input = json!({"idempotencyKey": "end", "agreementId": encode(Kind::Agreement, id), "forCause": true, "reason": "Pflichten verletzt"});
        let signer = with_scopes("jobcenter", Role::Administrator, "agreement:write");
        let answer = send(&scenario, &signer, "terminateAgreement", "TerminateAgreement", &input, "{ agreement { legalGround } }").await;
        assert_forbidden(&answer, "terminateAgreement", "agreement:read");
        assert_eq!(stored_keys(&scenario).await, keys);
        let answer = send(&scenario, &signer, "terminateAgreement", "TerminateAgreement", &input, "{ agreement { id version } }").await;
        assert_eq!(answer["data"]["terminateAgreement"]["agreement"]["id"], json!(encode(Kind::Agreement, id)), "{answer}");
        scenario.server.stop().await;
    }
}
