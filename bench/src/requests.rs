//! Requests ready to be sent, one a line: the token, a tab, the body.

use std::fmt::Write as _;
use std::path::Path;

use kim_domain::id::{Kind, encode};
use serde_json::{Value, json};

use crate::agency::Pending;
use crate::failure::Failure;
use crate::scene::Scene;
use crate::task::Task;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) token: String,
    pub(crate) body: String,
}

/// Writes them to a file, as `load.lua` reads them.
pub(crate) fn write(path: &Path, asks: &[Ask]) -> Result<(), Failure> {
    let mut text = String::new();
    for ask in asks {
        writeln!(text, "{}\t{}", ask.token, ask.body)?;
    }
    Ok(std::fs::write(path, text)?)
}

/// What kim is asked for a task that needs no cursor and changes nothing.
pub(crate) fn kim(scene: &Scene, task: Task) -> Result<Vec<Ask>, Failure> {
    match task {
        Task::One => scene
            .singles
            .iter()
            .map(|one| Ok(ask(scene.token(&one.receiver)?, task, &json!({"id": encode(Kind::Referral, one.id)}))))
            .collect(),
        _ => Ok(scene.clerks.iter().map(|clerk| ask(clerk.token.clone(), task, &json!({}))).collect()),
    }
}

/// kim's request to accept these referrals.
pub(crate) fn kim_accepts(scene: &Scene, pending: &[Pending]) -> Result<Vec<Ask>, Failure> {
    pending
        .iter()
        .map(|one| {
            let input = json!({
                "idempotencyKey": format!("bench-{}", one.id), "referralId": encode(Kind::Referral, one.id),
                "expectedVersion": one.version,
            });
            Ok(ask(scene.token(&one.receiver)?, Task::Accept, &json!({"input": input})))
        })
        .collect()
}

fn ask(token: String, task: Task, variables: &Value) -> Ask {
    Ask { token, body: json!({"query": task.kim(), "variables": variables}).to_string() }
}
