//! Handovers: the copy of what was offered, one row per referral. A receiver's queries read this and nothing else.
//!
//! Every value is text in the encoding that [`kim_domain::field::ValueType`] documents, so that it can be sealed.

use kim_domain::field::HandoverField;
use sea_orm::Value;
use sea_orm::entity::prelude::*;

/// One handover: a nullable text per field that can leave the Träger.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "handover")]
pub struct Model {
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: Uuid,
    /// Keyed fingerprint of name and birth date, if both were offered: finds the client at the desk.
    #[sea_orm(column_type = "Text", nullable)]
    pub client_fingerprint: Option<String>,
    /// Anliegen.
    #[sea_orm(column_type = "Text", nullable)]
    pub concern: Option<String>,
    /// Beantragtes Verfahren.
    #[sea_orm(column_type = "Text", nullable)]
    pub requested_procedure: Option<String>,
    /// Ziele und Schritte im Hilfeplan.
    #[sea_orm(column_type = "Text", nullable)]
    pub plan_steps: Option<String>,
    /// Unterlagen (Liste).
    #[sea_orm(column_type = "Text", nullable)]
    pub documents: Option<String>,
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
    /// Alter in Jahren.
    #[sea_orm(column_type = "Text", nullable)]
    pub age: Option<String>,
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
    /// Haushaltsmitglieder.
    #[sea_orm(column_type = "Text", nullable)]
    pub household_members: Option<String>,
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
    /// Zielgruppe.
    #[sea_orm(column_type = "Text", nullable)]
    pub target_group: Option<String>,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The column of a handover field; none for a field that is not kept here.
#[must_use]
pub fn column(field: HandoverField) -> Option<Column> {
    field.column().parse().ok()
}

impl Model {
    /// A field's stored text.
    #[must_use]
    pub fn text(&self, field: HandoverField) -> Option<String> {
        if let Value::String(text) = self.get(column(field)?) { text } else { None }
    }
}

impl ActiveModel {
    /// Sets a field's stored text. `false` if the field is not kept here: nothing is set then.
    pub fn set_text(&mut self, field: HandoverField, text: Option<String>) -> bool {
        match column(field) {
            Some(column) => {
                self.set(column, text.into());
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sea_orm::{IdenStatic, Iterable};

    #[test]
    fn every_field_but_the_notes_has_its_column() {
        let fields: Vec<_> =
            HandoverField::ALL.iter().filter(|&&field| field != HandoverField::CounsellingNotes).collect();
        let columns: Vec<_> = Column::iter().skip(2).map(|column| column.as_str()).collect();
        assert_eq!(columns, fields.iter().map(|field| field.column()).collect::<Vec<_>>());
        assert!(column(HandoverField::CounsellingNotes).is_none());
    }

    #[test]
    fn a_field_is_set_and_read_by_its_name() {
        let mut handover = ActiveModel { referral_id: sea_orm::Set(Uuid::nil()), ..Default::default() };
        assert!(handover.set_text(HandoverField::FamilyName, Some("Rahimi".to_owned())));
        assert!(!handover.set_text(HandoverField::CounsellingNotes, Some("canary".to_owned())));
        assert_eq!(handover.family_name, sea_orm::Set(Some("Rahimi".to_owned())));
    }
}
