//! Values of handover fields: closed lists, objects, and their encoding as text.

mod check;
mod objects;
mod title;
mod words;

use unicode_normalization::UnicodeNormalization as _;

pub use check::{Value, as_text, is_valid};
pub use objects::{
    Document, GermanCertificate, HouseholdMember, IntegrationAchievement, LegalRepresentative, PlanStep,
    Wohnsitzauflage,
};
pub use title::Aufenthaltstitel;
pub use words::{
    Accommodation, AnerkennungState, Benefit, CasePhase, ContactRestriction, Employment, Gender, GermanLevel,
    IntegrationskursState, Language, MaritalStatus, Procedure, Relation, SchoolDegree, TargetGroup, WorkPermission,
};

/// The only stored form of a text: NFC (Unicode Normalization Form C). macOS writes `u` and a diaeresis for `ü`, which looks
/// the same, but is another text for every comparison, index and hash.
#[must_use]
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}
