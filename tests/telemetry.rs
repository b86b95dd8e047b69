//! The log, the metrics and the traces of a real server contain no personal data: no value, no name, no token, no text of a
//! query.

use std::sync::{Arc, Mutex};

use kim_domain::agency::Role;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::process::{Served, configured};
use crate::support::database::{Backend, fresh};
use crate::support::server::{claims, sign, token};
use crate::support::{office, on_both};

/// A trace collector that stores every received byte.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1/traces", listener.local_addr().expect("an address"));
    let received = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(answer(socket, Arc::clone(&keep)));
        }
    });
    (url, received)
}

/// Answers every request with 200.
async fn answer(mut socket: TcpStream, keep: Arc<Mutex<Vec<u8>>>) {
    let mut pending = Vec::new();
    loop {
        while let Some(end) = pending.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&pending[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            let whole = end + 4 + length.unwrap_or(0);
            if pending.len() < whole {
                break;
            }
            keep.lock().expect("the bytes").extend(pending.drain(..whole));
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("sent");
        }
        let mut part = [0; 8_192];
        match socket.read(&mut part).await {
            Ok(length @ 1..) => pending.extend_from_slice(&part[..length]),
            Ok(0) | Err(_) => return,
        }
    }
}

fn holds(all: &[u8], text: &str) -> bool {
    all.to_ascii_lowercase().windows(text.len()).any(|part| part == text.to_lowercase().as_bytes())
}

on_both! {
    async fn logs_metrics_and_traces_contain_no_personal_data(db: TestDatabase) {
        office::fill(&db, 3).await;
        let (collector, received) = collector().await;
        let folder = configured(&db.url);
        let file = folder.path().join("kim.toml");
        let config = std::fs::read_to_string(&file).expect("a configuration");
        let more = format!("metrics_listen = \"127.0.0.1:0\"\notlp_endpoint = \"{collector}\"\n");
        std::fs::write(&file, format!("{more}{config}")).expect("written");
        let served = Served::start(folder.path());
        let line = |message: &str| served.lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).find(|line| line["message"] == message).unwrap_or_else(|| panic!("no {message} in {}", served.lines));
        let metrics = format!("http://{}/metrics", line("metrics")["address"].as_str().expect("an address"));

        let client = reqwest::Client::new();
        let mut acting = claims("jobcenter", Role::Clerk);
        (acting["sub"], acting["act"]) = (json!("subjekt-kanari"), json!({"sub": "fuer-kanari"}));
        let clerk = sign(&acting);
        let post = |token: &str, body: Value| client.post(served.url("/graphql")).bearer_auth(token).header("content-type", "application/json")
            .header("traceparent", "00-c0ffeec0ffeec0ffeec0ffeec0ffee00-c0ffeec0ffee0000-01").header("x-kanari", "kanari").body(body.to_string()).send();
        let list = "query Kanari { kanari: referrals { nodes { handover { familyName street concern } messages { nodes { text } } } } }";
        let searched = "query($f: ReferralFilter) { referrals(filter: $f) { totalCount } }";
        for (token, body, told) in [
            (clerk.as_str(), json!({"query": list}), ""),
            (&clerk, json!({"query": searched, "variables": {"f": {"reference": "kanari"}}}), ""),
            (&clerk, json!({"query": searched, "variables": {"f": {"reference": "kanarienvogel"}}}), ""),
            (&clerk, json!({"query": "{ kanari }"}), "GRAPHQL_VALIDATION_FAILED"),
            (&clerk, json!({"query": "{ kanari"}), "GRAPHQL_PARSE_FAILED"),
            (&clerk, json!({"query": "{ referral(id: \"kanari\") { id } }"}), "BAD_INPUT"),
            (&clerk, json!({"query": format!("{{ {} }}", "[kanari".repeat(100))}), "LIMIT_EXCEEDED"),
            (&clerk, json!({"query": "query Kanari { __typename } query B { __typename }", "operationName": "Kanarie"}), "GRAPHQL_VALIDATION_FAILED"),
            ("kanari.kanari.kanari", json!({"query": list}), "UNAUTHENTICATED"),
            (&token("kanari-stelle", Role::Clerk), json!({"query": list}), "UNAUTHENTICATED"),
        ] {
            let answer: Value = post(token, body).await.expect("an answer").json().await.expect("JSON");
            let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
            assert_eq!(code, told, "{answer}");
            assert_eq!(told.is_empty() && answer.to_string().contains("kanari"), answer["data"].get("kanari").is_some());
        }
        let page = client.get(&metrics).send().await.expect("an answer").text().await.expect("text");
        assert_eq!(client.get(served.url("/metrics")).send().await.expect("an answer").status().as_u16(), 404);
        served.terminate();
        let (code, log) = served.end();
        assert_eq!(code, Some(0), "{log}");
        let traces = received.lock().expect("the bytes").clone();

        for line in log.lines() {
            assert!(serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()), "no JSON: {line}");
        }
        for (place, all) in [("log", log.as_bytes()), ("metrics", page.as_bytes()), ("traces", &traces)] {
            for secret in ["kanari", "c0ffee", "handover", "familyname", "__typename", "test-person", "subjekt", &clerk[..30], "select ", "jobcenter-", "stelle"] {
                assert!(!holds(all, secret), "{secret} is in the {place}: {}", String::from_utf8_lossy(all));
            }
        }
        for expected in [
            "kim_requests_total{operation=\"query\",code=\"OK\"} 3",
            "kim_requests_total{operation=\"none\",code=\"UNAUTHENTICATED\"} 2",
            "kim_requests_total{operation=\"none\",code=\"GRAPHQL_PARSE_FAILED\"} 1",
            "kim_refusals_total{limit=\"NESTING\"} 1",
            "kim_request_duration_seconds_bucket{le=\"10.0\",operation=\"query\"}",
            "kim_statements_total{verb=\"SELECT\"}",
            "kim_documents_total{result=\"hit\"} 1",
            "kim_documents_total{result=\"miss\"} 4",
            "kim_documents_total{result=\"never_kept\"} 1",
            "kim_database_connections{pool=\"main\",state=\"idle\"}",
            "# EOF",
        ] {
            assert!(page.contains(expected), "{expected} is not in {page}");
        }
        for expected in ["POST /v1/traces", "application/x-protobuf", "kim.request_id", "/graphql", "UNAUTHENTICATED", "graphql.operation.type"] {
            assert!(holds(&traces, expected), "{expected} is in no trace");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_the_database_are_not_logged() {
    let db = fresh(Backend::Postgres).await;
    office::fill(&db, 1).await;
    let folder = configured(&db.url);
    let file = folder.path().join("kim.toml");
    let config = std::fs::read_to_string(&file).expect("a configuration");
    std::fs::write(&file, format!("log_filter = \"trace,hyper=off\"\ndeadline_seconds = 1\n{config}"))
        .expect("written");
    let served = Served::start(folder.path());
    let held = db.database.raw().begin().await.expect("a transaction");
    held.execute_unprepared("LOCK TABLE referral IN ACCESS EXCLUSIVE MODE").await.expect("locked");
    let body = json!({"query": "{ referrals { nodes { id } } }"}).to_string();
    let request = reqwest::Client::new().post(served.url("/graphql")).bearer_auth(token("jobcenter", Role::Clerk));
    let request = request.header("content-type", "application/json").body(body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT", "{answer}");
    held.rollback().await.expect("released");
    served.terminate();
    let log = served.end().1;
    assert!(!log.contains("canceling") && !log.to_lowercase().contains("select "), "{log}");
}
