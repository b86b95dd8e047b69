//! Keys from files and URLs are read at the start, refreshed when needed, and kept if a refresh fails.

use std::sync::atomic::{AtomicUsize, Ordering};

use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::{Endpoint, Request, Response, Server};

use super::*;
use crate::development::{self, TokenSpec};

const GOOD: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"46Dxr4zzGXca-t3es0515-tQ9Z1alJegZxqiA0I0uf0"}]}"#;

/// An issuer's web server. Answers each request with the next answer, and repeats the last one.
struct KeyServer {
    requests: AtomicUsize,
    answers: Vec<(StatusCode, String)>,
}

struct KeyEndpoint(Arc<KeyServer>);

impl Endpoint for KeyEndpoint {
    type Output = Response;
    async fn call(&self, _: Request) -> poem::Result<Response> {
        let next = self.0.requests.fetch_add(1, Ordering::SeqCst).min(self.0.answers.len() - 1);
        let (status, body) = self.0.answers[next].clone();
        let response = Response::builder().status(status);
        Ok(if status == StatusCode::FOUND { response.header("location", body).finish() } else { response.body(body) })
    }
}

async fn key_server(answers: Vec<(StatusCode, String)>) -> (String, Arc<KeyServer>) {
    let server = Arc::new(KeyServer { requests: AtomicUsize::new(0), answers });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
    let acceptor = TcpAcceptor::from_tokio(listener).expect("an acceptor");
    tokio::spawn(Server::new_with_acceptor(acceptor).run(KeyEndpoint(Arc::clone(&server))));
    (url, server)
}

fn config(jwks: &str) -> IssuerConfig {
    IssuerConfig {
        iss: "https://a.example".to_owned(),
        audience: "kim".to_owned(),
        jwks: jwks.to_owned(),
        agencies: vec!["*".to_owned()],
    }
}

async fn load(jwks: &str) -> Result<Arc<Issuers>, String> {
    Issuers::load(&[config(jwks)]).await.map_err(|failure| failure.to_string())
}

#[tokio::test]
async fn at_least_one_issuer_is_required() {
    assert!(matches!(Issuers::load(&[]).await, Err(Failure::Usage(words)) if words.contains("[[issuer]]")));
}

#[tokio::test]
async fn a_duplicate_issuer_is_refused() {
    let (url, _) = key_server(vec![(StatusCode::OK, GOOD.to_owned())]).await;
    assert!(matches!(Issuers::load(&[config(&url), config(&url)]).await, Err(Failure::Usage(_))));
}

#[tokio::test]
async fn unreadable_keys_prevent_the_start_with_a_reason() {
    let too_long = (StatusCode::OK, " ".repeat(MAX_JWKS_BYTES + 1));
    for (answer, words) in [
        ((StatusCode::NOT_FOUND, String::new()), "404"),
        ((StatusCode::OK, "<html>".to_owned()), "not a JWK set"),
        ((StatusCode::FOUND, "https://elsewhere.example/".to_owned()), "302"),
        (too_long, "longer"),
    ] {
        let (url, _) = key_server(vec![answer]).await;
        let why = load(&url).await.expect_err("refused");
        assert!(why.contains(words) && why.contains("https://a.example") && why.contains(&url), "{why}");
    }
    assert!(load("/nonexistent/keys.json").await.is_err());
    assert!(load("http://127.0.0.1:1/").await.is_err());
}

#[tokio::test]
async fn the_development_key_is_refused_for_every_issuer() {
    let (url, _) = key_server(vec![(StatusCode::OK, development::jwks())]).await;
    assert!(load(&url).await.expect_err("refused").contains("development issuer"));
}

#[tokio::test]
async fn a_development_token_is_refused_by_a_configured_server() {
    let (url, _) = key_server(vec![(StatusCode::OK, GOOD.to_owned())]).await;
    let issuers = load(&url).await.expect("issuers");
    let token =
        development::sign(&TokenSpec::usual("jobcenter-koeln", kim_domain::agency::Role::Clerk)).expect("a token");
    assert!(issuers.verify(&token).await.is_err());
}

/// A token of the configured issuer with this key id and a wrong signature.
fn token_with_key(kid: &str) -> String {
    use base64::Engine as _;
    let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.AAAA", part(&format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#)), part(r#"{"iss":"https://a.example"}"#))
}

#[tokio::test]
async fn an_unknown_key_causes_at_most_one_fetch_a_minute_and_a_failed_fetch_keeps_the_keys() {
    let good = (StatusCode::OK, GOOD.to_owned());
    let (url, server) = key_server(vec![good.clone(), (StatusCode::INTERNAL_SERVER_ERROR, String::new()), good]).await;
    let issuers = load(&url).await.expect("issuers");
    let token = token_with_key("new");
    let requests = || server.requests.load(Ordering::SeqCst);

    assert!(issuers.verify(&token).await.is_err());
    assert_eq!(requests(), 1, "the keys were fetched a moment ago");
    for expected in [2, 3] {
        let source = &issuers.sources["https://a.example"];
        *source.fetched_at.lock().await -= MIN_REFRESH_INTERVAL;
        for _ in 0..5 {
            assert!(issuers.verify(&token).await.is_err());
        }
        assert_eq!(requests(), expected);
        assert!(issuers.current().issuer_with_unknown_key(&token_with_key("a")).is_none(), "the old key is in force");
    }
}

#[tokio::test]
async fn an_issuer_may_rotate_its_key_while_the_server_runs() {
    let new = (StatusCode::OK, GOOD.replace("\"a\"", "\"new\""));
    let (url, _) = key_server(vec![(StatusCode::OK, GOOD.to_owned()), new]).await;
    let issuers = load(&url).await.expect("issuers");
    let token = token_with_key("new");
    assert!(issuers.current().issuer_with_unknown_key(&token).is_some());
    *issuers.sources["https://a.example"].fetched_at.lock().await -= MIN_REFRESH_INTERVAL;
    assert!(issuers.verify(&token).await.is_err(), "its signature is still wrong");
    assert!(issuers.current().issuer_with_unknown_key(&token).is_none(), "the new key is known");
}
