//! Terminations of agreements. A version never changes; its termination is a row of its own.

use kim_domain::agreement::AgreementSide;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// The termination of a version: at most one ordinary one, and one for cause.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agreement_termination")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The terminated version: the latest one at the time of the termination.
    pub agreement_id: Uuid,
    /// Whether it is for cause, which also closes running referrals.
    pub for_cause: bool,
    /// First day on which nothing can be offered under it.
    pub ends_on: Date,
    /// The reason.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// The party that terminated it.
    pub side: Code<AgreementSide>,
    /// The agency that acted for it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text")]
    pub staff: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
