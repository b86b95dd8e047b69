//! The handover fields. Which agency may see which field is decided in [`crate::disclosure`].

mod set;

use std::sync::LazyLock;

use crate::audience::Audience;
use crate::word::Word;

pub use set::FieldSet;

crate::words! {
    /// The sections in which a handover is read and printed.
    pub enum Block("Abschnitt") {
        Request = "REQUEST": "Anliegen",
        Identity = "IDENTITY": "Person",
        Contact = "CONTACT": "Kontakt",
        Residence = "RESIDENCE": "Aufenthalt",
        Household = "HOUSEHOLD": "Haushalt",
        Language = "LANGUAGE": "Sprache",
        Education = "EDUCATION": "Bildung",
        Work = "WORK": "Arbeit",
        Livelihood = "LIVELIHOOD": "Lebensunterhalt",
        Achievements = "ACHIEVEMENTS": "Integrationsleistungen",
        Health = "HEALTH": "Gesundheit",
        Sensitive = "SENSITIVE": "Besonders geschützt",
        Notes = "NOTES": "Notizen",
    }
}

/// The name under which GraphQL shows what is known of a birth date that is known in part.
pub const BIRTH_DATE_PART: &str = "birthDatePart";

/// How a field's value is encoded as text, and its GraphQL type. Every value is stored as text: unchanged, as a word's
/// code, as an ISO date, as a number, as `true`/`false`, or as JSON for objects and lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// `String` of several lines
    Text,
    /// `Procedure`
    Procedure,
    /// `[PlanStep!]`
    PlanSteps,
    /// `[Document!]`
    Documents,
    /// `String`
    Line,
    /// `[String!]`
    Lines,
    /// `Date`
    Date,
    /// `Date`, null unless it is known to the day, and a `String` beside it ([`BIRTH_DATE_PART`])
    BirthDate,
    /// `Int`
    Int,
    /// `Gender`
    Gender,
    /// `LegalRepresentative`
    LegalRepresentative,
    /// `Language`
    Language,
    /// `Boolean`
    Boolean,
    /// `ContactRestriction`
    ContactRestriction,
    /// `[Nationality!]`
    Nationalities,
    /// `Aufenthaltstitel`
    Aufenthaltstitel,
    /// `Wohnsitzauflage`
    Wohnsitzauflage,
    /// `WorkPermission`
    WorkPermission,
    /// `MaritalStatus`
    MaritalStatus,
    /// `[HouseholdMember!]`
    HouseholdMembers,
    /// `Accommodation`
    Accommodation,
    /// `GermanLevel`
    GermanLevel,
    /// `GermanCertificate`
    GermanCertificate,
    /// `IntegrationskursState`
    IntegrationskursState,
    /// `SchoolDegree`
    SchoolDegree,
    /// `AnerkennungState`
    AnerkennungState,
    /// `Employment`
    Employment,
    /// `Benefit`
    Benefit,
    /// `[IntegrationAchievement!]`
    IntegrationAchievements,
    /// `[TargetGroup!]`
    TargetGroups,
}

impl ValueType {
    /// The GraphQL type, without the outer nullability.
    #[must_use]
    pub const fn graphql(self) -> &'static str {
        match self {
            Self::Text => "String",
            Self::Procedure => "Procedure",
            Self::PlanSteps => "[PlanStep!]",
            Self::Documents => "[Document!]",
            Self::Line => "String",
            Self::Lines => "[String!]",
            Self::Date | Self::BirthDate => "Date",
            Self::Int => "Int",
            Self::Gender => "Gender",
            Self::LegalRepresentative => "LegalRepresentative",
            Self::Language => "Language",
            Self::Boolean => "Boolean",
            Self::ContactRestriction => "ContactRestriction",
            Self::Nationalities => "[Nationality!]",
            Self::Aufenthaltstitel => "Aufenthaltstitel",
            Self::Wohnsitzauflage => "Wohnsitzauflage",
            Self::WorkPermission => "WorkPermission",
            Self::MaritalStatus => "MaritalStatus",
            Self::HouseholdMembers => "[HouseholdMember!]",
            Self::Accommodation => "Accommodation",
            Self::GermanLevel => "GermanLevel",
            Self::GermanCertificate => "GermanCertificate",
            Self::IntegrationskursState => "IntegrationskursState",
            Self::SchoolDegree => "SchoolDegree",
            Self::AnerkennungState => "AnerkennungState",
            Self::Employment => "Employment",
            Self::Benefit => "Benefit",
            Self::IntegrationAchievements => "[IntegrationAchievement!]",
            Self::TargetGroups => "[TargetGroup!]",
        }
    }
}

