//! Verification of access tokens. [`VerifiedToken`]s are only made here.
//!
//! The algorithm comes from our configuration and the issuer's key, never from the token's header (RFC 8725, 3.1); the
//! header only must not contradict it. Token times are compared with the machine's time, not with the office's
//! [`Clock`]: a clock that is set back for a demonstration must not revive an expired token.
//!
//! [`Clock`]: crate::calendar::Clock

mod jwks;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Validation, dangerous, decode, decode_header, get_current_timestamp};
use serde::{Deserialize, Deserializer};

use crate::Word;
use crate::agency::{Role, Scope};
use crate::purpose::ReferralPurpose;

pub use jwks::{InvalidJwks, Keys};

/// Tolerated difference of an issuer's clock, in seconds.
const LEEWAY: u64 = 60;
/// Maximum lifetime in seconds. A longer lifetime is an issuer's mistake (mostly milliseconds instead of seconds).
const MAX_LIFETIME: f64 = 366.0 * 86_400.0;
/// Maximum length of a token in bytes. Longer tokens are refused without parsing.
const MAX_TOKEN_LENGTH: usize = 8 * 1024;
/// Maximum length of a subject in characters, so that it fits the disclosure log.
const MAX_SUBJECT_LENGTH: usize = 255;

/// The agencies for which an issuer may issue tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedAgencies {
    /// All agencies: for the municipality's own issuer.
    All,
    /// The agencies with these slugs: for the issuer of a Jobcenter or a Träger.
    Agencies(BTreeSet<String>),
}

impl AllowedAgencies {
    fn includes(&self, slug: &str) -> bool {
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
}

/// Two issuers were configured with the same `iss`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer {0} is given twice")]
pub struct DuplicateIssuer(pub String);

/// A refused token. The error does not give the reason, so that the holder of an invalid token learns nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenError(&'static str);

impl TokenError {
    /// A fixed reason for the debug log; never part of an answer.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        self.0
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

/// The claims and the accepted shapes. `iss`, `sub`, `aud`, `exp`, `nbf`, `agency` and `role` are required.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: f64,
    nbf: f64,
    agency: String,
    role: String,
    #[serde(default)]
    scope: String,
    /// `null` is refused: the claim narrows rows, so it must not disappear by mistake.
    #[serde(default, deserialize_with = "deserialize_non_null")]
    purposes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "deserialize_non_null")]
    act: Option<Actor>,
}

/// The claim `act` of RFC 8693, 4.1.
#[derive(Deserialize)]
struct Actor {
    sub: String,
}

fn deserialize_non_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
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
        if header.crit.is_some() {
            return Err(TokenError("crit"));
        }
        let kid = header.kid.as_deref().ok_or(TokenError("no kid"))?;
        let key = issuer.keys.unique_key(kid).ok_or(TokenError("kid"))?;
        if !key.algorithms.contains(&header.alg) {
            return Err(TokenError("algorithm"));
        }

        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_exp = true;
        validation.validate_nbf = true;
        validation.validate_aud = true;
        validation.set_issuer(&[&issuer.iss]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp", "nbf"]);
        let claims =
            decode::<Claims>(token, &key.public, &validation).map_err(|_| TokenError("signature or claims"))?;
        issuer.interpret(claims.claims)
    }

    /// The trusted issuer of a token whose key is unknown. The issuer may have a new key.
    #[must_use]
    pub fn issuer_with_unknown_key(&self, token: &str) -> Option<&str> {
        let (issuer, header) = self.issuer_of(token).ok()?;
        let kid = header.kid?;
        (!issuer.keys.has(&kid)).then_some(issuer.iss.as_str())
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

    fn issuer_of(&self, token: &str) -> Result<(&Issuer, jsonwebtoken::Header), TokenError> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(TokenError("length"));
        }
        let header = decode_header(token).map_err(|_| TokenError("header"))?;
        let Unverified { iss } = dangerous::insecure_decode_claims(token).map_err(|_| TokenError("claims"))?;
        let issuer = self.issuers.get(&iss).ok_or(TokenError("issuer"))?;
        Ok((issuer, header))
    }
}

impl Issuer {
    /// Interprets the claims. Called after the signature was verified.
    fn interpret(&self, claims: Claims) -> Result<VerifiedToken, TokenError> {
        if claims.iss != self.iss {
            return Err(TokenError("issuer"));
        }
        if !self.agencies.includes(&claims.agency) {
            return Err(TokenError("agency"));
        }
        let role = Role::from_code(&claims.role).ok_or(TokenError("role"))?;
        let purposes = claims.purposes.as_deref().map(purposes).transpose()?;
        let acting_for = claims.act.map(|actor| checked_subject(actor.sub)).transpose()?;
        Ok(VerifiedToken {
            issuer: claims.iss,
            subject: checked_subject(claims.sub)?,
            agency: claims.agency,
            role,
            scopes: claims.scope.split(' ').filter_map(Scope::from_code).collect(),
            purposes,
            acting_for,
            expires_at: expiry(claims.nbf, claims.exp)?,
        })
    }
}

/// An unknown purpose is an error. Skipping it would change the narrowing.
fn purposes(codes: &[String]) -> Result<Vec<ReferralPurpose>, TokenError> {
    codes.iter().map(|code| ReferralPurpose::from_code(code).ok_or(TokenError("purpose"))).collect()
}

/// Checks a subject for the disclosure log: not empty, not too long, and without control characters.
fn checked_subject(subject: String) -> Result<String, TokenError> {
    let fits = !subject.trim().is_empty() && subject.chars().count() <= MAX_SUBJECT_LENGTH;
    if fits && !subject.chars().any(char::is_control) { Ok(subject) } else { Err(TokenError("subject")) }
}

fn expiry(nbf: f64, exp: f64) -> Result<DateTime<Utc>, TokenError> {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit a double for 285 million years")]
    let now = get_current_timestamp() as f64;
    if exp <= nbf || exp > now + MAX_LIFETIME {
        return Err(TokenError("life"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the line above; a fraction of a second is cut")]
    let seconds = exp as i64;
    DateTime::from_timestamp(seconds, 0).ok_or(TokenError("life"))
}
