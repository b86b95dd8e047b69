//! One log line for each request. Nothing in it was chosen by the client: no address, name, query or token.

use std::time::Duration;

use kim_domain::agency::{AgencyKind, Role};
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
