//! Sessions of people who signed in with a browser.

use kim_domain::agency::Role;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One session: a person, in one role at one agency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "browser_session")]
pub struct Model {
    /// SHA-256 of the browser's cookie, in hexadecimal. Who reads the table cannot use the session.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    pub id: String,
    /// The issuer of the person's tokens.
    #[sea_orm(column_type = "Text")]
    pub issuer: String,
    /// The person at this issuer.
    #[sea_orm(column_type = "Text")]
    pub subject: String,
    /// The agency's slug.
    #[sea_orm(column_type = "Text")]
    pub agency: String,
    /// The role at the agency.
    pub role: Code<Role>,
    /// The tokens, encrypted.
    pub tokens: Vec<u8>,
    /// Microseconds since 1970.
    pub began_at: i64,
    /// When the person last did something; microseconds since 1970.
    pub acted_at: i64,
    /// When the session ends at the latest; microseconds since 1970.
    pub ends_at: i64,
}

/// No relations: a session belongs to a person outside this database.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
