//! Values that are objects: kept as JSON, the keys as in GraphQL.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{GermanLevel, Relation};

/// A goal of the Hilfeplan and the step towards it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanStep {
    /// What is to be reached (Ziel).
    pub goal: String,
    /// What is to be done (Schritt).
    pub step: String,
    /// Who does it (verantwortlich).
    pub responsible: String,
    /// Until when (bis).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
}

/// A paper that the client has or has to bring; not the paper itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// What it is (Unterlage).
    pub name: String,
    /// Whether it is there (Stand).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// Who acts for a minor or a person under guardianship (gesetzliche Vertretung).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LegalRepresentative {
    /// Full name (Name).
    pub name: String,
    /// Parent, guardian, office (Verhältnis).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Phone (Telefon).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A person who lives with the client (Haushaltsmitglied).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HouseholdMember {
    /// How they are related (Beziehung).
    pub relation: Relation,
    /// Given name (Vorname).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name (Familienname).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Birth date (Geburtsdatum).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<NaiveDate>,
}

/// A proven level of German (Sprachzertifikat), apart from what somebody estimates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GermanCertificate {
    /// The level that it proves (Niveau).
    pub level: GermanLevel,
    /// When it was issued (ausgestellt am).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<NaiveDate>,
    /// Who issued it (Institut).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institute: Option<String>,
}

/// What the client did for integration and wants to show (Integrationsleistung, §§ 25a, 25b AufenthG).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationAchievement {
    /// What it is (Art der Leistung).
    pub kind: String,
    /// When it was reached (erreicht am).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achieved_on: Option<NaiveDate>,
    /// More about it (Bemerkung).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Where the client is obliged to live (Wohnsitzauflage, § 12a AufenthG).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wohnsitzauflage {
    /// Municipality, district or Land (Ort).
    pub place: String,
}
