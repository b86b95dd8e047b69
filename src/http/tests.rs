//! The HTTP server over real connections, with a test backend whose behaviour depends on token and document.

use std::net::SocketAddr;

use async_graphql::{EmptySubscription, Object, Schema};
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::token::VerifiedToken;
use kim_graphql::{ApiError, ParsedRequest};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::development::{self, TokenSpec};

struct Query;
#[Object]
impl Query {
    async fn hello(&self, to: Option<String>) -> String {
        format!("hello {}", to.unwrap_or_default())
    }
    async fn slow(&self) -> bool {
        tokio::time::sleep(Duration::from_secs(5)).await;
        true
    }
    async fn long(&self) -> String {
        "long ".repeat(10_000)
    }
    async fn fails(&self) -> async_graphql::Result<String> {
        Err("failed".into())
    }
}

struct Mutation;
#[Object]
impl Mutation {
    async fn change(&self) -> bool {
        true
    }
}

struct TestBackend(Schema<Query, Mutation, EmptySubscription>);

impl GraphqlBackend for TestBackend {
    type Viewer = ();

    async fn admit(&self, token: VerifiedToken) -> Result<Option<()>, ApiError> {
        match token.agency_slug() {
            "unknown" => Ok(None),
            "broken" => Err(ApiError::Internal { kind: "test", retryable: true }),
            "late" => Err(ApiError::Timeout),
            _ => Ok(Some(())),
        }
    }
    fn pair(&(): &()) -> (AgencyKind, Role) {
        (AgencyKind::Jobcenter, Role::Clerk)
    }
    async fn execute(&self, (): (), request: ParsedRequest, _: &str) -> async_graphql::Response {
        let mut request = request.request();
        assert!(!format!("{:?}", request.parsed_query()).contains("panics"), "this panic message contains a secret");
        self.0.execute(request).await
    }
    async fn ready(&self) -> bool {
        tokio::time::sleep(Duration::from_secs(60)).await;
        true
    }
}

async fn server() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let backend = TestBackend(Schema::new(Query, Mutation, EmptySubscription));
    let issuers = Issuers::fixed(development::verifier().expect("a verifier"));
    let limits = Limits {
        origins: vec![HeaderValue::from_static("https://page.example")],
        deadline: Duration::from_secs(1),
        requests: 2,
        connections: 100,
    };
    let endpoint = Arc::new(HttpServer::new(backend, issuers, None, None, limits, Metrics::default()));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        let _kept_open = stop;
        crate::connections::serve(listener, endpoint, 100, Default::default(), stopped).await;
    });
    address
}

fn token(agency: &str) -> String {
    development::sign(&TokenSpec::usual(agency, Role::Clerk)).expect("a token")
}

async fn post() -> RequestBuilder {
    Client::new().post(format!("http://{}/graphql", server().await)).bearer_auth(token("a"))
}

async fn get(parameters: &[(&str, &str)]) -> RequestBuilder {
    let address = server().await;
    let url = reqwest::Url::parse_with_params(&format!("http://{address}/graphql"), parameters).expect("a URL");
    Client::new().get(url).bearer_auth(token("a"))
}

fn as_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// Sends a request. Returns the status code, media type and body of the response.
async fn send(request: RequestBuilder) -> (u16, String, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let media_type = response.headers()["content-type"].to_str().expect("text").to_owned();
    let body = response.text().await.expect("a body");
    (status, media_type, serde_json::from_str(&body).unwrap_or(Value::String(body)))
}

fn code(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

#[tokio::test]
async fn a_query_is_answered_over_post_and_get() {
    let body = json!({"query": "query($to: String) { hello(to: $to) }", "variables": {"to": "you"}});
    let (status, media_type, body) = send(as_json(post().await, &body)).await;
    assert_eq!((status, media_type.as_str()), (200, "application/json; charset=utf-8"));
    assert_eq!(body, json!({"data": {"hello": "hello you"}}));
    let parameters = [
        ("query", "query A($to: String) { hello(to: $to) } query B { hello }"),
        ("variables", r#"{"to":"me"}"#),
        ("operationName", "A"),
    ];
    let request = get(&parameters).await.header("accept", "application/graphql-response+json");
    let (status, media_type, body) = send(request).await;
    assert_eq!((status, media_type.as_str()), (200, "application/graphql-response+json; charset=utf-8"));
    assert_eq!(body, json!({"data": {"hello": "hello me"}}));
}

#[tokio::test]
async fn a_mutation_is_only_accepted_over_post() {
    let (status, _, body) = send(as_json(post().await, &json!({"query": "mutation { change }"}))).await;
    assert_eq!((status, body), (200, json!({"data": {"change": true}})));
    let response = get(&[("query", "mutation { change }")]).await.send().await.expect("an answer");
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().expect("a value")));
    let (status, ..) =
        send(get(&[("query", "query A { hello } mutation B { change }"), ("operationName", "B")]).await).await;
    assert_eq!(status, 405);
}

