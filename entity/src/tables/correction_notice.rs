//! Which referrals of a case were told of a correction (Art. 19 DSGVO); their receivers are who got the value. The one by
//! which it was reported is among them only if its copy stays wrong.

use sea_orm::entity::prelude::*;

/// One referral that was told.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "correction_notice")]
pub struct Model {
    /// The correction.
    #[sea_orm(primary_key, auto_increment = false)]
    pub correction_id: Uuid,
    /// The referral.
    #[sea_orm(primary_key, auto_increment = false)]
    pub referral_id: Uuid,
    /// When first; microseconds since 1970.
    pub told_at: i64,
    /// Whether the referral had ended, so that its copy keeps the value that was found wrong.
    pub outdated: bool,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
