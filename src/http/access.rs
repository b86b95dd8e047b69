//! One log line for each request. Nothing in it was chosen by the client: no address, name, query or token.

use std::time::{Duration, SystemTime};

use kim_domain::agency::{AgencyKind, Role};
use kim_graphql::{Code, Limit};
use opentelemetry::trace::{Span as _, SpanKind, Tracer as _};
use opentelemetry::{KeyValue, global};
use poem::Request;
use poem::http::{Method, StatusCode};

/// What was asked, as far as a log may know: an unknown path could hold anything.
pub(super) struct Asked {
    method: &'static str,
    path: &'static str,
}

impl Asked {
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
            _ => "other",
        };
        Self { method, path }
    }
}

/// What became known on the way; travels with the response and is taken off before it leaves.
#[derive(Clone, Copy, Default)]
pub(super) struct Logged {
    pub(super) pair: Option<(AgencyKind, Role)>,
    pub(super) operation: Option<&'static str>,
}

/// What an answer tells of its first error, for metrics; travels like [`Logged`].
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    pub(super) code: Option<Code>,
    pub(super) limit: Option<Limit>,
}

impl Asked {
    /// Whether it was for the API.
    pub(super) fn is_graphql(&self) -> bool {
        self.path == "/graphql"
    }
}

/// One span for each request, sent if a collector is configured: made here of words of ours, and not of what libraries
/// log on the way. Its trace begins here, whatever the client says.
pub(super) fn trace(asked: &Asked, logged: &Logged, told: Told, status: StatusCode, took: Duration, id: &str) {
    let tracer = global::tracer("kim");
    let end = SystemTime::now();
    let attributes = [
        KeyValue::new("http.request.method", asked.method),
        KeyValue::new("http.route", asked.path),
        KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
        KeyValue::new("graphql.operation.type", logged.operation.unwrap_or("-")),
        KeyValue::new("kim.code", told.code.map_or("OK", Code::code)),
        KeyValue::new("kim.request_id", id.to_owned()),
    ];
    let span = tracer.span_builder("request").with_kind(SpanKind::Server).with_attributes(attributes);
    span.with_start_time(end.checked_sub(took).unwrap_or(end)).start(&tracer).end_with_timestamp(end);
}

pub(super) fn log(asked: &Asked, logged: &Logged, status: StatusCode, took: Duration, id: &str) {
    tracing::info!(
        target: "kim::request",
        method = asked.method,
        path = asked.path,
        status = status.as_u16(),
        duration_ms = took.as_secs_f64() * 1_000.0,
        request_id = id,
        kind = logged.pair.map_or("-", |(kind, _)| kind.code()),
        role = logged.pair.map_or("-", |(_, role)| role.code()),
        operation = logged.operation.unwrap_or("-"),
        "request"
    );
}