macro_rules! handover_fields {
    ($($variant:ident = $bit:literal, $name:literal, $block:ident, $value_type:ident, $art9:literal, $label:literal;)+) => {
        /// A field of a handover. A field's number is its bit in a [`FieldSet`]. The number is explicit, stored and never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum HandoverField {
            $(#[doc = $label] $variant = $bit),+
        }

        impl HandoverField {
            /// Every field, in reading order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The GraphQL name, camelCase.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }
            /// The German label.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$variant => $label),+ } }
            /// The block that contains the field.
            #[must_use]
            pub const fn block(self) -> Block { match self { $(Self::$variant => Block::$block),+ } }
            /// Encoding and type of the field's value.
            #[must_use]
            pub const fn value_type(self) -> ValueType { match self { $(Self::$variant => ValueType::$value_type),+ } }
            /// Whether the field is special category data (Art. 9 DSGVO).
            #[must_use]
            pub const fn is_art9(self) -> bool { match self { $(Self::$variant => $art9),+ } }
        }
    };
}

handover_fields! {
    Concern = 0, "concern", Request, Text, false, "Anliegen";
    RequestedProcedure = 1, "requestedProcedure", Request, Procedure, false, "Beantragtes Verfahren";
    PlanSteps = 2, "planSteps", Request, PlanSteps, false, "Ziele und Schritte im Hilfeplan";
    Documents = 3, "documents", Request, Documents, false, "Unterlagen (Liste)";
    FamilyName = 4, "familyName", Identity, Line, false, "Familienname";
    GivenName = 5, "givenName", Identity, Line, false, "Vorname";
    NameVariants = 6, "nameVariants", Identity, Lines, false, "Weitere Namen und Schreibweisen";
    BirthDate = 7, "birthDate", Identity, BirthDate, false, "Geburtsdatum";
    Age = 8, "age", Identity, Int, false, "Alter in Jahren";
    BirthPlace = 9, "birthPlace", Identity, Line, false, "Geburtsort";
    Gender = 10, "gender", Identity, Gender, false, "Geschlecht";
    LegalRepresentative = 11, "legalRepresentative", Identity, LegalRepresentative, false, "Gesetzliche Vertretung";
    Street = 12, "street", Contact, Line, false, "Straße und Hausnummer";
    PostalCode = 13, "postalCode", Contact, Line, false, "Postleitzahl";
    City = 14, "city", Contact, Line, false, "Ort";
    Phone = 15, "phone", Contact, Line, false, "Telefon";
    Email = 16, "email", Contact, Line, false, "E-Mail";
    PreferredLanguage = 17, "preferredLanguage", Contact, Language, false, "Sprache";
    InterpreterNeeded = 18, "interpreterNeeded", Contact, Boolean, false, "Dolmetscherbedarf";
    ContactRestriction = 19, "contactRestriction", Contact, ContactRestriction, false, "Einschränkung der Kontaktaufnahme";
    Nationalities = 20, "nationalities", Residence, Nationalities, false, "Staatsangehörigkeiten";
    Aufenthaltstitel = 21, "aufenthaltstitel", Residence, Aufenthaltstitel, false, "Aufenthaltstitel oder -status";
    AufenthaltstitelValidUntil = 22, "aufenthaltstitelValidUntil", Residence, Date, false, "Titel gültig bis";
    Wohnsitzauflage = 23, "wohnsitzauflage", Residence, Wohnsitzauflage, false, "Wohnsitzauflage";
    WorkPermission = 24, "workPermission", Residence, WorkPermission, false, "Arbeitserlaubnis";
    InGermanySince = 25, "inGermanySince", Residence, Date, false, "In Deutschland seit";
    AuslaenderbehoerdeFileNumber = 26, "auslaenderbehoerdeFileNumber", Residence, Line, false, "Aktenzeichen der Ausländerbehörde";
    MaritalStatus = 27, "maritalStatus", Household, MaritalStatus, false, "Familienstand";
    HouseholdMembers = 28, "householdMembers", Household, HouseholdMembers, false, "Haushaltsmitglieder";
    MinorChildInHousehold = 29, "minorChildInHousehold", Household, Boolean, false, "Minderjähriges Kind im Haushalt";
    ChildcareNeeded = 30, "childcareNeeded", Household, Boolean, false, "Kinderbetreuung nötig";
    Accommodation = 31, "accommodation", Household, Accommodation, false, "Art der Unterkunft";
    GermanLevel = 32, "germanLevel", Language, GermanLevel, false, "Deutschniveau (GER)";
    GermanCertificate = 33, "germanCertificate", Language, GermanCertificate, false, "Sprachzertifikat";
    Integrationskurs = 34, "integrationskurs", Language, IntegrationskursState, false, "Integrationskurs";
    SchoolDegree = 35, "schoolDegree", Education, SchoolDegree, false, "Schulabschluss";
    VocationalQualification = 36, "vocationalQualification", Education, Line, false, "Berufsabschluss";
    Anerkennung = 37, "anerkennung", Education, AnerkennungState, false, "Anerkennung des Abschlusses";
    Employment = 38, "employment", Work, Employment, false, "Beschäftigung";
    OccupationWish = 39, "occupationWish", Work, Line, false, "Berufswunsch";
    Availability = 40, "availability", Work, Line, false, "Verfügbarkeit";
    CurrentBenefit = 41, "currentBenefit", Livelihood, Benefit, false, "Derzeitige Leistung";
    BenefitEndsOn = 42, "benefitEndsOn", Livelihood, Date, false, "Leistung endet am";
    NeedSince = 43, "needSince", Livelihood, Date, false, "Bedarf seit";
    IntegrationAchievements = 44, "integrationAchievements", Achievements, IntegrationAchievements, false, "Integrationsleistungen";
    Disability = 45, "disability", Health, Line, true, "Behinderung";
    HealthRestrictions = 46, "healthRestrictions", Health, Line, true, "Gesundheitliche Einschränkungen";
    TargetGroup = 47, "targetGroup", Sensitive, TargetGroups, true, "Zielgruppe";
    CounsellingNotes = 48, "counsellingNotes", Notes, Text, true, "Beratungsnotizen";
}

