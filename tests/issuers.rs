//! Issuers: the claims of common products, a real OpenID Connect provider, and issuers that are out.

mod provider;

use std::time::Duration;

use jsonwebtoken::{Algorithm, get_current_timestamp};
use kim::config::IssuerConfig;
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use serde_json::{Value, json};

use crate::support::database::{Backend, TestDatabase, fresh};
use crate::support::keys;
use crate::support::on_both;
use crate::support::server::{TestServer, add_agency, claims, sign, sign_with};
use provider::Provider;

const VIEWER: &str = "{ viewer { agency { slug } role scopes actingFor } }";

/// The configuration of an issuer in the guide for operators, below its heading.
fn documented(heading: &str) -> IssuerConfig {
    let guide = include_str!("../docs/operation.md");
    let (_, section) = guide.split_once(&format!("### {heading}\n")).expect(heading);
    let block = section.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block");
    let file: toml::Table = toml::from_str(block).expect("TOML");
    let issuer = file["issuer"].as_array().expect("an [[issuer]]")[0].clone();
    issuer.try_into().expect("a configuration")
}

fn stock_claims(text: &str) -> Value {
    let mut claims: Value = serde_json::from_str(text).expect("JSON");
    claims["iat"] = json!(get_current_timestamp());
    claims["exp"] = json!(get_current_timestamp() + 300);
    claims
}

on_both! {
    async fn claims_of_keycloak_entra_id_and_okta_are_accepted_as_the_guide_configures_them(db: TestDatabase) {
        add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
        let keys_file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(keys_file.path(), keys::jwks(&[&keys::RSA])).expect("written");
        let products = [
            ("Keycloak", include_str!("data/issuers/keycloak.json")),
            ("Entra ID", include_str!("data/issuers/entra.json")),
            ("Okta", include_str!("data/issuers/okta.json")),
        ];
        let issuers: Vec<IssuerConfig> = products
            .map(|(product, _)| IssuerConfig { jwks: Some(keys_file.path().display().to_string()), ..documented(product) })
            .into();
        let server = TestServer::start_with(db, Clock::system(), |config| config.issuer.extend(issuers)).await;
        for (product, text) in products {
            let token = sign_with(&keys::RSA, Algorithm::RS256, &stock_claims(text));
            let answer = server.ask(&token, VIEWER, &json!({})).await;
            let viewer = &answer["data"]["viewer"];
            assert_eq!((&viewer["agency"]["slug"], &viewer["role"]), (&json!("jobcenter-koeln"), &json!("CLERK")), "{product}: {answer}");
            assert_eq!(viewer["scopes"], json!(["referral:read", "referral:write"]), "{product}: {answer}");
        }
        // Entra's ID token of the same registration: it lacks what names the client of an access token.
        let mut id_token = stock_claims(include_str!("data/issuers/entra.json"));
        for claim in ["azp", "azpacr", "scp", "xms_ftd"] {
            id_token.as_object_mut().expect("claims").remove(claim);
        }
        let refused = server.ask(&sign_with(&keys::RSA, Algorithm::RS256, &id_token), VIEWER, &json!({})).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
        server.stop().await;
    }

    async fn an_issuer_that_is_out_stops_no_other_and_is_named(db: TestDatabase) {
        add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
        let out = IssuerConfig {
            iss: "https://out.example".to_owned(),
            audience: "kim".to_owned(),
            jwks: Some("http://127.0.0.1:1/jwks".to_owned()),
            agencies: vec!["*".to_owned()],
            ..IssuerConfig::default()
        };
        let server = TestServer::start_with(db, Clock::system(), |config| {
            config.issuer.push(out);
            config.metrics_listen = Some(([127, 0, 0, 1], 0).into());
        })
        .await;
        let answer = server.ask(&sign(&claims("jobcenter-koeln", Role::Clerk)), VIEWER, &json!({})).await;
        assert_eq!(answer["data"]["viewer"]["role"], "CLERK", "{answer}");
        let mut of_the_other = claims("jobcenter-koeln", Role::Clerk);
        of_the_other["iss"] = json!("https://out.example");
        let refused = server.ask(&sign(&of_the_other), VIEWER, &json!({})).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

        let ready = reqwest::get(server.url("/readyz")).await.expect("an answer");
        assert_eq!(ready.status(), 200);
        let text = ready.text().await.expect("a body");
        assert_eq!(text, "ready\nissuer https://out.example: no keys; all its tokens are refused");
        let metrics = reqwest::get(server.metrics_url()).await.expect("an answer").text().await.expect("a body");
        assert!(metrics.contains("kim_issuer_up{issuer=\"https://out.example\"} 0"), "{metrics}");
        assert!(metrics.contains("kim_issuer_up{issuer=\"https://login.stadt.example\"} 1"), "{metrics}");
        server.stop().await;
    }
}

