//! The demo has data for every status, purpose and kind of agency, on any day, and its queries work.

mod configured;
mod continued;
mod ownership;
mod signing;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use kim::demo::{self, DemoUser};
use kim::development;
use kim::issuers::Issuers;
use kim::serve::{self, RunningServer, ServerParts};
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_entity::database::Database;
use kim_entity::{agency, referral};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::on_both;

fn on(day: &str) -> Clock {
    Clock::on(day.parse().expect("a day"))
}

fn key() -> FingerprintKey {
    FingerprintKey::new([7; 32])
}

async fn filled(database: &Database, clock: &Clock) {
    demo::prepare(database, clock, &key(), false).await.expect("filled").expect("not kept");
}

/// The demo's server over a filled database.
struct Demo {
    running: RunningServer,
    users: Vec<DemoUser>,
}

impl Demo {
    async fn start(database: &Database, clock: Clock) -> Self {
        filled(database, &clock).await;
        let users = demo::users(&clock).expect("users");
        let running = serve::listen(ServerParts {
            listen: ([127, 0, 0, 1], 0).into(),
            database: database.clone(),
            clock,
            key: key(),
            issuers: Issuers::fixed(development::verifier().expect("a verifier")),
            jwks: None,
            graphiql: Some(users.iter().flat_map(|user| user.tabs.clone()).collect()),
            page: Some(demo::page(database, &users).expect("a page")),
            limits: kim::config::Config::default().limits().expect("limits"),
            timer: None,
            metrics_listen: None,
        })
        .await
        .expect("a server");
        Self { running, users }
    }

