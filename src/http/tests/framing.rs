//! How requests are framed: what two readers of the same bytes could read differently is refused, and ends the
//! connection, so that no request can be hidden in another one (request smuggling).

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::*;
use super::{server, token};

/// A second request, which stands behind each tested one.
const NEXT: &str = "GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";

/// Sends bytes, and returns the answers and whether the server closed the connection.
async fn exchange(text: &str) -> (String, bool) {
    let mut socket = tokio::net::TcpStream::connect(server().await).await.expect("a connection");
    socket.write_all(text.as_bytes()).await.expect("sent");
    let mut answers = Vec::new();
    let mut buffer = [0; 4096];
    let closed = loop {
        match timeout(Duration::from_millis(500), socket.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => break true,
            Ok(Ok(length)) => answers.extend_from_slice(&buffer[..length]),
            Err(_) => break false,
        }
    };
    (String::from_utf8(answers).expect("text"), closed)
}

/// The status codes of the answers.
fn statuses(answers: &str) -> Vec<&str> {
    answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect()
}

#[tokio::test]
async fn ambiguous_framing_is_refused_and_ends_the_connection() {
    let body = r#"{"query":"{hello}"}"#;
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let post = |headers: &str, body: &str| {
        let authorization = format!("authorization: Bearer {}\r\ncontent-type: application/json", token("a"));
        format!("POST /graphql HTTP/1.1\r\nhost: a\r\n{authorization}\r\n{headers}\r\n\r\n{body}")
    };
    let length = format!("content-length: {}", body.len());
    let get = |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
    for (case, request, status) in [
        ("both lengths", post("content-length: 4\r\ntransfer-encoding: chunked", &chunked), "400"),
        ("both lengths, the other way", post("transfer-encoding: chunked\r\ncontent-length: 4", &chunked), "400"),
        ("chunked twice", post("transfer-encoding: chunked, chunked", &chunked), "400"),
        ("chunked in two lines", post("transfer-encoding: chunked\r\ntransfer-encoding: chunked", &chunked), "400"),
        ("another coding", post("transfer-encoding: gzip, chunked", &chunked), "400"),
        ("no coding", post("transfer-encoding: identity", body), "400"),
        ("a disguised coding", post("transfer-encoding: \x0bchunked", &chunked), "400"),
        ("two lengths", post("content-length: 4\r\ncontent-length: 5", body), "400"),
        ("the same length twice", post(&format!("{length}\r\n{length}"), body), "400"),
        ("a list of lengths", post("content-length: 19, 19", body), "400"),
        ("a signed length", post("content-length: +19", body), "400"),
        ("a blank before the colon", post(&length.replace(':', " :"), body), "400"),
        ("a line ended by LF", post(&length, body).replacen("host: a\r\n", "host: a\n", 1), "400"),
        ("the head ended by LF", get("/healthz", "").replacen("\r\n\r\n", "\r\n\n", 1), "400"),
        ("the request line ended by LF", get("/healthz", "").replacen("\r\n", "\n", 1), "400"),
        ("a folded line", get("/healthz", "x-folded: a\r\n b\r\n"), "400"),
        ("a line without a colon", get("/healthz", "x-nothing\r\n"), "400"),
        ("NUL", get("/healthz", "x-value: a\0b\r\n"), "400"),
        ("a bare CR", get("/healthz", "x-value: a\rb\r\n"), "400"),
        ("DEL", get("/healthz", "x-value: a\x7fb\r\n"), "400"),
        ("two hosts", get("/healthz", "host: b\r\n"), "400"),
        ("another host in the target", get("http://b/healthz", ""), "400"),
        ("an unknown expectation", post(&format!("{length}\r\nexpect: a-miracle"), body), "417"),
        ("chunked in HTTP/1.0", post("transfer-encoding: chunked", &chunked).replacen("1.1", "1.0", 1), "400"),
    ] {
        let (answers, closed) = exchange(&format!("{request}{NEXT}")).await;
        // Hyper answers HTTP/1.0 as such.
        let answers = answers.replace("HTTP/1.0 ", "HTTP/1.1 ");
        assert_eq!((statuses(&answers), closed), (vec![status], true), "{case}: {answers}");
    }
}

#[tokio::test]
async fn a_smuggled_request_is_not_answered() {
    // A proxy that follows Content-Length sends all of this as one request.
    let smuggled = format!("0\r\n\r\n{NEXT}");
    let length = smuggled.len();
    for headers in [
        format!("content-length: {length}\r\ntransfer-encoding: chunked"),
        format!("transfer-encoding: chunked\r\ncontent-length: {length}"),
        format!("content-length: {length}\r\ntransfer-encoding: chunked, chunked"),
    ] {
        let (answers, closed) =
            exchange(&format!("POST /graphql HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n{smuggled}")).await;
        assert_eq!((statuses(&answers), closed), (vec!["400"], true), "{answers}");
    }
}

#[tokio::test]
async fn clear_framing_is_accepted() {
    let body = r#"{"query":"{hello}"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: a\r\nauthorization: Bearer {}\r\ncontent-type: application/json",
        token("a")
    );
    let length = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (answers, closed) = exchange(&format!("{length}\r\n{NEXT}{NEXT}")).await;
    assert_eq!((statuses(&answers), closed), (vec!["200", "200", "200"], false), "{answers}");

    let waiting = length.replacen("\r\n", "\r\nExpect: 100-Continue\r\n", 1);
    let (answers, closed) = exchange(&format!("{waiting}{NEXT}")).await;
    assert_eq!((statuses(&answers), closed), (vec!["100", "200", "200"], false), "{answers}");

    let (answers, _) = exchange(&format!("GET http://A/healthz HTTP/1.1\r\nhost: a\r\n\r\n{NEXT}")).await;
    assert_eq!(statuses(&answers), ["200", "200"], "a target in absolute form with the same host");

    // The connection ends after a chunked body, which nginx does not send.
    let chunked = format!("{head}\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let (answers, closed) = exchange(&format!("{chunked}{NEXT}")).await;
    assert_eq!((statuses(&answers), closed), (vec!["200"], true), "{answers}");
}
