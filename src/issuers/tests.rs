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
        jwks: Some(jwks.to_owned()),
        agencies: vec!["*".to_owned()],
        ..IssuerConfig::default()
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
    let too_long = (StatusCode::OK, " ".repeat(source::MAX_BYTES + 1));
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

/// Ages the last read that a token caused.
async fn age(issuers: &Issuers, by: Duration) {
    let mut read_at = issuers.sources["https://a.example"].token_read_at.lock().await;
    *read_at = read_at.map(|at| at - by);
}

#[tokio::test]
async fn an_unknown_key_or_a_wrong_signature_causes_at_most_one_read_a_minute() {
    let good = (StatusCode::OK, GOOD.to_owned());
    let (url, server) = key_server(vec![good.clone(), (StatusCode::INTERNAL_SERVER_ERROR, String::new()), good]).await;
    let issuers = load(&url).await.expect("issuers");
    let requests = || server.requests.load(Ordering::SeqCst);
    assert_eq!(requests(), 1);
    for (expected, kid) in [(2, "new"), (3, "a")] {
        for _ in 0..5 {
            assert!(issuers.verify(&token_with_key(kid)).await.is_err());
        }
        assert_eq!(requests(), expected, "{kid}");
        let state = if expected == 2 { IssuerState::OldKeys } else { IssuerState::Current };
        assert_eq!(issuers.states().collect::<Vec<_>>(), [("https://a.example", state)]);
        age(&issuers, MIN_TOKEN_INTERVAL).await;
    }
    // An invalid token of another kind causes none.
    assert!(issuers.verify("x").await.is_err());
    assert_eq!(requests(), 3);
}

/// An Ed25519 key of this issuer, its JWK set, and a token that it signs.
fn signed_with_new_key(kid: &str) -> (String, String) {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use base64::Engine as _;
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).expect("a key");
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("the same key");
    let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(pair.public_key());
    let jwks = serde_json::json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x}]}).to_string();
    let claims = serde_json::json!({
        "iss": "https://a.example", "aud": "kim", "sub": "anna", "exp": get_current_timestamp() + 600,
        "agency": "jobcenter-koeln", "role": "CLERK",
    });
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
    (jwks, encode(&header, &claims, &EncodingKey::from_ed_der(pkcs8.as_ref())).expect("a token"))
}

#[tokio::test]
async fn an_issuer_may_rotate_its_key_under_a_new_or_the_same_id() {
    for kid in ["new", "a"] {
        let (jwks, token) = signed_with_new_key(kid);
        let (url, _) = key_server(vec![(StatusCode::OK, GOOD.to_owned()), (StatusCode::OK, jwks)]).await;
        let issuers = load(&url).await.expect("issuers");
        let results = join_all((0..20).map(|_| issuers.verify(&token))).await;
        assert!(results.iter().all(Result::is_ok), "the first token after the rotation is accepted: {kid}");
    }
}

