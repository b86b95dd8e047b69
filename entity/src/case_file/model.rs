//! The row model of the table. Only imports, the demo and tests still use it; everything else uses the codec.

use kim_domain::field::HandoverField;
use sea_orm::Value;
use sea_orm::entity::prelude::*;

/// One case.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "case")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// The Träger's own number; may reveal its specialisation and goes to nobody else.
    #[sea_orm(column_type = "Text")]
    pub case_number: String,
    /// The district.
    #[sea_orm(column_type = "Text", nullable)]
    pub district: Option<String>,
    /// Code of the phase of Case Management.
    #[sea_orm(column_type = "Text")]
    pub phase: String,
    /// First day.
    pub opened_on: Date,
    /// Last day.
    pub closed_on: Option<Date>,
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
    /// Zielgruppe.
    #[sea_orm(column_type = "Text", nullable)]
    pub target_group: Option<String>,
    /// Beratungsnotizen: leave the Träger never.
    #[sea_orm(column_type = "Text", nullable)]
    pub counselling_notes: Option<String>,
    /// Hash of the row it was imported from: tells unchanged from changed.
    #[sea_orm(column_type = "Text", nullable)]
    pub import_hash: Option<String>,
    /// Counts the changes: a colleague who was faster is noticed.
    pub version: i32,
    /// Code of the reason for which it was closed.
    #[sea_orm(column_type = "Text", nullable)]
    pub close_reason: Option<String>,
    /// What came of it, in words.
    #[sea_orm(column_type = "Text", nullable)]
    pub result: Option<String>,
    /// Goals and steps (`kim_domain::plan`), as JSON; `plan_steps` is written from it.
    #[sea_orm(column_type = "Text", nullable)]
    pub plan: Option<String>,
    /// When the plan was last set.
    pub plan_reviewed_on: Option<Date>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
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
