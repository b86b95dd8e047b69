//! kim: the release binary with a configuration of its own.

use std::path::Path;

use kim_domain::fingerprint::hex;
use kim_domain::id::{Kind, encode};
use serde_json::json;
use tokio::process::Command;

use super::{Setting, ask, walk};
use crate::data::FINGERPRINT_KEY;
use crate::failure::Failure;
use crate::issuer::{AUDIENCE, ISS, Issuer};
use crate::requests::Ask;
use crate::stage::{Single, Stage};
use crate::task::Task;

/// Writes `kim.toml` and what it names into a folder.
pub(crate) fn configure(folder: &Path, issuer: &Issuer, database: &str, listen: &str) -> Result<(), Failure> {
    std::fs::write(folder.join("fingerprint.key"), hex(&FINGERPRINT_KEY))?;
    std::fs::write(folder.join("jwks.json"), issuer.jwks())?;
    let text = format!(
        "database = {database:?}\nlisten = {listen:?}\nfingerprint_key_file = {:?}\n\
         # What is measured is the answering of requests.\ntimer_seconds = 0\n\
         [[issuer]]\niss = {ISS:?}\naudience = {AUDIENCE:?}\njwks = {:?}\nagencies = [\"*\"]\n",
        folder.join("fingerprint.key"),
        folder.join("jwks.json"),
    );
    Ok(std::fs::write(folder.join("kim.toml"), text)?)
}

/// The request to accept a referral.
fn accept(single: &Single) -> Ask {
    let input = json!({
        "idempotencyKey": format!("bench-{}", single.referral.id),
        "referralId": encode(Kind::Referral, single.referral.id),
        "expectedVersion": single.referral.version,
    });
    ask(&single.token, Task::Accept.kim(), &json!({"input": input}))
}

/// The requests for a task that needs no cursor.
pub(crate) fn plain_asks(task: Task, stage: &Stage) -> Vec<Ask> {
    match task {
        Task::Accept => stage.queue.iter().map(accept).collect(),
        Task::One => stage
            .singles
            .iter()
            .map(|one| ask(&one.token, task.kim(), &json!({"id": encode(Kind::Referral, one.referral.id)})))
            .collect(),
        Task::Flat | Task::List | Task::Messages | Task::Counts | Task::Deep | Task::Total => {
            stage.clerks.iter().map(|clerk| ask(&clerk.token, task.kim(), &json!({}))).collect()
        }
    }
}

pub(super) fn command(
    setting: &Setting,
    folder: &Path,
    stage: &Stage,
    issuer: &Issuer,
    port: u16,
) -> Result<(Command, String, String), Failure> {
    configure(folder, issuer, &stage.url, &format!("127.0.0.1:{port}"))?;
    let mut command = Command::new(&setting.kim);
    command.arg("serve").arg("--config").arg(folder.join("kim.toml"));
    let url = format!("http://127.0.0.1:{port}");
    Ok((command, format!("{url}/graphql"), format!("{url}/readyz")))
}

pub(super) async fn asks(url: &str, task: Task, stage: &Stage) -> Result<Vec<Ask>, Failure> {
    if task != Task::Deep {
        return Ok(plain_asks(task, stage));
    }
    let document = include_str!("../../queries/kim/cursor.graphql");
    let mut asks = Vec::new();
    for clerk in &stage.clerks {
        let after = walk(url, &clerk.token, document, "referrals", clerk.deep.rows).await?;
        asks.push(ask(&clerk.token, task.kim(), &json!({"after": after})));
    }
    Ok(asks)
}
