//! Configuration of a trusted issuer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;

use kim_domain::Word;
use kim_domain::agency::{Role, Scope};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::token::{AllowedAgencies, ClaimMapping, MappedClaim};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// A trusted issuer of tokens.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The exact value of the claim `iss`.
    pub iss: String,
    /// The value that the claim `aud` must contain.
    pub audience: String,
    /// The issuer's public keys: the path of a file, or a URL. By default found by OpenID discovery at `iss`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<String>,
    /// Slugs of the agencies that the issuer may speak for, or only `*`.
    pub agencies: Vec<String>,
    /// Names of claims, where they differ from ours.
    #[serde(default)]
    pub claims: ClaimNames,
    /// Our values for the issuer's, where they differ.
    #[serde(default)]
    pub values: ClaimValues,
    /// Further claims that a token must have: names, or JSON Pointers.
    #[serde(default)]
    pub required_claims: Vec<String>,
}

/// Names of an issuer's claims, or JSON Pointers to them. Absent: our name.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the name of the claim that it replaces")]
pub struct ClaimNames {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purposes: Option<String>,
}

/// Tables from an issuer's values to ours. Empty: the issuer uses ours.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each field is the name of the claim whose values it replaces")]
pub struct ClaimValues {
    pub agency: BTreeMap<String, String>,
    pub role: BTreeMap<String, String>,
    pub scope: BTreeMap<String, String>,
    pub purposes: BTreeMap<String, String>,
}

/// Location of an issuer's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// A URL: https, or http with a loopback address.
    Url(reqwest::Url),
    /// The URL of the OpenID configuration, which contains the URL of the keys.
    Discovery(reqwest::Url),
}

impl IssuerConfig {
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.iss == crate::development::ISS {
            return Err(
                self.refused("this is the development issuer; its key is public, and `kim serve` never trusts it")
            );
        }
        if self.iss.is_empty() || self.audience.is_empty() {
            return Err(Failure::usage("an issuer needs \"iss\" and \"audience\""));
        }
        self.source()?;
        self.claim_mapping()?;
        self.allowed_agencies().map(drop)
    }

    fn refused(&self, why: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("issuer {}: {why}", self.iss))
    }

    /// The agencies for which the issuer may speak.
    ///
    /// # Errors
    /// [`Failure::Usage`] if the list is empty, or contains `*` and slugs.
    pub fn allowed_agencies(&self) -> Result<AllowedAgencies, Failure> {
        let slugs: BTreeSet<String> = self.agencies.iter().cloned().collect();
        if slugs.is_empty() || slugs.contains("") || (slugs.contains("*") && slugs.len() > 1) {
            return Err(self.refused("\"agencies\" must list the slugs that it may speak for, or only \"*\""));
        }
        Ok(if slugs.contains("*") { AllowedAgencies::All } else { AllowedAgencies::Agencies(slugs) })
    }

    /// Location of the issuer's keys.
    ///
    /// # Errors
    /// [`Failure::Usage`] if the URL is invalid, or would fetch keys over an unencrypted connection.
    pub fn source(&self) -> Result<KeySource, Failure> {
        let Some(jwks) = &self.jwks else {
            // OpenID Connect Discovery 1.0, 4: after the issuer's path, without its last slash.
            let address = format!("{}/.well-known/openid-configuration", self.iss.trim_end_matches('/'));
            let why =
                "\"iss\" must be an https URL (http only on this machine) to find the keys; otherwise set \"jwks\"";
            return encrypted(&address).map(KeySource::Discovery).ok_or_else(|| self.refused(why));
        };
        if !jwks.contains("://") {
            return Ok(KeySource::File(PathBuf::from(jwks)));
        }
        let why = "\"jwks\" must be a file or an https URL (http only on this machine)";
        encrypted(jwks).map(KeySource::Url).ok_or_else(|| self.refused(why))
    }

    /// The claims that the issuer uses.
    ///
    /// # Errors
    /// [`Failure::Usage`] if a name is ambiguous, or a table leads to a value that does not exist here.
    pub fn claim_mapping(&self) -> Result<ClaimMapping, Failure> {
        let ours = ClaimMapping::default();
        let scopes = |text: &str| text.split(' ').all(|word| Scope::from_code(word).is_some());
        let slug =
            |slug: &str| !slug.is_empty() && self.allowed_agencies().is_ok_and(|agencies| agencies.includes(slug));
        let (names, values) = (&self.claims, &self.values);
        Ok(ClaimMapping {
            agency: self.mapped(ours.agency, &names.agency, &values.agency, slug)?,
            role: self.mapped(ours.role, &names.role, &values.role, |role| Role::from_code(role).is_some())?,
            scope: self.mapped(ours.scope, &names.scope, &values.scope, scopes)?,
            purposes: self.mapped(ours.purposes, &names.purposes, &values.purposes, |purpose| {
                ReferralPurpose::from_code(purpose).is_some()
            })?,
            required: self.required()?,
        })
    }

    fn required(&self) -> Result<Vec<String>, Failure> {
        match self.required_claims.iter().any(|place| place.is_empty() || place == "/") {
            true => Err(self.refused("\"required_claims\" lists names of claims, such as [\"scp\"]")),
            false => Ok(self.required_claims.clone()),
        }
    }

    fn mapped(
        &self,
        ours: MappedClaim,
        name: &Option<String>,
        values: &BTreeMap<String, String>,
        exists: impl Fn(&str) -> bool,
    ) -> Result<MappedClaim, Failure> {
        let claim = ours.place;
        let place = name.clone().unwrap_or_else(|| claim.clone());
        // A dot separates the steps in the consoles of several issuers, and is part of a name in URLs.
        if place.is_empty() || place == "/" || (place.contains('.') && !place.contains(['/', ':'])) {
            let nested = place.replace('.', "/");
            return Err(self.refused(format!(
                "\"claims.{claim}\": write a nested claim as \"/{nested}\", and a claim whose name contains dots as \"/{place}\""
            )));
        }
        if let Some((theirs, wrong)) = values.iter().find(|(_, ours)| !exists(ours)) {
            return Err(self.refused(format!(
                "\"values.{claim}\": \"{theirs}\" leads to \"{wrong}\", which this issuer cannot say here"
            )));
        }
        Ok(MappedClaim { place, values: (!values.is_empty()).then(|| values.clone()) })
    }
}

/// A URL whose answer cannot be changed on the way: https, or http on this machine.
pub(crate) fn encrypted(text: &str) -> Option<reqwest::Url> {
    let url: reqwest::Url = text.parse().ok()?;
    match url.scheme() {
        "https" => Some(url),
        "http" => url.host_str().is_some_and(is_loopback).then_some(url),
        _ => None,
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
