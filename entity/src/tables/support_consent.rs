//! Consents of clients to support checks, which find out whether another Träger manages a case of the same person. The latest
//! row counts.

use sea_orm::entity::prelude::*;

/// One consent or refusal.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "support_consent")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// Whether it was given, or else refused or withdrawn.
    pub given: bool,
    /// Last day; none: until it is withdrawn.
    pub valid_until: Option<Date>,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    /// Subject of the token that recorded it.
    #[sea_orm(column_type = "Text")]
    pub staff: String,
    /// For whom a service acted.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
