//! Reads one GraphQL request: from a JSON body, or from the address of a GET.

use std::time::Duration;

use async_graphql::Variables;
use async_graphql::parser::types::{DocumentOperations, ExecutableDocument, OperationType};
use kim_graphql::Code;
use poem::error::ReadBodyError;
use poem::http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::{accept, nesting};

/// The largest body, in bytes, announced or not.
pub(super) const LARGEST_BODY: usize = 256 * 1024;
const BODY_WITHIN: Duration = Duration::from_secs(15);

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
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadInput,
            "Der Body muss unkomprimiert sein (ohne Content-Encoding).",
        ));
    }
    let reading = request.take_body().into_bytes_limit(LARGEST_BODY);
    let body = match tokio::time::timeout(BODY_WITHIN, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(ReadBodyError::PayloadTooLarge)) => {
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                Code::LimitExceeded,
                "Der Body darf höchstens 256 KiB groß sein.",
            ));
        }
        Ok(Err(_)) => return Err(bad("Der Body ist nicht lesbar.")),
        Err(_) => {
            return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, "Der Body kam nicht rechtzeitig an."));
        }
    };
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            Code::OperationNotAllowed,
            "Mehrere Anfragen in einer (Batching) werden nicht beantwortet.",
        ));
    }
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
        Some(text) if !text.is_empty() => serde_json::from_str(&text)
            .map_err(|_| bad("„variables“ und „extensions“ müssen JSON-Objekte oder null sein.")),
        Some(_) | None => Ok(None),
    }
}

fn build(members: Members) -> Result<async_graphql::Request, Refusal> {
    let query = members.query.ok_or_else(|| bad("„query“ fehlt."))?;
    if !nesting::is_shallow(&query) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            Code::LimitExceeded,
            format!("Klammern dürfen höchstens {} tief geschachtelt sein.", nesting::DEEPEST),
        ));
    }
    let mut request = async_graphql::Request::new(query);
    request.operation_name = members.operation_name;
    request.variables = Variables::from_json(Value::Object(members.variables.unwrap_or_default()));
    Ok(request)
}

fn bad(text: &'static str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, Code::BadInput, text)
}

/// The type of the operation that would run; `None` if the document does not say which that is.
pub(super) fn operation_type(document: &ExecutableDocument, name: Option<&str>) -> Option<OperationType> {
    let operation = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => operation,
        (DocumentOperations::Single(_), Some(_)) => return None,
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name)?,
        (DocumentOperations::Multiple(all), None) if all.len() == 1 => all.values().next()?,
        (DocumentOperations::Multiple(_), None) => return None,
    };
    Some(operation.node.ty)
}
