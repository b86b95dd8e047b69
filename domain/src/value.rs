//! Values of handover fields: closed lists, objects, and their encoding as text.

mod check;
mod objects;
mod title;
mod words;

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
