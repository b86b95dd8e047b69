//! Signing keys for one run of the tests, one of each type that a token may be signed with.

use std::sync::LazyLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

/// A private key, and its public half as a JWK without `alg`.
pub(crate) struct SigningKey {
    /// What the JWK and the tokens call it.
    pub(crate) kid: &'static str,
    /// Signs.
    pub(crate) private: EncodingKey,
    /// What an issuer publishes.
    pub(crate) jwk: Value,
}

/// Signs RS256 and PS256.
pub(crate) static RSA: LazyLock<SigningKey> = LazyLock::new(|| rsa_key("rsa"));
/// Signs ES256.
pub(crate) static EC: LazyLock<SigningKey> = LazyLock::new(|| ec_key("ec"));
/// Signs EdDSA.
pub(crate) static ED: LazyLock<SigningKey> = LazyLock::new(|| ed_key("ed"));
/// Another issuer's.
pub(crate) static OTHER: LazyLock<SigningKey> = LazyLock::new(|| ed_key("other"));

/// A JWK set of these keys.
pub(crate) fn jwks(keys: &[&SigningKey]) -> String {
    json!({"keys": keys.iter().map(|key| &key.jwk).collect::<Vec<_>>()}).to_string()
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa_key(kid: &'static str) -> SigningKey {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).expect("an RSA key");
    let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).expect("PKCS #8");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pkcs8.as_ref()));
    let public = pair.public_key();
    let n = base64url(public.modulus().big_endian_without_leading_zero());
    let e = base64url(public.exponent().big_endian_without_leading_zero());
    let private = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a PEM");
    SigningKey { kid, private, jwk: json!({"kty": "RSA", "kid": kid, "n": n, "e": e}) }
}

fn ec_key(kid: &'static str) -> SigningKey {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).expect("an EC key");
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref()).expect("the same key");
    // Uncompressed: 4, then x and y.
    let point = &pair.public_key().as_ref()[1..];
    let jwk =
        json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": base64url(&point[..32]), "y": base64url(&point[32..])});
    SigningKey { kid, private: EncodingKey::from_ec_der(pkcs8.as_ref()), jwk }
}

fn ed_key(kid: &'static str) -> SigningKey {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("an Ed25519 key");
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).expect("the same key");
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64url(pair.public_key())});
    SigningKey { kid, private: EncodingKey::from_ed_der(pkcs8.as_ref()), jwk }
}
