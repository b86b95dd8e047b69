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
        claims: ClaimMapping::default(),
    };
    Verifier::new([issuer]).expect("one issuer")
}

/// The verifier of an issuer with other claims.
fn mapped(change: impl FnOnce(&mut ClaimMapping)) -> Verifier {
    let mut verifier = verifier();
    change(&mut verifier.issuers.get_mut(ISS).expect("the issuer").claims);
    verifier
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

/// The refused claim, or "accepted".
fn refused(claims: &Value) -> &'static str {
    refused_by(&verifier(), &sign(claims))
}

fn refused_by(verifier: &Verifier, token: &str) -> &'static str {
    verifier.verify(token).err().map_or("accepted", TokenError::claim)
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
    for odd in [json!(null), json!(""), json!("OTHER"), json!(["NATURALISATION", "OTHER"]), json!([1]), json!({})] {
        assert_eq!(refused(&with("purposes", odd.clone())), "purposes", "{odd}");
    }
    for odd in [json!(null), json!(1), json!([1]), json!({})] {
        assert_eq!(refused(&with("scope", odd.clone())), "scope", "{odd}");
    }
    for odd in [json!(null), json!("anna"), json!({}), json!({"sub": null})] {
        assert_eq!(refused(&with("act", odd.clone())), "act.sub", "{odd}");
    }
}

