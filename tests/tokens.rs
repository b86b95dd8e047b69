//! Tokens: a valid token of every algorithm is accepted. Every other request gets the same 401.

use std::collections::BTreeSet;

use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, get_current_timestamp};
use kim::development::{self, TokenSpec};
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::calendar::Clock;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::keys;
use crate::support::on_both;
use crate::support::server::{AUDIENCE, JOBCENTER, TestServer, add_agency, claims, sign, sign_as, sign_with, token};

const QUERY: &str = "{ __typename }";

async fn server(db: TestDatabase) -> TestServer {
    add_agency(&db, "jobcenter-koeln", AgencyKind::Jobcenter, true).await;
    add_agency(&db, "auslaenderbehoerde-koeln", AgencyKind::Auslaenderbehoerde, true).await;
    add_agency(&db, "traeger-koeln", AgencyKind::Traeger, true).await;
    add_agency(&db, "ki-koeln", AgencyKind::Koordination, true).await;
    add_agency(&db, "closed-koeln", AgencyKind::Jobcenter, false).await;
    TestServer::start(db, Clock::system()).await
}

/// Status, headers and body of an answer, without its date and its id.
async fn answer(server: &TestServer, token: &str) -> (u16, Vec<String>, String) {
    let response = server.post(QUERY, &json!({})).bearer_auth(token).send().await.expect("an answer");
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")));
    let headers = headers.filter(|line| !line.starts_with("date: ") && !line.starts_with("x-request-id: ")).collect();
    (status, headers, response.text().await.expect("a body"))
}

fn good() -> Value {
    claims("jobcenter-koeln", Role::Clerk)
}

fn with(name: &str, value: Value) -> String {
    let mut claims = good();
    claims[name] = value;
    sign(&claims)
}

fn without(name: &str) -> String {
    let mut claims = good();
    claims.as_object_mut().expect("an object").remove(name).expect("a claim");
    sign(&claims)
}

fn unsigned(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// Tokens with a wrong algorithm: none, or HS256 with the public key as the secret.
fn wrong_algorithms() -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        for kid in ["rsa", "ed"] {
            let token = unsigned(&json!({"alg": none, "typ": "JWT", "kid": kid}), &good(), "");
            tokens.push((format!("alg {none:?}, kid {kid}"), token));
        }
    }
    for key in [&keys::RSA, &keys::EC, &keys::ED] {
        let jwk = &key.jwk;
        let mut secrets = vec![jwk.to_string().into_bytes(), Vec::new()];
        for member in ["n", "x"] {
            if let Some(text) = jwk[member].as_str() {
                let raw = URL_SAFE_NO_PAD.decode(text).expect("base64url");
                let spki = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(&raw));
                secrets.extend([text.as_bytes().to_vec(), raw, spki.into_bytes()]);
            }
        }
        for secret in secrets {
            for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                let header = Header { kid: Some(key.kid.to_owned()), ..Header::new(algorithm) };
                let token = sign_as(&header, &EncodingKey::from_secret(&secret), &good());
                tokens.push((format!("{algorithm:?} with the public key {}", key.kid), token));
            }
        }
    }
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS384, Algorithm::PS512] {
        tokens.push((format!("{algorithm:?} is not ours"), sign_with(&keys::RSA, algorithm, &good())));
    }
    // A valid signature under a header that names another algorithm.
    let rs256 = sign_with(&keys::RSA, Algorithm::RS256, &good());
    let (_, rest) = rs256.split_once('.').expect("three parts");
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "PS256", "kid": "rsa"}).to_string());
    tokens.push(("RS256 that says PS256".to_owned(), format!("{header}.{rest}")));
    tokens
}

