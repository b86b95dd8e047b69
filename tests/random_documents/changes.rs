//! Changes that the test makes before and between its documents, and their effects on the rows.

use kim_domain::agency::Role;
use kim_domain::id::{Kind, encode};
use kim_domain::referral::ReferralStatus as S;
use kim_entity::agreement;
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set};
use serde_json::{Value, json};

use super::facts::Facts;
use super::table::SENDS;
use super::world::raw;
use crate::support::server::{TestServer, token};
use crate::support::world::{canary, today};

/// An executed mutation that can be repeated.
pub(crate) struct Repeat {
    pub(crate) slug: String,
    pub(crate) mutation: &'static str,
    pub(crate) input: Value,
}

/// Writes a message to the other side of one referral of each agency that has an open one, and a note of each Träger.
pub(crate) async fn change(server: &TestServer, facts: &Facts) -> Vec<Repeat> {
    let mut repeats = Vec::new();
    for (place, agency) in facts.agencies.iter().enumerate() {
        let role = if agency.kind.code() == SENDS { Role::CaseManager } else { Role::Clerk };
        if !role.exists_at(agency.kind) || !agency.is_enabled {
            continue;
        }
        let open = |referral: &usize| {
            let row = &facts.referrals[*referral];
            row.status.code() == "ACCEPTED" && facts.gives_something(*referral)
        };
        let of = |is_sender: bool| {
            let mut all = (0..facts.referrals.len()).filter(open);
            all.rfind(|referral| {
                let row = &facts.referrals[*referral];
                (if is_sender { row.sender } else { row.receiver }) == place
            })
        };
        for referral in [of(false), of(agency.kind.code() == SENDS)].into_iter().flatten() {
            let row = &facts.referrals[referral];
            let input = json!({
                "idempotencyKey": format!("message-{}", row.number), "referralId": encode(Kind::Referral, row.id),
                "expectedVersion": 1, "text": canary(row.number, "message"),
            });
            if repeats.iter().any(|repeat: &Repeat| repeat.input["referralId"] == input["referralId"]) {
                continue;
            }
            repeats.push(Repeat { slug: agency.slug.clone(), mutation: "postMessage", input });
        }
        if let Some(row) = facts.referrals.iter().find(|row| row.sender == place && agency.kind.code() == SENDS) {
            let input = json!({
                "idempotencyKey": format!("note-{}", row.number), "caseId": encode(Kind::Case, row.own_case),
                "text": canary(row.number, "note"),
            });
            repeats.push(Repeat { slug: agency.slug.clone(), mutation: "addNote", input });
        }
        for repeat in repeats.iter().filter(|repeat| repeat.slug == agency.slug) {
            let input = repeat.mutation[..1].to_uppercase() + &repeat.mutation[1..];
            let query =
                format!("mutation($input: {input}Input!) {{ {}(input: $input) {{ __typename }} }}", repeat.mutation);
            let answer = server.ask(&token(&agency.slug, role), &query, &json!({"input": repeat.input})).await;
            assert_eq!(answer["errors"], Value::Null, "{} {}", agency.slug, repeat.mutation);
        }
    }
    repeats
}

/// Closes some referrals: withdraws consents, and terminates agreements for cause.
pub(crate) async fn close(server: &TestServer, facts: &mut Facts) {
    const QUERY: &str = "mutation($input: WithdrawConsentInput!) { withdrawConsent(input: $input) { __typename } }";
    for referral in 0..facts.referrals.len() {
        let row = &facts.referrals[referral];
        let sender = &facts.agencies[row.sender];
        let is_open = row.status == S::Accepted && row.consent.is_some() && facts.gives_something(referral);
        // All consents of a client for one receiver and purpose are withdrawn together. Here there is one.
        let is_alone = facts.referrals.iter().filter(|other| other.case_of == row.case_of).count() == 1;
        if !is_open || !is_alone || sender.kind.code() != SENDS || !row.number.is_multiple_of(4) {
            continue;
        }
        let id = encode(Kind::Consent, row.consent_id.expect("a consent"));
        let input = json!({"input": {"idempotencyKey": id, "consentId": id}});
        let answer = server.ask(&token(&sender.slug, Role::CaseManager), QUERY, &input).await;
        assert_eq!(answer["errors"], Value::Null, "{id}");
        let row = &mut facts.referrals[referral];
        row.status = S::Suspended;
        row.consent.as_mut().expect("a consent").is_withdrawn = true;
    }
    for version in facts.versions.iter_mut().filter(|version| version.number == 2 && !version.narrows_now) {
        let ended = Set(Some(today()));
        let changed =
            agreement::ActiveModel { id: Set(version.id), terminated_for_cause_on: ended, ..Default::default() };
        changed.update(raw(&server.database)).await.expect("a version");
        version.is_terminated = true;
    }
    facts.work_out();
}
