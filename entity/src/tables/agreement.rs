//! Agreements (Schnittstellenvereinbarungen): municipality × receiver × purpose, one row per version; versions never change.

use kim_domain::disclosure;
use kim_domain::field::FieldSet;
use kim_domain::purpose::ReferralPurpose;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One version of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "agreement")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The municipality.
    #[sea_orm(column_type = "Text")]
    pub ags: String,
    /// The agency that receives.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: Code<ReferralPurpose>,
    /// From 1; unique with receiver and purpose.
    pub version: i32,
    /// First day.
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
    /// Whether this version narrows referrals that run under an earlier one.
    pub narrows_running: bool,
    /// Day on which it was terminated for cause.
    pub terminated_for_cause_on: Option<Date>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

impl From<&Model> for disclosure::Agreement {
    /// The inputs of the rule.
    fn from(row: &Model) -> Self {
        Self {
            fields: FieldSet::from_i64(row.fields),
            ticked_only: FieldSet::from_i64(row.ticked_only),
            statutory: FieldSet::from_i64(row.statutory_fields),
        }
    }
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