fn wrong_keys() -> Vec<(String, String)> {
    let header = |kid: Option<&str>| Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
    // An unknown key that is contained in the token itself.
    let stranger = aws_lc_rs::signature::Ed25519KeyPair::generate().expect("a key");
    let own = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": URL_SAFE_NO_PAD.encode(stranger.public_key())});
    let message = unsigned(&json!({"alg": "EdDSA", "kid": "ed", "jwk": own}), &good(), "");
    let message = message.trim_end_matches('.');
    let carried = format!("{message}.{}", URL_SAFE_NO_PAD.encode(stranger.sign(message.as_bytes())));

    let token = sign(&good());
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    bytes[0] ^= 1;
    vec![
        ("no kid".to_owned(), sign_as(&header(None), &keys::ED.private, &good())),
        ("an unknown kid".to_owned(), sign_as(&header(Some("nobody")), &keys::ED.private, &good())),
        ("an empty kid".to_owned(), sign_as(&header(Some("")), &keys::ED.private, &good())),
        ("another key's kid".to_owned(), sign_as(&header(Some("ed")), &keys::OTHER.private, &good())),
        ("another kind of key's kid".to_owned(), sign_as(&header(Some("ec")), &keys::ED.private, &good())),
        ("the other issuer's key".to_owned(), sign_with(&keys::OTHER, Algorithm::EdDSA, &good())),
        ("a key in the header".to_owned(), carried),
        ("a changed signature".to_owned(), format!("{message}.{}", URL_SAFE_NO_PAD.encode(bytes))),
        ("no signature".to_owned(), format!("{message}.")),
        ("two parts".to_owned(), message.to_owned()),
        ("no token".to_owned(), "x".to_owned()),
    ]
}

fn wrong_claims() -> Vec<(String, String)> {
    let now = get_current_timestamp();
    let mut tokens: Vec<(String, String)> =
        ["iss", "aud", "sub", "exp", "agency", "role"].map(|name| (format!("without {name}"), without(name))).into();
    for (what, name, value) in [
        ("an unknown issuer", "iss", json!("https://login.elsewhere.example")),
        ("almost the issuer", "iss", json!("https://login.stadt.example/")),
        ("a list of issuers", "iss", json!(["https://login.stadt.example", "https://login.elsewhere.example"])),
        ("another audience", "aud", json!("another")),
        ("other audiences", "aud", json!(["another", "kim-test2"])),
        ("no audience", "aud", json!([])),
        ("expired", "exp", json!(now - 61)),
        ("not yet valid", "nbf", json!(now + 90)),
        ("valid for ever", "exp", json!(now * 1000)),
        ("a textual end", "exp", json!((now + 600).to_string())),
        ("no subject", "sub", json!("")),
        ("an unknown role", "role", json!("CHIEF")),
        ("a role in small letters", "role", json!("clerk")),
        ("an unknown purpose", "purposes", json!(["OTHER"])),
        ("an unknown agency", "agency", json!("jobcenter-nowhere")),
        ("almost an agency", "agency", json!("Jobcenter-Koeln")),
        ("a disabled agency", "agency", json!("closed-koeln")),
        ("two agencies", "agency", json!(["jobcenter-koeln", "auslaenderbehoerde-koeln"])),
        ("two roles", "role", json!(["CLERK", "SERVICE"])),
        ("a textual begin", "nbf", json!((now - 5).to_string())),
        ("an ID token's type", "typ", json!("ID")),
        ("an ID token's hash", "at_hash", json!("x")),
        ("an ID token's nonce", "nonce", json!("x")),
        ("a logout token's events", "events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
        ("a token that is bound to a key", "cnf", json!({"jkt": "x"})),
    ] {
        tokens.push((what.to_owned(), with(name, value)));
    }
    let mut expired = good();
    expired["nbf"] = json!(now - 900);
    expired["exp"] = json!(now - 61);
    tokens.push(("expired after a good life".to_owned(), sign(&expired)));
    for (agency, role) in [
        ("jobcenter-koeln", Role::CaseManager),
        ("jobcenter-koeln", Role::Coordinator),
        ("traeger-koeln", Role::Clerk),
        ("traeger-koeln", Role::Coordinator),
        ("ki-koeln", Role::Clerk),
        ("ki-koeln", Role::CaseManager),
        ("ki-koeln", Role::Service),
    ] {
        tokens.push((format!("{role} at {agency}"), token(agency, role)));
    }
    let mut foreign = claims("auslaenderbehoerde-koeln", Role::Clerk);
    foreign["iss"] = json!(JOBCENTER);
    tokens.push((
        "an issuer that speaks for another's agency".to_owned(),
        sign_with(&keys::OTHER, Algorithm::EdDSA, &foreign),
    ));
    for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "application/token-introspection+jwt"] {
        let header =
            Header { typ: Some(typ.to_owned()), kid: Some(keys::ED.kid.to_owned()), ..Header::new(Algorithm::EdDSA) };
        tokens.push((format!("the type {typ}"), sign_as(&header, &keys::ED.private, &good())));
    }
    let spec = TokenSpec::usual("jobcenter-koeln", Role::Clerk);
    tokens.push(("the development issuer".to_owned(), development::sign(&spec).expect("a token")));
    tokens
}

