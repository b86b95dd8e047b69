//! Requests that are cheap to send and expensive to execute: each is refused with its code, and the server keeps serving.

use kim_domain::agency::Role;
use kim_domain::calendar::Clock;
use serde_json::{Value, json};

use crate::support::database::{Backend, fresh};
use crate::support::office;
use crate::support::server::{TestServer, token};
use crate::support::world::today;

/// A request body, and the code and the limit with which it is refused.
struct Attack {
    name: &'static str,
    body: Vec<u8>,
    code: &'static str,
    /// Or one of several, with `|` between.
    limit: &'static str,
}

fn document(name: &'static str, query: String, code: &'static str, limit: &'static str) -> Attack {
    Attack { name, body: json!({ "query": query }).to_string().into_bytes(), code, limit }
}

fn too_much(name: &'static str, query: String, limit: &'static str) -> Attack {
    document(name, query, "LIMIT_EXCEEDED", limit)
}

/// A text that is repeated with consecutive numbers.
fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().join(" ")
}

/// Fragments that spread the next one twice. The last one selects `end`.
fn bomb(links: usize, end: &str) -> String {
    let chain = many(links, |n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }}", n + 1));
    format!("{{ ...f0 }} {chain} fragment f{links} on Query {{ {end} }}")
}

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

/// Documents that overload a recursive parser or validation, or one that expands fragments.
fn documents() -> Vec<Attack> {
    let list = |depth| format!("{{ referrals(first: {}) {{ totalCount }} }}", nested("[", "1", "]", depth));
    let object = |depth| format!("{{ referrals(filter: {}) {{ totalCount }} }}", nested("{a: ", "1", "}", depth));
    vec![
        too_much("lists in a literal", list(2_000), "NESTING"),
        too_much("objects in a literal", object(1_500), "NESTING"),
        too_much("lists, and none closed", format!("{{ referrals(first: {}", "[".repeat(100_000)), "NESTING"),
        too_much("a deep type", format!("query($a: {}) {{ __typename }}", nested("[", "Int", "]", 2_000)), "NESTING"),
        too_much("deep selections", nested("{ viewer ", "{ role }", "}", 2_000), "NESTING"),
        too_much("inline fragments in each other", nested("{ ... ", "{ __typename }", "}", 2_000), "NESTING"),
        too_much("inline fragments that brackets allow", nested("{ ... ", "{ __typename }", "}", 40), "DEPTH"),
        too_much(
            "a chain of fragments",
            format!(
                "{{ ...f0 }} {} fragment f27 on Query {{ __typename }}",
                many(27, |n| format!("fragment f{n} on Query {{ ...f{} }}", n + 1))
            ),
            "DEPTH",
        ),
        too_much("one list 29 times", format!("{{ {} }}", "referrals { totalCount } ".repeat(29)), "ROOT_FIELDS"),
        document(
            "900 unknown fields",
            format!("{{ viewer {{ {} }} }}", many(900, |n| format!("wrong{n}"))),
            "GRAPHQL_VALIDATION_FAILED",
            "",
        ),
        document(
            "unknown directives on __typename",
            format!("{{ __typename {} }}", "@aa".repeat(90)),
            "GRAPHQL_VALIDATION_FAILED",
            "",
        ),
        too_much(
            "a text of 25,000 letters",
            format!("{{ referrals(after: \"{}\") {{ totalCount }} }}", "x".repeat(25_000)),
            "TEXT",
        ),
        too_much("levels that brackets allow", nested("{ previous ", "{ id }", "}", 40), "DEPTH"),
        too_much(
            "a default value nested",
            format!("query($a: Int = {}) {{ __typename }}", nested("[", "1", "]", 999)),
            "NESTING",
        ),
        too_much("fragments that double", bomb(24, "viewer { role }"), "FIELDS"),
        too_much("fragments that double, to the end of counting", bomb(28, "__typename"), "FIELDS"),
        too_much("fragments that double and end in nothing", bomb(28, "...nothing"), "FIELDS"),
        too_much("10,000 aliases", format!("{{ {} }}", many(10_000, |n| format!("a{n}: __typename"))), "TOKENS|NAMES"),
        too_much(
            "1,000 aliases",
            format!("{{ {} }}", many(1_000, |n| format!("a{n}: __typename"))),
            "ROOT_FIELDS|NAMES",
        ),
        too_much("aliases below", format!("{{ viewer {{ {} }} }}", many(400, |n| format!("a{n}: role"))), "ALIASES"),
        too_much("one field 10,000 times", format!("{{ viewer {{ {} }} }}", "role ".repeat(10_000)), "TOKENS|NAMES"),
        too_much("one field 2,400 times", format!("{{ viewer {{ {} }} }}", "role ".repeat(2_400)), "FIELDS"),
        too_much("many root fields", format!("{{ {} }}", "purposes { code } ".repeat(31)), "ROOT_FIELDS|NAMES"),
        too_much(
            "a directive 10,000 times",
            format!("{{ __typename {} }}", "@include(if: true) ".repeat(10_000)),
            "TOKENS|NAMES",
        ),
        too_much(
            "a directive 500 times",
            format!("{{ __typename {} }}", "@include(if: true) ".repeat(500)),
            "DIRECTIVES",
        ),
        too_much("an unknown directive 500 times", format!("{{ __typename {} }}", "@a ".repeat(500)), "DIRECTIVES"),
        too_much("directives on the operation", format!("query {} {{ __typename }}", "@a ".repeat(500)), "DIRECTIVES"),
        too_much("a huge name", format!("{{ {} }}", "a".repeat(200_000)), "NAME"),
        too_much("a huge alias", format!("{{ {}: __typename }}", "a".repeat(200_000)), "NAME"),
        too_much("a huge variable", format!("query(${}: Int) {{ __typename }}", "a".repeat(200_000)), "NAME"),
        too_much("a huge number", format!("{{ referrals(first: {}) {{ totalCount }} }}", "9".repeat(200_000)), "NAME"),
        too_much(
            "a literal of 10,000 items",
            format!("{{ referrals(filter: {{status: [{}]}}) {{ totalCount }} }}", "OFFERED,".repeat(10_000)),
            "TOKENS|NAMES",
        ),
        too_much(
            "10,000 variables",
            format!("query({}) {{ __typename }}", many(10_000, |n| format!("$a{n}: Int"))),
            "TOKENS|NAMES",
        ),
        too_much("8,000 operations", many(8_000, |n| format!("query a{n} {{ __typename }}")), "TOKENS|NAMES"),
        too_much("100 operations", many(100, |n| format!("query a{n} {{ __typename }}")), "DEFINITIONS"),
        too_much(
            "100 fragments",
            format!("{{ __typename }} {}", many(100, |n| format!("fragment f{n} on Query {{ __typename }}"))),
            "DEFINITIONS",
        ),
        too_much(
            "pages in pages",
            "{ referrals(first: 100) { nodes { events(first: 100) { nodes { id } } } } }".to_owned(),
            "ROWS",
        ),
        too_much(
            "pages beside pages",
            format!(
                "{{ {} }}",
                many(5, |n| format!(
                    "a{n}: referrals(first: 100) {{ nodes {{ messages(first: 30) {{ nodes {{ id }} }} }} }}"
                ))
            ),
            "ROWS",
        ),
        too_much(
            "a schema that tells of itself",
            format!("{{ __schema {{ types {} }} }}", nested("{ fields { type ", "{ name }", "} }", 7)),
            "VALUES",
        ),
        too_much("wrong names", format!("{{ viewer {{ {} }} }}", many(1_500, |n| format!("rolle{n}"))), "NAMES"),
        too_much("a long comment", format!("{{ __typename }} # {}", "a".repeat(100_000)), "DOCUMENT"),
        too_much(
            "a long string",
            format!("{{ referrals(after: \"{}\") {{ totalCount }} }}", "[".repeat(100_000)),
            "DOCUMENT",
        ),
        document(
            "fragments in a circle",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
            "",
        ),
        document(
            "a fragment in itself",
            "{ ...a } fragment a on Query { ...a }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
            "",
        ),
        document("a subscription", "subscription { referralChanged }".to_owned(), "OPERATION_NOT_ALLOWED", ""),
        document("no GraphQL", "\u{0}\u{1}\u{feff}{".to_owned(), "GRAPHQL_PARSE_FAILED", ""),
        document(
            "a page of a million",
            "{ referrals(first: 1000000) { totalCount } }".to_owned(),
            "LIMIT_EXCEEDED",
            "PAGE",
        ),
    ]
}