/// Each field's spelling in the database and in the GraphQL enum, derived once from its GraphQL name. The place is the field's
/// number.
static SPELLINGS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let mut spellings = vec![<(String, String)>::default(); HandoverField::ALL.len()];
    for &field in HandoverField::ALL {
        let mut column = String::new();
        for letter in field.name().chars() {
            if letter.is_ascii_uppercase() {
                column.push('_');
            }
            column.push(letter.to_ascii_lowercase());
        }
        let code = column.to_ascii_uppercase();
        spellings[field as usize] = (column, code);
    }
    spellings
});

/// Fields by the length of their names, because `from_name` runs for each field of each row.
static BY_LENGTH: LazyLock<Vec<Vec<HandoverField>>> = LazyLock::new(|| {
    let mut lengths = Vec::new();
    for &field in HandoverField::ALL {
        let length = field.name().len();
        lengths.resize(lengths.len().max(length + 1), Vec::new());
        lengths[length].push(field);
    }
    lengths
});

impl HandoverField {
    /// The column in `handover`, `snake_case`.
    #[must_use]
    pub fn column(self) -> &'static str {
        &SPELLINGS[self as usize].0
    }
    /// The enum value in GraphQL, `SCREAMING_SNAKE_CASE`.
    #[must_use]
    pub fn code(self) -> &'static str {
        &SPELLINGS[self as usize].1
    }
    /// The viewers in whose schema the field exists.
    #[must_use]
    pub const fn audience(self) -> Audience {
        Audience::Field(self.name())
    }
    /// The field with this German label, as imported case lists write it.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.label() == label)
    }
    /// The field that is shown under this name in GraphQL: its own, or [`BIRTH_DATE_PART`].
    #[must_use]
    pub fn shown_as(name: &str) -> Option<Self> {
        if name == BIRTH_DATE_PART { Some(Self::BirthDate) } else { Self::from_name(name) }
    }
    /// The field with this GraphQL name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        BY_LENGTH.get(name.len())?.iter().copied().find(|field| field.name() == name)
    }
}

impl Word for HandoverField {
    const NAME: &'static str = "HandoverField";
    const ABOUT: &'static str = "Ein Feld einer Übergabe.";
    const AUDIENCES: &'static [Audience] = &[Audience::AnyField];
    const ALL: &'static [Self] = Self::ALL;
    fn audiences(self) -> Vec<Audience> {
        vec![self.audience()]
    }
    fn code(self) -> &'static str {
        Self::code(self)
    }
    fn label(self) -> &'static str {
        Self::label(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_number_is_used_once_and_none_is_left_out() {
        let numbers: BTreeSet<usize> = HandoverField::ALL.iter().map(|&field| field as usize).collect();
        assert!(numbers.into_iter().eq(0..HandoverField::ALL.len()));
        assert!(HandoverField::ALL.len() < 63, "bit 63 is the sign of a bigint");
    }

    #[test]
    fn a_field_has_three_spellings() {
        let field = HandoverField::AuslaenderbehoerdeFileNumber;
        assert_eq!(field.name(), "auslaenderbehoerdeFileNumber");
        assert_eq!(field.column(), "auslaenderbehoerde_file_number");
        assert_eq!(field.code(), "AUSLAENDERBEHOERDE_FILE_NUMBER");
    }

    #[test]
    fn fields_are_found_by_label_and_by_name() {
        assert_eq!(HandoverField::from_label("Unterlagen (Liste)"), Some(HandoverField::Documents));
        assert_eq!(HandoverField::from_name("planSteps"), Some(HandoverField::PlanSteps));
        assert_eq!(HandoverField::from_name("plansteps"), None);
    }
}
