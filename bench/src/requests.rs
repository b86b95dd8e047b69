//! Prepared requests in files with one request per line: the token, a tab, the body.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) token: String,
    pub(crate) body: String,
}

/// Writes requests to a file for `load.lua`.
pub(crate) fn write(path: &Path, requests: &[Request]) -> Result<(), Failure> {
    let mut text = String::new();
    for request in requests {
        writeln!(text, "{}\t{}", request.token, request.body)?;
    }
    Ok(std::fs::write(path, text)?)
}

/// Sends a request and returns an answer without errors.
pub(crate) async fn send(url: &str, request: &Request) -> Result<Value, Failure> {
    let builder = reqwest::Client::new()
        .post(url)
        .bearer_auth(&request.token)
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .body(request.body.clone());
    let text = builder.send().await?.text().await?;
    let answer: Value =
        serde_json::from_str(&text).map_err(|_| Failure::new(format!("{url} answered what is no JSON: {text}")))?;
    if answer.get("errors").is_some() {
        return Err(Failure::new(format!("{url} refused {}: {text}", request.body)));
    }
    Ok(answer)
}
