//! Examples in documents: a request and its answer, each in its own block. The request is sent and the answer compared.

use kim_domain::Word;
use kim_domain::agency::{Role, Scope};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::server::{claims, sign};

/// A request in a document, and the documented answer.
pub(super) struct Example<'d> {
    /// The heading above it.
    pub(super) heading: &'d str,
    request: &'d str,
    answer: &'d str,
}

/// The examples of a document, in its order: pairs of blocks that are marked `http`.
pub(super) fn examples(document: &str) -> Vec<Example<'_>> {
    let mut found = Vec::new();
    for section in document.split("\n## ").skip(1) {
        let heading = section.lines().next().unwrap_or_default();
        let blocks: Vec<&str> =
            section.split("```http\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
        assert_eq!(blocks.len() % 2, 0, "{heading}: a request without an answer");
        found.extend(blocks.chunks(2).map(|pair| Example { heading, request: pair[0], answer: pair[1] }));
    }
    found
}

impl Example<'_> {
    /// Sends the request and compares the answer with the document.
    pub(super) async fn check(&self, url: &str) {
        let (head, body) = self.request.split_once("\n\n").unwrap_or((self.request, ""));
        let mut lines = head.lines();
        let (method, path) = lines.next().and_then(|line| line.split_once(' ')).expect("a method and a path");
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = Client::new().request(method, format!("{url}{path}"));
        let mut said = Vec::new();
        let mut said_token = String::new();
        for (name, value) in lines.map(|line| line.split_once(": ").expect("a header")) {
            said.push(name);
            let value = bearer(value).unwrap_or_else(|| value.to_owned());
            if name == "Authorization" {
                said_token.clone_from(&value);
            }
            request = request.header(name, value);
        }
        for (name, value) in [("Content-Type", "application/json"), ("Accept", "application/graphql-response+json")] {
            if !said.contains(&name) {
                request = request.header(name, value);
            }
        }
        let body = with_target(url, &said_token, body).await;
        let response = request.body(body).send().await.expect("an answer");

        let (head, body) = self.answer.split_once("\n\n").expect("a head and a body");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).expect("a status");
        assert_eq!(response.status().as_str(), status, "{}: {}", self.heading, self.request);
        for (name, value) in lines.map(|line| line.split_once(": ").expect("a header")) {
            assert_eq!(response.headers()[name], value, "{}: {}", self.heading, self.request);
        }
        let body: Value =
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{}: {error}: {body}", self.heading));
        let answer: Value = response.json().await.expect("JSON");
        assert!(matches_documented(&answer, &body), "{}: {}\nanswered: {answer}", self.heading, self.request);
    }
}

/// Replaces `(incoming)`, `(outgoing)` or `(draft)`, and `"(version)"`, by the id and version of the viewer's first pending
/// referral, or first draft.
async fn with_target(url: &str, token: &str, body: &str) -> String {
    let list = [
        ("(incoming)", "direction: INCOMING, filter: {pending: true}"),
        ("(outgoing)", "direction: OUTGOING, filter: {pending: true}"),
        ("(draft)", "direction: OUTGOING, filter: {status: [DRAFT]}"),
    ];
    let Some((mark, arguments)) = list.into_iter().find(|(mark, _)| body.contains(mark)) else {
        return body.to_owned();
    };
    let query = format!("{{ referrals({arguments}, first: 1) {{ nodes {{ id version }} }} }}");
    let request = Client::new().post(format!("{url}/graphql")).header("Authorization", token);
    let answer: Value =
        request.json(&json!({ "query": query })).send().await.expect("an answer").json().await.expect("JSON");
    let found = &answer["data"]["referrals"]["nodes"][0];
    body.replace(mark, found["id"].as_str().unwrap_or_else(|| panic!("{mark}: {answer}")))
        .replace("\"(version)\"", &found["version"].to_string())
}

/// A token for `Bearer (ROLE at AGENCY)` or `Bearer (ROLE at AGENCY, SCOPE)`.
fn bearer(value: &str) -> Option<String> {
    let who = value.strip_prefix("Bearer (")?.strip_suffix(')')?;
    let (who, scope) = who.split_once(", ").map_or((who, None), |(who, scope)| (who, Some(scope)));
    let (role, agency) = who.split_once(" at ")?;
    let mut claims = claims(agency, Role::from_code(role).expect("a role"));
    if let Some(scope) = scope {
        claims["scope"] = json!(Scope::from_code(scope).expect("a scope"));
    }
    Some(format!("Bearer {}", sign(&claims)))
}

/// Whether an answer matches the documented one; `…` in a text matches any characters.
pub(super) fn matches_documented(answer: &Value, promised: &Value) -> bool {
    match (answer, promised) {
        (Value::String(answer), Value::String(promised)) => text_matches(answer, promised),
        (Value::Array(answer), Value::Array(promised)) => {
            answer.len() == promised.len()
                && answer.iter().zip(promised).all(|(answer, promised)| matches_documented(answer, promised))
        }
        (Value::Object(answer), Value::Object(promised)) => {
            answer.len() == promised.len()
                && promised
                    .iter()
                    .all(|(name, value)| answer.get(name).is_some_and(|answer| matches_documented(answer, value)))
        }
        _ => answer == promised,
    }
}

fn text_matches(answer: &str, promised: &str) -> bool {
    let mut parts = promised.split('…');
    let Some(mut rest) = parts.next().and_then(|first| answer.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    rest.is_empty() || last == Some("")
}

#[test]
fn only_an_ellipsis_in_an_example_matches_any_text() {
    for (answer, promised, expected) in [
        ("abc", "abc", true),
        ("abc", "ab", false),
        ("abc", "a…", true),
        ("abc", "…c", true),
        ("abc", "…b", false),
        ("abc", "…b…", true),
        ("abc", "…x…", false),
    ] {
        assert_eq!(text_matches(answer, promised), expected, "{promised}");
    }
}
