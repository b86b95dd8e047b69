//! Districts of a municipality (Stadtbezirke).

use sea_orm::entity::prelude::*;

/// One district.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "district")]
pub struct Model {
    /// The municipality.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub ags: String,
    /// Its number within the municipality.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub code: String,
    /// Its name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
    /// The term that the municipality uses, such as `STADTBEZIRK`.
    #[sea_orm(column_type = "Text")]
    pub kind: String,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
