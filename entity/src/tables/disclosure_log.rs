//! The log of disclosures: one row per request and distinct field set, written before the response leaves.

use kim_domain::agency::Role;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One disclosure.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "disclosure_log")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Microseconds since 1970.
    pub at: i64,
    /// The request, as in the process log.
    #[sea_orm(column_type = "Text")]
    pub request_id: String,
    /// The agency that got it.
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
    /// Hash of the operation's document.
    #[sea_orm(column_type = "Text")]
    pub operation: String,
    /// JSON array of referral UUIDs.
    #[sea_orm(column_type = "Text")]
    pub referrals: String,
    /// The fields that were requested and visible, even if the value was null: a stored `FieldSet`.
    pub fields: i64,
    /// Whether messages were disclosed.
    pub messages: bool,
    /// The ground.
    #[sea_orm(column_type = "Text")]
    pub ground: String,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
