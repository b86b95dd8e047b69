//! Responses: the status, headers and bodies of answers and rejections.

use async_graphql::{ErrorExtensionValues, Response as GraphqlResponse, ServerError};
use kim_domain::Word as _;
use kim_graphql::{Code, ExceededLimit, Limit, TIMEOUT_MESSAGE};
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Body, Response};
use serde_json::json;

use super::accept::MediaType;
use super::access::FirstError;

const INTERNAL_ERROR: &str = "Interner Fehler. Bitte nennen Sie der Betreuung die Kennung.";

/// A request that is refused before it reaches the schema.
#[derive(Debug)]
pub(super) struct Rejection {
    status: StatusCode,
    code: Code,
    text: String,
    header: Option<(header::HeaderName, &'static str)>,
    retryable: bool,
    limit: Option<Limit>,
    id: Option<String>,
    media_type: MediaType,
}

impl Rejection {
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

    /// The same response for every refused token, so that its holder does not learn what is wrong with it.
    pub(super) fn unauthenticated() -> Self {
        Self {
            header: Some((header::WWW_AUTHENTICATE, "Bearer")),
            ..Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, "Ein gültiges Token ist nötig.")
        }
    }

    /// The browser has no session, or it has ended.
    pub(super) fn not_signed_in() -> Self {
        let text = "Sie sind nicht angemeldet, oder die Sitzung ist beendet. Bitte melden Sie sich an.";
        Self::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, text)
    }

    /// The browser has another session than the one for which the page was loaded.
    pub(super) fn other_session() -> Self {
        let text = "In diesem Browser hat sich inzwischen jemand angemeldet. Bitte laden Sie die Seite neu.";
        Self::new(StatusCode::CONFLICT, Code::Unauthenticated, text)
    }

    /// The request exceeds a limit. The response names the limit and its maximum.
    pub(super) fn limit_exceeded(exceeded: ExceededLimit) -> Self {
        let text = exceeded.to_string();
        Self { limit: Some(exceeded.limit), ..Self::new(StatusCode::BAD_REQUEST, Code::LimitExceeded, text) }
    }

    pub(super) const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The maximum number of concurrent requests is reached. The request can be retried a moment later.
    pub(super) fn too_busy() -> Self {
        let text = "Gerade sind zu viele Anfragen in Arbeit. Bitte gleich noch einmal versuchen.";
        Self {
            header: Some((header::RETRY_AFTER, "1")),
            retryable: true,
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::RateLimited, text)
        }
    }

    /// The request exceeded its deadline. Its work was cancelled, and nothing of its result was sent.
    pub(super) fn deadline_exceeded() -> Self {
        Self { retryable: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Timeout, TIMEOUT_MESSAGE) }
    }

    /// The body did not arrive in time. The request can be retried over a better connection.
    pub(super) fn body_timeout() -> Self {
        let text = "Der Body kam nicht rechtzeitig an.";
        Self { retryable: true, ..Self::new(StatusCode::REQUEST_TIMEOUT, Code::Timeout, text) }
    }

    /// An internal error. The log contains the cause under the id.
    pub(super) fn internal(id: &str, retryable: bool) -> Self {
        Self {
            retryable,
            id: Some(id.to_owned()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, INTERNAL_ERROR)
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
        response.extensions_mut().insert(FirstError { code: Some(self.code), limit: self.limit });
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

pub(super) fn method_not_allowed(allowed: &'static str) -> Rejection {
    Rejection {
        header: Some((header::ALLOW, allowed)),
        ..Rejection::new(
            StatusCode::METHOD_NOT_ALLOWED,
            Code::OperationNotAllowed,
            format!("Diese Methode ist hier nicht erlaubt; erlaubt: {allowed}."),
        )
    }
}

pub(super) fn not_found() -> Response {
    text(StatusCode::NOT_FOUND, "not found")
}

/// Response to an internal error. The log contains the cause under the id.
pub(super) fn internal(id: &str) -> Response {
    Rejection::internal(id, false).into_response()
}

pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Response {
    Response::builder().status(status).content_type("text/plain; charset=utf-8").body(text.into())
}

pub(super) fn json(body: String) -> Response {
    write(StatusCode::OK, MediaType::Json, body)
}

fn write(status: StatusCode, media_type: MediaType, body: impl Into<Body>) -> Response {
    Response::builder().status(status).header(header::CONTENT_TYPE, media_type.header()).body(body)
}

/// Writes a GraphQL response with the status code that the draft of GraphQL over HTTP requires.
pub(super) fn graphql(mut response: GraphqlResponse, media_type: MediaType, id: &str) -> Response {
    let executed = !refused_before_execution(&response);
    if !executed {
        for error in &mut response.errors {
            set_missing_code(error, Code::ValidationFailed);
        }
    }
    let status = if executed { StatusCode::OK } else { status_of(&response.errors, media_type) };
    let Ok(body) = write_body(&response, executed) else {
        tracing::error!(error_id = id, kind = "serialisation", "serialising a response failed");
        return internal(id);
    };
    let mut answer = write(status, media_type, body);
    answer.extensions_mut().insert(first_error(&response.errors));
    answer
}

/// Writes the body. `data` is absent, not null, if nothing was executed.
fn write_body(response: &GraphqlResponse, executed: bool) -> serde_json::Result<Vec<u8>> {
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

/// The codes of the first error. Unknown codes are omitted.
fn first_error(errors: &[ServerError]) -> FirstError {
    let Some(extensions) = errors.first().and_then(|error| error.extensions.as_ref()) else {
        return FirstError::default();
    };
    let code = |name: &str| match extensions.get(name) {
        Some(async_graphql::Value::String(code)) => Some(code.as_str()),
        _ => None,
    };
    FirstError { code: code("code").and_then(Code::from_code), limit: code("limit").and_then(Limit::from_code) }
}

/// Response to a document that cannot be parsed.
pub(super) fn parse_failed(error: ServerError, media_type: MediaType, id: &str) -> Response {
    graphql(GraphqlResponse::from_errors(vec![kim_graphql::unreadable(error)]), media_type, id)
}

/// Whether nothing was executed. Then `data` is null and no error has a path: errors of parsing, validation and
/// variables have no path, errors of execution have one.
fn refused_before_execution(response: &GraphqlResponse) -> bool {
    response.data == async_graphql::Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

fn set_missing_code(error: &mut ServerError, code: Code) {
    let extensions = error.extensions.get_or_insert_with(ErrorExtensionValues::default);
    if extensions.get("code").is_none() {
        extensions.set("code", code.code());
    }
}

/// Status code of a refused request. Errors of the server are 5xx for every media type, so that monitoring sees them.
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
