//! The HTTP server. [`HttpServer::route`] contains every route, and every response leaves through [`HttpServer::call`].

mod accept;
mod access;
mod answer;
mod backend;
mod compression;
mod cors;
pub mod graphiql;
mod graphql;
mod page;
mod request;
mod size;
#[cfg(test)]
mod tests;
mod turns;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use tokio::time::timeout;
use uuid::Uuid;

use crate::config::Limits;
use crate::issuers::{IssuerState, Issuers};
use crate::metrics::Metrics;
use access::{FirstError, RequestContext, RequestLabels};
use answer::Rejection;
use graphiql::Tab;
use turns::{Capacity, Turns};

pub use backend::GraphqlBackend;
pub use page::{DemoPerson, Page};

/// Headers of every response. They forbid caching, framing, content sniffing and referrers.
const COMMON_HEADERS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "Authorization, Accept, Accept-Encoding, Origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];
/// Maximum size of a request head in bytes. Hyper only limits its buffer, so that its own limit lies anywhere between
/// this value and 112 KiB.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Timeout of the readiness check. A load balancer has other servers and needs a quick answer.
const READINESS_TIMEOUT: Duration = Duration::from_secs(2);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The HTTP server.
pub struct HttpServer<B> {
    backend: B,
    issuers: Arc<Issuers>,
    jwks: Option<String>,
    graphiql: Option<Vec<Tab>>,
    /// The page's routes; `None` disables them.
    page: Option<Page>,
    limits: Limits,
    metrics: Metrics,
    /// Decides which request runs next.
    turns: Turns,
}

impl<B: GraphqlBackend> HttpServer<B> {
    /// A server that answers with `backend` and accepts tokens of `issuers`. `jwks` are the development issuer's keys,
    /// which only `kim demo` serves. `graphiql` contains the tabs with which GraphiQL opens; `None` disables GraphiQL.
    pub(crate) fn new(
        backend: B,
        issuers: Arc<Issuers>,
        jwks: Option<String>,
        graphiql: Option<Vec<Tab>>,
        page: Option<Page>,
        limits: Limits,
        metrics: Metrics,
    ) -> Self {
        let turns = Turns::new(Capacity { running: limits.running.min(limits.requests), all: limits.requests });
        Self { backend, issuers, jwks, graphiql, page, limits, metrics, turns }
    }

    async fn route(&self, request: Request, id: &str) -> Response {
        if head_length(&request) > MAX_HEAD_BYTES {
            return answer::text(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the request head is too large");
        }
        match request.uri().path() {
            "/graphql" if self.is_allowed_preflight(&request) => cors::preflight(),
            "/graphql" => graphql::answer(self, request, id).await.unwrap_or_else(Rejection::into_response),
            "/healthz" => get_only(&request, || answer::text(StatusCode::OK, "ok")),
            "/readyz" => {
                let ready = timeout(READINESS_TIMEOUT, self.backend.ready()).await.unwrap_or(false);
                get_only(&request, || match ready {
                    true => answer::text(StatusCode::OK, self.ready_text()),
                    false => answer::text(
                        StatusCode::SERVICE_UNAVAILABLE,
                        "the database does not answer, or the log of disclosures cannot be written",
                    ),
                })
            }
            "/.well-known/jwks.json" if self.jwks.is_some() => {
                get_only(&request, || answer::json(self.jwks.clone().unwrap_or_default()))
            }
            path if path.starts_with("/desk/") => match &self.page {
                Some(page) => page::answer(self, page, request, id).await.unwrap_or_else(answer::not_found),
                None => answer::not_found(),
            },
            path => match (path.strip_prefix("/graphiql"), &self.graphiql) {
                (Some(file), Some(tabs)) => {
                    get_only(&request, || graphiql::answer(file, tabs).unwrap_or_else(answer::not_found))
                }
                (Some(_) | None, _) => answer::not_found(),
            },
        }
    }
}

impl<B> HttpServer<B> {
    /// `ready`, and a line for each issuer whose keys cannot be read. The server is ready for the other issuers' tokens.
    fn ready_text(&self) -> String {
        let mut text = "ready".to_owned();
        for (iss, state) in self.issuers.states() {
            match state {
                IssuerState::Current => {}
                IssuerState::OldKeys => {
                    text += &format!("\nissuer {iss}: the keys cannot be read; the last ones stay in force")
                }
                IssuerState::NoKeys => text += &format!("\nissuer {iss}: no keys; all its tokens are refused"),
            }
        }
        text
    }

    /// Whether the request is a CORS preflight from an allowed origin.
    fn is_allowed_preflight(&self, request: &Request) -> bool {
        *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && cors::allowed(&self.limits.origins, request.headers()).is_some()
    }
}

/// Bytes of a request's target and headers, without optional spaces.
fn head_length(request: &Request) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    request.uri().path_and_query().map_or(0, |target| target.as_str().len()) + headers.sum::<usize>()
}

/// Answers GET and HEAD, and refuses all other methods.
fn get_only(request: &Request, answer: impl FnOnce() -> Response) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => answer(),
        _ => answer::method_not_allowed("GET, HEAD").into_response(),
    }
}

impl<B: GraphqlBackend> Endpoint for HttpServer<B> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        // Never taken from the client, because the id joins the response, the log and the disclosure log.
        let id = Uuid::now_v7().to_string();
        let labels = RequestLabels::of(&request);
        let coding = compression::accepted(request.headers());
        let origin = cors::allowed(&self.limits.origins, request.headers());

        let result = AssertUnwindSafe(self.route(request, &id)).catch_unwind().await;
        let mut response = result.unwrap_or_else(|_| {
            tracing::error!(error_id = id, kind = "panic", "a request panicked");
            answer::internal(&id)
        });
        if let Some(origin) = origin {
            cors::allow(&mut response, origin);
        }

        let headers = response.headers_mut();
        for (name, value) in COMMON_HEADERS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, value);
        }
        let context = response.extensions_mut().remove::<RequestContext>().unwrap_or_default();
        let error = response.extensions_mut().remove::<FirstError>().unwrap_or_default();
        let duration = started.elapsed();
        if labels.is_graphql() {
            self.metrics.answered(context.operation, error.code, error.limit, duration);
        }
        access::record_span(&labels, &context, error, response.status(), duration, &id);
        access::log_request(&labels, &context, response.status(), duration, &id);
        Ok(compression::compress(response, coding).await)
    }
}
