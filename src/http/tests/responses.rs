//! What every response has: headers, CORS, compression, and failures without details.

use std::io::Read as _;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::super::*;

use super::{as_json, code, post, send, server, token};

#[tokio::test]
async fn a_panic_is_a_500_without_its_message() {
    let (status, _, body) = send(as_json(post().await, &json!({"query": "{ panics: hello }"}))).await;
    assert_eq!((status, code(&body)), (500, "INTERNAL"));
    assert!(body["errors"][0]["extensions"]["id"].is_string() && !body.to_string().contains("secret"), "{body}");
    let address = server().await;
    let request = Client::new().post(format!("http://{address}/graphql")).bearer_auth(token("broken"));
    let response = as_json(request, &json!({"query": "{ hello }"})).send().await.expect("an answer");
    let (status, id) = (response.status().as_u16(), response.headers()["x-request-id"].clone());
    let body: Value = response.json().await.expect("JSON");
    // The id under which the log contains the error.
    let expected = json!({"code": "INTERNAL", "id": id.to_str().expect("text"), "retryable": true});
    assert_eq!((status, &body["errors"][0]["extensions"]), (500, &expected));
}

#[tokio::test]
async fn all_unauthenticated_requests_get_the_same_401() {
    let address = server().await;
    let url = format!("http://{address}/graphql");
    let post = || as_json(Client::new().post(&url), &json!({"query": "{ hello }"}));
    let valid = token("a");
    let mut seen = std::collections::BTreeSet::new();
    for request in [
        post(),
        post().header("authorization", ""),
        post().header("authorization", valid.as_str()),
        post().header("authorization", format!("Basic {valid}")),
        post().header("authorization", "Bearer"),
        post().bearer_auth("x"),
        post().bearer_auth(token("unknown")),
        post().bearer_auth(&valid).bearer_auth(&valid),
        Client::new().post(&url).bearer_auth("x").header("content-type", "text/plain"),
        Client::new().get(&url),
    ] {
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let mut headers: Vec<String> =
            response.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.retain(|line| !line.starts_with("date:") && !line.starts_with("x-request-id:"));
        assert!(headers.contains(&"www-authenticate: \"Bearer\"".to_owned()), "{headers:?}");
        seen.insert((headers, response.text().await.expect("a body")));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(send(post().header("authorization", format!("bearer  {valid}"))).await.0, 200);
}

#[tokio::test]
async fn every_response_has_the_common_headers_and_a_generated_request_id() {
    let address = server().await;
    for path in ["/graphql", "/healthz", "/readyz", "/nothing"] {
        let request = Client::new().get(format!("http://{address}{path}")).header("x-request-id", "mine");
        let response = request.send().await.expect("an answer");
        for (name, value) in COMMON_HEADERS {
            assert_eq!(response.headers()[name.as_str()], value, "{path}");
        }
        let id = response.headers()["x-request-id"].to_str().expect("text");
        assert_eq!(id.parse::<Uuid>().map(|id| id.get_version_num()), Ok(7));
    }
    assert_eq!(send(Client::new().get(format!("http://{address}/healthz"))).await.0, 200);
    assert_eq!(send(Client::new().get(format!("http://{address}/readyz"))).await.0, 503);
    assert_eq!(send(Client::new().post(format!("http://{address}/healthz"))).await.0, 405);
}

#[tokio::test]
async fn only_pages_of_configured_origins_may_send_requests() {
    let address = server().await;
    let url = format!("http://{address}/graphql");
    let preflight = |origin: &'static str| {
        let request = Client::new().request(reqwest::Method::OPTIONS, &url).header("origin", origin);
        request.header("access-control-request-method", "POST").send()
    };
    let allowed = preflight("https://page.example").await.expect("an answer");
    assert_eq!(allowed.status(), StatusCode::NO_CONTENT);
    let header = |response: &reqwest::Response, name: &str| {
        response.headers().get(name).map(|value| value.to_str().expect("text").to_owned())
    };
    assert_eq!(header(&allowed, "access-control-allow-origin").as_deref(), Some("https://page.example"));
    assert_eq!(header(&allowed, "access-control-allow-headers").as_deref(), Some("authorization, content-type"));
    assert_eq!(header(&allowed, "access-control-allow-credentials"), None);
    for origin in ["https://other.example", "null", "https://page.example.other.example", "http://page.example"] {
        let other = preflight(origin).await.expect("an answer");
        assert_eq!((other.status().as_u16(), header(&other, "access-control-allow-origin")), (405, None), "{origin}");
    }
    // Pages can also read rejections, so that they can show the reason.
    let refused = Client::new().post(&url).header("origin", "https://page.example").send().await.expect("an answer");
    assert_eq!(header(&refused, "access-control-allow-origin").as_deref(), Some("https://page.example"));
    assert!(header(&refused, "vary").is_some_and(|vary| vary.contains("Origin")));
}

#[tokio::test]
async fn long_responses_are_compressed_if_the_client_accepts_it() {
    for (coding, expected) in [("gzip", Some("gzip")), ("gzip, br", Some("br")), ("identity", None)] {
        let request = as_json(post().await.header("accept-encoding", coding), &json!({"query": "{ long }"}));
        let response = request.send().await.expect("an answer");
        let encoding = response.headers().get("content-encoding").map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(encoding.as_deref(), expected);
        let body = response.bytes().await.expect("a body");
        assert_eq!(body.len() < 2_000, expected.is_some(), "{coding}: {}", body.len());
        let mut text = String::new();
        let _length = match expected {
            Some("br") => brotli::Decompressor::new(&body[..], 4096).read_to_string(&mut text),
            Some(_) => flate2::read::GzDecoder::new(&body[..]).read_to_string(&mut text),
            None => (&body[..]).read_to_string(&mut text),
        }
        .expect("the coding");
        assert_eq!(text, format!("{{\"data\":{{\"long\":\"{}\"}}}}", "long ".repeat(10_000)));
    }
    let request = as_json(post().await.header("accept-encoding", "gzip"), &json!({"query": "{ hello }"}));
    assert!(!request.send().await.expect("an answer").headers().contains_key("content-encoding"));
    let compressed = as_json(post().await.header("content-encoding", "gzip"), &json!({"query": "{ hello }"}));
    assert_eq!(send(compressed).await.0, 415);
    let uncompressed = as_json(post().await.header("content-encoding", "identity"), &json!({"query": "{ hello }"}));
    assert_eq!(send(uncompressed).await.0, 200);
}
