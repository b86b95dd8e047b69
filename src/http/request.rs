//! Reads one GraphQL request: from a JSON body, or from the address of a GET.

use std::time::Duration;

use async_graphql::Variables;
use kim_graphql::{Code, Limit, TooMuch};
use poem::error::ReadBodyError;
use poem::http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::answer::Refusal;
use super::{accept, size};

/// The largest body, in bytes, announced or not.
pub(super) const LARGEST_BODY: usize = 256 * 1024;
const BODY_WITHIN: Duration = Duration::from_secs(15);
const DISCARD_WITHIN: Duration = Duration::from_secs(1);

/// The members of a request, as the draft names them; others are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Members {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, Value>>,
    /// Checked and left alone: none is known.
    #[serde(rename = "extensions")]
    _extensions: Option<Map<String, Value>>,
}

/// The same in an address, where objects are JSON inside text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Reads the request of a POST.
pub(super) async fn from_body(request: &mut poem::Request) -> Result<async_graphql::Request, Refusal> {
    if !accept::is_json(request.headers()) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadInput,
            "Der Body muss application/json in UTF-8 sein.",
        ));
    }
    let plain = |value: &HeaderValue| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if !request.headers().get_all(header::CONTENT_ENCODING).iter().all(plain) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadInput,
            "Der Body muss unkomprimiert sein (ohne Content-Encoding).",
        ));
    }
    if announces_too_much(request) {
        return Err(too_large());
    }
    let reading = request.take_body().into_bytes_limit(LARGEST_BODY);
    let body = match timeout(BODY_WITHIN, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(ReadBodyError::PayloadTooLarge)) => return Err(too_large()),
        Ok(Err(_)) => return Err(bad("Der Body ist nicht lesbar.")),
        Err(_) => return Err(Refusal::too_slow()),
    };
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            Code::OperationNotAllowed,
            "Mehrere Anfragen in einer (Batching) werden nicht beantwortet.",
        ));
    }
    size::check_json(&body).map_err(Refusal::too_much)?;
    let members: Members = serde_json::from_slice(&body).map_err(|error| {
        bad(match error.is_data() {
            true => {
                "Der Body muss ein JSON-Objekt mit „query“ (Text) sein, dazu „operationName“ (Text), „variables“ und \
                 „extensions“ (Objekte) nach Bedarf."
            }
            false => "Der Body ist kein gültiges JSON.",
        })
    })?;
    build(members)
}

/// Whether the head says that the body is too large. Such a body is never read: one that waits for `100 Continue` never
/// begins, and any other is cut off.
pub(super) fn announces_too_much(request: &poem::Request) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse().ok()).is_some_and(|length: u64| length > LARGEST_BODY as u64)
}

fn too_large() -> Refusal {
    let refused = TooMuch { limit: Limit::Body, most: LARGEST_BODY as u64 };
    Refusal::too_much(refused).with_status(StatusCode::PAYLOAD_TOO_LARGE)
}

/// Takes in what is left of a body that nobody read, and keeps none of it: a client that still sends when the
/// connection is closed does not get to see its answer. Whether all of it came.
pub(super) async fn discard(request: &mut poem::Request) -> bool {
    let mut rest = request.take_body().into_async_read().take(LARGEST_BODY as u64 + 1);
    let mut nowhere = tokio::io::sink();
    let discarding = timeout(DISCARD_WITHIN, tokio::io::copy(&mut rest, &mut nowhere)).await;
    matches!(discarding, Ok(Ok(length)) if length <= LARGEST_BODY as u64)
}

/// Reads the request of a GET.
pub(super) fn from_address(request: &poem::Request) -> Result<async_graphql::Request, Refusal> {
    let parameters: Parameters = request.params().map_err(|_| {
        bad("Die Adresse braucht „query“, dazu „operationName“, „variables“ und „extensions“ nach Bedarf, je einmal.")
    })?;
    build(Members {
        query: parameters.query,
        operation_name: parameters.operation_name.filter(|name| !name.is_empty()),
        variables: object(parameters.variables)?,
        _extensions: object(parameters.extensions)?,
    })
}

fn object(text: Option<String>) -> Result<Option<Map<String, Value>>, Refusal> {
    match text {
        Some(text) if !text.is_empty() => {
            size::check_json(text.as_bytes()).map_err(Refusal::too_much)?;
            serde_json::from_str(&text)
                .map_err(|_| bad("„variables“ und „extensions“ müssen JSON-Objekte oder null sein."))
        }
        Some(_) | None => Ok(None),
    }
}

fn build(members: Members) -> Result<async_graphql::Request, Refusal> {
    let query = members.query.ok_or_else(|| bad("„query“ fehlt."))?;
    size::check_document(&query).map_err(Refusal::too_much)?;
    let mut request = async_graphql::Request::new(query);
    request.operation_name = members.operation_name;
    request.variables = Variables::from_json(Value::Object(members.variables.unwrap_or_default()));
    Ok(request)
}

fn bad(text: &'static str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, Code::BadInput, text)
}
