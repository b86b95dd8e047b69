//! Municipalities (kreisfreie Städte, Kreise, Gemeinden).

use sea_orm::entity::prelude::*;

/// One municipality.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "municipality")]
pub struct Model {
    /// Amtlicher Gemeindeschlüssel, eight digits.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub ags: String,
    /// Its name.
    #[sea_orm(column_type = "Text")]
    pub name: String,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
