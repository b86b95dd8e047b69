//! The real binary: when it refuses to start, how it stops, and what it logs.

mod commands;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use kim_domain::agency::{AgencyKind, Role};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::keys;
use crate::support::on_both;
use crate::support::process::{OwnProcess, free_port};
use crate::support::server::{AUDIENCE, MUNICIPAL, add_agency, token};

/// The command `kim` in this folder, without `KIM_*` variables of the environment.
pub(crate) fn kim(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kim"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("KIM_")) {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    kim(folder).args(arguments).output().expect("kim runs")
}

fn exit_code_and_stderr(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A folder with a configuration that trusts the tests' issuer.
pub(crate) fn configured(database: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("keys.json", &keys::jwks(&[&keys::RSA, &keys::ED]));
    write("fingerprint.key", &"5a".repeat(32));
    let issuer =
        format!("iss = \"{MUNICIPAL}\"\naudience = \"{AUDIENCE}\"\njwks = \"keys.json\"\nagencies = [\"*\"]\n");
    write(
        "kim.toml",
        &format!(
            "database = \"{database}\"\nlisten = \"127.0.0.1:0\"\nlog = \"json\"\n\
             fingerprint_key_file = \"fingerprint.key\"\n[[issuer]]\n{issuer}"
        ),
    );
    folder
}

/// A running server process.
pub(crate) struct Served {
    child: OwnProcess,
    log: BufReader<std::process::ChildStderr>,
    address: SocketAddr,
    /// Its log so far.
    pub(crate) lines: String,
}

impl Served {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// Starts it with these environment variables, which override the configuration.
    fn start_with(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = kim(folder);
        command.arg("serve").envs(variables.iter().copied());
        let mut child = OwnProcess(command.stderr(Stdio::piped()).spawn().expect("kim runs"));
        let mut log = BufReader::new(child.0.stderr.take().expect("a pipe"));
        let mut lines = String::new();
        let address = loop {
            let from = lines.len();
            assert_ne!(log.read_line(&mut lines).expect("a line"), 0, "it ended: {lines}");
            let line: Value = serde_json::from_str(&lines[from..]).expect("a line of JSON");
            if line["message"] == "listening" {
                break line["address"].as_str().expect("an address").parse().expect("an address");
            }
        };
        Self { child, log, address, lines }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn terminate(&self) {
        let pid = self.child.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
    }

    /// Kills the process with SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.0.kill().expect("killed");
        self.child.0.wait().expect("it ended");
    }

    /// Its exit code and its whole log.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        self.log.read_to_string(&mut self.lines).expect("the log");
        (self.child.0.wait().expect("it ended").code(), std::mem::take(&mut self.lines))
    }
}

#[test]
fn serve_does_not_start_without_an_issuer() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, words) = exit_code_and_stderr(&run(folder.path(), &["serve"]));
    assert_eq!(code, Some(2));
    assert!(words.contains("[[issuer]]") && words.contains("kim demo"), "{words}");
}

#[test]
fn serve_never_trusts_the_development_issuer() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = |iss: &str| {
        format!("[[issuer]]\niss = \"{iss}\"\naudience = \"a\"\njwks = \"keys.json\"\nagencies = [\"*\"]\n")
    };
    std::fs::write(folder.path().join("keys.json"), kim::development::jwks()).expect("a file");
    for (iss, expected) in [(kim::development::ISS, 2), ("https://harmless.example", 1)] {
        std::fs::write(folder.path().join("kim.toml"), config(iss)).expect("a file");
        let (code, words) = exit_code_and_stderr(&run(folder.path(), &["serve"]));
        assert_eq!(code, Some(expected), "{words}");
        assert!(words.contains("development issuer"), "{words}");
    }
}

