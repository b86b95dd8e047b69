//! Requests ready to be sent, one a line: the token, a tab, the body.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

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

/// Sends one, and reads an answer without errors.
pub(crate) async fn send(url: &str, ask: &Ask) -> Result<Value, Failure> {
    let request = reqwest::Client::new()
        .post(url)
        .bearer_auth(&ask.token)
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .body(ask.body.clone());
    let text = request.send().await?.text().await?;
    let answer: Value =
        serde_json::from_str(&text).map_err(|_| Failure::new(format!("{url} answered what is no JSON: {text}")))?;
    if answer.get("errors").is_some() {
        return Err(Failure::new(format!("{url} refused {}: {text}", ask.body)));
    }
    Ok(answer)
}
