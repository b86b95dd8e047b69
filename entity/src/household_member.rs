//! Members of a person's household.

use sea_orm::entity::prelude::*;

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "household_member")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose household.
    pub person_id: Uuid,
    /// The relation's code.
    #[sea_orm(column_type = "Text")]
    pub relation: String,
    /// Given name.
    #[sea_orm(column_type = "Text", nullable)]
    pub given_name: Option<String>,
    /// Family name.
    #[sea_orm(column_type = "Text", nullable)]
    pub family_name: Option<String>,
    /// ISO date, as text so that it can be sealed.
    #[sea_orm(column_type = "Text", nullable)]
    pub birth_date: Option<String>,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