#[test]
fn serve_does_not_start_on_a_database_that_is_not_migrated() {
    let folder = configured("sqlite:kim.sqlite");
    let (code, words) = exit_code_and_stderr(&run(folder.path(), &["serve"]));
    assert_eq!(code, Some(1));
    assert!(words.contains("kim migrate"), "{words}");
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    assert_eq!(run(folder.path(), &["migrate", "--down", "--yes-delete-all-data"]).status.code(), Some(0));
    let (code, words) = exit_code_and_stderr(&run(folder.path(), &["serve"]));
    assert_eq!(code, Some(1));
    assert!(words.contains("migrations are missing") && words.contains("kim migrate"), "{words}");
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    let served = Served::start(folder.path());
    served.terminate();
    assert_eq!(served.end().0, Some(0));
}

/// The test of a restore: a second server with the configuration of a running one, whose port for metrics is in use.
#[test]
fn a_second_server_starts_beside_the_first_as_documented() {
    let folder = configured("sqlite:kim.sqlite");
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    let first = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = first.local_addr().expect("an address");
    let path = folder.path().join("kim.toml");
    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::write(&path, format!("metrics_listen = \"{taken}\"\n{text}")).expect("a file");
    let (code, words) = exit_code_and_stderr(&run(folder.path(), &["serve"]));
    assert_eq!(code, Some(1));
    assert!(words.contains(&format!("cannot listen on {taken}")), "{words}");

    let variables = [("KIM_METRICS_LISTEN", ""), ("KIM_TIMER_SECONDS", "0")];
    let guide = include_str!("../docs/operation.md");
    for (name, value) in variables {
        assert!(guide.contains(&format!("{name}={value}")), "{name}");
    }
    let served = Served::start_with(folder.path(), &variables);
    served.terminate();
    assert_eq!(served.end().0, Some(0));
}

/// Lines of the log may be lost, and are counted. Requests are answered all the same.
#[tokio::test]
async fn a_standard_error_that_cannot_be_written_ends_and_delays_nothing() {
    let folder = configured("sqlite:kim.sqlite");
    assert_eq!(run(folder.path(), &["migrate"]).status.code(), Some(0));
    let full = std::fs::File::create("/dev/full").expect("a device");
    let (reader, closed) = std::io::pipe().expect("a pipe");
    drop(reader);
    // Nobody reads the last one, so that it fills.
    for (what, log) in [("full", Stdio::from(full)), ("closed", closed.into()), ("unread", Stdio::piped())] {
        let [address, metrics] = [(); 2].map(|()| free_address());
        let mut command = kim(folder.path());
        command.arg("serve").env("KIM_LISTEN", &address).env("KIM_METRICS_LISTEN", &metrics);
        let mut child = OwnProcess(command.stdin(Stdio::null()).stderr(log).spawn().expect("kim runs"));
        let (client, url) = (reqwest::Client::new(), format!("http://{address}/graphql"));
        let mut requests = 0;
        let started = std::time::Instant::now();
        while requests < 3_000 {
            assert_eq!(child.0.try_wait().expect("a state"), None, "{what}: it ended after {requests} requests");
            assert!(started.elapsed() < std::time::Duration::from_secs(60), "{what}: {requests} requests in a minute");
            match client.get(&url).send().await {
                Ok(answer) => {
                    assert_eq!(answer.status().as_u16(), 401, "{what}");
                    requests += 1;
                }
                Err(_) if requests == 0 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                Err(error) => panic!("{what}: {error} after {requests} requests"),
            }
        }
        let text =
            reqwest::get(format!("http://{metrics}/metrics")).await.expect("an answer").text().await.expect("a body");
        let lost = text.lines().find_map(|line| line.strip_prefix("kim_log_lines_lost_total ")).expect("a counter");
        assert!(what == "unread" || lost.parse::<u64>().expect("a number") > 2_000, "{what}: {lost}");
        let pid = child.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        assert_eq!(child.0.wait().expect("it ended").code(), Some(0), "{what}");
    }
}

/// An address whose port is free now.
fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}

