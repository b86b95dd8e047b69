//! Who is asking: a token is checked here, and a [`VerifiedToken`] comes from nowhere else.
//!
//! The algorithm comes from our configuration and the issuer's key, never from the token's header (RFC 8725, 3.1):
//! the header only may not contradict it. Times are the machine's, not the office's clock: a token's life is not a
//! matter of working days, and a clock set back for a demonstration must not revive one.

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

/// How far an issuer's clock may be off, in seconds.
const LEEWAY: u64 = 60;
/// A token for longer than this, in seconds, is an issuer's mistake (milliseconds for seconds, most often).
const LONGEST_LIFE: f64 = 366.0 * 86_400.0;
/// A longer token is not looked at, in bytes.
const LONGEST_TOKEN: usize = 8 * 1024;
/// A longer subject would not fit the log of disclosures, in characters.
const LONGEST_SUBJECT: usize = 255;

/// The agencies an issuer may speak for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpeaksFor {
    /// Every agency: the municipality's own issuer.
    All,
    /// The agencies with these slugs: a Jobcenter's or a Träger's issuer.
    Agencies(BTreeSet<String>),
}

impl SpeaksFor {
    fn includes(&self, slug: &str) -> bool {
        match self {
            Self::All => true,
            Self::Agencies(slugs) => slugs.contains(slug),
        }
    }
}

/// Someone whose tokens we accept.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The claim `iss`, to the letter.
    pub iss: String,
    /// What must be among the claim `aud`.
    pub audience: String,
    /// The public keys.
    pub keys: Keys,
    /// For whom it speaks.
    pub agencies: SpeaksFor,
}

/// Two issuers were given with the same `iss`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer {0} is given twice")]
pub struct TwoIssuers(pub String);

/// A token that is not accepted. It does not say why, for whoever holds a wrong one shall not learn from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused(&'static str);

impl Refused {
    /// One fixed word for a debug log; never part of an answer.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refused")
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token is refused")
    }
}

impl std::error::Error for Refused {}

/// What a token said, after everything about it was checked. Only [`Verifier::verify`] makes one.
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
    /// Who vouches (`iss`).
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The person or program (`sub`), as its issuer names it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The agency's slug (`agency`). The issuer may speak for it; whether it exists, the database knows.
    #[must_use]
    pub fn agency_slug(&self) -> &str {
        &self.agency
    }

    /// The role (`role`). Whether it exists at the agency's kind, the database knows.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What the token may be used for (`scope`); words we do not know are left out.
    #[must_use]
    pub const fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// The purposes that the rows are narrowed to (`purposes`); `None` is no narrowing, an empty list is no row.
    #[must_use]
    pub fn purposes(&self) -> Option<&[ReferralPurpose]> {
        self.purposes.as_deref()
    }

    /// For whom a program acts (`act.sub`).
    #[must_use]
    pub fn acting_for(&self) -> Option<&str> {
        self.acting_for.as_deref()
    }

    /// When it ends (`exp`), without the leeway.
    #[must_use]
    pub const fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at
    }
}

/// Shows agency and role alone: a subject belongs into no log.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken").field("agency", &self.agency).field("role", &self.role).finish_non_exhaustive()
    }
}

/// The claims we read, in the shapes we accept. All of `iss`, `sub`, `aud`, `exp`, `nbf`, `agency`, `role` are required.
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
    /// Given as `null` it is refused: it narrows, so that it may not vanish by a mistake.
    #[serde(default, deserialize_with = "given")]
    purposes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    act: Option<Actor>,
}

/// RFC 8693, 4.1.
#[derive(Deserialize)]
struct Actor {
    sub: String,
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Read before the signature is checked, to know whose keys to check it with; used for nothing else.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

/// Checks tokens against the issuers we trust. Pure: keys are fetched elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Verifier {
    issuers: BTreeMap<String, Issuer>,
}

impl Verifier {
    /// A verifier that trusts these issuers and no others.
    ///
    /// # Errors
    /// [`TwoIssuers`] when an `iss` occurs twice: whose keys would count?
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Result<Self, TwoIssuers> {
        let mut known = BTreeMap::new();
        for issuer in issuers {
            let iss = issuer.iss.clone();
            if known.insert(iss.clone(), issuer).is_some() {
                return Err(TwoIssuers(iss));
            }
        }
        Ok(Self { issuers: known })
    }

