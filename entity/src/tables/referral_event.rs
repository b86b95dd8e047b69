//! What happened to referrals: one row per move, written in the move's own transaction.

use kim_domain::life::ReferralAction;
use kim_domain::referral::ReferralStatus;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One move.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referral_event")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The referral.
    pub referral_id: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
    /// Where it stood; none for the first.
    pub from_status: Option<Code<ReferralStatus>>,
    /// Where it stands since.
    pub to_status: Code<ReferralStatus>,
    /// Code of the reason.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// Who moved it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// Whether it comes from an imported history, so that nothing fires.
    pub imported: bool,
    /// What was done; none for an imported step.
    pub action: Option<Code<ReferralAction>>,
    /// What else is to be said of it, as JSON: the fields of a changed handover, for example.
    #[sea_orm(column_type = "Text", nullable)]
    pub detail: Option<String>,
    /// Whether it is about a field that the receiver neither sees nor was shown: only its sender's history has it.
    pub senders_alone: bool,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