/// Bodies whose JSON is the problem.
fn bodies() -> Vec<Attack> {
    let raw = |name, body: String, code, limit| Attack { name, body: body.into_bytes(), code, limit };
    let variables = |value: String| {
        format!(
            r#"{{"query":"query($a: ReferralFilter) {{ referrals(filter: $a) {{ totalCount }} }}","variables":{{"a":{value}}}}}"#
        )
    };
    vec![
        raw("lists in a variable", variables(nested("[", "1", "]", 50_000)), "LIMIT_EXCEEDED", "JSON_NESTING"),
        raw("objects in a variable", variables(nested("{\"a\":", "1", "}", 120)), "LIMIT_EXCEEDED", "JSON_NESTING"),
        raw(
            "a variable of 50,000 items",
            variables(format!("[{}1]", "1,".repeat(50_000))),
            "LIMIT_EXCEEDED",
            "JSON_VALUES",
        ),
        raw(
            "a variable of 7,000 items",
            variables(format!("[{}1]", "1,".repeat(6_999))),
            "GRAPHQL_VALIDATION_FAILED",
            "",
        ),
        raw(
            "a variable of 7,000 items in 100 places",
            format!(
                r#"{{"query":"query($a: [ReferralStatus!]) {{ referrals {{ nodes {{ {} }} }} }}","variables":{{"a":[{}1]}}}}"#,
                many(100, |n| format!("a{n}: messages(first: 1, after: $a) {{ totalCount }}")),
                "1,".repeat(6_999)
            ),
            "LIMIT_EXCEEDED",
            "INPUTS",
        ),
        raw(
            "a name of combining marks",
            variables(format!(
                r#"{{"client":{{"familyName":"a{}","birthDate":"1990-01-01"}}}}"#,
                "\u{316}\u{301}".repeat(4_000)
            )),
            "BAD_INPUT",
            "",
        ),
        raw(
            "a name of 240 KB",
            variables(format!(
                r#"{{"client":{{"familyName":"a{}","birthDate":"1990-01-01"}}}}"#,
                "\u{316}\u{301}".repeat(60_000)
            )),
            "LIMIT_EXCEEDED",
            "TEXT",
        ),
        raw(
            "50,000 variables",
            format!(r#"{{"query":"{{__typename}}","variables":{{{}"z":1}}}}"#, many(30_000, |n| format!("\"{n}\":1,"))),
            "LIMIT_EXCEEDED",
            "BODY|JSON_MEMBERS",
        ),
        raw(
            "nesting in what is not used",
            format!(r#"{{"query":"{{__typename}}","other":{}}}"#, "[".repeat(100_000)),
            "LIMIT_EXCEEDED",
            "JSON_NESTING",
        ),
        raw("a large body", " ".repeat(300 * 1024), "LIMIT_EXCEEDED", "BODY"),
        raw("a batch", format!("[{}{{}}]", r#"{"query":"{__typename}"},"#.repeat(1_000)), "OPERATION_NOT_ALLOWED", ""),
        raw("half an emoji", r#"{"query":"{ a: \ud83d }"}"#.to_owned(), "BAD_INPUT", ""),
        Attack { name: "invalid UTF-8", body: b"{\"query\":\"{ \xff\xfe }\"}".to_vec(), code: "BAD_INPUT", limit: "" },
        Attack {
            name: "UTF-8 in too many bytes",
            body: b"{\"query\":\"{ \xc0\xaf }\"}".to_vec(),
            code: "BAD_INPUT",
            limit: "",
        },
    ]
}

async fn send(server: &TestServer, token: Option<&str>, body: Vec<u8>) -> (u16, Value) {
    let request = server.post("", &json!({})).body(body);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_expensive_request_is_refused_with_its_code_and_the_server_keeps_serving() {
    let db = fresh(Backend::Sqlite).await;
    office::fill(&db, 2).await;
    let server = TestServer::start(db, Clock::on(today())).await;
    let clerk = token("jobcenter", Role::Clerk);
    for attack in documents().into_iter().chain(bodies()) {
        let (status, answer) = send(&server, Some(&clerk), attack.body.clone()).await;
        let extensions = &answer["errors"][0]["extensions"];
        let (code, limit) = (extensions["code"].as_str(), extensions["limit"].as_str().unwrap_or_default());
        assert_eq!(code, Some(attack.code), "{}: {status} {answer}", attack.name);
        assert!(attack.limit.split('|').any(|one| one == limit), "{}: {answer}", attack.name);
        assert!(matches!(status, 200 | 400 | 413), "{}: {status}", attack.name);
        assert!(answer["data"].is_null() && answer.to_string().len() < 4_000, "{}", attack.name);

        let (status, answer) = send(&server, None, attack.body).await;
        assert_eq!(
            (status, &answer["errors"][0]["extensions"]["code"]),
            (401, &json!("UNAUTHENTICATED")),
            "{}",
            attack.name
        );

        let answer = server.ask(&clerk, "{ referrals { totalCount } }", &json!({})).await;
        assert_eq!(answer, json!({"data": {"referrals": {"totalCount": 2}}}), "after: {}", attack.name);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_developer_tools_are_accepted() {
    let db = fresh(Backend::Sqlite).await;
    office::fill(&db, 2).await;
    let server = TestServer::start(db, Clock::on(today())).await;
    let clerk = token("jobcenter", Role::Clerk);
    // getIntrospectionQuery of graphql-js, with every option that this version of GraphQL supports.
    let standard = include_str!("data/introspection.graphql");
    let answer = server.ask(&clerk, standard, &json!({})).await;
    assert_eq!(answer["errors"], Value::Null, "{answer}");
    assert!(answer["data"]["__schema"]["types"].as_array().is_some_and(|types| types.len() > 30));

    // A dashboard with a full page of all parts.
    let nodes = "id status dueOn handover { entries { field label value withheld } familyName givenName } \
                 messages(first: 20) { nodes { text sentAt } } events(first: 20) { nodes { at toStatus } }";
    let query = format!("{{ referrals(first: 100) {{ totalCount nodes {{ {nodes} }} }} referralCounts {{ total }} }}");
    let answer = server.ask(&clerk, &query, &json!({})).await;
    assert_ne!(answer["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{answer}");
    server.stop().await;
}
