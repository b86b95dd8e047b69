//! Reports that a value that was handed over is wrong. The value itself is not stored here.

use kim_domain::correction::CorrectionState;
use kim_domain::field::HandoverField;
use sea_orm::entity::prelude::*;

use super::code::Code;

/// One report.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "correction")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The referral in which the receiver saw the value.
    pub referral_id: Uuid,
    /// The sender's case, of which there may be other referrals.
    pub case_id: Uuid,
    /// The field.
    pub field: Code<HandoverField>,
    /// The agency that reports.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub staff: Option<String>,
    /// For whom a service acted; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub acting_for: Option<String>,
    /// Microseconds since 1970.
    pub reported_at: i64,
    /// What is wrong.
    #[sea_orm(column_type = "Text")]
    pub text: String,
    /// What would be right.
    #[sea_orm(column_type = "Text", nullable)]
    pub suggested: Option<String>,
    /// A keyed hash of the disputed value, to find out whether the case has another value by now.
    #[sea_orm(column_type = "Text")]
    pub value_mark: String,
    /// Its state.
    pub state: Code<CorrectionState>,
    /// Microseconds since 1970.
    pub decided_at: Option<i64>,
    /// The sender's answer.
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_text: Option<String>,
    /// Subject of the token that decided; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_staff: Option<String>,
    /// For whom a service decided; shown to their own agency only.
    #[sea_orm(column_type = "Text", nullable)]
    pub decided_acting_for: Option<String>,
}

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