#[test]
fn each_required_claim_is_required() {
    for name in ["iss", "aud", "sub", "exp", "agency", "role"] {
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
    assert_eq!(refused(&with("exp", json!(now - 50))), "exp", "the life would be negative");
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
    assert_eq!(refused(&with("exp", json!(now * 1000))), "exp");
    assert_eq!(refused(&with("exp", json!(1e300))), "exp");
    assert_ne!(refused(&with("exp", json!(-1))), "accepted");
    assert_eq!(refused(&with("exp", json!(now as f64 + 600.5))), "accepted");
}

#[test]
fn a_subject_must_be_one_non_empty_line() {
    for odd in ["", "  ", "a\nb", "a\u{0}b", &"a".repeat(256)] {
        assert_eq!(refused(&with("sub", json!(odd))), "sub");
        assert_eq!(refused(&with("act", json!({"sub": odd}))), "act.sub");
    }
}

#[test]
fn an_issuer_speaks_only_for_its_agencies() {
    assert_eq!(refused(&with("agency", json!("auslaenderbehoerde-koeln"))), "agency");
    assert_eq!(refused(&with("agency", json!("Jobcenter-koeln"))), "agency");
    assert_eq!(refused(&with("iss", json!("https://other.example"))), "iss");
    assert_eq!(refused(&with("aud", json!("kim2"))), "aud");
    assert_eq!(refused(&with("aud", json!(["kim2", "kim"]))), "accepted");
    assert_eq!(refused(&with("role", json!("clerk"))), "role");
}

#[test]
fn an_issuer_is_asked_for_other_keys_after_an_unknown_key_or_a_wrong_signature() {
    let verifier = verifier();
    let asked = |token: &str| verifier.issuer_with_other_keys(token, verifier.verify(token).expect_err("refused"));
    let header = Header { kid: Some("b".to_owned()), ..Header::new(Algorithm::EdDSA) };
    let unknown = encode(&header, &claims(), &EncodingKey::from_ed_der(&KEY)).expect("a token");
    assert_eq!(asked(&unknown), Some(ISS));
    let (message, _) = unknown.rsplit_once('.').expect("three parts");
    assert_eq!(asked(&format!("{message}.AAAA")), Some(ISS));
    let good = sign(&claims());
    let (message, _) = good.rsplit_once('.').expect("three parts");
    assert_eq!(asked(&format!("{message}.AAAA")), Some(ISS));
    assert_eq!(asked(&sign(&with("iss", json!("https://other.example")))), None);
    assert_eq!(asked(&sign(&with("role", json!("CHIEF")))), None);
}

#[test]
fn a_token_without_nbf_is_accepted_and_a_given_one_counts() {
    let mut claims = claims();
    claims.as_object_mut().expect("an object").remove("nbf");
    assert_eq!(refused(&claims), "accepted");
    for odd in [json!(null), json!("0"), json!([]), json!({}), json!(-1)] {
        assert_eq!(refused(&with("nbf", odd.clone())), "nbf", "{odd}");
    }
}

#[test]
fn a_type_is_absent_or_that_of_an_access_token() {
    let signed = |typ: Option<&str>| {
        let header = Header { kid: Some("a".to_owned()), typ: typ.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims(), &EncodingKey::from_ed_der(&KEY)).expect("a token")
    };
    for typ in [None, Some("JWT"), Some("jwt"), Some("at+jwt"), Some("AT+JWT"), Some("application/at+jwt")] {
        assert_eq!(refused_by(&verifier(), &signed(typ)), "accepted", "{typ:?}");
    }
    for typ in ["logout+jwt", "dpop+jwt", "secevent+jwt", "token-introspection+jwt", "oauth-authz-req+jwt", "JOSE", ""]
    {
        assert_eq!(refused_by(&verifier(), &signed(Some(typ))), "typ (header)", "{typ}");
    }
}

#[test]
fn a_token_for_another_use_is_refused() {
    for (claim, value) in [
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("typ", json!("Logout")),
        ("typ", json!("DPoP")),
        ("typ", json!(null)),
        ("token_use", json!("id")),
        ("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
        ("at_hash", json!("x")),
        ("c_hash", json!("x")),
        ("nonce", json!("x")),
        ("cnf", json!({"jkt": "x"})),
    ] {
        assert_eq!(refused(&with(claim, value.clone())), claim, "{value}");
    }
    let mut keycloak = with("typ", json!("Bearer"));
    keycloak["nonce"] = json!("x");
    assert_eq!(refused(&keycloak), "accepted");
    assert_eq!(refused(&with("token_use", json!("access"))), "accepted");
}

#[test]
fn a_list_of_one_counts_as_its_value_and_a_scope_may_be_a_list() {
    let mut lists = with("agency", json!(["jobcenter-koeln"]));
    lists["role"] = json!(["offline_access", "CLERK", "CLERK"]);
    lists["scope"] = json!(["referral:read", "openid", "case:read consent:write"]);
    lists["purposes"] = json!("NATURALISATION");
    let token = verifier().verify(&sign(&lists)).expect("verified");
    assert_eq!((token.agency_slug(), token.role()), ("jobcenter-koeln", Role::Clerk));
    assert_eq!(token.scopes(), &[Scope::ReferralRead, Scope::CaseRead, Scope::ConsentWrite].into());
    assert_eq!(token.purposes(), Some(&[ReferralPurpose::Naturalisation][..]));
    for (claim, value) in [
        ("agency", json!(["jobcenter-koeln", "jobcenter-duisburg"])),
        ("agency", json!(["jobcenter-koeln", 1])),
        ("role", json!(["CLERK", "SERVICE"])),
        ("role", json!(["offline_access"])),
        ("role", json!([["CLERK"]])),
    ] {
        assert_eq!(refused(&with(claim, value.clone())), claim, "{value}");
    }
}

#[test]
fn a_step_of_a_path_is_a_member_or_a_place_in_a_list() {
    let now = get_current_timestamp();
    let claims = json!({"iss": ISS, "aud": "kim", "sub": "anna", "exp": now + 600, "role": "CLERK",
        "organizations": [{"slug": "other"}, {"slug": "jobcenter-koeln"}], "places": {"1": "jobcenter-koeln"}});
    for (place, expected) in [
        ("/organizations/1/slug", true),
        ("/places/1", true),
        ("/organizations/01/slug", false),
        ("/organizations/+1/slug", false),
        ("/organizations/-/slug", false),
        ("/organizations/2/slug", false),
        ("/organizations/slug", false),
    ] {
        let verifier = mapped(|mapping| mapping.agency = MappedClaim::named(place));
        assert_eq!(verifier.verify(&sign(&claims)).is_ok(), expected, "{place}");
    }
}

#[test]
fn claims_and_values_are_mapped() {
    let values = |pairs: &[(&str, &str)]| {
        Some(pairs.iter().map(|(theirs, ours)| ((*theirs).to_owned(), (*ours).to_owned())).collect())
    };
    let verifier = mapped(|claims| {
        claims.agency =
            MappedClaim { place: "groups".to_owned(), values: values(&[("/jobcenter-koeln", "jobcenter-koeln")]) };
        claims.role = MappedClaim {
            place: "/resource_access/kim/roles".to_owned(),
            values: values(&[("Sachbearbeitung Köln", "CLERK"), ("vertretung", "CLERK")]),
        };
        claims.scope = MappedClaim {
            place: "https://kim.example/scp".to_owned(),
            values: values(&[("Lesen", "referral:read case:read"), ("Alles Schreiben", "referral:write")]),
        };
        claims.purposes =
            MappedClaim { place: "/a~1b/c~0d".to_owned(), values: values(&[("einbuergerung", "NATURALISATION")]) };
    });
    let now = get_current_timestamp();
    let mut claims = json!({"iss": ISS, "aud": "kim", "sub": "anna", "exp": now + 600,
        "groups": ["/all", "/jobcenter-koeln"],
        "resource_access": {"kim": {"roles": ["vertretung", "Sachbearbeitung Köln", "CHIEF"]}},
        "https://kim.example/scp": ["Lesen", "Alles Schreiben", "case:write"],
        "a/b": {"c~d": ["einbuergerung"]}});
    let token = verifier.verify(&sign(&claims)).expect("verified");
    assert_eq!((token.agency_slug(), token.role()), ("jobcenter-koeln", Role::Clerk));
    assert_eq!(token.scopes(), &[Scope::ReferralRead, Scope::CaseRead, Scope::ReferralWrite].into());
    assert_eq!(token.purposes(), Some(&[ReferralPurpose::Naturalisation][..]));

    // Our own names and values have no meaning for this issuer.
    claims["a/b"]["c~d"] = json!(["NATURALISATION"]);
    assert_eq!(refused_by(&verifier, &sign(&claims)), "purposes");
    claims["resource_access"]["kim"]["roles"] = json!("CLERK");
    assert_eq!(refused_by(&verifier, &sign(&claims)), "role");
    claims["groups"] = json!("jobcenter-koeln");
    claims["agency"] = json!("jobcenter-koeln");
    assert_eq!(refused_by(&verifier, &sign(&claims)), "agency");
    claims["resource_access"] = json!([{"kim": {"roles": "CLERK"}}]);
    claims["groups"] = json!("/jobcenter-koeln");
    assert_eq!(refused_by(&verifier, &sign(&claims)), "role");
}

#[test]
fn a_critical_header_is_refused() {
    let header =
        Header { kid: Some("a".to_owned()), crit: Some(vec!["b64".to_owned()]), ..Header::new(Algorithm::EdDSA) };
    let token = encode(&header, &claims(), &EncodingKey::from_ed_der(&KEY)).expect("a token");
    assert_eq!(refused_by(&verifier(), &token), "crit (header)");
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

fn id_claims() -> Value {
    let now = get_current_timestamp();
    json!({"iss": ISS, "aud": "kim-page", "sub": "anna", "exp": now + 600, "iat": now, "nonce": "n-1", "sid": "s-1"})
}

fn refused_id_token(claims: &Value) -> &'static str {
    let sign_in = SignIn { iss: ISS, client_id: "kim-page", nonce: "n-1" };
    verifier().verify_id_token(&sign(claims), sign_in).err().map_or("accepted", TokenError::claim)
}

#[test]
fn an_id_token_belongs_to_one_sign_in() {
    let sign_in = SignIn { iss: ISS, client_id: "kim-page", nonce: "n-1" };
    let read = verifier().verify_id_token(&sign(&id_claims()), sign_in).expect("verified");
    assert_eq!(read, IdToken { subject: "anna".to_owned(), session: Some("s-1".to_owned()) });
    for (name, value, claim) in [
        ("nonce", json!("n-2"), "nonce"),
        ("nonce", json!(null), "nonce"),
        ("nonce", json!(["n-1"]), "nonce"),
        ("aud", json!("kim"), "aud"),
        ("aud", json!(["kim-page", "other"]), "azp"),
        ("azp", json!("other"), "azp"),
        ("exp", json!(1), "exp"),
        ("iat", json!("now"), "iat"),
        ("sub", json!(""), "sub"),
        ("sid", json!(7), "sid"),
        ("events", json!({}), "events"),
        ("typ", json!("Bearer"), "typ"),
        ("typ", json!("Logout"), "typ"),
        ("iss", json!("https://other.example"), "iss"),
    ] {
        let mut claims = id_claims();
        claims[name] = value.clone();
        assert_eq!(refused_id_token(&claims), claim, "{name}: {value}");
    }
    for (name, value) in [("azp", json!("kim-page")), ("aud", json!(["kim-page"])), ("typ", json!("ID"))] {
        let mut claims = id_claims();
        claims[name] = value.clone();
        assert_eq!(refused_id_token(&claims), "accepted", "{name}: {value}");
    }
    let other = SignIn { iss: "https://other.example", ..sign_in };
    assert!(verifier().verify_id_token(&sign(&id_claims()), other).is_err(), "the answer of another issuer");
    assert_eq!(refused(&id_claims()), "aud", "it gives no access");
}

#[test]
fn a_token_needs_the_claims_that_the_configuration_demands() {
    let verifier = mapped(|claims| claims.required = vec!["scp".to_owned(), "/realm/roles".to_owned()]);
    let token = |scp: Value, realm: Value| {
        let mut claims = claims();
        (claims["scp"], claims["realm"]) = (scp, realm);
        sign(&claims)
    };
    assert_eq!(refused_by(&verifier, &token(json!("kim"), json!({"roles": []}))), "accepted");
    for (scp, realm) in [(json!("kim"), json!({})), (json!(null), json!({"roles": []})), (json!("kim"), json!("roles"))]
    {
        assert_eq!(refused_by(&verifier, &token(scp, realm)), "required_claims");
    }
    assert_eq!(refused_by(&verifier, &sign(&claims())), "required_claims");
}
