//! HTTP, thin and ours: every route is in [`Front::route`], and every answer leaves through [`Front::call`].

mod accept;
mod access;
mod answer;
mod backend;
mod compression;
mod cors;
pub mod graphiql;
mod graphql;
mod request;
mod size;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use uuid::Uuid;

use crate::issuers::Issuers;
use crate::metrics::Metrics;
use access::{Logged, Told};
use answer::Refusal;
use graphiql::Tab;

pub use backend::Backend;

/// Said with every answer: nothing of it is kept by caches, framed, sniffed or sent on.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "Authorization, Accept, Accept-Encoding, Origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];
/// Bytes of a head. Hyper's own limit is one of its buffer, and lies anywhere between this and 112 KiB.
const LARGEST_HEAD: usize = 64 * 1024;
/// Who asks whether we are ready has another server to turn to, and no patience.
const READY_WITHIN: Duration = Duration::from_secs(2);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What the front door takes.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The origins whose pages may ask from a browser.
    pub origins: Vec<HeaderValue>,
    /// How long a request may take.
    pub deadline: Duration,
    /// How many requests run at once.
    pub requests: usize,
    /// How many connections are open at once.
    pub connections: usize,
}

/// The server's front door.
pub struct Front<B> {
    backend: B,
    issuers: Arc<Issuers>,
    jwks: Option<String>,
    graphiql: Option<Vec<Tab>>,
    limits: Limits,
    metrics: Metrics,
    /// One place for each request that may run.
    places: Semaphore,
}

impl<B: Backend> Front<B> {
    /// Over what answers, with whose tokens are accepted; `kim demo` alone serves `jwks`, the development issuer's
    /// keys. GraphiQL opens with its tabs, or is not shown.
    pub(crate) fn new(
        backend: B,
        issuers: Arc<Issuers>,
        jwks: Option<String>,
        graphiql: Option<Vec<Tab>>,
        limits: Limits,
        metrics: Metrics,
    ) -> Self {
        let places = Semaphore::new(limits.requests);
        Self { backend, issuers, jwks, graphiql, limits, metrics, places }
    }

    async fn route(&self, request: Request, id: &str) -> Response {
        if length_of_head(&request) > LARGEST_HEAD {
            return answer::text(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too large");
        }
        match request.uri().path() {
            "/graphql" if self.asks_before(&request) => cors::preflight(),
            "/graphql" => graphql::answer(self, request, id).await.unwrap_or_else(Refusal::into_response),
            "/healthz" => reading(&request, || answer::text(StatusCode::OK, "ok")),
            "/readyz" => {
                let ready = timeout(READY_WITHIN, self.backend.ready()).await.unwrap_or(false);
                reading(&request, || match ready {
                    true => answer::text(StatusCode::OK, "ready"),
                    false => answer::text(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer"),
                })
            }
            "/.well-known/jwks.json" if self.jwks.is_some() => {
                reading(&request, || answer::json(self.jwks.clone().unwrap_or_default()))
            }
            path => match (path.strip_prefix("/graphiql"), &self.graphiql) {
                (Some(file), Some(tabs)) => {
                    reading(&request, || graphiql::answer(file, tabs).unwrap_or_else(answer::not_found))
                }
                (Some(_) | None, _) => answer::not_found(),
            },
        }
    }
}

impl<B> Front<B> {
    /// Whether a browser asks what a page of an allowed origin may do.
    fn asks_before(&self, request: &Request) -> bool {
        *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
            && cors::allowed(&self.limits.origins, request.headers()).is_some()
    }
}

/// Bytes of a request's address and headers, as they were sent but for spaces.
fn length_of_head(request: &Request) -> usize {
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    request.uri().path_and_query().map_or(0, |target| target.as_str().len()) + headers.sum::<usize>()
}

/// Answers GET and HEAD, and refuses any other method.
fn reading(request: &Request, answer: impl FnOnce() -> Response) -> Response {
    match *request.method() {
        Method::GET | Method::HEAD => answer(),
        _ => answer::method_not_allowed("GET, HEAD").into_response(),
    }
}

impl<B: Backend> Endpoint for Front<B> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        // Never the client's: it is the key that joins the answer, our log and the log of disclosures.
        let id = Uuid::now_v7().to_string();
        let asked = access::Asked::of(&request);
        let coding = compression::accepted(request.headers());
        let origin = cors::allowed(&self.limits.origins, request.headers());

        let handled = AssertUnwindSafe(self.route(request, &id)).catch_unwind().await;
        let mut response = handled.unwrap_or_else(|_| {
            tracing::error!(error_id = id, kind = "panic", "a request ended in a panic");
            answer::internal(&id)
        });
        if let Some(origin) = origin {
            cors::admit(&mut response, origin);
        }

        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, value);
        }
        let logged = response.extensions_mut().remove::<Logged>().unwrap_or_default();
        let told = response.extensions_mut().remove::<Told>().unwrap_or_default();
        let took = started.elapsed();
        if asked.is_graphql() {
            self.metrics.answered(logged.operation, told.code, told.limit, took);
        }
        access::trace(&asked, &logged, told, response.status(), took, &id);
        access::log(&asked, &logged, response.status(), took, &id);
        Ok(compression::compress(response, coding).await)
    }
}
