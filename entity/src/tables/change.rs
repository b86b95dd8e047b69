//! The feeds of changes of agencies' referrals, numbered in the order of commits. They contain only ids and kinds.

use kim_domain::change::ChangeKind;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One change in one agency's feed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// The agency whose feed it is in.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: Uuid,
    /// Its number there, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Microseconds since 1970.
    pub at: i64,
    /// The referral.
    pub referral_id: Uuid,
    /// The kind of change.
    pub kind: Code<ChangeKind>,
    /// The event, if the change is one.
    pub event_id: Option<Uuid>,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
