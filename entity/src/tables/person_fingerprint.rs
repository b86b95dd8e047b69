//! Keyed fingerprints of clients who agree to support checks. There are none of other clients.

use sea_orm::entity::prelude::*;

/// One fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "person_fingerprint")]
pub struct Model {
    /// The client.
    #[sea_orm(primary_key, auto_increment = false)]
    pub person_id: Uuid,
    /// The fingerprinted data: the code of a [`MatchKind`](kim_domain::matching::MatchKind).
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub kind: String,
    /// Hexadecimal.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub fingerprint: String,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
