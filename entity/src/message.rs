//! Messages between the two sides of a referral.

use sea_orm::entity::prelude::*;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The referral.
    pub referral_id: Uuid,
    /// Microseconds since 1970.
    pub sent_at: i64,
    /// Who wrote it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// The text.
    #[sea_orm(column_type = "Text")]
    pub body: String,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
