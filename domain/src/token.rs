//! Verification of access tokens. [`VerifiedToken`]s are only made here.
//!
//! The algorithm comes from our configuration and the issuer's key, never from the token's header (RFC 8725, 3.1); the
//! header only must not contradict it. Token times are compared with the machine's time, not with the office's
//! [`Clock`]: a clock that is set back for a demonstration must not revive an expired token.
//!
//! [`Clock`]: crate::calendar::Clock

mod claims;
mod id_token;
mod jwks;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, dangerous, decode, decode_header, get_current_timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::agency::{Role, Scope};
use crate::purpose::ReferralPurpose;

use claims::Claims;
pub use claims::{ClaimMapping, MappedClaim};
pub use id_token::{IdToken, SignIn};
pub use jwks::{InvalidJwks, Keys};

/// Tolerated difference of an issuer's clock, in seconds.
const LEEWAY: u64 = 60;
/// Maximum lifetime in seconds. A longer lifetime is an issuer's mistake (mostly milliseconds instead of seconds).
const MAX_LIFETIME: f64 = 366.0 * 86_400.0;
/// Maximum length of a token in bytes. Longer tokens are refused without parsing.
const MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// The agencies for which an issuer may issue tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedAgencies {
    /// All agencies: for the municipality's own issuer.
    All,
    /// The agencies with these slugs: for the issuer of a Jobcenter or a Träger.
    Agencies(BTreeSet<String>),
}

impl AllowedAgencies {
    /// Whether the issuer may speak for the agency with this slug.
    #[must_use]
    pub fn includes(&self, slug: &str) -> bool {
        match self {
            Self::All => true,
            Self::Agencies(slugs) => slugs.contains(slug),
        }
    }
}

/// A trusted issuer.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The exact value of the claim `iss`.
    pub iss: String,
    /// The value that the claim `aud` must contain.
    pub audience: String,
    /// The issuer's public keys.
    pub keys: Keys,
    /// The agencies for which the issuer may issue tokens.
    pub agencies: AllowedAgencies,
    /// The claims that the issuer uses.
    pub claims: ClaimMapping,
}

/// Two issuers were configured with the same `iss`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer {0} is given twice")]
pub struct DuplicateIssuer(pub String);

/// A refused token. The text does not give the reason, so that the holder of an invalid token learns nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenError {
    claim: &'static str,
    rule: &'static str,
}

impl TokenError {
    const UNKNOWN_KEY: Self = Self::new("kid", "names no key of the issuer for this algorithm");
    const SIGNATURE: Self = Self::new("signature", "does not match the key");

    const fn new(claim: &'static str, rule: &'static str) -> Self {
        Self { claim, rule }
    }

    /// The claim or the part of the token that was refused. Only for the debug log.
    #[must_use]
    pub const fn claim(self) -> &'static str {
        self.claim
    }

    /// The violated rule; its subject is the claim. Only for the debug log. It contains no value of the token.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        self.rule
    }

    /// Whether other keys of the issuer could change the result.
    fn may_be_a_new_key(self) -> bool {
        self == Self::UNKNOWN_KEY || self == Self::SIGNATURE
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenError")
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token is refused")
    }
}

impl std::error::Error for TokenError {}

/// The content of a token after all checks passed. Only [`Verifier::verify`] makes one.
#[derive(Clone)]
pub struct VerifiedToken {
    issuer: String,
    subject: String,
    agency: String,
    role: Role,
    scopes: BTreeSet<Scope>,
    purposes: Option<Vec<ReferralPurpose>>,
    acting_for: Option<String>,
    expires_at: DateTime<Utc>,
}

impl VerifiedToken {
    /// The issuer (`iss`).
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The person or program (`sub`), as the issuer names it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The agency's slug (`agency`). The issuer may speak for this agency. Whether the agency exists is checked in the
    /// database.
    #[must_use]
    pub fn agency_slug(&self) -> &str {
        &self.agency
    }

    /// The role (`role`). Whether the role exists at the agency's kind is checked in the database.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The granted scopes (`scope`). Unknown scopes are ignored.
    #[must_use]
    pub const fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// The purposes to which rows are narrowed (`purposes`). `None`: no narrowing; an empty list: no rows.
    #[must_use]
    pub fn purposes(&self) -> Option<&[ReferralPurpose]> {
        self.purposes.as_deref()
    }

    /// The person on whose behalf a program acts (`act.sub`).
    #[must_use]
    pub fn acting_for(&self) -> Option<&str> {
        self.acting_for.as_deref()
    }

    /// Expiry (`exp`), without the leeway.
    #[must_use]
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

/// Shows agency and role only, because no log may contain a subject.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken").field("agency", &self.agency).field("role", &self.role).finish_non_exhaustive()
    }
}

/// The issuer, read before the signature is checked in order to select the keys. Not used for anything else.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

/// Checks tokens against the trusted issuers. Pure: keys are fetched elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    issuers: BTreeMap<String, Issuer>,
}

impl Verifier {
    /// A verifier that trusts only these issuers.
    ///
    /// # Errors
    /// [`DuplicateIssuer`] if two issuers have the same `iss`, because it would be ambiguous whose keys count.
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Result<Self, DuplicateIssuer> {
        let mut known = BTreeMap::new();
        for issuer in issuers {
            let iss = issuer.iss.clone();
            if known.insert(iss.clone(), issuer).is_some() {
                return Err(DuplicateIssuer(iss));
            }
        }
        Ok(Self { issuers: known })
    }

