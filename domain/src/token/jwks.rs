//! Reads a JWK set (RFC 7517): the keys that may verify tokens, and the algorithms of each key.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Length of 32 bytes in base64url without padding: a coordinate of P-256, or a key of Ed25519.
const THIRTY_TWO_BYTES: usize = 43;
/// Length of 256 bytes in base64url without padding: an RSA modulus of 2048 bits, the accepted minimum.
const RSA_2048: usize = 342;

/// An unusable JWK set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJwks {
    /// The input is not JSON, or has no list `keys`.
    #[error("not a JWK set: it must be a JSON object with a list \"keys\"")]
    NotASet,
    /// No key can verify a signature.
    #[error(
        "no usable key: each needs a \"kid\" and must be RSA of at least 2048 bits (RS256, PS256), \
         EC P-256 (ES256) or OKP Ed25519 (EdDSA), and not be for encryption"
    )]
    NoKey,
}

/// The public keys of one issuer.
#[derive(Clone, Debug)]
pub struct Keys(Vec<Key>);

/// A public key and the algorithms that it may verify. The key decides them, so that a token cannot choose.
#[derive(Clone, Debug)]
struct Key {
    kid: String,
    public: DecodingKey,
    algorithms: Vec<Algorithm>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// The public members that we need. Private members are not read.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a JWK set. Keys that cannot verify one of the four supported algorithms are skipped, symmetric keys above
    /// all.
    ///
    /// # Errors
    /// [`InvalidJwks`] if the input is no JWK set or contains no usable key.
    pub fn from_jwks(json: &[u8]) -> Result<Self, InvalidJwks> {
        let set: Set = serde_json::from_slice(json).map_err(|_| InvalidJwks::NotASet)?;
        let keys: Vec<Key> =
            set.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok()?.into_key()).collect();
        if keys.is_empty() { Err(InvalidJwks::NoKey) } else { Ok(Self(keys)) }
    }

    /// No keys: nothing can be verified. For an issuer whose keys could not be read yet.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// The keys with this id that may verify this algorithm.
    pub(super) fn of(&self, kid: &str, algorithm: Algorithm) -> impl Iterator<Item = &DecodingKey> {
        let named = self.0.iter().filter(move |key| key.kid == kid && key.algorithms.contains(&algorithm));
        named.map(|key| &key.public)
    }
}

impl Jwk {
    fn into_key(self) -> Option<Key> {
        if !self.is_for_signatures() {
            return None;
        }
        let (public, possible): (_, &[_]) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => {
                let n = self.n.as_deref().filter(|n| n.len() >= RSA_2048)?;
                let public = DecodingKey::from_rsa_components(n, self.e.as_deref()?).ok()?;
                (public, &[("RS256", Algorithm::RS256), ("PS256", Algorithm::PS256)])
            }
            ("EC", Some("P-256")) => {
                let public = DecodingKey::from_ec_components(thirty_two(&self.x)?, thirty_two(&self.y)?).ok()?;
                (public, &[("ES256", Algorithm::ES256)])
            }
            ("OKP", Some("Ed25519")) => {
                let public = DecodingKey::from_ed_components(thirty_two(&self.x)?).ok()?;
                (public, &[("EdDSA", Algorithm::EdDSA)])
            }
            _ => return None,
        };
        let named = |name: &str| self.alg.as_deref().is_none_or(|alg| alg == name);
        let algorithms: Vec<Algorithm> =
            possible.iter().filter(|(name, _)| named(name)).map(|&(_, algorithm)| algorithm).collect();
        (!algorithms.is_empty()).then_some(Key { kid: self.kid, public, algorithms })
    }

    /// Whether the key is meant for verifying signatures, as far as the key says.
    fn is_for_signatures(&self) -> bool {
        let purpose = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let operations = self.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
        purpose && operations && !self.kid.is_empty()
    }
}

