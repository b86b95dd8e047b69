//! Proposals of agreements. The content of a proposal never changes; `version` counts signatures, opinions and its end.

use kim_domain::agreement::{Content, ProposalStatus};
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One proposal.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agreement_proposal")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// From 1; counts signatures, opinions and its end.
    pub version: i32,
    /// Its state.
    pub status: Code<ProposalStatus>,
    /// The municipality.
    #[sea_orm(column_type = "Text")]
    pub ags: String,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: Code<ReferralPurpose>,
    /// First day; an agreement that is concluded later begins on the day of its conclusion.
    pub valid_from: Date,
    /// Last day; open if none.
    pub valid_until: Option<Date>,
    /// Working days within which the receiver answers.
    pub respond_working_days: i16,
    /// Days for which data stays visible after the end.
    pub access_days: i16,
    /// The receiver's contact for this purpose.
    #[sea_orm(column_type = "Text")]
    pub contact: String,
    /// The ground it names, as text.
    #[sea_orm(column_type = "Text")]
    pub legal_ground: String,
    /// Every field it permits: a stored `FieldSet`.
    pub fields: i64,
    /// Those of them that the client must tick: a stored `FieldSet`.
    pub ticked_only: i64,
    /// Those that need no consent: a stored `FieldSet`.
    pub statutory_fields: i64,
    /// Whether it narrows referrals that run under an earlier version.
    pub narrows_running: bool,
    /// Other terms.
    #[sea_orm(column_type = "Text", nullable)]
    pub terms: Option<String>,
    /// The agency that made it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text")]
    pub staff: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// The version of the agreement that it became.
    pub agreement_id: Option<Uuid>,
    /// The agency that rejected it or took it back.
    pub closed_by_id: Option<Uuid>,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub closed_by_staff: Option<String>,
    /// When it was concluded, rejected or taken back; microseconds since 1970.
    pub closed_at: Option<i64>,
    /// The reason why it was rejected or taken back.
    #[sea_orm(column_type = "Text", nullable)]
    pub close_reason: Option<String>,
}

impl From<&Model> for Content {
    fn from(row: &Model) -> Self {
        Self {
            fields: FieldSet::from_i64(row.fields),
            ticked_only: FieldSet::from_i64(row.ticked_only),
            statutory: FieldSet::from_i64(row.statutory_fields),
            respond_working_days: row.respond_working_days,
            access_days: row.access_days,
            narrows_running: row.narrows_running,
        }
    }
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
