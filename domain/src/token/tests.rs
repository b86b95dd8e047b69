//! Valid and invalid tokens. tests/tokens.rs at the root tests all algorithms over HTTP.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;

/// A key for these tests only: Ed25519 in PKCS #8, and its public key.
const KEY: [u8; 48] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20\
      \x00\x49\x18\x7c\x6f\x4b\x42\x4f\xd4\x60\x0d\x53\x6c\x4c\x08\xec\x49\xcf\xa0\x22\xd9\x81\x0a\xf4\x46\x69\x01\x32\xc5\x3b\x15\xf3";
const PUBLIC: &str = "46Dxr4zzGXca-t3es0515-tQ9Z1alJegZxqiA0I0uf0";
const ISS: &str = "https://issuer.example";

fn verifier() -> Verifier {
    let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": PUBLIC}]}).to_string();
    let issuer = Issuer {
        iss: ISS.to_owned(),
        audience: "kim".to_owned(),
        keys: Keys::from_jwks(jwks.as_bytes()).expect("a set"),
        agencies: AllowedAgencies::Agencies(["jobcenter-koeln".to_owned()].into()),
    };
    Verifier::new([issuer]).expect("one issuer")
}

fn claims() -> Value {
    let now = get_current_timestamp();
    json!({"iss": ISS, "aud": "kim", "sub": "anna", "exp": now + 600, "nbf": now - 5,
           "agency": "jobcenter-koeln", "role": "CLERK", "scope": "referral:read openid case:read"})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn sign(claims: &Value) -> String {
    let header = Header { kid: Some("a".to_owned()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, &EncodingKey::from_ed_der(&KEY)).expect("a token")
}

fn refused(claims: &Value) -> &'static str {
    verifier().verify(&sign(claims)).err().map_or("accepted", TokenError::reason)
}

#[test]
fn a_valid_token_is_read_completely() {
    let token = verifier().verify(&sign(&claims())).expect("verified");
    assert_eq!((token.issuer(), token.subject(), token.agency_slug()), (ISS, "anna", "jobcenter-koeln"));
    assert_eq!(token.role(), Role::Clerk);
    assert_eq!(token.scopes(), &[Scope::ReferralRead, Scope::CaseRead].into());
    assert_eq!((token.purposes(), token.acting_for()), (None, None));
    assert_eq!(token.expires_at().timestamp().unsigned_abs(), claims()["exp"].as_u64().expect("a number"));
    assert!(!format!("{token:?}").contains("anna"));
}

#[test]
fn purposes_and_actor_are_read() {
    let mut claims = with("purposes", json!(["NATURALISATION", "TITLE_EXTENSION"]));
    claims["act"] = json!({"sub": "verfahren-17"});
    let token = verifier().verify(&sign(&claims)).expect("verified");
    assert_eq!(token.purposes(), Some(&[ReferralPurpose::Naturalisation, ReferralPurpose::TitleExtension][..]));
    assert_eq!(token.acting_for(), Some("verfahren-17"));
    let none = verifier().verify(&sign(&with("purposes", json!([])))).expect("verified");
    assert_eq!(none.purposes(), Some(&[][..]));
}

#[test]
fn a_malformed_narrowing_is_refused() {
    for odd in [json!(null), json!("NATURALISATION"), json!(["NATURALISATION", "OTHER"]), json!([1])] {
        assert_ne!(refused(&with("purposes", odd.clone())), "accepted", "{odd}");
    }
}

#[test]
fn each_required_claim_is_required() {
    for name in ["iss", "aud", "sub", "exp", "nbf", "agency", "role"] {
        let mut claims = claims();
        claims.as_object_mut().expect("an object").remove(name);
        assert_ne!(refused(&claims), "accepted", "without {name}");
        assert_ne!(refused(&with(name, json!(null))), "accepted", "{name} is null");
        assert_ne!(refused(&with(name, json!({}))), "accepted", "{name} is an object");
        assert_ne!(refused(&with(name, json!([]))), "accepted", "{name} is a list");
        assert_ne!(refused(&with(name, json!(""))), "accepted", "{name} is empty");
    }
}

#[test]
fn the_leeway_is_sixty_seconds() {
    let now = get_current_timestamp();
    assert_eq!(refused(&with("exp", json!(now - 50))), "life", "the life would be negative");
    let mut late = with("exp", json!(now - 50));
    late["nbf"] = json!(now - 500);
    assert_eq!(refused(&late), "accepted");
    late["exp"] = json!(now - 70);
    assert_ne!(refused(&late), "accepted");
    assert_eq!(refused(&with("nbf", json!(now + 50))), "accepted");
    assert_ne!(refused(&with("nbf", json!(now + 70))), "accepted");
}

#[test]
fn a_lifetime_in_milliseconds_is_refused() {
    let now = get_current_timestamp();
    assert_eq!(refused(&with("exp", json!(now * 1000))), "life");
    assert_eq!(refused(&with("exp", json!(1e300))), "signature or claims");
    assert_ne!(refused(&with("exp", json!(-1))), "accepted");
    assert_eq!(refused(&with("exp", json!(now as f64 + 600.5))), "accepted");
}

#[test]
fn a_subject_must_be_one_non_empty_line() {
    for odd in ["", "  ", "a\nb", "a\u{0}b", &"a".repeat(256)] {
        assert_eq!(refused(&with("sub", json!(odd))), "subject");
        assert_eq!(refused(&with("act", json!({"sub": odd}))), "subject");
    }
}

#[test]
fn an_issuer_speaks_only_for_its_agencies() {
    assert_eq!(refused(&with("agency", json!("auslaenderbehoerde-koeln"))), "agency");
    assert_eq!(refused(&with("agency", json!("Jobcenter-koeln"))), "agency");
    assert_eq!(refused(&with("iss", json!("https://other.example"))), "issuer");
    assert_eq!(refused(&with("aud", json!("kim2"))), "signature or claims");
    assert_eq!(refused(&with("aud", json!(["kim2", "kim"]))), "accepted");
    assert_eq!(refused(&with("role", json!("clerk"))), "role");
}

#[test]
fn an_unknown_key_is_reported_so_that_keys_are_fetched() {
    let verifier = verifier();
    let header = Header { kid: Some("b".to_owned()), ..Header::new(Algorithm::EdDSA) };
    let token = encode(&header, &claims(), &EncodingKey::from_ed_der(&KEY)).expect("a token");
    assert_eq!(verifier.issuer_with_unknown_key(&token), Some(ISS));
    assert_eq!(verifier.verify(&token).err().map(TokenError::reason), Some("kid"));
    assert_eq!(verifier.issuer_with_unknown_key(&sign(&claims())), None);
    assert_eq!(verifier.issuer_with_unknown_key(&sign(&with("iss", json!("https://other.example")))), None);
}

#[test]
fn a_critical_header_is_refused() {
    let header =
        Header { kid: Some("a".to_owned()), crit: Some(vec!["b64".to_owned()]), ..Header::new(Algorithm::EdDSA) };
    let token = encode(&header, &claims(), &EncodingKey::from_ed_der(&KEY)).expect("a token");
    assert_eq!(verifier().verify(&token).err().map(TokenError::reason), Some("crit"));
}

#[test]
fn malformed_tokens_are_refused() {
    let good = sign(&claims());
    let long = format!("{good}{}", "A".repeat(MAX_TOKEN_LENGTH));
    let unsigned = good.rsplit_once('.').map(|(rest, _)| format!("{rest}.")).expect("three parts");
    for token in ["", ".", "..", "a.b.c", "ä.ö.ü", &good[1..], &long, &unsigned] {
        assert!(verifier().verify(token).is_err());
    }
}

#[test]
fn two_issuers_with_the_same_name_are_refused() {
    let issuer = verifier().issuers.remove(ISS).expect("the issuer");
    assert_eq!(Verifier::new([issuer.clone(), issuer]).err(), Some(DuplicateIssuer(ISS.to_owned())));
}

#[test]
fn a_refusal_gives_no_reason() {
    let refused = verifier().verify("").expect_err("refused");
    assert_eq!((refused.to_string(), format!("{refused:?}")), ("the token is refused".into(), "TokenError".into()));
}
