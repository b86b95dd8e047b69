//! One log line and one span for each request. Neither contains text from the client: no address, name, query or token.

use std::time::{Duration, SystemTime};

use kim_domain::agency::{AgencyKind, Role};
use kim_graphql::{Code, Limit};
use opentelemetry::trace::{Span as _, SpanKind, Tracer as _};
use opentelemetry::{KeyValue, global};
use poem::Request;
use poem::http::{Method, StatusCode};

/// Method and path of a request for logs. Unknown values become "other", because an unknown path could contain
/// anything.
pub(super) struct RequestLabels {
    method: &'static str,
    path: &'static str,
}

impl RequestLabels {
    pub(super) fn of(request: &Request) -> Self {
        let method = match *request.method() {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::HEAD => "HEAD",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        };
        let path = match request.uri().path() {
            "/graphql" => "/graphql",
            "/graphiql" => "/graphiql",
            "/healthz" => "/healthz",
            "/readyz" => "/readyz",
            "/.well-known/jwks.json" => "/.well-known/jwks.json",
            "/desk/graphql" => "/desk/graphql",
            path if path.starts_with("/desk/") => "/desk/",
            _ => "other",
        };
        Self { method, path }
    }

    /// Whether the request is for the API.
    pub(super) fn is_graphql(&self) -> bool {
        matches!(self.path, "/graphql" | "/desk/graphql")
    }
}

/// Facts about a request for its log line. They are an extension of the response, which is removed before sending.
#[derive(Clone, Copy, Default)]
pub(super) struct RequestContext {
    pub(super) pair: Option<(AgencyKind, Role)>,
    pub(super) operation: Option<&'static str>,
}

/// Codes of a response's first error, for metrics. An extension of the response like [`RequestContext`].
#[derive(Clone, Copy, Default)]
pub(super) struct FirstError {
    pub(super) code: Option<Code>,
    pub(super) limit: Option<Limit>,
}

/// Records the span of a request, which is sent if a collector is configured. The span contains only constants of this
/// program, numbers and the request id, and nothing that libraries log. It begins a new trace, whatever trace the
/// client names.
pub(super) fn record_span(
    labels: &RequestLabels,
    context: &RequestContext,
    error: FirstError,
    status: StatusCode,
    duration: Duration,
    id: &str,
) {
    let tracer = global::tracer("kim");
    let end = SystemTime::now();
    let attributes = [
        KeyValue::new("http.request.method", labels.method),
        KeyValue::new("http.route", labels.path),
        KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
        KeyValue::new("graphql.operation.type", context.operation.unwrap_or("-")),
        KeyValue::new("kim.code", error.code.map_or("OK", Code::code)),
        KeyValue::new("kim.request_id", id.to_owned()),
    ];
    let span = tracer.span_builder("request").with_kind(SpanKind::Server).with_attributes(attributes);
    span.with_start_time(end.checked_sub(duration).unwrap_or(end)).start(&tracer).end_with_timestamp(end);
}

pub(super) fn log_request(
    labels: &RequestLabels,
    context: &RequestContext,
    status: StatusCode,
    duration: Duration,
    id: &str,
) {
    tracing::info!(
        target: "kim::request",
        method = labels.method,
        path = labels.path,
        status = status.as_u16(),
        duration_ms = duration.as_secs_f64() * 1_000.0,
        request_id = id,
        kind = context.pair.map_or("-", |(kind, _)| kind.code()),
        role = context.pair.map_or("-", |(_, role)| role.code()),
        operation = context.operation.unwrap_or("-"),
        "request"
    );
}
