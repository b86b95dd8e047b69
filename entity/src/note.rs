//! Counselling notes of a case: written once, never changed, and never leaving their Träger (§ 203 StGB, § 65 SGB VIII).

use sea_orm::entity::prelude::*;

/// One note.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "note")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// Subject of the token that wrote it.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// Microseconds since 1970.
    pub at: i64,
    /// The text.
    #[sea_orm(column_type = "Text")]
    pub body: String,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
