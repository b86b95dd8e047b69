//! The audits of GraphQL over HTTP pass, and the example clients of the guides work.

use kim::development::TokenSpec;
use kim_domain::agency::Role;
use serde_json::{Value, json};

use crate::support::demo::{DemoProcess, needs_packages, signed, token};

#[test]
fn every_audit_of_graphql_over_http_passes() {
    needs_packages("tests/http");
    let said = DemoProcess::start().run("tests/http", &token("abh-koeln", Role::Clerk), &["node", "audit.mjs"]);
    assert_eq!(said.trim(), "61 of 61 audits passed");
}

#[test]
fn the_typed_client_of_the_front_end_guide_compiles_and_runs() {
    needs_packages("clients/typescript");
    let (demo, token) = (DemoProcess::start(), token("abh-koeln", Role::Clerk));
    let said = demo.run("clients/typescript", &token, &["npm", "--silent", "test"]);
    assert!(said.contains("# pass 5") && said.contains("# fail 0"), "{said}");

    let list = demo.run("clients/typescript", &token, &["npm", "--silent", "start"]);
    let mut lines = list.lines();
    let tiles = lines.next().expect("the counts");
    let pending = tiles.split(' ').next().and_then(|count| count.parse().ok());
    assert_eq!(pending, Some(lines.count()), "{list}");
    assert!(list.contains("[nach der Annahme]"), "{list}");
}

/// Also shows what each library does without the documented settings, and that the guide has the code of the tests.
#[test]
fn the_settings_for_client_libraries_keep_names_out_of_addresses_and_data_in_caches() {
    needs_packages("clients/browser");
    let said =
        DemoProcess::start().run("clients/browser", &token("abh-koeln", Role::Clerk), &["npm", "--silent", "test"]);
    assert!(said.contains("# pass 18") && said.contains("# fail 0"), "{said}");
}

#[test]
fn the_poller_of_the_integration_guide_delivers_each_change_once() {
    let spec = TokenSpec {
        acting_for: Some("sachbearbeitung-17".to_owned()),
        ..TokenSpec::usual("jobcenter-koeln", Role::Service)
    };
    let (demo, token) = (DemoProcess::start(), signed(&spec));
    let state = tempfile::tempdir().expect("a folder");
    let state = format!("STATE={}", state.path().join("state.json").display());
    let poll = || demo.run("clients/python", &token, &["env", &state, "python3", "jobcenter.py"]);
    let first = poll();
    assert!(first.lines().count() > 20, "{first}");
    for line in first.lines() {
        let referral: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert!(referral["id"].as_str().is_some_and(|id| id.starts_with("referral_")), "{line}");
    }
    assert_eq!(poll(), "");

    // Many referrals change at once: each of them is delivered once.
    let (id, version) = (|one: &Value| one["id"].clone(), |one: &Value| one["version"].clone());
    let lines = first.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    let open = lines.filter(|one| {
        ["OFFERED", "ACKNOWLEDGED", "ACCEPTED", "IN_PROGRESS"].iter().any(|status| one["status"] == *status)
    });
    let mut busy: Vec<Value> = open.map(|one| json!({"id": id(&one), "version": version(&one)})).take(25).collect();
    assert!(busy.len() > 20, "the demo has {} open referrals", busy.len());
    for some in busy.chunks(5) {
        let post = |one: &Value| {
            let input = format!(
                "{{idempotencyKey: {}, referralId: {}, expectedVersion: {}, text: \"Guten Morgen.\"}}",
                id(one),
                id(one),
                version(one)
            );
            let place = id(one).as_str().expect("an id").to_owned();
            format!("{place}: postMessage(input: {input}) {{ referral {{ id }} }}")
        };
        let mutation =
            json!({"query": format!("mutation {{ {} }}", some.iter().map(post).collect::<Vec<_>>().join(" "))})
                .to_string();
        let url = format!("{}/graphql", demo.url);
        let answer = demo.run(
            ".",
            &token,
            &[
                "curl",
                "-sS",
                "--fail-with-body",
                &url,
                "-H",
                &format!("Authorization: Bearer {token}"),
                "-H",
                "Content-Type: application/json",
                "-d",
                &mutation,
            ],
        );
        assert!(!answer.contains("errors"), "{answer}");
    }
    let told = poll();
    let mut told: Vec<_> = told
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
        .map(|one| {
            assert_eq!(one["changes"], json!(["MESSAGE"]), "{one}");
            one["id"].to_string()
        })
        .collect();
    let mut busy: Vec<_> = busy.drain(..).map(|one| one["id"].to_string()).collect();
    told.sort();
    busy.sort();
    assert_eq!(told, busy);
    assert_eq!(poll(), "");
}

/// Runs all but the lines that start a demo: a demo already runs.
#[test]
fn the_curl_commands_of_the_integration_guide_return_the_documented_answers() {
    let spec = TokenSpec {
        acting_for: Some("sachbearbeitung-17".to_owned()),
        ..TokenSpec::usual("jobcenter-koeln", Role::Service)
    };
    let (demo, token) = (DemoProcess::start(), signed(&spec));
    let guide = include_str!("../docs/integration.md");
    let mut blocks = guide.split("```").skip(1).step_by(2).peekable();
    let mut ran = 0;
    while let Some(block) = blocks.next() {
        let Some(script) = block.strip_prefix("sh\n").filter(|script| script.contains("curl")) else { continue };
        let said = demo.run(".", &token, &["bash", "-euo", "pipefail", "-c", script]);
        match blocks.peek().and_then(|next| next.strip_prefix("json\n")) {
            Some(promised) => {
                let [said, promised] = [said.as_str(), promised]
                    .map(|text| serde_json::from_str::<serde_json::Value>(text).expect("JSON"));
                assert_eq!(said, promised);
            }
            // The same mutation twice gets the same answer.
            None if script.contains("mutation") => {
                let answers = serde_json::Deserializer::from_str(&said).into_iter::<serde_json::Value>();
                let answers: Vec<_> = answers.collect::<Result<_, _>>().expect("JSON");
                assert_eq!(answers[0]["data"]["acknowledgeReferral"]["referral"]["status"], "ACKNOWLEDGED", "{said}");
                assert!(answers.len() == 2 && answers[0] == answers[1], "{said}");
            }
            // The loop over pages returns more than one page, and no referral twice.
            None => {
                let unique: std::collections::BTreeSet<&str> = said.lines().collect();
                assert!(unique.len() > 20 && unique.len() == said.lines().count(), "{said}");
            }
        }
        ran += 1;
    }
    assert_eq!(ran, 3);
}
