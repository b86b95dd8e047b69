//! What is said: the status, headers and bodies of answers and refusals.

use async_graphql::{ErrorExtensionValues, Response as GraphqlResponse, ServerError};
use kim_domain::Word as _;
use kim_graphql::{Code, Limit, TOO_LATE, TooMuch};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Response};
use serde_json::json;

use super::accept::MediaType;
use super::access::Told;

const BROKEN: &str = "Interner Fehler. Bitte nennen Sie der Betreuung die Kennung.";

/// A request that is answered without asking the schema.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: Code,
    text: String,
    header: Option<(header::HeaderName, &'static str)>,
    retryable: bool,
    limit: Option<Limit>,
    id: Option<String>,
    media_type: MediaType,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: Code, text: impl Into<String>) -> Self {
        Self {
            status,
            code,
            text: text.into(),
            header: None,
            retryable: false,
            limit: None,
            id: None,
            media_type: MediaType::Json,
        }
    }

    /// One answer for every token: who holds a wrong one learns nothing of what is wrong with it.
    pub(super) fn unauthenticated() -> Self {
        Self {
            header: Some((header::WWW_AUTHENTICATE, "Bearer")),
            ..Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, "Ein gültiges Token ist nötig.")
        }
    }

    /// More of something than one request may have; the answer says of what, and how much it may be.
    pub(super) fn too_much(refused: TooMuch) -> Self {
        let text = refused.to_string();
        Self { limit: Some(refused.limit), ..Self::new(StatusCode::BAD_REQUEST, Code::LimitExceeded, text) }
    }

    pub(super) const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// More requests run than may at once. The same one can be answered a moment later.
    pub(super) fn too_busy() -> Self {
        let text = "Gerade sind zu viele Anfragen in Arbeit. Bitte gleich noch einmal versuchen.";
        Self {
            header: Some((header::RETRY_AFTER, "1")),
            retryable: true,
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::RateLimited, text)
        }
    }

    /// The request's time is over; its work was given up, and nothing of it left.
    pub(super) fn too_late() -> Self {
        Self { retryable: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Timeout, TOO_LATE) }
    }

    /// The body did not arrive in time. The same request can be answered over a better line.
    pub(super) fn too_slow() -> Self {
        let text = "Der Body kam nicht rechtzeitig an.";
        Self { retryable: true, ..Self::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, text) }
    }

    /// Something broke. The cause is in our log, under the id.
    pub(super) fn internal(id: &str, retryable: bool) -> Self {
        Self {
            retryable,
            id: Some(id.to_owned()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, BROKEN)
        }
    }

    pub(super) const fn in_media_type(mut self, media_type: MediaType) -> Self {
        self.media_type = media_type;
        self
    }

    pub(super) fn into_response(self) -> Response {
        let mut extensions = json!({"code": self.code.code()});
        if let Some(limit) = self.limit {
            extensions["limit"] = limit.code().into();
        }
        if let Some(id) = self.id {
            extensions["id"] = id.into();
        }
        if self.retryable {
            extensions["retryable"] = true.into();
        }
        let body = json!({"errors": [{"message": self.text, "extensions": extensions}]});
        let mut response = write(self.status, self.media_type, body.to_string());
        response.extensions_mut().insert(Told { code: Some(self.code), limit: self.limit });
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

pub(super) fn method_not_allowed(allowed: &'static str) -> Refusal {
    Refusal {
        header: Some((header::ALLOW, allowed)),
        ..Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::OperationNotAllowed,
            format!("Diese Methode ist hier nicht erlaubt; erlaubt: {allowed}."),
        )
    }
}

pub(super) fn not_found() -> Response {
    text(StatusCode::NOT_FOUND, "not found")
}

/// Something broke. The cause is in our log, under the id.
pub(super) fn internal(id: &str) -> Response {
    Refusal::internal(id, false).into_response()
}

pub(super) fn text(status: StatusCode, text: &'static str) -> Response {
    Response::builder().status(status).content_type("text/plain; charset=utf-8").body(text)
}

pub(super) fn json(body: String) -> Response {
    write(StatusCode::OK, MediaType::Json, body)
}

fn write(status: StatusCode, media_type: MediaType, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header(header::CONTENT_TYPE, media_type.header()).body(body)
}

/// Writes a GraphQL response, with the status that the draft asks for.
pub(super) fn graphql(mut response: GraphqlResponse, media_type: MediaType, id: &str) -> Response {
    let executed = !refused_before_execution(&response);
    if !executed {
        for error in &mut response.errors {
            give_code(error, Code::ValidationFailed);
        }
    }
    let status = if executed { StatusCode::OK } else { status_of(&response.errors, media_type) };
    let Ok(body) = body(&response, executed) else {
        tracing::error!(error_id = id, kind = "serialisation", "an answer could not be written");
        return internal(id);
    };
    let mut answer = write(status, media_type, body);
    answer.extensions_mut().insert(told(&response.errors));
    answer
}

/// A response as it leaves: `data` is absent, not null, when nothing was executed.
fn body(response: &GraphqlResponse, executed: bool) -> serde_json::Result<Vec<u8>> {
    let mut body = vec![b'{'];
    if !response.errors.is_empty() {
        body.extend_from_slice(b"\"errors\":");
        serde_json::to_writer(&mut body, &response.errors)?;
        body.extend_from_slice(if executed { b"," } else { b"" });
    }
    if executed {
        body.extend_from_slice(b"\"data\":");
        kim_graphql::write_json(&response.data, &mut body);
    }
    body.push(b'}');
    Ok(body)
}

/// The words of the first error; one that is none of ours is not told.
fn told(errors: &[ServerError]) -> Told {
    let Some(extensions) = errors.first().and_then(|error| error.extensions.as_ref()) else { return Told::default() };
    let word = |name: &str| match extensions.get(name) {
        Some(async_graphql::Value::String(word)) => Some(word.as_str()),
        _ => None,
    };
    Told { code: word("code").and_then(Code::from_code), limit: word("limit").and_then(Limit::from_code) }
}

/// A document that cannot be read.
pub(super) fn unreadable(error: ServerError, media_type: MediaType, id: &str) -> Response {
    graphql(GraphqlResponse::from_errors(vec![kim_graphql::unreadable(error)]), media_type, id)
}

/// Errors of execution have a path; those of parsing, validation and variables have none, and there is no data.
fn refused_before_execution(response: &GraphqlResponse) -> bool {
    response.data == async_graphql::Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

fn give_code(error: &mut ServerError, code: Code) {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code.code());
    }
}

/// What broke on our side is 5xx for everyone, so that whoever watches the server sees it.
fn status_of(errors: &[ServerError], media_type: MediaType) -> StatusCode {
    let has = |code: Code| {
        let code = async_graphql::Value::from(code.code());
        errors.iter().any(|error| error.extensions.as_ref().and_then(|all| all.get("code")) == Some(&code))
    };
    match media_type {
        _ if has(Code::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
        _ if has(Code::Timeout) => StatusCode::SERVICE_UNAVAILABLE,
        MediaType::GraphqlResponse => StatusCode::BAD_REQUEST,
        MediaType::Json => StatusCode::OK,
    }
}
