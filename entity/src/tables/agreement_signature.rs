//! Signatures on proposals: one for each party.

use kim_domain::agreement::AgreementSide;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One signature.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agreement_signature")]
pub struct Model {
    /// The proposal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub proposal_id: Uuid,
    /// The party.
    #[sea_orm(primary_key, auto_increment = false)]
    pub side: Code<AgreementSide>,
    /// The agency that acted for it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text")]
    pub staff: String,
    /// Microseconds since 1970.
    pub at: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
