//! Notices for both sides of a support check that found a match: a reference, and nothing about the other side.

use sea_orm::entity::prelude::*;

/// One side's notice.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "support_notice")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The same for all sides.
    #[sea_orm(column_type = "Text")]
    pub reference: String,
    /// The agency that gets the notice.
    pub agency_id: Uuid,
    /// The case of this agency.
    pub case_id: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
