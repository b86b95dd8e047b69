//! Decisions on whether a client belongs to a target group, each under one version of one rule set. Never changed.

use sea_orm::entity::prelude::*;

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "eligibility_decision")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// Subject of the token that decided.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// For whom a service acted; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// Microseconds since 1970.
    pub at: i64,
    /// The day of the decision.
    pub decided_on: Date,
    /// The day on which the rules were applied.
    pub reference_date: Date,
    /// The rule set's id.
    #[sea_orm(column_type = "Text")]
    pub rule_set: String,
    /// The rule set's version.
    pub rule_set_version: i32,
    /// The decision.
    pub eligible: bool,
    /// The groups: a JSON list of codes (Art. 9 DSGVO).
    #[sea_orm(column_type = "Text")]
    pub groups: String,
    /// The findings of the rules for each group: JSON.
    #[sea_orm(column_type = "Text")]
    pub findings: String,
    /// The case manager's statements: JSON.
    #[sea_orm(column_type = "Text")]
    pub statements: String,
    /// The explanation.
    #[sea_orm(column_type = "Text", nullable)]
    pub explanation: Option<String>,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
