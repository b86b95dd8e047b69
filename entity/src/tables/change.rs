//! What happened to an agency's referrals, numbered in the order of commits: ids and kinds alone.

use kim_domain::change::ChangeKind;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One change in one agency's feed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "change")]
pub struct Model {
    /// In whose feed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: Uuid,
    /// Its number there, from 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Microseconds since 1970.
    pub at: i64,
    /// The referral.
    pub referral_id: Uuid,
    /// What happened.
    pub kind: Code<ChangeKind>,
    /// The event, if it is one.
    pub event_id: Option<Uuid>,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
