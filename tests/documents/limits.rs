//! docs/limits.md: every limit is documented with the number that a refusal names.

use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_graphql::Limit;
use serde_json::{Value, json};

use super::root;
use crate::support::database::{Backend, fresh};
use crate::support::server::{TestServer, add_agency, token};

/// A request that exceeds this limit and none that is checked before.
fn too_much(limit: Limit) -> Value {
    let asking = |query: String| json!({ "query": query });
    let nested = |n: usize| (0..n).fold(json!(1), |inner, _| json!([inner]));
    let fields = |field: &str, n: usize| format!("{{ {} }}", format!("{field} ").repeat(n));
    match limit {
        Limit::Body => json!({"query": "{ __typename }", "padding": "x".repeat(300_000)}),
        Limit::JsonNesting => json!({"query": "{ __typename }", "variables": {"a": nested(100)}}),
        Limit::JsonValues => json!({"query": "{ __typename }", "variables": {"a": vec![1; 20_000]}}),
        Limit::JsonMembers => {
            let members = (0..1_000).map(|n| (format!("m{n}"), json!(1)));
            json!({"query": "{ __typename }", "variables": Value::Object(members.collect())})
        }
        Limit::Nesting => asking(format!("{{ a(b: {}1{}) }}", "[".repeat(2_000), "]".repeat(2_000))),
        Limit::Tokens => asking(fields("a", 5_000)),
        Limit::Name => asking(fields(&"a".repeat(200), 1)),
        Limit::Names => asking(fields(&"a".repeat(90), 200)),
        Limit::Document => asking(format!("{{ __typename }} #{}", "x".repeat(100_000))),
        Limit::Definitions => {
            asking((0..100).fold("{ __typename }".to_owned(), |all, n| format!("{all} fragment F{n} on Query {{ a }}")))
        }
        Limit::Fields => {
            let doubling = (0..12).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1));
            asking(format!("{{ ...F0 }} {} fragment F12 on Query {{ a }}", doubling.collect::<String>()))
        }
        Limit::Depth => asking(format!("{}a{}", "{a".repeat(30), "}".repeat(30))),
        Limit::RootFields => asking(fields("a", 40)),
        Limit::Aliases => asking(format!("{{ viewer {} }}", fields("a: role", 400))),
        Limit::Directives => asking(format!("{{ viewer {{ role {} }} }}", "@a ".repeat(200))),
        Limit::Rows => asking("{ referrals(first: 100) { nodes { messages(first: 100) { totalCount } } } }".to_owned()),
        Limit::Values => {
            let event = "id at fromStatus toStatus declineReason staff imported agency { id slug name kind }";
            asking(format!("{{ referrals(first: 90) {{ nodes {{ events(first: 90) {{ nodes {{ {event} }} }} }} }} }}"))
        }
        Limit::Inputs => json!({
            "query": format!("query($a: [Int]) {{ viewer {} }}", fields("role(a: $a)", 3)),
            "variables": {"a": vec![1; 5_000]},
        }),
        Limit::Statistics => asking("{ a: referralStatistics { total } b: referralStatistics { total } }".to_owned()),
        Limit::Text => json!({"query": "{ __typename }", "variables": {"a": "x".repeat(50_000)}}),
        Limit::Page => asking("{ referrals(first: 101) { totalCount } }".to_owned()),
        Limit::Ids => asking(format!("{{ referralsById(ids: {}) {{ id }} }}", json!(vec!["a"; 101]))),
        Limit::Items => json!({
            "query": "mutation($i: BulkAnswerReferralsInput!) { bulkAnswerReferrals(input: $i) { results { status } } }",
            "variables": {"i": {
                "idempotencyKey": "a", "action": "ACCEPT",
                "items": vec![json!({"referralId": "referral_01h455vb4pex5vsknk084sn02q", "expectedVersion": 1}); 1_001],
            }},
        }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_limit_is_the_number_that_a_refusal_names() {
    let document = std::fs::read_to_string(root().join("docs/limits.md")).expect("docs/limits.md");
    let db = fresh(Backend::Sqlite).await;
    add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
    let server = TestServer::start(db, Clock::on("2026-11-20".parse().expect("a day"))).await;
    let token = token("jobcenter-koeln", Role::Clerk);
    let mut documented = document.lines().filter_map(|line| line.strip_prefix("| `")).skip(1);
    for &limit in Limit::ALL {
        let request = server.post("", &Value::Null).bearer_auth(&token).body(too_much(limit).to_string());
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["limit"], limit.code(), "{answer}");
        let message = error["message"].as_str().expect("a text");
        let most = message.split("höchstens ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a number");
        let line = documented.next().unwrap_or_default();
        assert!(line.starts_with(&format!("{}` | {most} |", limit.code())), "{message}: {line}");
    }
    assert_eq!(documented.next(), None);
    server.stop().await;
}
