//! The last number of each agency's feed of changes. The row is locked until the change commits, so that numbers are in the
//! order of commits and have no gaps.

use sea_orm::entity::prelude::*;

/// One feed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed")]
pub struct Model {
    /// The agency.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: Uuid,
    /// The last number.
    pub last: i64,
    /// The instant of the last change, in microseconds since 1970. No later step is earlier.
    pub last_at: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
