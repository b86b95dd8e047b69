//! Agencies: the organisational units that do a task (§ 67(4) SGB X), not whole authorities.

use kim_domain::agency::{AgencyField, AgencyKind, DataProtectionLaw, LegalForm};
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One agency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name in tokens and on the command line; unique.
    #[sea_orm(column_type = "Text")]
    pub slug: String,
    /// The name as an office prints it.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// Its kind.
    pub kind: Code<AgencyKind>,
    /// The municipality it belongs to.
    #[sea_orm(column_type = "Text")]
    pub ags: String,
    /// Its legal form (§ 87 AufenthG).
    pub legal_form: Code<LegalForm>,
    /// Whether its staff are bound by § 203 StGB.
    pub bound_by_203: bool,
    /// The data protection law that binds it.
    pub data_protection_law: Code<DataProtectionLaw>,
    /// The controller of its data (Verantwortlicher), as `controller/unit`.
    #[sea_orm(column_type = "Text")]
    pub controller: String,
    /// The welfare association of a Träger.
    #[sea_orm(column_type = "Text", nullable)]
    pub association: Option<String>,
    /// The district it works in.
    #[sea_orm(column_type = "Text", nullable)]
    pub district: Option<String>,
    /// The KIM Baustein that pays it: 1, 2 or 3.
    pub baustein: Option<i16>,
    /// How many posts it has, in hundredths of one; unknown counts as too few for a time in state
    /// ([`kim_domain::statistics::MIN_POSTS`]).
    pub posts: Option<i32>,
    /// Its specialisation. It may reveal Art. 9 data of its clients, so no other agency gets it.
    #[sea_orm(column_type = "Text", nullable)]
    pub internal_specialisation: Option<String>,
    /// Whether its tokens are accepted.
    pub enabled: bool,
    /// Counts closings for this agency: an answer that was prepared before a closing is computed again (docs/adr/0007).
    pub closings: i64,
    /// Street and number.
    #[sea_orm(column_type = "Text", nullable)]
    pub street: Option<String>,
    /// German postal code.
    #[sea_orm(column_type = "Text", nullable)]
    pub postal_code: Option<String>,
    /// City.
    #[sea_orm(column_type = "Text", nullable)]
    pub city: Option<String>,
    /// Telephone number.
    #[sea_orm(column_type = "Text", nullable)]
    pub phone: Option<String>,
    /// E-mail address.
    #[sea_orm(column_type = "Text", nullable)]
    pub email: Option<String>,
    /// Opening hours, in words.
    #[sea_orm(column_type = "Text", nullable)]
    pub opening_hours: Option<String>,
    /// Counts changes of the master data.
    pub version: i32,
}

/// A changed part of an agency's master data: the field, and its value before and after.
pub type Difference = (AgencyField, Option<String>, Option<String>);

impl Model {
    /// A value of the master data as text, as lists write it.
    #[must_use]
    pub fn text(&self, field: AgencyField) -> Option<String> {
        match field {
            AgencyField::Name => Some(self.name.clone()),
            AgencyField::Street => self.street.clone(),
            AgencyField::PostalCode => self.postal_code.clone(),
            AgencyField::City => self.city.clone(),
            AgencyField::Phone => self.phone.clone(),
            AgencyField::Email => self.email.clone(),
            AgencyField::OpeningHours => self.opening_hours.clone(),
            AgencyField::District => self.district.clone(),
            AgencyField::LegalForm => Some(self.legal_form.0.code().to_owned()),
            AgencyField::BoundBy203 => Some(if self.bound_by_203 { "ja" } else { "nein" }.to_owned()),
            AgencyField::DataProtectionLaw => Some(self.data_protection_law.0.code().to_owned()),
            AgencyField::Controller => Some(self.controller.clone()),
            AgencyField::Association => self.association.clone(),
            AgencyField::Baustein => self.baustein.map(|number| number.to_string()),
            AgencyField::Posts => self.posts.map(|posts| format!("{},{:02}", posts / 100, posts % 100)),
            AgencyField::InternalSpecialisation => self.internal_specialisation.clone(),
        }
    }

    /// What is different in the master data of another row of the same agency.
    #[must_use]
    pub fn differences(&self, new: &Self) -> Vec<Difference> {
        let texts = AgencyField::ALL.iter().map(|&field| (field, self.text(field), new.text(field)));
        texts.filter(|(_, old, new)| old != new).collect()
    }
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
