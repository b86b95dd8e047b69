//! Whether a client agrees that it is checked if another Träger manages a case of theirs. The latest row holds.

use sea_orm::entity::prelude::*;

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "support_consent")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// Agreed, or refused or withdrawn.
    pub given: bool,
    /// Last day; until it is withdrawn if none.
    pub valid_until: Option<Date>,
    /// Microseconds since 1970.
    pub recorded_at: i64,
    /// Subject of the token that recorded it.
    #[sea_orm(column_type = "Text")]
    pub staff: String,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
