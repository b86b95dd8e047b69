//! The development issuer: signs the tokens of `kim token`. Only `kim demo` trusts it.
//!
//! THE KEY BELOW IS PUBLIC, on purpose: everyone who has this source can sign tokens with it. The configuration refuses
//! this issuer, and the server refuses a key set of any other issuer that contains this key.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use kim_domain::agency::{Role, Scope};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::token::{AllowedAgencies, ClaimMapping, Issuer, Keys, Verifier};
use serde_json::json;

use crate::failure::Failure;

/// The issuer's `iss`: a name that no server can have (RFC 2606).
pub const ISS: &str = "https://demo.kim.invalid";
/// The issuer's audience.
pub const AUDIENCE: &str = "kim-demo";
/// The public key, in the format of a JWK.
pub const PUBLIC_KEY: &str = "ZuaTzvYYWlZZmHxMh1rpaq6wtKzJJevXcI4zNg4WutU";

const KID: &str = "demo-1";

/// The private key, in PKCS #8. Public on purpose: see the module's documentation.
const PRIVATE_KEY: [u8; 48] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20, 0x45, 0xa6, 0x87,
    0x2f, 0xeb, 0x9a, 0x7f, 0x03, 0x54, 0x50, 0xd2, 0x83, 0x5a, 0xc7, 0x5e, 0xc0, 0x19, 0x43, 0xae, 0x06, 0x7b, 0xe1,
    0xaa, 0x91, 0x3a, 0x8a, 0xf8, 0xb2, 0x76, 0x4a, 0xb2, 0x27,
];

/// The content of a token to be signed.
#[derive(Clone, Debug)]
pub struct TokenSpec {
    /// The agency's slug.
    pub agency: String,
    /// The role at the agency.
    pub role: Role,
    /// The granted scopes.
    pub scopes: Vec<Scope>,
    /// Lifetime in seconds.
    pub ttl: u64,
    /// The purposes to which the token is narrowed; empty: no narrowing.
    pub purposes: Vec<ReferralPurpose>,
    /// The person or program that uses the token.
    pub subject: String,
    /// The person on whose behalf a program acts.
    pub acting_for: Option<String>,
}

impl TokenSpec {
    /// A token with the usual scopes of a role, valid for twelve hours. Each role at each agency is another person, because
    /// one person may not sign an agreement for both sides.
    #[must_use]
    pub fn usual(agency: &str, role: Role) -> Self {
        Self {
            agency: agency.to_owned(),
            role,
            scopes: usual_scopes(role).to_vec(),
            ttl: 12 * 3_600,
            purposes: Vec::new(),
            subject: format!("demo-{}@{agency}", role.code().to_lowercase().replace('_', "-")),
            acting_for: None,
        }
    }
}

/// The usual scopes of a role.
#[must_use]
pub const fn usual_scopes(role: Role) -> &'static [Scope] {
    match role {
        Role::Clerk | Role::Service => {
            &[Scope::ReferralRead, Scope::ReferralWrite, Scope::AgreementRead, Scope::StatisticsRead]
        }
        Role::CaseManager => &[
            Scope::ReferralRead,
            Scope::ReferralWrite,
            Scope::CaseRead,
            Scope::CaseWrite,
            Scope::AgreementRead,
            Scope::ConsentWrite,
            Scope::StatisticsRead,
        ],
        Role::Coordinator => &[Scope::AgreementRead, Scope::AgreementWrite, Scope::StatisticsRead],
        Role::DataProtectionOfficer => &[Scope::AgreementRead, Scope::AgreementWrite, Scope::AuditRead],
        Role::Administrator => &[Scope::AgreementRead, Scope::AgreementWrite, Scope::AgencyRead, Scope::AgencyWrite],
    }
}

/// Signs a token.
///
/// # Errors
/// [`Failure::Failed`] if the cryptography does not work on this machine.
pub fn sign(spec: &TokenSpec) -> Result<String, Failure> {
    let now = get_current_timestamp();
    let scopes: Vec<&str> = spec.scopes.iter().map(|scope| scope.code()).collect();
    let mut claims = json!({
        "iss": ISS, "aud": AUDIENCE, "sub": spec.subject, "iat": now, "nbf": now, "exp": now + spec.ttl,
        "agency": spec.agency, "role": spec.role, "scope": scopes.join(" "),
    });
    if !spec.purposes.is_empty() {
        claims["purposes"] = json!(spec.purposes);
    }
    if let Some(subject) = &spec.acting_for {
        claims["act"] = json!({ "sub": subject });
    }
    let header = Header { kid: Some(KID.to_owned()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, &claims, &EncodingKey::from_ed_der(&PRIVATE_KEY)).map_err(Failure::failed)
}

/// The issuer's public keys, as `kim demo` serves them at `/.well-known/jwks.json`.
#[must_use]
pub fn jwks() -> String {
    json!({"keys": [{
        "kty": "OKP", "crv": "Ed25519", "kid": KID, "use": "sig", "alg": "EdDSA", "x": PUBLIC_KEY,
    }]})
    .to_string()
}

/// A verifier for `kim demo` that trusts only this issuer.
///
/// # Errors
/// [`Failure::Failed`] is never returned, as the tests show.
pub fn verifier() -> Result<Verifier, Failure> {
    let issuer = Issuer {
        iss: ISS.to_owned(),
        audience: AUDIENCE.to_owned(),
        keys: Keys::from_jwks(jwks().as_bytes()).map_err(Failure::failed)?,
        agencies: AllowedAgencies::All,
        claims: ClaimMapping::default(),
    };
    Verifier::new([issuer]).map_err(Failure::failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_accepts_the_tokens_that_are_signed_here() {
        let verifier = verifier().expect("a verifier");
        for &role in Role::ALL {
            let spec = TokenSpec {
                purposes: vec![ReferralPurpose::Naturalisation],
                acting_for: Some("verfahren".to_owned()),
                ..TokenSpec::usual("jobcenter-koeln", role)
            };
            let token = verifier.verify(&sign(&spec).expect("a token")).expect("verified");
            assert_eq!((token.agency_slug(), token.role()), ("jobcenter-koeln", role));
            assert_eq!(token.scopes(), &usual_scopes(role).iter().copied().collect());
            assert_eq!(token.purposes(), Some(&[ReferralPurpose::Naturalisation][..]));
            assert_eq!(token.acting_for(), Some("verfahren"));
        }
    }
}
