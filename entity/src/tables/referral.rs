//! Referrals: one handing-over of a case to one receiver for one purpose, without the data handed over.

use kim_domain::life::Standing;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{ReferralKind, ReferralStatus};
use sea_orm::entity::prelude::*;

use super::code::Code;

/// The `due_on` of a referral without a due date: it sorts last and the column is never null.
pub const NO_DUE_DATE: Date = match Date::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => Date::MAX,
};

/// One referral.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "referral")]
pub struct Model {
    /// UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The sender's case.
    pub case_id: Uuid,
    /// The agency that hands over.
    pub sender_id: Uuid,
    /// The agency that is asked.
    pub receiver_id: Uuid,
    /// What is asked.
    pub purpose: Code<ReferralPurpose>,
    /// How it is handed over.
    pub kind: Code<ReferralKind>,
    /// Where it stands.
    pub status: Code<ReferralStatus>,
    /// Counts changes, from 1.
    pub version: i32,
    /// For the phone; unique, and different for each referral.
    #[sea_orm(column_type = "Text")]
    pub reference: String,
    /// The sender's file number for it.
    #[sea_orm(column_type = "Text", nullable)]
    pub sender_reference: Option<String>,
    /// The receiver's file number for it.
    #[sea_orm(column_type = "Text", nullable)]
    pub receiver_reference: Option<String>,
    /// The version of the agreement it was offered under; none for a draft that waits for one.
    pub agreement_id: Option<Uuid>,
    /// The consent it rests on.
    pub consent_id: Option<Uuid>,
    /// What the sender offers: a stored `FieldSet`.
    pub offered_fields: i64,
    /// Whether it was ever accepted.
    pub ever_accepted: bool,
    /// Whether the receiver has still to decide; held equal to the status by the table. Filter by
    /// [`is_pending`], or the partial indexes are not used.
    pub pending: bool,
    /// Day of first receipt by whichever agency (§ 16 SGB I).
    pub first_received_on: Option<Date>,
    /// Microseconds since 1970; 0 = not offered yet, so that lists can be ordered by it.
    pub offered_at: i64,
    /// Microseconds since 1970.
    pub accepted_at: Option<i64>,
    /// Microseconds since 1970.
    pub closed_at: Option<i64>,
    /// Day in Berlin of `closed_at`.
    pub closed_on: Option<Date>,
    /// When the one who has the ball must have answered; [`NO_DUE_DATE`] = none.
    pub due_on: Date,
    /// Code of the reason for which it was closed.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// Where a suspended one stood before.
    pub suspended_from: Option<Code<ReferralStatus>>,
    /// Where it stood when the open question was asked.
    pub asked_from: Option<Code<ReferralStatus>>,
    /// Working days that the receiver had left when its clock stopped; below 0: it was late.
    pub paused_days: Option<i16>,
    /// Whether it brings an application (§ 16 SGB I).
    pub carries_application: bool,
    /// A day set by law that nothing moves (§ 14 SGB IX).
    pub statutory_due_on: Option<Date>,
    /// Whether the sender confirmed that it knows § 87 AufenthG.
    pub reporting_duty_acknowledged: bool,
    /// A professional at the sender.
    #[sea_orm(column_type = "Text", nullable)]
    pub sender_contact_name: Option<String>,
    /// Their phone.
    #[sea_orm(column_type = "Text", nullable)]
    pub sender_contact_phone: Option<String>,
    /// Their e-mail.
    #[sea_orm(column_type = "Text", nullable)]
    pub sender_contact_email: Option<String>,
    /// A professional at the receiver.
    #[sea_orm(column_type = "Text", nullable)]
    pub receiver_contact_name: Option<String>,
    /// Their phone.
    #[sea_orm(column_type = "Text", nullable)]
    pub receiver_contact_phone: Option<String>,
    /// Their e-mail.
    #[sea_orm(column_type = "Text", nullable)]
    pub receiver_contact_email: Option<String>,
    /// The referral that this one continues.
    pub previous_id: Option<Uuid>,
    /// How often it was forwarded.
    pub hops: i16,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970.
    pub updated_at: i64,
}

impl Model {
    /// Where it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let of = |code: Option<Code<ReferralStatus>>| code.map(|code| code.0);
        Standing {
            status: self.status.0,
            ever_accepted: self.ever_accepted,
            asked_from: of(self.asked_from),
            suspended_from: of(self.suspended_from),
        }
    }
}

/// No relations: reads join by hand, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The condition that a referral is pending, as the partial indexes know it: the bare column, never `pending = ?`.
#[must_use]
pub fn is_pending() -> sea_orm::sea_query::Expr {
    sea_orm::sea_query::Expr::col((Entity, Column::Pending))
}
