//! The history of an agency's master data. Rows are only added.

use kim_domain::agency::AgencyField;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One changed value.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agency_change")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The agency.
    pub agency_id: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
    /// The part of the master data.
    pub field: Code<AgencyField>,
    /// The value before.
    #[sea_orm(column_type = "Text", nullable)]
    pub old_value: Option<String>,
    /// The value after.
    #[sea_orm(column_type = "Text", nullable)]
    pub new_value: Option<String>,
    /// Subject of the token; `None`: the operator imported a list.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// The person for whom a program acted.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
