//! Which claims an issuer uses for agency, role, scopes and purposes, how it spells their values, and which tokens are
//! access tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::TokenError;
use crate::Word;
use crate::agency::{Role, Scope};
use crate::purpose::ReferralPurpose;

/// The claims of a token.
pub(super) type Claims = Map<String, Value>;

/// Maximum length of a subject in characters, so that it fits the disclosure log.
const MAX_SUBJECT_LENGTH: usize = 255;
/// Values of the header `typ` and of Keycloak's claim `typ` that an access token may have, in small letters (RFC 9068).
const HEADER_TYPES: [&str; 2] = ["jwt", "at+jwt"];
const CLAIM_TYPES: [&str; 3] = ["bearer", "jwt", "at+jwt"];
/// Claims that no access token which this server can check has: those of logout and security event tokens (RFC 8417), of
/// ID tokens (OpenID Connect Core, 3.3.2.11), and the key to which a token is bound (RFC 7800), which is not checked here.
const FOREIGN_CLAIMS: [(&str, &str); 5] = [
    ("events", "marks a logout or event token"),
    ("at_hash", "marks an ID token"),
    ("c_hash", "marks an ID token"),
    ("s_hash", "marks an ID token"),
    ("cnf", "binds the token to a key, which is not checked here"),
];

/// The claims that an issuer uses, and how it spells their values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimMapping {
    /// The agency's slug.
    pub agency: MappedClaim,
    /// The role's code.
    pub role: MappedClaim,
    /// Codes of scopes.
    pub scope: MappedClaim,
    /// Codes of purposes.
    pub purposes: MappedClaim,
    /// Further claims that a token must have: names, or JSON Pointers. They tell access tokens from the issuer's other tokens.
    pub required: Vec<String>,
}

impl Default for ClaimMapping {
    fn default() -> Self {
        let [agency, role, scope, purposes] = ["agency", "role", "scope", "purposes"].map(MappedClaim::named);
        Self { agency, role, scope, purposes, required: Vec::new() }
    }
}

/// One claim of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedClaim {
    /// The claim's name; a nested claim's JSON Pointer (RFC 6901), which begins with `/`.
    pub place: String,
    /// Our value for each of the issuer's. `None`: the issuer uses ours. A value that is not listed has no meaning.
    pub values: Option<BTreeMap<String, String>>,
}

impl MappedClaim {
    /// The claim with this name, with our values.
    #[must_use]
    pub fn named(place: &str) -> Self {
        Self { place: place.to_owned(), values: None }
    }

    /// The claim's values, as the issuer spells them: a text, or a list of texts. `None` if the claim is absent.
    fn texts<'c>(&self, claims: &'c Claims) -> Option<Result<Vec<&'c str>, Malformed>> {
        Some(match at(claims, &self.place)? {
            Value::String(text) => Ok(vec![text]),
            Value::Array(list) => list.iter().map(|one| one.as_str().ok_or(Malformed)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(Malformed),
        })
    }

    /// Our value for one of the issuer's.
    fn ours<'a>(&'a self, text: &'a str) -> Option<&'a str> {
        match &self.values {
            Some(values) => values.get(text).map(String::as_str),
            None => Some(text),
        }
    }
}

/// The value at a place: a name, or a JSON Pointer (RFC 6901).
fn at<'c>(claims: &'c Claims, place: &str) -> Option<&'c Value> {
    let Some(path) = place.strip_prefix('/') else { return claims.get(place) };
    let mut steps = path.split('/').map(unescaped);
    let outermost = claims.get(&steps.next()?)?;
    steps.try_fold(outermost, |value, step| below(value, &step))
}

/// The value below another, by a step of a JSON Pointer (RFC 6901, 4): the name of a member, or the place in a list.
fn below<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    let Value::Array(list) = value else { return value.get(step) };
    let is_place = step == "0" || (!step.starts_with('0') && step.bytes().all(|byte| byte.is_ascii_digit()));
    if is_place { list.get(step.parse::<usize>().ok()?) } else { None }
}

/// A step of a JSON Pointer without its escapes.
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// A claim is neither a text nor a list of texts.
struct Malformed;

const MALFORMED: &str = "is neither a text nor a list of texts";
const MISSING: &str = "is missing";

impl ClaimMapping {
    /// Refuses a token that lacks one of the required claims. `null` is no value.
    pub(super) fn require(&self, claims: &Claims) -> Result<(), TokenError> {
        let has = |place: &String| at(claims, place).is_some_and(|value| !value.is_null());
        match self.required.iter().all(has) {
            true => Ok(()),
            false => Err(TokenError::new("required_claims", "lack one that the configuration demands")),
        }
    }

    /// The agency's slug. A list counts if exactly one of its values has a meaning.
    pub(super) fn agency(&self, claims: &Claims) -> Result<String, TokenError> {
        let claim = "agency";
        let slugs = self.agency.texts(claims).ok_or(TokenError::new(claim, MISSING))?;
        let slugs = slugs.map_err(|Malformed| TokenError::new(claim, MALFORMED))?;
        only(claim, slugs.into_iter().filter_map(|text| self.agency.ours(text)).collect()).map(str::to_owned)
    }

