//! Tabs that play one referral through, from draft to outcome, with the tokens of its two sides: press ▶ in each, in
//! their order. The versions are known beforehand, because nobody else moves this referral.

use kim_domain::agency::Role;
use kim_domain::id::{Kind, encode};
use kim_entity::database::Database;
use kim_entity::unscoped::Unscoped;
use serde_json::{Value, json};

use super::users;
use crate::failure::Failure;
use crate::http::graphiql::Tab;

/// The case in cases_demo.csv whose draft is played through.
const CASE: &str = "DEMO-K-21";

/// The steps, each with the role and agency that takes it.
///
/// # Errors
/// [`Failure::Failed`] when the database does not answer. A demo that was kept and has no such draft has no steps.
#[expect(clippy::disallowed_methods, reason = "the demo looks for its own example")]
pub async fn play(database: &Database) -> Result<Vec<Tab>, Failure> {
    let draft = Unscoped::demo_referral(database, CASE).await.map_err(Failure::failed)?;
    let Some(draft) = draft else { return Ok(Vec::new()) };
    let id = encode(Kind::Referral, draft);

    let traeger = (Role::CaseManager, "traeger-ehrenfeld");
    let jobcenter = (Role::Clerk, "jobcenter-koeln");
    let shown = || json!({ "id": id });
    let done = |version: i32, more: Value| {
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
        (traeger, include_str!("tabs/play/1_check.graphql"), shown()),
        (traeger, include_str!("tabs/play/2_offer.graphql"), done(1, json!({}))),
        (jobcenter, include_str!("tabs/play/3_inbox.graphql"), shown()),
        (jobcenter, include_str!("tabs/play/4_ask.graphql"), done(2, question)),
        (traeger, include_str!("tabs/play/5_answer.graphql"), done(3, answer)),
        (jobcenter, include_str!("tabs/play/6_accept.graphql"), done(4, json!({"ownReference": "JC-2026-17"}))),
        (jobcenter, include_str!("tabs/play/7_start.graphql"), done(5, json!({}))),
        (jobcenter, include_str!("tabs/play/8_complete.graphql"), done(6, json!({"outcome": "APPLICATION_GRANTED"}))),
        (traeger, include_str!("tabs/play/9_history.graphql"), shown()),
    ];
    steps.into_iter().map(|((role, agency), query, variables)| users::tab(role, agency, query, &variables)).collect()
}
