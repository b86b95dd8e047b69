//! Values that are objects. They are stored as JSON with the same keys as in GraphQL.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{GermanLevel, Relation};
use crate::birth_date::BirthDate;

/// A goal of the Hilfeplan and a step towards it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanStep {
    /// The goal (Ziel).
    pub goal: String,
    /// The step (Schritt).
    pub step: String,
    /// Who does it (verantwortlich).
    pub responsible: String,
    /// Due date (bis).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
}

/// A document that the client has or must bring; not its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    /// The document's name (Unterlage).
    pub name: String,
    /// Whether the client has it (Stand).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// The legal representative of a minor or of a person under guardianship (gesetzliche Vertretung).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LegalRepresentative {
    /// Full name (Name).
    pub name: String,
    /// Parent, guardian or office (Verhältnis).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Phone (Telefon).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// A person in the client's household (Haushaltsmitglied).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HouseholdMember {
    /// Relation to the client (Beziehung).
    pub relation: Relation,
    /// Given name (Vorname).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name (Familienname).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Birth date (Geburtsdatum).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<BirthDate>,
}

/// A certified level of German (Sprachzertifikat), as opposed to an estimate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GermanCertificate {
    /// The certified level (Niveau).
    pub level: GermanLevel,
    /// Date of issue (ausgestellt am).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_on: Option<NaiveDate>,
    /// The issuing institute (Institut).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub institute: Option<String>,
}

/// An achievement that the client wants to prove (Integrationsleistung, §§ 25a, 25b AufenthG).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationAchievement {
    /// Kind of achievement (Art der Leistung).
    pub kind: String,
    /// Date of achievement (erreicht am).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achieved_on: Option<NaiveDate>,
    /// Remark (Bemerkung).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The place where the client must live (Wohnsitzauflage, § 12a AufenthG).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wohnsitzauflage {
    /// Municipality, district or Land (Ort).
    pub place: String,
}