#[tokio::test]
async fn an_issuer_without_keys_stops_no_other_and_comes_back() {
    let (jwks, token) = signed_with_new_key("new");
    for down in [(StatusCode::SERVICE_UNAVAILABLE, String::new()), (StatusCode::OK, r#"{"keys":[]}"#.to_owned())] {
        let (url, _) = key_server(vec![down, (StatusCode::OK, jwks.clone())]).await;
        let (other_url, _) = key_server(vec![(StatusCode::OK, GOOD.to_owned())]).await;
        let other = IssuerConfig { iss: "https://b.example".to_owned(), ..config(&other_url) };
        let issuers = Issuers::load(&[config(&url), other]).await.expect("the other has keys");
        let states = || issuers.states().map(|(_, state)| state).collect::<Vec<_>>();
        assert_eq!(states(), [IssuerState::NoKeys, IssuerState::Current]);
        assert!(issuers.verify(&token).await.is_ok(), "its first token has the keys read");
        assert_eq!(states(), [IssuerState::Current, IssuerState::Current]);
    }
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_delays_few_requests_and_no_start() {
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/jwks", hanging.local_addr().expect("an address"));
    let (other_url, _) = key_server(vec![(StatusCode::OK, GOOD.to_owned())]).await;
    let other = IssuerConfig { iss: "https://b.example".to_owned(), ..config(&other_url) };
    let issuers =
        timeout(2 * START_WAIT, Issuers::load(&[config(&url), other])).await.expect("in time").expect("issuers");
    assert_eq!(issuers.states().next().map(|(_, state)| state), Some(IssuerState::NoKeys));
    let token = token_with_key("a");
    let begun = Instant::now();
    let ends = join_all((0..500).map(|_| async {
        assert!(issuers.verify(&token).await.is_err());
        begun.elapsed()
    }));
    let ends = ends.await;
    assert!(ends.iter().all(|end| *end < 2 * MAX_WAIT), "no request waits for the whole read");
    let waited = ends.iter().filter(|end| **end >= MAX_WAIT).count();
    assert_eq!(waited, MAX_WAITING, "the others are refused at once");
}

#[tokio::test]
async fn an_issuer_without_keys_is_tried_for_a_token_every_ten_seconds() {
    let down = (StatusCode::SERVICE_UNAVAILABLE, String::new());
    let (url, server) = key_server(vec![down]).await;
    let (other_url, _) = key_server(vec![(StatusCode::OK, GOOD.to_owned())]).await;
    let other = IssuerConfig { iss: "https://b.example".to_owned(), ..config(&other_url) };
    let issuers = Issuers::load(&[config(&url), other]).await.expect("the other has keys");
    for expected in [2, 3] {
        let token = token_with_key("a");
        join_all((0..20).map(|_| issuers.verify(&token))).await;
        assert_eq!(server.requests.load(Ordering::SeqCst), expected);
        age(&issuers, MIN_TOKEN_INTERVAL_WITHOUT_KEYS).await;
    }
}

#[tokio::test]
async fn an_issuer_that_is_out_is_tried_each_minute() {
    let (jwks, _) = signed_with_new_key("new");
    let down = (StatusCode::SERVICE_UNAVAILABLE, String::new());
    let (url, _) = key_server(vec![down.clone(), down, (StatusCode::OK, jwks)]).await;
    let (other_url, other_server) = key_server(vec![(StatusCode::OK, GOOD.to_owned())]).await;
    let other = IssuerConfig { iss: "https://b.example".to_owned(), ..config(&other_url) };
    let issuers = Issuers::load(&[config(&url), other]).await.expect("the other has keys");
    for expected in [IssuerState::NoKeys, IssuerState::Current] {
        retry(&issuers, false).await;
        assert_eq!(issuers.states().next().map(|(_, state)| state), Some(expected));
    }
    assert_eq!(other_server.requests.load(Ordering::SeqCst), 1, "the other is not out");
    retry(&issuers, true).await;
    assert_eq!(other_server.requests.load(Ordering::SeqCst), 2, "each quarter of an hour all are read");
}

/// An OpenID configuration at the issuer's own URL names the keys.
#[tokio::test]
async fn keys_are_found_by_openid_discovery() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let iss = format!("http://{}", listener.local_addr().expect("an address"));
    let (keys, _) = key_server(vec![(StatusCode::OK, GOOD.to_owned())]).await;
    let found = |issuer: &str, keys: &str| {
        (StatusCode::OK, serde_json::json!({"issuer": issuer, "jwks_uri": keys, "other": 1}).to_string())
    };
    let answers = vec![
        found("https://other.example", &keys),
        found(&iss, "http://keys.example/"),
        found(&iss, "keys.json"),
        (StatusCode::OK, GOOD.to_owned()),
        (StatusCode::NOT_FOUND, String::new()),
        found(&iss, &keys),
    ];
    let server = Arc::new(KeyServer { requests: AtomicUsize::new(0), answers });
    let acceptor = TcpAcceptor::from_tokio(listener).expect("an acceptor");
    tokio::spawn(Server::new_with_acceptor(acceptor).run(KeyEndpoint(Arc::clone(&server))));
    let config = IssuerConfig { iss: iss.clone(), jwks: None, ..config("") };
    for words in ["other.example", "keys.example", "jwks_uri", "OpenID configuration", "404"] {
        let why = Issuers::load(std::slice::from_ref(&config)).await.expect_err(words).to_string();
        assert!(why.contains(words) && why.contains(&iss), "{why}");
    }
    let issuers = Issuers::load(&[config]).await.expect("issuers");
    assert_eq!(issuers.states().collect::<Vec<_>>(), [(iss.as_str(), IssuerState::Current)]);
}
