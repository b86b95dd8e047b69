//! Appointments with clients that belong to a referral.

use sea_orm::entity::prelude::*;

/// One appointment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "appointment")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The referral.
    pub referral_id: Uuid,
    /// The agency that made it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// For whom a service acted; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// Its time; microseconds since 1970.
    pub at: i64,
    /// Its place.
    #[sea_orm(column_type = "Text")]
    pub place: String,
    /// What the client brings along.
    #[sea_orm(column_type = "Text", nullable)]
    pub bring: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
