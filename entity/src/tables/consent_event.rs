//! The history of consents: recorded, renewed, withdrawn; one row per step, written in the transaction of the step.

use kim_domain::consent::ConsentStep;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent_event")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The consent.
    pub consent_id: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
    /// The kind of step.
    pub step: Code<ConsentStep>,
    /// The fields that were consented to or withdrawn: a stored `FieldSet`.
    pub fields: i64,
    /// Subject of the token.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// For whom a service acted; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
