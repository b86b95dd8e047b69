//! Reminders of due days that were sent: each only once.

use sea_orm::entity::prelude::*;

/// One reminder.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reminder")]
pub struct Model {
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: Uuid,
    /// Code of the kind (`ReminderKind`).
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub kind: String,
    /// The due day. There are new reminders for another due day.
    #[sea_orm(primary_key, auto_increment = false)]
    pub due_on: Date,
    /// Microseconds since 1970.
    pub at: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