    async fn ask(&self, authorization: &str, query: &str, variables: &Value) -> Value {
        let url = format!("http://{}/graphql", self.running.address());
        let body = json!({"query": query, "variables": variables});
        let request = reqwest::Client::new().post(url).header("authorization", authorization).json(&body);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn data(&self, agency: &str, role: Role, query: &str) -> Value {
        let spec = development::TokenSpec::usual(agency, role);
        let token = development::sign(&spec).expect("a token");
        let mut answer = self.ask(&format!("Bearer {token}"), query, &json!({})).await;
        assert!(answer["errors"].is_null(), "{agency}: {answer}");
        answer["data"].take()
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        reqwest::get(format!("http://{}{path}", self.running.address())).await.expect("an answer")
    }
}

on_both! {
    async fn the_demo_has_every_status_purpose_and_kind_on_any_day(db: TestDatabase) {
        // A Friday, a Sunday, and a day in another year. Each start creates the data again.
        for day in ["2026-11-20", "2027-02-28", "2029-08-06"] {
            let clock = on(day);
            let demo = Demo::start(&db.database, clock).await;
            let referrals = referral::Entity::find().all(db.database.raw()).await.expect("referrals");
            let statuses: BTreeSet<_> = referrals.iter().map(|referral| referral.status.0).collect();
            assert_eq!(statuses, ReferralStatus::ALL.iter().copied().collect(), "{day}");
            let purposes: BTreeSet<_> = referrals.iter().map(|referral| referral.purpose.0).collect();
            assert_eq!(purposes, ReferralPurpose::ALL.iter().copied().collect(), "{day}");
            let agencies = agency::Entity::find().all(db.database.raw()).await.expect("agencies");
            let kinds: BTreeSet<_> = agencies.iter().map(|agency| agency.kind.0).collect();
            assert_eq!(kinds, AgencyKind::ALL.iter().copied().collect(), "{day}");
            for slug in ["abh-koeln", "jobcenter-koeln", "abh-duisburg"] {
                let counts = "{ referralCounts { pending overdue dueThisWeek ballMine } }";
                let counts = demo.data(slug, Role::Clerk, counts).await["referralCounts"].take();
                for (name, count) in counts.as_object().expect("counts") {
                    assert!(count.as_u64() > Some(0), "{slug} on {day}: {name}");
                }
            }
            let suspended = "{ referrals(filter: {status: [SUSPENDED]}) { totalCount } }";
            let suspended = demo.data("abh-koeln", Role::Clerk, suspended).await;
            assert!(suspended["referrals"]["totalCount"].as_u64() > Some(0), "{day}");
        }
    }

    async fn every_tab_of_graphiql_is_answered(db: TestDatabase) {
        let demo = Demo::start(&db.database, on("2026-11-20")).await;
        for user in &demo.users {
            for tab in &user.tabs {
                let headers: Value = serde_json::from_str(&tab.headers).expect("JSON");
                let variables: Value = serde_json::from_str(&tab.variables).expect("JSON");
                let authorization = headers["Authorization"].as_str().expect("a header");
                let answer = demo.ask(authorization, &tab.query, &variables).await;
                assert!(answer["errors"].is_null(), "{}: {answer}", tab.query);
                let counts = answer["data"]["referralCounts"]["total"].as_u64();
                let nodes = ["referrals", "agreements"].map(|list| answer["data"][list]["nodes"].as_array().map(Vec::len));
                assert!(counts.is_some() || nodes.iter().flatten().any(|&count| count > 0), "{}: {answer}", tab.query);
                assert!(tab.query.starts_with("# "), "a tab says what it is: {}", tab.query);
            }
        }
        let roles: BTreeSet<_> = demo.users.iter().map(|user| user.role).collect();
        assert_eq!(roles, Role::ALL.iter().copied().collect());
    }

    async fn the_demos_steps_take_a_referral_from_draft_to_outcome(db: TestDatabase) {
        let demo = Demo::start(&db.database, on("2026-11-20")).await;
        let steps = demo::play(&db.database).await.expect("steps");
        let mut states = Vec::new();
        // Each step twice: a repeated request changes nothing.
        for step in steps.iter().flat_map(|step| [step, step]) {
            let headers: Value = serde_json::from_str(&step.headers).expect("JSON");
            let variables: Value = serde_json::from_str(&step.variables).expect("JSON");
            let authorization = headers["Authorization"].as_str().expect("a header");
            let answer = demo.ask(authorization, &step.query, &variables).await;
            assert!(answer["errors"].is_null(), "{}: {answer}", step.query);
            let shown = answer["data"].as_object().and_then(|data| data.values().next()).expect("a field");
            let referral = if shown["referral"].is_object() { &shown["referral"] } else { shown };
            states.push(referral["status"].as_str().expect("a state").to_owned());
            if step.query.contains("Schritt1") {
                let check = &referral["offerCheck"];
                assert_eq!((&check["agreementInForce"], &check["groundHolds"]), (&json!(true), &json!(true)), "{answer}");
                assert_eq!((&check["lacking"], &check["reportingDuty"]), (&json!([]), &json!(false)), "{answer}");
            }
        }
        assert_eq!(states, ["DRAFT", "DRAFT", "OFFERED", "OFFERED", "OFFERED", "OFFERED", "INFO_REQUESTED", "INFO_REQUESTED",
            "OFFERED", "OFFERED", "ACCEPTED", "ACCEPTED", "IN_PROGRESS", "IN_PROGRESS", "COMPLETED", "COMPLETED", "COMPLETED",
            "COMPLETED"]);
    }

    async fn the_demo_has_values_for_which_the_lists_have_no_column(db: TestDatabase) {
        let demo = Demo::start(&db.database, on("2026-11-20")).await;
        let query = "{ referrals(filter: {status: [IN_PROGRESS]}) { nodes { handover { familyName disability \
                     healthRestrictions } messages { nodes { text } } } } }";
        let answer = demo.data("eingliederungshilfe-koeln", Role::Clerk, query).await;
        let nodes = answer["referrals"]["nodes"].as_array().expect("nodes");
        let okafor = nodes.iter().find(|node| node["handover"]["familyName"] == "Okafor-Muster").expect("Okafor");
        assert_eq!(okafor["handover"]["disability"], "GdB 60");
        assert_eq!(okafor["handover"]["healthRestrictions"], "kann nicht lange stehen");
        assert_eq!(okafor["messages"]["nodes"].as_array().map(Vec::len), Some(1));
        let query = "{ referrals { nodes { handover { planSteps { step dueOn } occupationWish } } } }";
        let answer = demo.data("traeger-stadtweit-1", Role::CaseManager, query).await;
        let handover = &answer["referrals"]["nodes"][0]["handover"];
        assert_eq!(handover["occupationWish"], "Pflegefachfrau");
        assert_eq!(handover["planSteps"][0]["dueOn"], "2026-12-11");
    }

    async fn two_municipalities_do_not_see_each_other(db: TestDatabase) {
        let demo = Demo::start(&db.database, on("2026-11-20")).await;
        let agencies = agency::Entity::find().all(db.database.raw()).await.expect("agencies");
        let city = |slug: &str| agencies.iter().find(|agency| agency.slug == slug).expect("an agency").ags.clone();
        let query = "{ agencies(first: 100) { nodes { slug } } \
                       referrals(first: 100) { nodes { id sender { slug } receiver { slug } } } }";
        let mut seen = Vec::new();
        for (agency, role) in [
            ("abh-koeln", Role::Clerk),
            ("traeger-innenstadt", Role::CaseManager),
            ("abh-duisburg", Role::Clerk),
            ("traeger-duisburg-drk", Role::CaseManager),
        ] {
            let answer = demo.data(agency, role, query).await;
            for other in answer["agencies"]["nodes"].as_array().expect("agencies") {
                assert_eq!(city(other["slug"].as_str().expect("a slug")), city(agency));
            }
            for node in answer["referrals"]["nodes"].as_array().expect("referrals") {
                for side in ["sender", "receiver"] {
                    assert_eq!(city(node[side]["slug"].as_str().expect("a slug")), city(agency));
                }
                seen.push((city(agency), node["id"].as_str().expect("an id").to_owned()));
            }
        }
        for (reader, slug) in [("abh-koeln", "abh-duisburg"), ("abh-duisburg", "abh-koeln")] {
            let (_, foreign) = seen.iter().find(|(ags, _)| *ags == city(slug)).expect("a referral");
            let query = format!("{{ referral(id: \"{foreign}\") {{ id }} node(id: \"{foreign}\") {{ id }} }}");
            let answer = demo.data(reader, Role::Clerk, &query).await;
            assert_eq!(answer, json!({"referral": null, "node": null}));
        }
    }

    async fn the_first_query_of_the_readme_returns_the_documented_answer(db: TestDatabase) {
        let demo = Demo::start(&db.database, on("2027-03-01")).await;
        let readme = include_str!("../README.md");
        let blocks = |language: &str| -> Vec<&str> {
            let open = format!("```{language}\n");
            readme.split(&open).skip(1).map(|rest| rest.split("```").next().expect("a block")).collect()
        };
        let (queries, answers) = (blocks("graphql"), blocks("json"));
        assert_eq!((queries.len(), answers.len()), (1, 2));
        for (agency, answer) in ["abh-koeln", "jobcenter-koeln"].into_iter().zip(answers) {
            let said: Value = serde_json::from_str(answer).expect("JSON");
            assert_eq!(demo.data(agency, Role::Clerk, queries[0]).await, said["data"], "{agency}");
        }
        let token = development::sign(&development::TokenSpec::usual("jobcenter-koeln", Role::Clerk)).expect("a token");
        for line in blocks("text")[0].lines() {
            let field = line.split('"').nth(1).expect("a field");
            let query = format!("{{ referrals {{ nodes {{ handover {{ {field} }} }} }} }}");
            let answer = demo.ask(&format!("Bearer {token}"), &query, &json!({})).await;
            assert_eq!(answer["errors"][0]["message"], line);
        }
    }

    async fn a_demo_is_rebuilt_unless_it_is_to_be_kept(db: TestDatabase) {
        let (database, clock) = (&db.database, on("2026-11-20"));
        let first = demo::prepare(database, &clock, &key(), true).await.expect("filled").expect("nothing to keep");
        assert_eq!((first.agencies, first.agreements, first.refused), (32, 39, 12));
        let ids = async || -> BTreeSet<_> {
            let all = referral::Entity::find().all(database.raw()).await.expect("referrals");
            all.into_iter().map(|referral| referral.id).collect()
        };
        let before = ids().await;
        assert_eq!(demo::prepare(database, &on("2027-01-01"), &key(), true).await, Ok(None));
        assert_eq!(ids().await, before);
        assert_eq!(demo::prepare(database, &clock, &key(), false).await, Ok(Some(first)));
        let after = ids().await;
        assert_eq!(after.len(), before.len());
        assert!(after.is_disjoint(&before));
    }
}

#[tokio::test]
async fn graphiql_is_served_locally_and_loads_nothing_from_other_hosts() {
    let db = crate::support::database::fresh(crate::support::database::Backend::Sqlite).await;
    let demo = Demo::start(&db.database, on("2026-11-20")).await;
    let page = demo.get("/graphiql").await;
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("eval") && !policy.contains("http") && !policy.contains('*'), "{policy}");
    let page = page.text().await.expect("a page");
    // A build without GraphiQL has a page that says how to fetch it.
    assert!(page.contains("/graphiql/start.js") || page.contains("make graphiql"), "{page}");
    let script = demo.get("/graphiql/start.js").await;
    assert!(script.headers()["content-type"].to_str().expect("text").starts_with("text/javascript"));
    // A tab opens with the values to type, and not with its token.
    let script = script.text().await.expect("a script");
    assert!(script.contains("defaultEditorToolsVisibility: tabs.length > 0 ? \"variables\" : \"headers\""), "{script}");
    let tabs: Value = demo.get("/graphiql/tabs.json").await.json().await.expect("JSON");
    assert_eq!(tabs.as_array().map(Vec::len), Some(7));
    for path in ["/graphiql/", "/graphiql/.gitignore", "/graphiql/../page/missing.html", "/graphiqlx", "/graphiql/x.js"]
    {
        assert_eq!(demo.get(path).await.status().as_u16(), 404, "{path}");
    }
}

#[test]
fn every_package_in_graphiql_is_listed_with_its_licence() {
    let lock: Value = serde_json::from_str(include_str!("../web/graphiql/package-lock.json")).expect("JSON");
    let notice = include_str!("../THIRD-PARTY.md");
    for path in lock["packages"].as_object().expect("packages").keys().filter(|path| !path.is_empty()) {
        let (_, name) = path.rsplit_once("node_modules/").expect("a package's path");
        assert!(notice.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn the_command_that_the_demo_prints_works() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_kim"))
        .args(["demo", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("kim runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let url = lines.next().expect("a first line");
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/graphiql"), "{url}");
    let line = lines.find(|line| line.starts_with("curl ")).expect("a line to paste");
    let pasted = Command::new("sh").args(["-c", &line]).output().expect("sh and curl");
    child.kill().expect("killed");
    child.wait().expect("ended");
    let answer: Value = serde_json::from_slice(&pasted.stdout).expect("JSON");
    assert!(answer["errors"].is_null() && answer["data"]["referrals"]["nodes"][2].is_object(), "{answer}");
    assert!(folder.path().join(".kim-demo/kim.sqlite").is_file());
}
