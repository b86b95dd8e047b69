//! Every support check, whatever it found: who asked about which case. Written in the check's own transaction.

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
    /// Who asked.
    pub agency_id: Uuid,
    /// About which of its cases.
    pub case_id: Uuid,
    /// In which role.
    pub role: Code<Role>,
    /// Subject of the token.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// For whom a service acted (`act.sub`).
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// Microseconds since 1970.
    pub at: i64,
    /// What was answered.
    pub found: bool,
    /// Reference of the notice that both sides got.
    #[sea_orm(column_type = "Text", nullable)]
    pub reference: Option<String>,
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