/// Status of a query with a token.
async fn status(server: &TestServer, token: &str) -> u16 {
    server.post(VIEWER, &json!({})).bearer_auth(token).send().await.expect("an answer").status().as_u16()
}

async fn server_trusting(db: TestDatabase, config: IssuerConfig) -> TestServer {
    TestServer::start_with(db, Clock::system(), |all| all.issuer.push(config)).await
}

fn claims_of_the_service() -> Value {
    json!({"agency": "jobcenter-koeln", "role": "SERVICE", "act": {"sub": "sachbearbeitung-17"}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_issuer_rotates_its_key_under_load_and_no_valid_token_is_refused() {
    let files = tempfile::tempdir().expect("a folder");
    let mut provider = Provider::start(&files.path().join("keys.json"), 0, &claims_of_the_service());
    let db = fresh(Backend::Sqlite).await;
    add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
    let server = server_trusting(db, provider.config()).await;
    let token = Provider::token(&provider.iss).await;
    let answer = server.ask(&token, VIEWER, &json!({})).await;
    let viewer = json!({"agency": {"slug": "jobcenter-koeln"}, "role": "SERVICE", "scopes": ["referral:read"], "actingFor": "sachbearbeitung-17"});
    assert_eq!(answer, json!({"data": {"viewer": viewer}}));

    let before = key_id(&token);
    let (iss, done) = (provider.iss.clone(), tokio::sync::watch::Sender::new(false));
    let load = async {
        let mut seen = std::collections::BTreeSet::new();
        while !*done.borrow() || seen.len() < 2 {
            let tokens = futures_util::future::join_all((0..8).map(|_| Provider::token(&iss))).await;
            let statuses = futures_util::future::join_all(tokens.iter().map(|token| status(&server, token))).await;
            assert_eq!(statuses, [200; 8]);
            seen.extend(tokens.iter().map(|token| key_id(token)));
        }
        seen
    };
    let rotation = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        tokio::task::block_in_place(|| provider.rotate());
        tokio::time::sleep(Duration::from_millis(300)).await;
        done.send_replace(true);
    };
    let (seen, ()) = tokio::join!(load, rotation);
    assert!(seen.len() == 2 && seen.contains(&before), "{seen:?}");
    server.stop().await;
}

/// The key id in a token's header.
fn key_id(token: &str) -> String {
    jsonwebtoken::decode_header(token).expect("a header").kid.expect("a key id")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_issuer_goes_away_and_comes_back() {
    let files = tempfile::tempdir().expect("a folder");
    let (keys, db) = (files.path().join("keys.json"), fresh(Backend::Sqlite).await);
    let provider = Provider::start(&keys, 0, &claims_of_the_service());
    add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
    let server = server_trusting(db, provider.config()).await;
    let token = Provider::token(&provider.iss).await;
    let (port, config) = (provider.port(), provider.config());
    drop(provider);
    assert_eq!(status(&server, &token).await, 200, "the keys stay in force");

    let server = server_trusting(server.close().await, config).await;
    assert_eq!(status(&server, &token).await, 401, "the issuer has no keys yet");
    let _back = Provider::start(&keys, port, &claims_of_the_service());
    let began = std::time::Instant::now();
    while status(&server, &token).await != 200 {
        assert!(began.elapsed() < Duration::from_secs(30), "the keys are not read again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(reqwest::get(server.url("/readyz")).await.expect("an answer").text().await.expect("a body"), "ready");
    server.stop().await;
}
