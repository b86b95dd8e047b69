//! postrust: a server of Rust that makes its schema of the tables, in Hasura's dialect.

use serde_json::json;
use tokio::process::Command;

use super::{Setting, ask};
use crate::failure::Failure;
use crate::issuer::{AUDIENCE, ISS, Issuer};
use crate::postgres::as_peer;
use crate::requests::Ask;
use crate::stage::Stage;
use crate::task::Task;

pub(super) fn command(
    setting: &Setting,
    stage: &Stage,
    issuer: &Issuer,
    port: u16,
) -> Result<(Command, String, String), Failure> {
    let mut command = Command::new(setting.bench.join(".peers/postrust/bin/postrust"));
    command
        .env("PGRST_DB_URI", as_peer(&stage.url))
        .env("PGRST_DB_SCHEMAS", "peer")
        .env("PGRST_DB_POOL", setting.pool.to_string());
    command.env("PGRST_DB_ANON_ROLE", "visitor").env("PGRST_LOG_LEVEL", "warn");
    command.env("PGRST_SERVER_HOST", "127.0.0.1").env("PGRST_SERVER_PORT", port.to_string());
    command.env("PGRST_JWT_SECRET", issuer.jwks()).env("PGRST_JWT_AUD", AUDIENCE).env("PGRST_JWT_ISS", ISS);
    let url = format!("http://127.0.0.1:{port}/v1/graphql");
    Ok((command, url.clone(), url))
}

pub(super) fn asks(task: Task, stage: &Stage) -> Vec<Ask> {
    let document = match task {
        Task::Flat => include_str!("../../queries/postrust/flat.graphql"),
        Task::List => include_str!("../../queries/postrust/list.graphql"),
        Task::Messages => include_str!("../../queries/postrust/messages.graphql"),
        Task::Counts => include_str!("../../queries/postrust/counts.graphql"),
        Task::Total => include_str!("../../queries/postrust/total.graphql"),
        Task::One => {
            let document = include_str!("../../queries/postrust/one.graphql");
            let one = |id| json!({"id": id});
            return stage.singles.iter().map(|single| ask(&single.token, document, &one(single.referral.id))).collect();
        }
        Task::Accept => return super::accepts(include_str!("../../queries/postrust/accept.graphql"), stage),
        Task::Deep => {
            // It has no cursors: the last row's key stands in the filter.
            let document = include_str!("../../queries/postrust/deep.graphql");
            let key = |clerk: &crate::stage::Clerk| json!({"dueOn": clerk.deep.due_on, "id": clerk.deep.id});
            return stage.clerks.iter().map(|clerk| ask(&clerk.token, document, &key(clerk))).collect();
        }
    };
    stage.clerks.iter().map(|clerk| ask(&clerk.token, document, &json!({}))).collect()
}