    /// The role. Lists of roles contain others, which have no meaning here.
    pub(super) fn role(&self, claims: &Claims) -> Result<Role, TokenError> {
        let claim = "role";
        let roles = self.role.texts(claims).ok_or(TokenError::new(claim, MISSING))?;
        let roles = roles.map_err(|Malformed| TokenError::new(claim, MALFORMED))?;
        only(claim, roles.into_iter().filter_map(|text| Role::from_code(self.role.ours(text)?)).collect())
    }

    /// The scopes; none if the claim is absent. Unknown scopes are ignored. A text may list several scopes, separated by
    /// spaces.
    pub(super) fn scopes(&self, claims: &Claims) -> Result<BTreeSet<Scope>, TokenError> {
        let Some(texts) = self.scope.texts(claims) else { return Ok(BTreeSet::new()) };
        let texts = texts.map_err(|Malformed| TokenError::new("scope", MALFORMED))?;
        let mut scopes = BTreeSet::new();
        for text in texts {
            let words = match self.scope.ours(text) {
                Some(ours) => vec![ours],
                None => text.split(' ').filter_map(|word| self.scope.ours(word)).collect(),
            };
            scopes.extend(words.into_iter().flat_map(|word| word.split(' ')).filter_map(Scope::from_code));
        }
        Ok(scopes)
    }

    /// The purposes to which rows are narrowed; `None` if the claim is absent. An unknown purpose is an error, because
    /// skipping it would change the narrowing.
    pub(super) fn purposes(&self, claims: &Claims) -> Result<Option<Vec<ReferralPurpose>>, TokenError> {
        let Some(texts) = self.purposes.texts(claims) else { return Ok(None) };
        let texts = texts.map_err(|Malformed| TokenError::new("purposes", MALFORMED))?;
        let purpose = |text| self.purposes.ours(text).and_then(ReferralPurpose::from_code);
        let purposes: Option<Vec<_>> = texts.into_iter().map(purpose).collect();
        purposes.ok_or(TokenError::new("purposes", "contains an unknown value")).map(Some)
    }
}

/// The only value of a claim. A token names one agency and one role.
fn only<T: Ord>(claim: &'static str, values: BTreeSet<T>) -> Result<T, TokenError> {
    let mut values = values.into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(TokenError::new(claim, "has no known value")),
        (Some(_), Some(_)) => Err(TokenError::new(claim, "has several values")),
    }
}

/// The subject in this claim, checked for the disclosure log: not empty, not too long, and without control characters.
pub(super) fn subject(claim: &'static str, value: Option<&Value>) -> Result<String, TokenError> {
    let text = value.and_then(Value::as_str).ok_or(TokenError::new(claim, "is missing or no text"))?;
    let fits = !text.trim().is_empty() && text.chars().count() <= MAX_SUBJECT_LENGTH;
    match fits && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(TokenError::new(claim, "is empty, too long, or has control characters")),
    }
}

/// The person on whose behalf a program acts: the claim `act` of RFC 8693, 4.1. `null` is refused.
pub(super) fn acting_for(claims: &Claims) -> Result<Option<String>, TokenError> {
    let Some(actor) = claims.get("act") else { return Ok(None) };
    subject("act.sub", actor.get("sub")).map(Some)
}

/// Refuses tokens that are signed with the same key for another use (RFC 8725, 3.11 and 3.12).
pub(super) fn require_access_token(header_type: Option<&str>, claims: &Claims) -> Result<(), TokenError> {
    let header_type = header_type.map(str::to_ascii_lowercase);
    let header_type = header_type.as_deref().map(|name| name.strip_prefix("application/").unwrap_or(name));
    if header_type.is_some_and(|name| !HEADER_TYPES.contains(&name)) {
        return Err(TokenError::new("typ (header)", "is not that of an access token"));
    }
    let claim_type = claims.get("typ").map(|name| name.as_str().unwrap_or_default().to_ascii_lowercase());
    if claim_type.as_deref().is_some_and(|name| !CLAIM_TYPES.contains(&name)) {
        return Err(TokenError::new("typ", "is not that of an access token"));
    }
    if claims.get("token_use").is_some_and(|usage| usage != "access") {
        return Err(TokenError::new("token_use", "is not that of an access token"));
    }
    if let Some((claim, rule)) = FOREIGN_CLAIMS.into_iter().find(|(claim, _)| claims.contains_key(*claim)) {
        return Err(TokenError::new(claim, rule));
    }
    // Access tokens of older Keycloaks repeat the nonce of the sign-in, but say what they are.
    let says_access = header_type == Some("at+jwt") || claim_type.is_some();
    match claims.contains_key("nonce") && !says_access {
        true => Err(TokenError::new("nonce", "marks an ID token")),
        false => Ok(()),
    }
}