    /// Checks signature, issuer, audience, times and claims of a token.
    ///
    /// # Errors
    /// [`TokenError`]; its text is always the same.
    pub fn verify(&self, token: &str) -> Result<VerifiedToken, TokenError> {
        let (issuer, header) = self.issuer_of(token)?;
        let claims = issuer.verified_claims(token, &header, &issuer.audience)?;
        claims::require_access_token(header.typ.as_deref(), &claims)?;
        issuer.claims.require(&claims)?;
        issuer.interpret(&claims)
    }

    /// The issuer whose keys should be read again because of a refused token: a new key could change the result.
    #[must_use]
    pub fn issuer_with_other_keys(&self, token: &str, refused: TokenError) -> Option<&str> {
        let (issuer, _) = refused.may_be_a_new_key().then(|| self.issuer_of(token).ok())??;
        Some(&issuer.iss)
    }

    /// A verifier with new keys for one issuer.
    #[must_use]
    pub fn with_keys(&self, iss: &str, keys: Keys) -> Self {
        let mut issuers = self.issuers.clone();
        if let Some(issuer) = issuers.get_mut(iss) {
            issuer.keys = keys;
        }
        Self { issuers }
    }

    fn issuer_of(&self, token: &str) -> Result<(&Issuer, Header), TokenError> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(TokenError::new("token", "is too long"));
        }
        let header = decode_header(token).map_err(|_| TokenError::new("header", "cannot be read"))?;
        if header.crit.is_some() {
            return Err(TokenError::new("crit (header)", "is not supported"));
        }
        let Unverified { iss } = dangerous::insecure_decode_claims(token)
            .map_err(|_| TokenError::new("iss", "is missing, or the claims cannot be read"))?;
        let issuer = self.issuers.get(&iss).ok_or(TokenError::new("iss", "is not a trusted issuer"))?;
        Ok((issuer, header))
    }
}

impl Issuer {
    /// The claims of a token whose signature, issuer, audience and times are valid. Several keys may have the same id
    /// (RFC 7517, 4.5): those that verify the header's algorithm are tried.
    fn verified_claims(&self, token: &str, header: &Header, audience: &str) -> Result<Claims, TokenError> {
        let kid = header.kid.as_deref().ok_or(TokenError::new("kid (header)", "is missing"))?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_exp = true;
        validation.validate_nbf = true;
        validation.validate_aud = true;
        validation.set_issuer(&[&self.iss]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        let mut result = Err(TokenError::UNKNOWN_KEY);
        for key in self.keys.of(kid, header.alg) {
            result = decode::<Claims>(token, key, &validation).map(|token| token.claims).map_err(refusal);
            if result != Err(TokenError::SIGNATURE) {
                break;
            }
        }
        result
    }

    /// Interprets the claims. Called after the signature was verified.
    fn interpret(&self, claims: &Claims) -> Result<VerifiedToken, TokenError> {
        let iss = claims.get("iss").and_then(Value::as_str).filter(|iss| *iss == self.iss);
        let agency = self.claims.agency(claims)?;
        if !self.agencies.includes(&agency) {
            return Err(TokenError::new("agency", "is not one that the issuer may speak for"));
        }
        Ok(VerifiedToken {
            issuer: iss.ok_or(TokenError::new("iss", "is not one text"))?.to_owned(),
            subject: claims::subject("sub", claims.get("sub"))?,
            agency,
            role: self.claims.role(claims)?,
            scopes: self.claims.scopes(claims)?,
            purposes: self.claims.purposes(claims)?,
            acting_for: claims::acting_for(claims)?,
            expires_at: expiry(claims)?,
        })
    }
}

/// The refusal for an error of the library, which has verified the signature before the claims.
fn refusal(error: jsonwebtoken::errors::Error) -> TokenError {
    let missing = |claim: &str| match claim {
        "iss" => TokenError::new("iss", "is missing or no text"),
        "sub" => TokenError::new("sub", "is missing or no text"),
        "aud" => TokenError::new("aud", "is missing or no text"),
        "exp" => TokenError::new("exp", "is missing or no number"),
        "nbf" => TokenError::new("nbf", "is no number"),
        _ => TokenError::new("claims", "cannot be read"),
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other errors are about the token's form and the key's")]
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::SIGNATURE,
        ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => missing(claim),
        ErrorKind::ExpiredSignature => TokenError::new("exp", "is over"),
        ErrorKind::ImmatureSignature => TokenError::new("nbf", "is in the future"),
        ErrorKind::InvalidIssuer => TokenError::new("iss", "is another issuer"),
        ErrorKind::InvalidAudience => TokenError::new("aud", "does not contain the configured audience"),
        _ => TokenError::new("token", "cannot be read"),
    }
}

fn expiry(claims: &Claims) -> Result<DateTime<Utc>, TokenError> {
    let seconds = |name| claims.get(name).and_then(Value::as_f64);
    let exp = seconds("exp").ok_or(TokenError::new("exp", "is missing or no number"))?;
    if seconds("nbf").is_some_and(|nbf| exp <= nbf) {
        return Err(TokenError::new("exp", "is not after nbf"));
    }
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit a double for 285 million years")]
    let now = get_current_timestamp() as f64;
    if exp > now + MAX_LIFETIME {
        return Err(TokenError::new("exp", "is more than a year from now"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the line above; a fraction of a second is cut")]
    let seconds = exp as i64;
    DateTime::from_timestamp(seconds, 0).ok_or(TokenError::new("exp", "is no point in time"))
}
