//! How far each agency's feed of changes has come. Its row is locked until the change commits, so numbers are in the
//! order of commits and leave no gap.

use sea_orm::entity::prelude::*;

/// One feed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "feed")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: Uuid,
    /// The last number given.
    pub last: i64,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
