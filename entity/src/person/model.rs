//! The row model of the table. Only tests use it; the program goes through the codec.

use kim_domain::field::HandoverField;
use sea_orm::Value;
use sea_orm::entity::prelude::*;

/// One person.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// Familienname.
    #[sea_orm(column_type = "Text", nullable)]
    pub family_name: Option<String>,
    /// Vorname.
    #[sea_orm(column_type = "Text", nullable)]
    pub given_name: Option<String>,
    /// Weitere Namen und Schreibweisen.
    #[sea_orm(column_type = "Text", nullable)]
    pub name_variants: Option<String>,
    /// Geburtsdatum.
    #[sea_orm(column_type = "Text", nullable)]
    pub birth_date: Option<String>,
    /// Geburtsort.
    #[sea_orm(column_type = "Text", nullable)]
    pub birth_place: Option<String>,
    /// Geschlecht.
    #[sea_orm(column_type = "Text", nullable)]
    pub gender: Option<String>,
    /// Gesetzliche Vertretung.
    #[sea_orm(column_type = "Text", nullable)]
    pub legal_representative: Option<String>,
    /// Straße und Hausnummer.
    #[sea_orm(column_type = "Text", nullable)]
    pub street: Option<String>,
    /// Postleitzahl.
    #[sea_orm(column_type = "Text", nullable)]
    pub postal_code: Option<String>,
    /// Ort.
    #[sea_orm(column_type = "Text", nullable)]
    pub city: Option<String>,
    /// Telefon.
    #[sea_orm(column_type = "Text", nullable)]
    pub phone: Option<String>,
    /// E-Mail.
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<String>,
    /// Sprache.
    #[sea_orm(column_type = "Text", nullable)]
    pub preferred_language: Option<String>,
    /// Dolmetscherbedarf.
    #[sea_orm(column_type = "Text", nullable)]
    pub interpreter_needed: Option<String>,
    /// Einschränkung der Kontaktaufnahme.
    #[sea_orm(column_type = "Text", nullable)]
    pub contact_restriction: Option<String>,
    /// Staatsangehörigkeiten.
    #[sea_orm(column_type = "Text", nullable)]
    pub nationalities: Option<String>,
    /// Aufenthaltstitel oder -status.
    #[sea_orm(column_type = "Text", nullable)]
    pub aufenthaltstitel: Option<String>,
    /// Titel gültig bis.
    #[sea_orm(column_type = "Text", nullable)]
    pub aufenthaltstitel_valid_until: Option<String>,
    /// Wohnsitzauflage.
    #[sea_orm(column_type = "Text", nullable)]
    pub wohnsitzauflage: Option<String>,
    /// Arbeitserlaubnis.
    #[sea_orm(column_type = "Text", nullable)]
    pub work_permission: Option<String>,
    /// In Deutschland seit.
    #[sea_orm(column_type = "Text", nullable)]
    pub in_germany_since: Option<String>,
    /// Aktenzeichen der Ausländerbehörde.
    #[sea_orm(column_type = "Text", nullable)]
    pub auslaenderbehoerde_file_number: Option<String>,
    /// Familienstand.
    #[sea_orm(column_type = "Text", nullable)]
    pub marital_status: Option<String>,
    /// Minderjähriges Kind im Haushalt.
    #[sea_orm(column_type = "Text", nullable)]
    pub minor_child_in_household: Option<String>,
    /// Kinderbetreuung nötig.
    #[sea_orm(column_type = "Text", nullable)]
    pub childcare_needed: Option<String>,
    /// Art der Unterkunft.
    #[sea_orm(column_type = "Text", nullable)]
    pub accommodation: Option<String>,
    /// Deutschniveau (GER).
    #[sea_orm(column_type = "Text", nullable)]
    pub german_level: Option<String>,
    /// Sprachzertifikat.
    #[sea_orm(column_type = "Text", nullable)]
    pub german_certificate: Option<String>,
    /// Integrationskurs.
    #[sea_orm(column_type = "Text", nullable)]
    pub integrationskurs: Option<String>,
    /// Schulabschluss.
    #[sea_orm(column_type = "Text", nullable)]
    pub school_degree: Option<String>,
    /// Berufsabschluss.
    #[sea_orm(column_type = "Text", nullable)]
    pub vocational_qualification: Option<String>,
    /// Anerkennung des Abschlusses.
    #[sea_orm(column_type = "Text", nullable)]
    pub anerkennung: Option<String>,
    /// Beschäftigung.
    #[sea_orm(column_type = "Text", nullable)]
    pub employment: Option<String>,
    /// Berufswunsch.
    #[sea_orm(column_type = "Text", nullable)]
    pub occupation_wish: Option<String>,
    /// Verfügbarkeit.
    #[sea_orm(column_type = "Text", nullable)]
    pub availability: Option<String>,
    /// Derzeitige Leistung.
    #[sea_orm(column_type = "Text", nullable)]
    pub current_benefit: Option<String>,
    /// Leistung endet am.
    #[sea_orm(column_type = "Text", nullable)]
    pub benefit_ends_on: Option<String>,
    /// Bedarf seit.
    #[sea_orm(column_type = "Text", nullable)]
    pub need_since: Option<String>,
    /// Integrationsleistungen.
    #[sea_orm(column_type = "Text", nullable)]
    pub integration_achievements: Option<String>,
    /// Behinderung.
    #[sea_orm(column_type = "Text", nullable)]
    pub disability: Option<String>,
    /// Gesundheitliche Einschränkungen.
    #[sea_orm(column_type = "Text", nullable)]
    pub health_restrictions: Option<String>,
    /// Keyed fingerprint of family name and birth date.
    #[sea_orm(column_type = "Text", nullable)]
    pub fingerprint: Option<String>,
    /// Keyed fingerprint of the names' sound (Kölner Phonetik) and the birth date: possible duplicates.
    #[sea_orm(column_type = "Text", nullable)]
    pub phonetic_fingerprint: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// A field's stored text.
    #[must_use]
    pub fn text(&self, field: HandoverField) -> Option<String> {
        if let Value::String(text) = self.get(field.column().parse().ok()?) { text } else { None }
    }
}
