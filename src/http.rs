//! HTTP, thin and ours: every route is in [`Front::route`], and every answer leaves through [`Front::call`].

mod accept;
mod access;
mod answer;
mod backend;
pub mod graphiql;
mod graphql;
mod nesting;
mod request;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request, Response};
use uuid::Uuid;

use crate::issuers::Issuers;
use access::Logged;
use answer::Refusal;
use graphiql::Tab;

pub use backend::Backend;

/// Said with every answer: nothing of it is kept by caches, framed, sniffed or sent on.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::VARY, "Authorization"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The server's front door.
pub struct Front<B> {
    /// What answers.
    pub backend: B,
    /// Whose tokens are accepted.
    pub issuers: Arc<Issuers>,
    /// The development issuer's public keys: `kim demo` alone serves them.
    pub jwks: Option<String>,
    /// The tabs that GraphiQL opens with; `None`: it is not shown.
    pub graphiql: Option<Vec<Tab>>,
}

impl<B: Backend> Front<B> {
    async fn route(&self, request: Request, id: &str) -> Response {
        match request.uri().path() {
            "/graphql" => graphql::answer(self, request, id).await.unwrap_or_else(Refusal::into_response),
            "/healthz" => reading(&request, || answer::text(StatusCode::OK, "ok")),
            "/readyz" => {
                let ready = self.backend.ready().await;
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

        let handled = AssertUnwindSafe(self.route(request, &id)).catch_unwind().await;
        let mut response = handled.unwrap_or_else(|_| answer::internal(&id));

        let headers = response.headers_mut();
        for (name, value) in ALWAYS {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if let Ok(value) = HeaderValue::from_str(&id) {
            headers.insert(REQUEST_ID, value);
        }
        let logged = response.extensions_mut().remove::<Logged>().unwrap_or_default();
        access::log(&asked, &logged, response.status(), started.elapsed(), &id);
        Ok(response)
    }
}