on_both! {
    async fn a_valid_token_of_every_algorithm_is_accepted(db: TestDatabase) {
        let server = server(db).await;
        for (algorithm, key) in [
            (Algorithm::RS256, &keys::RSA),
            (Algorithm::PS256, &keys::RSA),
            (Algorithm::ES256, &keys::EC),
            (Algorithm::EdDSA, &keys::ED),
        ] {
            let (status, _, body) = answer(&server, &sign_with(key, algorithm, &good())).await;
            assert_eq!(status, 200, "{algorithm:?}: {body}");
            assert!(body.contains("__typename"), "{body}");
        }
        for typ in [None, Some("JWT"), Some("at+jwt"), Some("application/at+jwt")] {
            let header = Header {
                typ: typ.map(str::to_owned),
                kid: Some(keys::ED.kid.to_owned()),
                ..Header::new(Algorithm::EdDSA)
            };
            assert_eq!(answer(&server, &sign_as(&header, &keys::ED.private, &good())).await.0, 200, "{typ:?}");
        }
        assert_eq!(answer(&server, &without("nbf")).await.0, 200, "most issuers send none");
        let mut own = good();
        own["iss"] = json!(JOBCENTER);
        own["aud"] = json!(["another", AUDIENCE]);
        assert_eq!(answer(&server, &sign_with(&keys::OTHER, Algorithm::EdDSA, &own)).await.0, 200);
        for (agency, role) in [
            ("auslaenderbehoerde-koeln", Role::Clerk),
            ("traeger-koeln", Role::CaseManager),
            ("ki-koeln", Role::Coordinator),
            ("ki-koeln", Role::DataProtectionOfficer),
            ("jobcenter-koeln", Role::Service),
            ("jobcenter-koeln", Role::Administrator),
        ] {
            assert_eq!(answer(&server, &token(agency, role)).await.0, 200, "{role} at {agency}");
        }
        server.stop().await;
    }

    async fn every_other_token_gets_the_same_401(db: TestDatabase) {
        let server = server(db).await;
        let mut answers = BTreeSet::new();
        for (what, token) in [wrong_algorithms(), wrong_keys(), wrong_claims()].concat() {
            let given = answer(&server, &token).await;
            assert_eq!(given.0, 401, "{what}: {}", given.2);
            answers.insert(given);
            assert_eq!(answers.len(), 1, "{what} is answered otherwise");
        }
        let (_, headers, body) = answers.first().expect("one answer");
        assert!(headers.contains(&"www-authenticate: Bearer".to_owned()), "{headers:?}");
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["errors"][0]["extensions"], json!({"code": "UNAUTHENTICATED"}));
        let alive = server.ask(&sign(&good()), QUERY, &json!({})).await;
        assert_eq!(alive, json!({"data": {"__typename": "Query"}}), "the server still answers");
        server.stop().await;
    }

    async fn a_disabled_agency_is_refused_at_once(db: TestDatabase) {
        use sea_orm::ConnectionTrait;
        let server = server(db).await;
        let token = sign(&good());
        assert_eq!(answer(&server, &token).await.0, 200);
        let main = server.database.database.raw();
        main.execute_unprepared("UPDATE agency SET enabled = false WHERE slug = 'jobcenter-koeln'").await.expect("done");
        assert_eq!(answer(&server, &token).await.0, 401);
        server.stop().await;
    }
}