    /// Checks signature, issuer, audience, times and claims.
    ///
    /// # Errors
    /// [`Refused`], always the same to the outside.
    pub fn verify(&self, token: &str) -> Result<VerifiedToken, Refused> {
        let (issuer, header) = self.issuer_of(token)?;
        if header.crit.is_some() {
            return Err(Refused("crit"));
        }
        let kid = header.kid.as_deref().ok_or(Refused("no kid"))?;
        let key = issuer.keys.only(kid).ok_or(Refused("kid"))?;
        if !key.algorithms.contains(&header.alg) {
            return Err(Refused("algorithm"));
        }

        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_exp = true;
        validation.validate_nbf = true;
        validation.validate_aud = true;
        validation.set_issuer(&[&issuer.iss]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp", "nbf"]);
        let claims = decode::<Claims>(token, &key.public, &validation).map_err(|_| Refused("signature or claims"))?;
        issuer.read(claims.claims)
    }

    /// The trusted issuer that a token names, if its key is one we do not have: perhaps the issuer has a new one.
    #[must_use]
    pub fn issuer_with_unknown_key(&self, token: &str) -> Option<&str> {
        let (issuer, header) = self.issuer_of(token).ok()?;
        let kid = header.kid?;
        (!issuer.keys.has(&kid)).then_some(issuer.iss.as_str())
    }

    /// The same issuers, of which one has other keys now.
    #[must_use]
    pub fn with_keys(&self, iss: &str, keys: Keys) -> Self {
        let mut issuers = self.issuers.clone();
        if let Some(issuer) = issuers.get_mut(iss) {
            issuer.keys = keys;
        }
        Self { issuers }
    }

    fn issuer_of(&self, token: &str) -> Result<(&Issuer, jsonwebtoken::Header), Refused> {
        if token.len() > LONGEST_TOKEN {
            return Err(Refused("length"));
        }
        let header = decode_header(token).map_err(|_| Refused("header"))?;
        let Unverified { iss } = dangerous::insecure_decode_claims(token).map_err(|_| Refused("claims"))?;
        let issuer = self.issuers.get(&iss).ok_or(Refused("issuer"))?;
        Ok((issuer, header))
    }
}

impl Issuer {
    /// The claims' meaning. Called after the signature held.
    fn read(&self, claims: Claims) -> Result<VerifiedToken, Refused> {
        if claims.iss != self.iss {
            return Err(Refused("issuer"));
        }
        if !self.agencies.includes(&claims.agency) {
            return Err(Refused("agency"));
        }
        let role = Role::from_code(&claims.role).ok_or(Refused("role"))?;
        let purposes = claims.purposes.as_deref().map(purposes).transpose()?;
        let acting_for = claims.act.map(|actor| name(actor.sub)).transpose()?;
        Ok(VerifiedToken {
            issuer: claims.iss,
            subject: name(claims.sub)?,
            agency: claims.agency,
            role,
            scopes: claims.scope.split(' ').filter_map(Scope::from_code).collect(),
            purposes,
            acting_for,
            expires_at: end(claims.nbf, claims.exp)?,
        })
    }
}

/// A purpose we do not know cannot be left out: the narrowing would become another one.
fn purposes(codes: &[String]) -> Result<Vec<ReferralPurpose>, Refused> {
    codes.iter().map(|code| ReferralPurpose::from_code(code).ok_or(Refused("purpose"))).collect()
}

/// A subject goes into the log of disclosures: something must be there, and nothing that would break a line.
fn name(subject: String) -> Result<String, Refused> {
    let fits = !subject.trim().is_empty() && subject.chars().count() <= LONGEST_SUBJECT;
    if fits && !subject.chars().any(char::is_control) { Ok(subject) } else { Err(Refused("subject")) }
}

fn end(nbf: f64, exp: f64) -> Result<DateTime<Utc>, Refused> {
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit a double for 285 million years")]
    let now = get_current_timestamp() as f64;
    if exp <= nbf || exp > now + LONGEST_LIFE {
        return Err(Refused("life"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the line above; a fraction of a second is cut")]
    let seconds = exp as i64;
    DateTime::from_timestamp(seconds, 0).ok_or(Refused("life"))
}
