//! The log of all support checks, written in the transaction of the check.

use kim_domain::agency::Role;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "support_check")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The agency.
    pub agency_id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The role.
    pub role: Code<Role>,
    /// Subject of the token.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The person for whom a service acted (`act.sub`).
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// Microseconds since 1970.
    pub at: i64,
    /// Whether it found another agency.
    pub found: bool,
    /// Reference of the notice for both sides.
    #[sea_orm(column_type = "Text", nullable)]
    pub reference: Option<String>,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