#[tokio::test]
async fn other_methods_paths_and_media_types_are_refused() {
    let address = server().await;
    let url = |path: &str| format!("http://{address}{path}");
    let client = Client::new();
    for method in [reqwest::Method::PUT, reqwest::Method::DELETE, reqwest::Method::OPTIONS, reqwest::Method::PATCH] {
        let response = client.request(method, url("/graphql")).send().await.expect("an answer");
        assert_eq!(
            (response.status(), response.headers()["allow"].as_bytes()),
            (StatusCode::METHOD_NOT_ALLOWED, &b"GET, POST"[..])
        );
    }
    for path in ["/", "/graphql/", "/GraphQL", "/.well-known/jwks.json", "/graphiql", "/metrics"] {
        assert_eq!(send(client.get(url(path))).await.0, 404, "{path}");
    }
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/graphql"]
    {
        let request = post().await.header("content-type", media_type).body(r#"{"query":"{hello}"}"#);
        let (status, _, body) = send(request).await;
        assert_eq!((status, code(&body)), (415, "BAD_INPUT"), "{media_type}");
    }
    let (status, ..) = send(post().await.header("accept", "text/html")).await;
    assert_eq!(status, 406);
}

#[tokio::test]
async fn a_malformed_request_is_400() {
    for (body, expected) in [
        ("", "BAD_INPUT"),
        ("{", "BAD_INPUT"),
        ("\"text\"", "BAD_INPUT"),
        ("{}", "BAD_INPUT"),
        (r#"{"query":1}"#, "BAD_INPUT"),
        (r#"{"query":"{hello}","operationName":1}"#, "BAD_INPUT"),
        (r#"{"query":"{hello}","variables":[]}"#, "BAD_INPUT"),
        (r#"{"query":"{hello}","variables":"{}"}"#, "BAD_INPUT"),
        (r#"{"query":"{hello}","extensions":1}"#, "BAD_INPUT"),
        (r#"{"query":"{hello}","query":"{hello}"}"#, "BAD_INPUT"),
        (r#"[{"query":"{hello}"}]"#, "OPERATION_NOT_ALLOWED"),
        ("[]", "OPERATION_NOT_ALLOWED"),
    ] {
        let (status, _, answer) = send(post().await.header("content-type", "application/json").body(body)).await;
        assert_eq!((status, code(&answer)), (400, expected), "{body}");
    }
    let request = post().await.header("content-type", "application/json").body(b"{\"query\":\"{\xff}\"}".to_vec());
    assert_eq!(send(request).await.0, 400);
    for parameters in
        [&[][..], &[("query", "{hello}"), ("variables", "[]")], &[("query", "{hello}"), ("query", "{hello}")]]
    {
        assert_eq!(send(get(parameters).await).await.0, 400, "{parameters:?}");
    }
}

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
async fn a_request_that_graphql_refuses_is_400_or_200_depending_on_the_accepted_media_type() {
    for (query, expected) in [("{", "GRAPHQL_PARSE_FAILED"), ("{ other }", "GRAPHQL_VALIDATION_FAILED")] {
        for (accept, status) in [("application/graphql-response+json", 400), ("application/json", 200)] {
            let request = as_json(post().await.header("accept", accept), &json!({ "query": query }));
            let (actual_status, _, body) = send(request).await;
            assert_eq!((actual_status, code(&body)), (status, expected));
            assert!(body.get("data").is_none(), "nothing was executed: {body}");
        }
    }
    let request =
        as_json(post().await.header("accept", "application/graphql-response+json"), &json!({"query": "{ fails }"}));
    let (status, _, body) = send(request).await;
    assert_eq!((status, &body["data"]), (200, &Value::Null));
    assert!(body.as_object().expect("an object").contains_key("data"), "it was executed: {body}");
}

#[tokio::test]
async fn deep_nesting_is_refused_before_it_is_parsed() {
    let query = format!("{{ hello(to: {}1{}) }}", "[".repeat(2_000), "]".repeat(2_000));
    let (status, _, body) = send(as_json(post().await, &json!({ "query": query }))).await;
    assert_eq!((status, code(&body)), (400, "LIMIT_EXCEEDED"));
}

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
async fn a_timeout_of_the_database_at_admission_is_503() {
    let address = server().await;
    let request = Client::new().post(format!("http://{address}/graphql")).bearer_auth(token("late"));
    let (status, _, body) = send(as_json(request, &json!({"query": "{ hello }"}))).await;
    assert_eq!((status, code(&body)), (503, "TIMEOUT"));
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
        let length = response.bytes().await.expect("a body").len();
        assert_eq!(length < 2_000, expected.is_some(), "{coding}: {length}");
    }
    let request = as_json(post().await.header("accept-encoding", "gzip"), &json!({"query": "{ hello }"}));
    assert!(!request.send().await.expect("an answer").headers().contains_key("content-encoding"));
    let compressed = as_json(post().await.header("content-encoding", "gzip"), &json!({"query": "{ hello }"}));
    assert_eq!(send(compressed).await.0, 415);
    let uncompressed = as_json(post().await.header("content-encoding", "identity"), &json!({"query": "{ hello }"}));
    assert_eq!(send(uncompressed).await.0, 200);
}

/// Sends a request head, and returns the bytes that arrive within a second.
async fn response_to(head: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut socket = tokio::net::TcpStream::connect(server().await).await.expect("a connection");
    let authorization = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", token("a"));
    socket.write_all(format!("{head}{authorization}\r\n").as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let _maybe_still_open = timeout(Duration::from_secs(1), socket.read_to_end(&mut answer)).await;
    String::from_utf8(answer).expect("text")
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
async fn a_request_without_host_is_refused() {
    let answer = response_to("GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nconnection: close\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("BAD_INPUT"), "{answer}");
}

#[tokio::test]
async fn a_body_timeout_can_be_retried() {
    let mut response = Rejection::body_timeout().into_response();
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
    let body: Value = response.take_body().into_json().await.expect("JSON");
    assert_eq!(body["errors"][0]["extensions"], json!({"code": "TIMEOUT", "retryable": true}));
}
