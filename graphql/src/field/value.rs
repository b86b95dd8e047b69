//! The object types of values of handover fields.

use async_graphql::SimpleObject;
use kim_domain::birth_date::BirthDate;
use kim_domain::nationality;
use kim_domain::value;

use crate::schema::scalar::{BirthDatePart, Date};
use crate::schema::word_enum::WordEnum;

/// Declares the object types of values. A field is copied, or converted with the function after `=>`.
macro_rules! value_objects {
    ($($(#[doc = $about:literal])+ $name:ident {
        $($(#[doc = $doc:literal])+ $field:ident: $ty:ty $(=> $convert:expr)?,)+
    })+) => { $(
        $(#[doc = $about])+
        #[derive(SimpleObject)]
        #[graphql(tag = "for work")]
        pub(crate) struct $name {
            $($(#[doc = $doc])+ $field: $ty,)+
        }
        impl From<value::$name> for $name {
            fn from(value::$name { $($field,)+ }: value::$name) -> Self {
                $($(let $field = $convert($field);)?)+
                Self { $($field,)+ }
            }
        }
    )+ };
}

fn day(date: Option<chrono::NaiveDate>) -> Option<Date> {
    date.map(Date)
}

value_objects! {
    /// Ein Ziel im Hilfeplan und der Schritt dorthin.
    PlanStep {
        /// Das Ziel.
        goal: String,
        /// Der Schritt.
        step: String,
        /// Wer dafür verantwortlich ist.
        responsible: String,
        /// Bis wann.
        due_on: Option<Date> => day,
    }

    /// Eine Unterlage: was vorliegt oder noch fehlt, nie die Unterlage selbst.
    Document {
        /// Bezeichnung der Unterlage.
        name: String,
        /// Stand: ob sie vorliegt.
        state: Option<String>,
    }

    /// Gesetzliche Vertretung.
    LegalRepresentative {
        /// Name.
        name: String,
        /// Verhältnis zur vertretenen Person.
        relation: Option<String>,
        /// Telefon.
        phone: Option<String>,
    }

    /// Ein Sprachzertifikat: nachgewiesenes, nicht geschätztes Deutsch.
    GermanCertificate {
        /// Nachgewiesenes Niveau (GER).
        level: WordEnum<value::GermanLevel> => WordEnum,
        /// Ausgestellt am.
        issued_on: Option<Date> => day,
        /// Ausstellende Einrichtung.
        institute: Option<String>,
    }

    /// Eine Integrationsleistung (§§ 25a, 25b AufenthG), die die Klientin oder der Klient zeigen möchte.
    IntegrationAchievement {
        /// Art der Leistung.
        kind: String,
        /// Erreicht am.
        achieved_on: Option<Date> => day,
        /// Bemerkung.
        note: Option<String>,
    }

    /// Wohnsitzauflage (§ 12a AufenthG).
    Wohnsitzauflage {
        /// Der Ort, auf den sie lautet.
        place: String,
    }
}

/// Ein Haushaltsmitglied.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct HouseholdMember {
    /// Beziehung zur Klientin oder zum Klienten.
    relation: WordEnum<value::Relation>,
    /// Vorname.
    given_name: Option<String>,
    /// Familienname.
    family_name: Option<String>,
    /// Geburtsdatum; null, wenn es nicht auf den Tag bekannt ist.
    birth_date: Option<Date>,
    /// Was von einem Geburtsdatum bekannt ist, das nur zum Teil bekannt ist: `1990-05` oder `1990`.
    birth_date_part: Option<BirthDatePart>,
}

impl From<value::HouseholdMember> for HouseholdMember {
    fn from(member: value::HouseholdMember) -> Self {
        let value::HouseholdMember { relation, given_name, family_name, birth_date } = member;
        let birth_date_part = birth_date.filter(|born| born.day().is_none()).map(BirthDatePart);
        let birth_date = day(birth_date.and_then(BirthDate::day));
        Self { relation: WordEnum(relation), given_name, family_name, birth_date, birth_date_part }
    }
}

/// Eine Staatsangehörigkeit.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct Nationality {
    /// Ländercode (ISO 3166-1 alpha-2).
    code: &'static str,
    /// Staatsangehörigkeitsschlüssel des Statistischen Bundesamts.
    destatis: &'static str,
    /// Name des Staates.
    name: &'static str,
}

impl From<nationality::Nationality> for Nationality {
    fn from(one: nationality::Nationality) -> Self {
        Self { code: one.code(), destatis: one.destatis(), name: one.name() }
    }
}
