//! The demo follows the configuration, so that a front end can be built against it.

use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::support::demo::DemoProcess;

/// The status and the headers of the answer to a browser's preflight from this origin.
async fn preflight(demo: &DemoProcess, origin: &str) -> (u16, HeaderMap) {
    let request = reqwest::Client::new()
        .request(Method::OPTIONS, format!("{}/graphql", demo.url))
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, content-type");
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.headers().clone())
}

#[tokio::test]
async fn the_demo_allows_the_configured_origins() {
    let file =
        "cors_origins = [\"http://localhost:5173\"]\ndatabase = \"sqlite:another.sqlite\"\nlisten = \"127.0.0.1:1\"\n";
    let of_file = DemoProcess::start_with(file, &[]);
    let of_variable = DemoProcess::start_with("", &[("KIM_CORS_ORIGINS", "[\"http://localhost:5173\"]")]);
    for demo in [&of_file, &of_variable] {
        let (status, headers) = preflight(demo, "http://localhost:5173").await;
        assert_eq!((status, headers["access-control-allow-origin"].as_bytes()), (204, &b"http://localhost:5173"[..]));
        assert_eq!(headers["access-control-allow-headers"], "authorization, content-type");
        let (status, headers) = preflight(demo, "http://localhost:3000").await;
        assert_eq!((status, headers.get("access-control-allow-origin")), (405, None));
    }
}

#[tokio::test]
async fn the_demo_has_the_configured_metrics() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let _demo = DemoProcess::start_with("", &[("KIM_METRICS_LISTEN", &port.to_string())]);
    let answer = reqwest::get(format!("http://{port}/metrics")).await.expect("an answer");
    assert_eq!(answer.status(), 200);
}
