//! A receiver learns nothing about fields that it could not see: neither from its feed, nor from the history, the version or
//! the time of the last change.

use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use serde_json::{Value, json};

use crate::consents::{done as consented, given};
use crate::support::on_both;
use crate::support::scenario::{Scenario, jobcenter, on, traeger};
use crate::support::world::ConsentSpec;

const PURPOSE: ReferralPurpose = ReferralPurpose::BenefitApplication;

/// Everything from which an agency can learn that something changed about a referral.
async fn signs(scenario: &Scenario, token: &str, referral: &Value) -> Value {
    let query = format!(
        "{{ changes(first: 100) {{ totalCount nodes {{ kind referralId }} }} referral(id: {}) {{ status version updatedAt dueOn availableActions
            events {{ totalCount nodes {{ action changedFields {{ field change }} }} }}
            handover {{ familyName city phone email withheld {{ field reason }} }} }} }}",
        referral["id"]
    );
    scenario.ask(token, &query).await
}

/// The kinds of the entries in a feed.
fn kinds(signs: &Value) -> Vec<&str> {
    signs["changes"]["nodes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|node| node["kind"].as_str().expect("a kind"))
        .collect()
}

/// A referral that is offered to the Jobcenter with these fields, and the id of its consent.
async fn offered(scenario: &Scenario, fields: &[&str]) -> (Value, Value) {
    let case = scenario.case(scenario.jobcenter, PURPOSE, Some(ConsentSpec::whole())).await;
    let draft = json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": PURPOSE.code(), "fields": fields});
    let draft = scenario.done(&traeger(), "draftReferral", draft).await;
    let offered = scenario.done(&traeger(), "offerReferral", on(&draft, json!({}))).await;
    let consent =
        scenario.ask(&traeger(), &format!("{{ referral(id: {}) {{ consent {{ id }} }} }}", offered["id"])).await;
    (offered, consent["referral"]["consent"]["id"].clone())
}

on_both! {
    async fn a_field_that_is_withdrawn_before_it_was_visible_tells_the_receiver_nothing(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let (referral, consent) = offered(&scenario, &["FAMILY_NAME", "CITY", "PHONE", "EMAIL"]).await;
        let before = signs(&scenario, &jobcenter(), &referral).await;
        assert_eq!(before["referral"]["handover"]["phone"], Value::Null, "only after acceptance");
        // Hidden in the preview: the phone. Not offered at all: the street.
        for fields in [json!(["PHONE"]), json!(["STREET"])] {
            let (_, referrals) = consented(&scenario, "withdrawConsent", json!({"consentId": consent, "fields": fields})).await;
            assert_eq!(signs(&scenario, &jobcenter(), &referral).await, before, "{fields}: {referrals:?}");
        }
        let of_sender = signs(&scenario, &traeger(), &referral).await;
        assert_eq!(kinds(&of_sender).iter().filter(|kind| **kind == "CONSENT_CHANGED").count(), 1, "{of_sender}");
        // A visible field, alone and together with a hidden one.
        consented(&scenario, "withdrawConsent", json!({"consentId": consent, "fields": ["CITY", "EMAIL"]})).await;
        let after = signs(&scenario, &jobcenter(), &referral).await;
        assert_eq!(kinds(&after).last(), Some(&"CONSENT_CHANGED"), "{after}");
        assert_eq!(after["referral"]["version"], before["referral"]["version"]);
        // A referral that the receiver has declined shows it nothing any more.
        let (declined, consent) = offered(&scenario, &["FAMILY_NAME", "PHONE"]).await;
        let declined = scenario.done(&jobcenter(), "declineReferral", on(&declined, json!({"reason": "NO_CAPACITY"}))).await;
        let before = signs(&scenario, &jobcenter(), &declined).await;
        consented(&scenario, "withdrawConsent", json!({"consentId": consent, "fields": ["FAMILY_NAME"]})).await;
        assert_eq!(signs(&scenario, &jobcenter(), &declined).await, before);
        scenario.server.stop().await;
    }

    async fn a_renewed_consent_tells_the_receiver_only_of_visible_fields(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let (referral, mut consent) = offered(&scenario, &["FAMILY_NAME", "CITY", "PHONE"]).await;
        let before = signs(&scenario, &jobcenter(), &referral).await;
        let mut renew = async |fields: Value| {
            let input = json!({"consentId": consent, "given": given(json!({"fields": fields}))});
            let (renewed, referrals) = consented(&scenario, "renewConsent", input).await;
            consent = renewed["id"].clone();
            assert_eq!(referrals[0]["id"], referral["id"]);
        };
        for fields in [json!(["FAMILY_NAME", "CITY"]), json!(["FAMILY_NAME", "CITY", "PHONE", "STREET"])] {
            renew(fields.clone()).await;
            assert_eq!(signs(&scenario, &jobcenter(), &referral).await, before, "{fields}");
        }
        renew(json!(["FAMILY_NAME"])).await;
        let after = signs(&scenario, &jobcenter(), &referral).await;
        assert_eq!((kinds(&after).last(), &after["referral"]["handover"]["city"]), (Some(&"CONSENT_CHANGED"), &Value::Null), "{after}");
        assert_ne!(after["referral"]["version"], before["referral"]["version"]);
        assert_eq!(kinds(&signs(&scenario, &traeger(), &referral).await).iter().filter(|kind| **kind == "CONSENT_CHANGED").count(), 3);
        // The new consent counts although the receiver was not told of it.
        scenario.done(&jobcenter(), "acceptReferral", on(&json!({"id": referral["id"], "version": after["referral"]["version"]}), json!({}))).await;
        scenario.server.stop().await;
    }

    async fn a_change_of_a_handover_tells_the_receiver_only_of_visible_fields(db: TestDatabase) {
        let scenario = Scenario::begin(db).await;
        let (referral, consent) = offered(&scenario, &["FAMILY_NAME", "PHONE"]).await;
        let before = signs(&scenario, &jobcenter(), &referral).await;
        let senders_before = signs(&scenario, &traeger(), &referral).await;
        let mut current = referral.clone();
        for change in [json!({"add": ["EMAIL"]}), json!({"refresh": ["PHONE"]}), json!({"remove": ["PHONE"]})] {
            current = scenario.done(&traeger(), "changeHandover", on(&current, change.clone())).await;
            assert_eq!(signs(&scenario, &jobcenter(), &referral).await, before, "{change}");
        }
        let of_sender = signs(&scenario, &traeger(), &referral).await;
        let count = |signs: &Value| signs["referral"]["events"]["totalCount"].as_i64().expect("a number");
        // The phone was the same in the case, so that only two changes had an effect.
        assert_eq!(count(&of_sender), count(&senders_before) + 2, "{of_sender}");
        assert_eq!(of_sender["referral"]["events"]["nodes"].as_array().expect("a list").last().expect("an event")["changedFields"], json!([{"field": "PHONE", "change": "REMOVED"}]));
        // Of a change of both, the receiver learns only the visible part.
        current = scenario.done(&traeger(), "changeHandover", on(&current, json!({"add": ["CITY", "PHONE"], "remove": ["EMAIL"]}))).await;
        let after = signs(&scenario, &jobcenter(), &referral).await;
        assert_eq!(after["referral"]["events"]["nodes"].as_array().expect("a list").last().expect("an event")["changedFields"], json!([{"field": "CITY", "change": "ADDED"}]));
        assert_eq!((count(&after), kinds(&after).last()), (count(&before) + 1, Some(&"HANDOVER_CHANGED")));
        let text = signs(&scenario, &traeger(), &referral).await["referral"]["events"].to_string();
        assert!(text.contains("EMAIL") && text.contains("CITY"), "the sender sees all of it: {text}");
        // After acceptance the phone is visible, and its removal too. The history of the preview stays as it was.
        let accepted = scenario.done(&jobcenter(), "acceptReferral", on(&current, json!({}))).await;
        let seen = signs(&scenario, &jobcenter(), &referral).await;
        assert!(seen["referral"]["handover"]["phone"].is_string() && !seen["referral"]["events"].to_string().contains("PHONE"), "{seen}");
        // After a withdrawal the receiver sees the phone no more, but has seen it.
        consented(&scenario, "withdrawConsent", json!({"consentId": consent, "fields": ["PHONE"]})).await;
        scenario.done(&traeger(), "changeHandover", on(&accepted, json!({"remove": ["PHONE"]}))).await;
        assert!(signs(&scenario, &jobcenter(), &referral).await["referral"]["events"].to_string().contains("PHONE"));
        scenario.server.stop().await;
    }
}