#[test]
fn an_invalid_command_line_ends_with_exit_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["serve", "--listen", "8080"][..],
        &["serve", "--config", "nothing.toml"],
        &["token", "--agency", "a", "--role", "CHIEF"],
        &["schema", "--kind", "JOBCENTER"],
        &["schema", "--kind", "JOBCENTER", "--role", "COORDINATOR"],
        &["import", "people", "file.csv"],
        &["serve", "--clock", "2026-11-20"],
        &["migrate", "--yes-delete-all-data"],
        &[],
    ] {
        assert_eq!(run(folder.path(), arguments).status.code(), Some(2), "{arguments:?}");
    }
    std::fs::write(folder.path().join("kim.toml"), "databse = \"x\"").expect("a file");
    let (code, words) = exit_code_and_stderr(&run(folder.path(), &["migrate"]));
    assert_eq!(code, Some(2));
    assert!(words.contains("\"databse\""), "{words}");
}

#[test]
fn kim_token_prints_only_the_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &["token", "--agency", "jobcenter-koeln", "--role", "CLERK", "--ttl", "1h"]);
    let token = String::from_utf8(output.stdout).expect("text");
    let verified = kim::development::verifier().expect("a verifier").verify(token.trim_end()).expect("verified");
    assert_eq!((verified.agency_slug(), verified.role()), ("jobcenter-koeln", Role::Clerk));
    assert!(output.stderr.is_empty() && token.ends_with('\n'));
}

on_both! {
    async fn the_log_has_one_line_per_request_and_no_text_from_the_client(db: TestDatabase) {
        add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
        let folder = configured(&db.url);
        let served = Served::start(folder.path());
        let client = reqwest::Client::new();
        let token = token("jobcenter-koeln", Role::Clerk);
        let post = |body: Value| {
            let request = client.post(served.url("/graphql?canary7=1")).header("content-type", "application/json");
            request.header("x-canary7", "canary7").header("user-agent", "canary7").body(body.to_string())
        };
        let query = "query Canary7($canary7: String) { canary7: __type(name: $canary7) { name } }";
        for (request, status) in [
            (post(json!({"query": query, "variables": {"canary7": "canary7"}})).bearer_auth(&token), 200),
            (post(json!({"query": "{ canary7 }"})).bearer_auth(&token), 200),
            (post(json!({"query": "{ canary7"})).bearer_auth(&token), 200),
            (post(json!({"query": ["canary7"]})).bearer_auth(&token), 400),
            (post(json!({"query": query})).bearer_auth("canary7.canary7.canary7"), 401),
            (client.get(served.url("/canary7")), 404),
        ] {
            assert_eq!(request.send().await.expect("an answer").status().as_u16(), status);
        }
        served.terminate();
        let (code, log) = served.end();
        assert_eq!(code, Some(0));
        assert!(!log.to_lowercase().contains("canary7"), "{log}");
        assert!(!log.contains(&token[..20]) && !log.contains("test-person"), "{log}");

        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let requests: Vec<Value> = lines.filter(|line| line["message"] == "request").collect();
        let of = |name: &str| requests.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
        assert_eq!(of("status"), [200, 200, 200, 400, 401, 404].map(Value::from));
        assert_eq!(of("kind"), ["JOBCENTER", "JOBCENTER", "JOBCENTER", "JOBCENTER", "-", "-"].map(Value::from));
        assert_eq!(of("operation"), ["query", "query", "-", "-", "-", "-"].map(Value::from));
        assert_eq!(of("path")[5], "other");
        assert!(of("request_id").iter().all(|id| id.as_str().is_some_and(|id| id.len() == 36)));
    }

    async fn a_running_request_is_finished_before_the_server_stops(db: TestDatabase) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
        let folder = configured(&db.url);
        let served = Served::start(folder.path());
        let body = r#"{"query":"{ __typename }"}"#;
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            token("jobcenter-koeln", Role::Clerk),
            body.len()
        );
        let mut socket = tokio::net::TcpStream::connect(served.address).await.expect("a connection");
        socket.write_all(head.as_bytes()).await.expect("sent");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        served.terminate();
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert!(tokio::net::TcpStream::connect(served.address).await.is_err(), "it takes no new ones");
        socket.write_all(body.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"data":{"__typename":"Query"}}"#), "{answer}");
        assert_eq!(served.end().0, Some(0));
    }
}
