//! Idempotency keys of mutations: a repeated request gets the stored answer.

use sea_orm::entity::prelude::*;

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// The agency of the request.
    #[sea_orm(primary_key, auto_increment = false)]
    pub agency_id: Uuid,
    /// Subject of the token.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub subject: String,
    /// The key.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub key: String,
    /// The mutation.
    #[sea_orm(column_type = "Text")]
    pub mutation: String,
    /// SHA-256 of its input, hexadecimal.
    #[sea_orm(column_type = "Text")]
    pub request_hash: String,
    /// Ids and codes of the answer as JSON; empty while the mutation runs.
    #[sea_orm(column_type = "Text")]
    pub result: String,
    /// Microseconds since 1970.
    pub at: i64,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
