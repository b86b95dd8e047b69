//! The log of requests of coordinations for statistics, written before the answer leaves.

use kim_domain::agency::Role;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "statistics_log")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
    /// The agency.
    pub agency_id: Uuid,
    /// Its slug at that time.
    #[sea_orm(column_type = "Text")]
    pub agency: String,
    /// The role.
    pub role: Code<Role>,
    /// Subject of the token.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The person for whom a service acted (`act.sub`).
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// The month or quarter.
    #[sea_orm(column_type = "Text")]
    pub period: String,
    /// Codes of the dimensions, separated by commas.
    #[sea_orm(column_type = "Text")]
    pub dimensions: String,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
