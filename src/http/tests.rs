//! The HTTP server over real connections, with a test backend whose behaviour depends on token and document.

mod framing;
mod limits;
mod requests;
mod responses;

use std::net::SocketAddr;

use async_graphql::{EmptySubscription, Object, Schema};
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::token::VerifiedToken;
use kim_graphql::{ApiError, ParsedRequest, WeighedRequest};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

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

    fn weigh(&self, _: &VerifiedToken, request: ParsedRequest) -> WeighedRequest {
        request.into()
    }
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
    async fn execute(&self, (): (), request: WeighedRequest, _: &str) -> async_graphql::Response {
        let mut request = request.request().expect("a request that is only parsed");
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
        running: 2,
        connections: 100,
    };
    let endpoint = Arc::new(HttpServer::new(backend, issuers, None, None, None, limits, Metrics::default()));
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
