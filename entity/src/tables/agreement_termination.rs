//! How agreements are ended. Versions never change: that one ends is a row beside it.

use kim_domain::agreement::AgreementSide;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// The end of a version: once ordinarily, once for cause.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agreement_termination")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The version that ends, the latest when it was ended.
    pub agreement_id: Uuid,
    /// For cause: what runs is closed too.
    pub for_cause: bool,
    /// First day on which nothing is offered under it.
    pub ends_on: Date,
    /// Why.
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// Which party ended it.
    pub side: Code<AgreementSide>,
    /// The agency that acted for it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text")]
    pub staff: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
