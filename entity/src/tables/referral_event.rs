//! Events of referrals: one row per event, written in its own transaction.

use kim_domain::life::ReferralAction;
use kim_domain::referral::ReferralStatus;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One event.
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
    /// The state before; none for the first event.
    pub from_status: Option<Code<ReferralStatus>>,
    /// The state after.
    pub to_status: Code<ReferralStatus>,
    /// Code of the reason.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// The agency that acted.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// For whom a service acted; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// Whether it was imported with a history.
    pub imported: bool,
    /// The action; none for an imported event.
    pub action: Option<Code<ReferralAction>>,
    /// Details as JSON, for example the fields of a changed handover.
    #[sea_orm(column_type = "Text", nullable)]
    pub detail: Option<String>,
    /// Whether it is about a field that the receiver neither sees nor has seen, so that it is only in the sender's history.
    pub senders_alone: bool,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
