//! Notifications of corrections (Art. 19 DSGVO): the referrals of a case whose receivers got the value. The referral in which it
//! was reported is among them only if its copy stays wrong.

use sea_orm::entity::prelude::*;

/// One notification.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "correction_notice")]
pub struct Model {
    /// The correction.
    #[sea_orm(primary_key, auto_increment = false)]
    pub correction_id: Uuid,
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: Uuid,
    /// The first time; microseconds since 1970.
    pub told_at: i64,
    /// Whether the referral had ended, so that its copy still has the wrong value.
    pub outdated: bool,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
