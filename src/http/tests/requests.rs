//! Which requests are accepted: methods, paths, media types, bodies.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::{as_json, code, get, post, response_to, send, server};

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
async fn an_empty_operation_name_counts_as_absent() {
    for (query, expected) in
        [("{ hello }", 200), ("query A { hello }", 200), ("query A { hello } query B { hello }", 400)]
    {
        let body = json!({"query": query, "operationName": ""});
        let accept = ("accept", "application/graphql-response+json");
        let (status, _, body) = send(as_json(post().await.header(accept.0, accept.1), &body)).await;
        assert_eq!((status, body["errors"].is_null()), (expected, expected == 200), "POST {query}: {body}");
        let request = get(&[("query", query), ("operationName", "")]).await.header(accept.0, accept.1);
        let (status, _, body) = send(request).await;
        assert_eq!((status, body["errors"].is_null()), (expected, expected == 200), "GET {query}: {body}");
    }
    // The method is checked with the same name.
    let (status, ..) = send(get(&[("query", "mutation A { change }"), ("operationName", "")]).await).await;
    assert_eq!(status, 405);
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
async fn a_request_without_host_is_refused() {
    let answer = response_to("GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nconnection: close\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("BAD_INPUT"), "{answer}");
}
