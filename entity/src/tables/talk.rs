//! The talks in which a case is handed over (§ 86c(2) SGB VIII).

use sea_orm::entity::prelude::*;

/// One talk.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "talk")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The referral.
    pub referral_id: Uuid,
    /// The agency that recorded it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// For whom a service acted; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// The day of the talk.
    pub held_on: Date,
    /// The participants by function: a JSON list of texts.
    #[sea_orm(column_type = "Text")]
    pub participants: String,
    /// Whether the client took part.
    pub client_took_part: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