fn thirty_two(coordinate: &Option<String>) -> Option<&str> {
    coordinate.as_deref().filter(|text| text.len() == THIRTY_TWO_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COORDINATE: &str = "ZuaTzvYYWlZZmHxMh1rpaq6wtKzJJevXcI4zNg4WutU";

    fn keys(keys: serde_json::Value) -> Result<Keys, InvalidJwks> {
        Keys::from_jwks(json!({ "keys": keys }).to_string().as_bytes())
    }

    fn algorithms(key: serde_json::Value) -> Vec<Algorithm> {
        keys(json!([key])).map(|keys| keys.0[0].algorithms.clone()).unwrap_or_default()
    }

    #[test]
    fn the_key_decides_the_algorithm() {
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": COORDINATE});
        let ec = json!({"kty": "EC", "crv": "P-256", "kid": "a", "x": COORDINATE, "y": COORDINATE});
        let rsa = json!({"kty": "RSA", "kid": "a", "n": "A".repeat(342), "e": "AQAB"});
        let pss = json!({"kty": "RSA", "kid": "a", "n": "A".repeat(342), "e": "AQAB", "alg": "PS256", "use": "sig"});
        assert_eq!(algorithms(ed), [Algorithm::EdDSA]);
        assert_eq!(algorithms(ec), [Algorithm::ES256]);
        assert_eq!(algorithms(rsa), [Algorithm::RS256, Algorithm::PS256]);
        assert_eq!(algorithms(pss), [Algorithm::PS256]);
    }

    #[test]
    fn a_key_that_is_not_for_our_signatures_is_left_out() {
        for key in [
            json!({"kty": "oct", "kid": "a", "k": COORDINATE, "alg": "HS256"}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": COORDINATE, "use": "enc"}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": COORDINATE, "key_ops": ["encrypt"]}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": COORDINATE, "alg": "HS256"}),
            json!({"kty": "OKP", "crv": "X25519", "kid": "a", "x": COORDINATE}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": COORDINATE}),
            json!({"kty": "OKP", "crv": "Ed25519", "kid": "", "x": COORDINATE}),
            json!({"kty": "EC", "crv": "P-384", "kid": "a", "x": COORDINATE, "y": COORDINATE}),
            json!({"kty": "RSA", "kid": "a", "n": "A".repeat(171), "e": "AQAB"}),
            json!({"kty": "RSA", "kid": "a", "n": "A".repeat(342), "e": "AQAB", "alg": "RS512"}),
            json!("key"),
        ] {
            assert_eq!(keys(json!([key])).err(), Some(InvalidJwks::NoKey), "{key}");
        }
    }

    #[test]
    fn an_unusable_key_does_not_affect_the_others() {
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": COORDINATE});
        assert_eq!(keys(json!([{"kty": "odd"}, ed])).expect("a set").of("a", Algorithm::EdDSA).count(), 1);
    }

    #[test]
    fn keys_with_the_same_id_are_chosen_by_algorithm() {
        let ed = json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": COORDINATE});
        let ec = json!({"kty": "EC", "crv": "P-256", "kid": "a", "x": COORDINATE, "y": COORDINATE});
        let rsa = |alg| json!({"kty": "RSA", "kid": "a", "n": "A".repeat(342), "e": "AQAB", "alg": alg});
        let keys = keys(json!([ed, ec, rsa("RS256"), rsa("PS256")])).expect("a set");
        for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::PS256] {
            assert_eq!(keys.of("a", algorithm).count(), 1, "{algorithm:?}");
        }
        assert_eq!((keys.of("b", Algorithm::EdDSA).count(), keys.of("a", Algorithm::RS384).count()), (0, 0));
    }

    #[test]
    fn other_input_is_reported_as_no_jwk_set() {
        for text in ["", "[]", "{}", r#"{"keys": {}}"#, "<html>"] {
            assert_eq!(Keys::from_jwks(text.as_bytes()).err(), Some(InvalidJwks::NotASet), "{text}");
        }
    }
}
