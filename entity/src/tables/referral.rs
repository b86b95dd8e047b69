//! Referrals: each hands over a case to one receiver for one purpose. The data is in the handover.

use kim_domain::life::Standing;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{ReferralKind, ReferralStatus};
use sea_orm::ActiveValue::Set;
use sea_orm::ExprTrait as _;
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
    /// The sender.
    pub sender_id: Uuid,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: Code<ReferralPurpose>,
    /// How the case is handed over.
    pub kind: Code<ReferralKind>,
    /// Its state.
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
    /// The version of the agreement under which it was offered; none for a draft without one.
    pub agreement_id: Option<Uuid>,
    /// The consent on which it is based.
    pub consent_id: Option<Uuid>,
    /// The fields that the sender offers: a stored `FieldSet`.
    pub offered_fields: i64,
    /// Whether it was ever accepted.
    pub ever_accepted: bool,
    /// Whether the receiver has still to decide; a constraint keeps it consistent with the state. Filter by [`is_pending`], or the
    /// partial indexes are not used.
    pub pending: bool,
    /// Day of first receipt by any agency (§ 16 SGB I).
    pub first_received_on: Option<Date>,
    /// Microseconds since 1970; 0 = not offered yet, so that lists can be ordered by it.
    pub offered_at: i64,
    /// Microseconds since 1970.
    pub accepted_at: Option<i64>,
    /// Microseconds since 1970.
    pub closed_at: Option<i64>,
    /// Day in Berlin of `closed_at`.
    pub closed_on: Option<Date>,
    /// The day until which the side that has to act must act; [`NO_DUE_DATE`] = none.
    pub due_on: Date,
    /// Code of the reason for which it was closed.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// The state before a suspension.
    pub suspended_from: Option<Code<ReferralStatus>>,
    /// The state in which the open question was asked.
    pub asked_from: Option<Code<ReferralStatus>>,
    /// Working days that the receiver had left when its deadline was suspended; negative if it was late.
    pub paused_days: Option<i16>,
    /// Whether it contains an application (§ 16 SGB I).
    pub carries_application: bool,
    /// A due date set by law that never changes (§ 14 SGB IX).
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
    /// Its state.
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

/// No relations: reads write their joins, narrowed to a viewer.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The condition that a referral is pending, as in the partial indexes: the plain column, not `pending = ?`.
#[must_use]
pub fn is_pending() -> sea_orm::sea_query::Expr {
    sea_orm::sea_query::Expr::col((Entity, Column::Pending))
}

/// Writes columns of a referral if it has this version, and increments it. Returns whether it had.
pub(crate) async fn update(
    connection: &impl ConnectionTrait,
    (id, version): (Uuid, i32),
    columns: ActiveModel,
    now: i64,
) -> Result<bool, DbErr> {
    write(connection, (id, version), ActiveModel { version: Set(version + 1), updated_at: Set(now), ..columns }).await
}

/// Writes columns of a referral if it has this version. Returns whether it had.
pub(crate) async fn write(
    connection: &impl ConnectionTrait,
    (id, version): (Uuid, i32),
    columns: ActiveModel,
) -> Result<bool, DbErr> {
    let updated = Entity::update_many()
        .set(columns)
        .filter(Column::Id.eq(id).and(Column::Version.eq(version)))
        .exec(connection)
        .await?;
    Ok(updated.rows_affected == 1)
}
