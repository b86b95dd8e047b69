//! What became of consents: recorded, renewed, withdrawn; one row per step, written in the step's own transaction.

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
    /// What was done.
    pub step: Code<ConsentStep>,
    /// The fields that it was about, a stored `FieldSet`: those consented to, or those withdrawn.
    pub fields: i64,
    /// Subject of the token.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
