//! Limits of size, time and number of requests.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::super::*;

use super::{as_json, code, post, response_to, send, server, token};

#[tokio::test]
async fn a_large_body_is_413_with_or_without_content_length() {
    let large = json!({"query": "{hello}", "padding": "x".repeat(300 * 1024)});
    let (status, _, body) = send(as_json(post().await, &large)).await;
    assert_eq!((status, code(&body)), (413, "LIMIT_EXCEEDED"));

    // Written by hand, because the HTTP client would send Content-Length.
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(server().await).await.expect("a connection");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n",
        token("a")
    );
    socket.write_all(head.as_bytes()).await.expect("sent");
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    for _ in 0..20 {
        if socket.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn deep_nesting_is_refused_before_it_is_parsed() {
    let query = format!("{{ hello(to: {}1{}) }}", "[".repeat(2_000), "]".repeat(2_000));
    let (status, _, body) = send(as_json(post().await, &json!({ "query": query }))).await;
    assert_eq!((status, code(&body)), (400, "LIMIT_EXCEEDED"));
}

#[tokio::test]
async fn a_timeout_of_the_database_at_admission_is_503() {
    let address = server().await;
    let request = Client::new().post(format!("http://{address}/graphql")).bearer_auth(token("late"));
    let (status, _, body) = send(as_json(request, &json!({"query": "{ hello }"}))).await;
    assert_eq!((status, code(&body)), (503, "TIMEOUT"));
}

#[tokio::test]
async fn a_request_that_exceeds_its_deadline_is_a_retryable_timeout() {
    let (status, _, body) = send(as_json(post().await, &json!({"query": "{ slow }"}))).await;
    assert_eq!((status, code(&body)), (503, "TIMEOUT"));
    assert_eq!(body["errors"][0]["extensions"]["retryable"], true);
    assert!(body.get("data").is_none());
}

#[tokio::test]
async fn requests_beyond_the_limit_are_refused_at_once_and_can_be_retried() {
    let address = server().await;
    let request = |query: &str| {
        let post = Client::new().post(format!("http://{address}/graphql")).bearer_auth(token("a"));
        as_json(post, &json!({ "query": query }))
    };
    let slow = [tokio::spawn(send(request("{ slow }"))), tokio::spawn(send(request("{ slow }")))];
    tokio::time::sleep(Duration::from_millis(300)).await;
    let response = request("{ hello }").send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().expect("a value")));
    let body: Value = response.json().await.expect("JSON");
    assert_eq!((code(&body), &body["errors"][0]["extensions"]["retryable"]), ("RATE_LIMITED", &json!(true)));
    for one in slow {
        assert_eq!(one.await.expect("no panic").0, 503);
    }
    assert_eq!(send(request("{ hello }")).await.0, 200);
}

#[tokio::test]
async fn a_too_large_content_length_is_refused_before_the_body_is_sent() {
    for more in ["", "expect: 100-continue\r\n"] {
        let head = format!("POST /graphql HTTP/1.1\r\nhost: a\r\n{more}content-length: 262145\r\n");
        let answer = response_to(&head).await;
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_of_more_than_64_kib_is_431() {
    let address = server().await;
    for (length, expected) in [(65_000, 200), (66_000, 431)] {
        let request = Client::new().get(format!("http://{address}/healthz")).header("x-long", "a".repeat(length));
        let response = request.send().await.expect("an answer");
        assert_eq!(
            (response.status().as_u16(), &response.headers()["cache-control"]),
            (expected, &"no-store".parse().expect("a value"))
        );
    }
}

#[tokio::test]
async fn a_body_timeout_can_be_retried() {
    let mut response = Rejection::body_timeout().into_response();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    let body: Value = response.take_body().into_json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"], json!({"code": "TIMEOUT", "retryable": true}));
}
