//! The token issuer that all subjects trust. Its key is generated per run, and its tokens are valid for a day.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};

use crate::agency::Agency;
use crate::failure::Failure;

/// The issuer's name.
pub(crate) const ISS: &str = "https://bench.kim.example";
/// The audience of its tokens.
pub(crate) const AUDIENCE: &str = "kim-bench";
const KID: &str = "bench";

/// Signs with RS256, as most login services do.
pub(crate) struct Issuer {
    private: EncodingKey,
    jwk: Value,
    public_pem: String,
}

impl Issuer {
    /// An issuer with a new key.
    pub(crate) fn new() -> Result<Self, Failure> {
        let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048)?;
        let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)?;
        let public = pair.public_key();
        let spki = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(public)?;
        let base64url = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let n = base64url(public.modulus().big_endian_without_leading_zero());
        let e = base64url(public.exponent().big_endian_without_leading_zero());
        Ok(Self {
            private: EncodingKey::from_rsa_pem(pem("PRIVATE KEY", pkcs8.as_ref()).as_bytes())?,
            jwk: json!({"kty": "RSA", "kid": KID, "use": "sig", "alg": "RS256", "n": n, "e": e}),
            public_pem: pem("PUBLIC KEY", spki.as_ref()),
        })
    }

    /// The public key as a JWK set.
    pub(crate) fn jwks(&self) -> String {
        json!({"keys": [self.jwk]}).to_string()
    }

    /// The public key as PEM.
    pub(crate) fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// A token for a person at this agency. kim reads `agency`, `role` and `scope`. The peers use `role` as a
    /// PostgreSQL role and pass `agency_id` to the policies.
    pub(crate) fn token(&self, agency: &Agency) -> Result<String, Failure> {
        let now = get_current_timestamp();
        let claims = json!({
            "iss": ISS, "aud": AUDIENCE, "sub": format!("staff@{}", agency.slug), "iat": now, "nbf": now, "exp": now + 86_400,
            "agency": agency.slug, "role": agency.role(), "scope": "referral:read referral:write statistics:read case:read case:write",
            "agency_id": agency.id,
        });
        let header = Header { kid: Some(KID.to_owned()), ..Header::new(Algorithm::RS256) };
        Ok(encode(&header, &claims, &self.private)?)
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}
