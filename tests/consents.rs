//! Consents over HTTP. The tests of this folder share how a consent is recorded, renewed and withdrawn.

mod effects;
mod receipt;
mod recording;
mod visibility;

use kim_domain::id::{Kind, encode};
use kim_domain::purpose::ReferralPurpose;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::scenario::{SHOWN, Scenario, jobcenter, traeger};

const PURPOSE: ReferralPurpose = ReferralPurpose::BenefitApplication;

/// The input for an adult's written consent, with these changes.
pub(crate) fn given(change: Value) -> Value {
    let mut given = json!({
        "fields": ["FAMILY_NAME", "GIVEN_NAME", "BIRTH_DATE", "CITY", "PHONE"], "ticked": [],
        "dataProtection": true, "releaseFromSecrecy": true, "form": "WRITTEN", "language": "ARABIC", "interpreter": true,
    });
    given.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    given
}

/// Executes a mutation of a consent. Returns the whole answer.
pub(crate) async fn mutate(scenario: &Scenario, token: &str, mutation: &str, mut input: Value) -> Value {
    let type_name = mutation[..1].to_uppercase() + &mutation[1..] + "Input";
    let query = format!(
        "mutation($input: {type_name}!) {{ {mutation}(input: $input) {{
            consent {{ id state fields ticked validFrom validUntil releaseOn withdrawnAt renews history {{ step fields staff }} }}
            referrals {{ {SHOWN} }} }} }}"
    );
    if input["idempotencyKey"].is_null() {
        input["idempotencyKey"] = json!(Uuid::now_v7());
    }
    scenario.server.ask(token, &query, &json!({ "input": input })).await
}

/// Executes a mutation that must succeed. Returns the consent and the affected referrals.
pub(crate) async fn done(scenario: &Scenario, mutation: &str, input: Value) -> (Value, Vec<Value>) {
    let answer = mutate(scenario, &traeger(), mutation, input).await;
    assert_eq!(answer["errors"], Value::Null, "{mutation}: {answer}");
    let payload = &answer["data"][mutation];
    (payload["consent"].clone(), payload["referrals"].as_array().expect("a list").clone())
}

/// Executes a mutation that must be refused. Returns the code and the fields.
pub(crate) async fn refused(scenario: &Scenario, mutation: &str, input: Value) -> (String, Value) {
    let answer = mutate(scenario, &traeger(), mutation, input).await;
    assert_eq!(answer["data"], json!({ mutation: null }), "{mutation}: {answer}");
    let extensions = &answer["errors"][0]["extensions"];
    (extensions["code"].as_str().expect("a code").to_owned(), extensions["fields"].clone())
}

pub(crate) fn to_jobcenter(scenario: &Scenario, case: &str, change: Value) -> Value {
    json!({"caseId": case, "receiverId": encode(Kind::Agency, scenario.jobcenter), "purpose": PURPOSE.code(), "given": given(change)})
}

/// What the Jobcenter sees of a referral's handover.
async fn seen(scenario: &Scenario, id: &Value) -> Value {
    let query = format!(
        "{{ referral(id: {id}) {{ status handover {{ familyName birthDate withheld {{ field reason }} }} }} }}"
    );
    scenario.ask(&jobcenter(), &query).await["referral"].clone()
}
