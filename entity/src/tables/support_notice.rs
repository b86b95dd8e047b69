//! What both sides of a support check that found something are told: a reference, and nothing of the other.

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
    /// Whose notice it is.
    pub agency_id: Uuid,
    /// Its case.
    pub case_id: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
