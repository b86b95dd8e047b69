//! GraphiQL tabs that lead one referral from draft to outcome, with the tokens of both sides. The user runs them in their
//! order. The expected versions are known in advance, because nobody else changes this referral.

use kim_domain::agency::Role;
use kim_domain::id::{Kind, encode};
use kim_entity::database::Database;
use serde_json::{Value, json};

use super::users;
use crate::failure::Failure;
use crate::http::graphiql::Tab;

/// Number of the case in cases_demo.csv with the draft.
const CASE: &str = "DEMO-K-21";

/// The tabs, each with a token of the acting side; none if a kept demo no longer has the draft.
///
/// # Errors
/// [`Failure::Failed`] if the database does not answer.
#[expect(clippy::disallowed_methods, reason = "the demo looks for its own draft")]
pub async fn play(database: &Database) -> Result<Vec<Tab>, Failure> {
    let draft = database.unscoped().demo_referral(CASE).await.map_err(Failure::failed)?;
    let Some(draft) = draft else { return Ok(Vec::new()) };
    let id = encode(Kind::Referral, draft);

    let traeger = (Role::CaseManager, "traeger-ehrenfeld");
    let jobcenter = (Role::Clerk, "jobcenter-koeln");
    let read = || json!({ "id": id });
    let change = |version: i32, more: Value| {
        let mut input =
            json!({"idempotencyKey": format!("demo-{version}"), "referralId": id, "expectedVersion": version});
        if let (Some(input), Value::Object(more)) = (input.as_object_mut(), more) {
            input.extend(more);
        }
        json!({ "input": input })
    };
    let question = json!({"question": "Seit wann besteht der Bedarf, und wer gehört zum Haushalt?"});
    let answer = json!({"answer": "Seit dem 1. des Monats; Mutter und ein Kind."});
    let steps = [
        (traeger, include_str!("tabs/play/1_check.graphql"), read()),
        (traeger, include_str!("tabs/play/2_offer.graphql"), change(1, json!({}))),
        (jobcenter, include_str!("tabs/play/3_inbox.graphql"), read()),
        (jobcenter, include_str!("tabs/play/4_ask.graphql"), change(2, question)),
        (traeger, include_str!("tabs/play/5_answer.graphql"), change(3, answer)),
        (jobcenter, include_str!("tabs/play/6_accept.graphql"), change(4, json!({"ownReference": "JC-2026-17"}))),
        (jobcenter, include_str!("tabs/play/7_start.graphql"), change(5, json!({}))),
        (jobcenter, include_str!("tabs/play/8_complete.graphql"), change(6, json!({"outcome": "APPLICATION_GRANTED"}))),
        (traeger, include_str!("tabs/play/9_history.graphql"), read()),
    ];
    steps.into_iter().map(|((role, agency), query, variables)| users::tab(role, agency, query, &variables)).collect()
}
