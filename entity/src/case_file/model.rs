//! The row model of the table. Only tests use it; the program goes through the codec.

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
    /// Goals and steps (`kim_domain::support_plan`), as JSON; `plan_steps` is written from it.
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
