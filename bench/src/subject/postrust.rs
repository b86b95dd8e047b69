//! postrust: a Rust server that generates its schema from the tables, in Hasura's dialect.

use serde_json::json;
use tokio::process::Command;

use super::{Settings, request};
use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::issuer::{AUDIENCE, ISS, Issuer};
use crate::postgres::as_peer;
use crate::requests::Request;
use crate::task::Task;

pub(super) fn command(
    settings: &Settings,
    fixture: &Fixture,
    issuer: &Issuer,
    port: u16,
) -> Result<(Command, String, String), Failure> {
    let mut command = Command::new(settings.bench.join(".peers/postrust/bin/postrust"));
    command
        .env("PGRST_DB_URI", as_peer(&fixture.url))
        .env("PGRST_DB_SCHEMAS", "peer")
        .env("PGRST_DB_POOL", settings.pool.to_string());
    command.env("PGRST_DB_ANON_ROLE", "visitor").env("PGRST_LOG_LEVEL", "warn");
    command.env("PGRST_SERVER_HOST", "127.0.0.1").env("PGRST_SERVER_PORT", port.to_string());
    command.env("PGRST_JWT_SECRET", issuer.jwks()).env("PGRST_JWT_AUD", AUDIENCE).env("PGRST_JWT_ISS", ISS);
    let url = format!("http://127.0.0.1:{port}/v1/graphql");
    Ok((command, url.clone(), url))
}

pub(super) fn requests(task: Task, fixture: &Fixture) -> Vec<Request> {
    let document = match task {
        Task::Flat => include_str!("../../queries/postrust/flat.graphql"),
        Task::List => include_str!("../../queries/postrust/list.graphql"),
        Task::Messages => include_str!("../../queries/postrust/messages.graphql"),
        Task::Counts => include_str!("../../queries/postrust/counts.graphql"),
        Task::Total => include_str!("../../queries/postrust/total.graphql"),
        Task::One => {
            let document = include_str!("../../queries/postrust/one.graphql");
            let one = |id| json!({"id": id});
            return fixture
                .singles
                .iter()
                .map(|single| request(&single.token, document, &one(single.referral.id)))
                .collect();
        }
        Task::Accept => return super::check_accept(include_str!("../../queries/postrust/accept.graphql"), fixture),
        Task::Deep => {
            // postrust has no cursors: the filter contains the last row's key.
            let document = include_str!("../../queries/postrust/deep.graphql");
            let key = |clerk: &crate::fixture::Clerk| json!({"dueOn": clerk.deep.due_on, "id": clerk.deep.id});
            return fixture.clerks.iter().map(|clerk| request(&clerk.token, document, &key(clerk))).collect();
        }
    };
    fixture.clerks.iter().map(|clerk| request(&clerk.token, document, &json!({}))).collect()
}
