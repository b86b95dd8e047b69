//! kim: the release binary with a generated configuration.

use std::path::Path;

use kim_domain::fingerprint::hex;
use kim_domain::id::{Kind, encode};
use serde_json::json;
use tokio::process::Command;

use super::{Settings, find_cursor, request};
use crate::data::FINGERPRINT_KEY;
use crate::failure::Failure;
use crate::fixture::{Fixture, Single};
use crate::issuer::{AUDIENCE, ISS, Issuer};
use crate::requests::Request;
use crate::task::Task;

/// Writes `kim.toml` and the files that it refers to into a folder.
pub(crate) fn configure(folder: &Path, issuer: &Issuer, database: &str, listen: &str) -> Result<(), Failure> {
    std::fs::write(folder.join("fingerprint.key"), hex(&FINGERPRINT_KEY))?;
    std::fs::write(folder.join("jwks.json"), issuer.jwks())?;
    let text = format!(
        "database = {database:?}\nlisten = {listen:?}\nfingerprint_key_file = {:?}\n\
         # Off, because only requests are measured.\ntimer_seconds = 0\n\
         [[issuer]]\niss = {ISS:?}\naudience = {AUDIENCE:?}\njwks = {:?}\nagencies = [\"*\"]\n",
        folder.join("fingerprint.key"),
        folder.join("jwks.json"),
    );
    Ok(std::fs::write(folder.join("kim.toml"), text)?)
}

/// The request that accepts a referral.
fn accept(single: &Single) -> Request {
    let input = json!({
        "idempotencyKey": format!("bench-{}", single.referral.id),
        "referralId": encode(Kind::Referral, single.referral.id),
        "expectedVersion": single.referral.version,
    });
    request(&single.token, Task::Accept.kim(), &json!({"input": input}))
}

/// The requests of a task without cursors.
pub(crate) fn requests_without_cursor(task: Task, fixture: &Fixture) -> Vec<Request> {
    match task {
        Task::Accept => fixture.queue.iter().map(accept).collect(),
        Task::One => fixture
            .singles
            .iter()
            .map(|one| request(&one.token, task.kim(), &json!({"id": encode(Kind::Referral, one.referral.id)})))
            .collect(),
        Task::Flat | Task::List | Task::Messages | Task::Counts | Task::Deep | Task::Total => {
            fixture.clerks.iter().map(|clerk| request(&clerk.token, task.kim(), &json!({}))).collect()
        }
    }
}

pub(super) fn command(
    settings: &Settings,
    folder: &Path,
    fixture: &Fixture,
    issuer: &Issuer,
    port: u16,
) -> Result<(Command, String, String), Failure> {
    configure(folder, issuer, &fixture.url, &format!("127.0.0.1:{port}"))?;
    let mut command = Command::new(&settings.kim);
    command.arg("serve").arg("--config").arg(folder.join("kim.toml"));
    let url = format!("http://127.0.0.1:{port}");
    Ok((command, format!("{url}/graphql"), format!("{url}/readyz")))
}

pub(super) async fn requests(url: &str, task: Task, fixture: &Fixture) -> Result<Vec<Request>, Failure> {
    if task != Task::Deep {
        return Ok(requests_without_cursor(task, fixture));
    }
    let document = include_str!("../../queries/kim/cursor.graphql");
    let mut requests = Vec::new();
    for clerk in &fixture.clerks {
        let after = find_cursor(url, &clerk.token, document, "referrals", clerk.deep.rows).await?;
        requests.push(request(&clerk.token, task.kim(), &json!({"after": after})));
    }
    Ok(requests)
}
