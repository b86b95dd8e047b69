//! Reads a GraphQL request from a JSON body (POST) or from the query string (GET).

use std::ops::Deref;
use std::time::Duration;

use async_graphql::Variables;
use kim_graphql::{Code, ExceededLimit, Limit};
use poem::error::ReadBodyError;
use poem::http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::answer::Rejection;
use super::{accept, size};

/// Maximum size of a body in bytes, with or without Content-Length.
pub(super) const MAX_BODY_BYTES: usize = 256 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(15);
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Members of a request, as named by the draft of GraphQL over HTTP. Other members are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    /// Must be an object. Its content is ignored, because no extension is supported.
    #[serde(rename = "extensions")]
    _extensions: Option<Map<String, Value>>,
}

/// The same members in a query string, where objects are JSON texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Reads a small JSON body of the page.
pub(super) async fn small_json<T: DeserializeOwned>(request: &mut poem::Request) -> Result<T, Rejection> {
    let body = json_body(request).await?;
    serde_json::from_slice(&body).map_err(|_| bad_input("Der Body ist nicht, was diese Adresse erwartet."))
}

/// Reads a JSON body.
async fn json_body(request: &mut poem::Request) -> Result<impl Deref<Target = [u8]>, Rejection> {
    if !accept::is_json(request.headers()) {
        return Err(Rejection::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadInput,
            "Der Body muss application/json in UTF-8 sein.",
        ));
    }
    let is_identity = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if !request.headers().get_all(header::CONTENT_ENCODING).iter().all(is_identity) {
        return Err(Rejection::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadInput,
            "Der Body muss unkomprimiert sein (ohne Content-Encoding).",
        ));
    }
    if announces_too_large_body(request) {
        return Err(body_too_large());
    }
    let reading = request.take_body().into_bytes_limit(MAX_BODY_BYTES);
    match timeout(BODY_TIMEOUT, reading).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(body_too_large()),
        Ok(Err(_)) => Err(bad_input("Der Body ist nicht lesbar.")),
        Err(_) => Err(Rejection::body_timeout()),
    }
}

/// Reads the request of a POST.
pub(super) async fn from_body(request: &mut poem::Request) -> Result<async_graphql::Request, Rejection> {
    let body = json_body(request).await?;
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Rejection::new(
            StatusCode::BAD_REQUEST,
            Code::OperationNotAllowed,
            "Mehrere Anfragen in einer (Batching) werden nicht beantwortet.",
        ));
    }
    size::check_json(&body).map_err(Rejection::limit_exceeded)?;
    let members: Members = serde_json::from_slice(&body).map_err(|error| {
        bad_input(match error.is_data() {
            true => {
                "Der Body muss ein JSON-Objekt mit „query“ (Text) sein, dazu „operationName“ (Text), „variables“ und \
                 „extensions“ (Objekte) nach Bedarf."
            }
            false => "Der Body ist kein gültiges JSON.",
        })
    })?;
    build(members)
}

/// Whether Content-Length exceeds the limit. Such a body is never read: if the client waits for `100 Continue`, it
/// never sends the body; otherwise the connection is closed.
pub(super) fn announces_too_large_body(request: &poem::Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse().ok()).is_some_and(|length: u64| length > MAX_BODY_BYTES as u64)
}

fn body_too_large() -> Rejection {
    let exceeded = ExceededLimit { limit: Limit::Body, max: MAX_BODY_BYTES as u64 };
    Rejection::limit_exceeded(exceeded).with_status(StatusCode::PAYLOAD_TOO_LARGE)
}

/// Reads and discards the rest of a body, because a client that is still sending when the connection is closed does not
/// receive the response. Returns whether the body was read completely.
pub(super) async fn discard(request: &mut poem::Request) -> bool {
    let mut rest = request.take_body().into_async_read().take(MAX_BODY_BYTES as u64 + 1);
    let mut sink = tokio::io::sink();
    let discarding = timeout(DISCARD_TIMEOUT, tokio::io::copy(&mut rest, &mut sink)).await;
    matches!(discarding, Ok(Ok(length)) if length <= MAX_BODY_BYTES as u64)
}

/// Reads the request of a GET.
pub(super) fn from_query_string(request: &poem::Request) -> Result<async_graphql::Request, Rejection> {
    let parameters: Parameters = request.params().map_err(|_| {
        bad_input(
            "Die Adresse braucht „query“, dazu „operationName“, „variables“ und „extensions“ nach Bedarf, je einmal.",
        )
    })?;
    build(Members {
        query: parameters.query,
        operation_name: parameters.operation_name,
        variables: parse_object(parameters.variables)?,
        _extensions: parse_object(parameters.extensions)?,
    })
}

fn parse_object(text: Option<String>) -> Result<Option<Map<String, Value>>, Rejection> {
    match text {
        Some(text) if !text.is_empty() => {
            size::check_json(text.as_bytes()).map_err(Rejection::limit_exceeded)?;
            serde_json::from_str(&text)
                .map_err(|_| bad_input("„variables“ und „extensions“ müssen JSON-Objekte oder null sein."))
        }
        Some(_) | None => Ok(None),
    }
}

fn build(members: Members) -> Result<async_graphql::Request, Rejection> {
    let query = members.query.ok_or_else(|| bad_input("„query“ fehlt."))?;
    size::check_document(&query).map_err(Rejection::limit_exceeded)?;
    let mut request = async_graphql::Request::new(query);
    // Clients send an empty name instead of none.
    request.operation_name = members.operation_name.filter(|name| !name.is_empty());
    request.variables = Variables::from_json(Value::Object(members.variables.unwrap_or_default()));
    Ok(request)
}

fn bad_input(text: &'static str) -> Rejection {
    Rejection::new(StatusCode::BAD_REQUEST, Code::BadInput, text)
}
