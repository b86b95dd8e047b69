//! Per referral and field, when it was first and last disclosed: answers Art. 15 DSGVO, kept as long as the data.

use sea_orm::entity::prelude::*;

/// What `field` says where messages were disclosed.
pub const MESSAGES: &str = "MESSAGES";

/// One field of one referral.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosed")]
pub struct Model {
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: Uuid,
    /// Code of the handover field, or [`MESSAGES`].
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub field: String,
    /// Who got it.
    pub receiver_id: Uuid,
    /// Microseconds since 1970.
    pub first_at: i64,
    /// Microseconds since 1970.
    pub last_at: i64,
    /// Under which ground, at the last time.
    #[sea_orm(column_type = "Text")]
    pub ground: String,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
