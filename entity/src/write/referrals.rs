//! Writes referrals: new drafts, changes of state, and other changes.

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::life::Standing;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{ReferralKind, ReferralStatus};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _,
    IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use super::Writes;
use crate::codec::handover;
use crate::codec::name_part::insert_with_parts;
use crate::database::tx::Tx;
use crate::keys::{ReferralKey, ids};
use crate::read::{CaseRow, Contact, ReferralRow};
use crate::sql::batch::KEYS;
use crate::tables::code::Code;
use crate::tables::{referral, referral_event};

/// A referral before it is offered.
#[derive(Clone, Debug)]
pub struct NewDraft {
    /// UUIDv7.
    pub id: Uuid,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// How the case is handed over.
    pub kind: ReferralKind,
    /// For the phone.
    pub reference: String,
    /// The sender's file number for it.
    pub sender_reference: Option<String>,
    /// The version of the agreement under which it may be offered.
    pub agreement_id: Option<Uuid>,
    /// The consent on which it is based.
    pub consent_id: Option<Uuid>,
    /// The fields that the sender offers.
    pub offered: FieldSet,
    /// Whether it contains an application (§ 16 SGB I).
    pub carries_application: bool,
    /// Day of first receipt, if it continues another.
    pub first_received_on: Option<NaiveDate>,
    /// A professional at the sender.
    pub sender_contact: Contact,
    /// How often it was forwarded.
    pub hops: i16,
    /// The concern.
    pub concern: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// What a draft hands over, which also decides its sender.
#[derive(Clone, Copy, Debug)]
pub enum DraftOf<'r> {
    /// A case of the viewer's agency.
    Case(&'r CaseRow),
    /// The case of a referral that the draft continues, for the same sender.
    Continued(&'r ReferralRow),
}

/// Columns that change, except those that follow from the state. A column with `None` does not change.
#[derive(Clone, Debug, Default)]
pub struct ReferralChange {
    /// The day on which an answer is due; [`NO_DUE_DATE`](referral::NO_DUE_DATE) = none.
    pub due_on: Option<NaiveDate>,
    /// Working days that the receiver has left while its deadline is suspended.
    pub paused_days: Option<Option<i16>>,
    /// Microseconds since 1970.
    pub accepted_at: Option<i64>,
    /// The consent on which it is based.
    pub consent_id: Option<Option<Uuid>>,
    /// The fields that the sender offers.
    pub offered: Option<FieldSet>,
    /// The receiver's file number for it.
    pub receiver_reference: Option<String>,
    /// A professional at the receiver: the parts that are given.
    pub receiver_contact: Contact,
    /// Whether the sender confirmed that it knows § 87 AufenthG.
    pub reporting_duty_acknowledged: Option<bool>,
    /// Columns that an offer sets.
    pub offer: Option<OfferColumns>,
}

/// Columns that an offer sets.
#[derive(Clone, Copy, Debug)]
pub struct OfferColumns {
    /// The version of the agreement.
    pub agreement_id: Uuid,
    /// Microseconds since 1970.
    pub offered_at: i64,
    /// Day of first receipt (§ 16 SGB I).
    pub first_received_on: NaiveDate,
    /// A due date set by law that never changes (§ 14 SGB IX).
    pub statutory_due_on: Option<NaiveDate>,
}

/// The result of a move.
#[derive(Clone, Copy, Debug)]
pub struct StateChange {
    /// The new state.
    pub to: Standing,
    /// Code of the outcome, or of the reason for which it is closed.
    pub reason: Option<&'static str>,
    /// The day in Berlin.
    pub today: NaiveDate,
}

impl Writes {
    /// The row of a referral as it is stored, with columns that no viewer's read has.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referral_as_stored(&self, of: &ReferralRow) -> Result<Option<referral::Model>, DbErr> {
        referral::Entity::find_by_id(of.key().id()).one(self.tx().connection()).await
    }

    /// Whether another referral of the same case continues this one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_continued(&self, of: &ReferralRow) -> Result<bool, DbErr> {
        use referral::Column;
        let of_case = Column::CaseId.eq(of.rest.case_id()).and(Column::PreviousId.eq(of.key().id()));
        let found = referral::Entity::find().filter(of_case).one(self.tx().connection()).await?;
        Ok(found.is_some())
    }

    /// Writes a draft with its concern and its first event.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_draft(
        &self,
        of: DraftOf<'_>,
        draft: NewDraft,
        first: referral_event::Model,
    ) -> Result<(), DbErr> {
        let connection = self.tx().connection();
        let (case_id, sender_id, previous_id) = match of {
            DraftOf::Case(case) => (case.key().id(), self.author().agency_id, None),
            DraftOf::Continued(row) => (row.rest.case_id(), row.sender_id, Some(row.key().id())),
        };
        let mut about = handover::HandoverRow::blank(draft.id);
        about.values.set(HandoverField::Concern, draft.concern.as_deref());
        let row = referral::ActiveModel {
            id: Set(draft.id),
            case_id: Set(case_id),
            sender_id: Set(sender_id),
            receiver_id: Set(draft.receiver_id),
            purpose: Set(Code(draft.purpose)),
            kind: Set(Code(draft.kind)),
            status: Set(Code(ReferralStatus::Draft)),
            version: Set(1),
            reference: Set(draft.reference),
            sender_reference: Set(draft.sender_reference),
            agreement_id: Set(draft.agreement_id),
            consent_id: Set(draft.consent_id),
            offered_fields: Set(draft.offered.to_i64()),
            ever_accepted: Set(false),
            pending: Set(false),
            first_received_on: Set(draft.first_received_on),
            offered_at: Set(0),
            due_on: Set(referral::NO_DUE_DATE),
            carries_application: Set(draft.carries_application),
            sender_contact_name: Set(draft.sender_contact.name),
            sender_contact_phone: Set(draft.sender_contact.phone),
            sender_contact_email: Set(draft.sender_contact.email),
            previous_id: Set(previous_id),
            hops: Set(draft.hops),
            created_at: Set(draft.created_at),
            updated_at: Set(draft.created_at),
            ..Default::default()
        };
        referral::Entity::insert(row).exec_without_returning(connection).await?;
        insert_with_parts(connection, &[about]).await?;
        let first = referral_event::Model { referral_id: draft.id, ..first };
        let first = referral_event::Entity::insert(first.into_active_model());
        first.exec_without_returning(connection).await.map(drop)
    }

    /// Deletes a draft of the viewer, with its concern and its history.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if it is no draft, or not the viewer's; the database does not answer.
    pub async fn delete_draft(&self, draft: &ReferralRow) -> Result<(), DbErr> {
        use referral::Column;
        let (connection, id) = (self.tx().connection(), draft.key().id());
        handover::delete(connection, &[id]).await?;
        let events = referral_event::Column::ReferralId.eq(id);
        referral_event::Entity::delete_many().filter(events).exec(connection).await?;
        let own = Column::SenderId.eq(self.author().agency_id).and(Column::Status.eq(ReferralStatus::Draft.code()));
        let deleted = referral::Entity::delete_many().filter(Column::Id.eq(id).and(own)).exec(connection).await?;
        match deleted.rows_affected {
            1 => Ok(()),
            _ => Err(DbErr::RecordNotFound("a draft of the viewer".into())),
        }
    }
}

impl Tx {
    /// Changes a referral and increments its version. `false` if it has another version by now; then nothing is changed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn change_referral(&self, row: &ReferralRow, change: ReferralChange, now: i64) -> Result<bool, DbErr> {
        referral::update(self.connection(), (row.key().id(), row.rest.version), columns_of(change), now).await
    }

    /// As [`change_referral`](Self::change_referral), for a change of which the receiver must not learn: version and
    /// instant of the last change stay as they are.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn change_referral_unnoticed(&self, row: &ReferralRow, change: ReferralChange) -> Result<bool, DbErr> {
        referral::write(self.connection(), (row.key().id(), row.rest.version), columns_of(change)).await
    }

    /// As [`change_referral`](Self::change_referral), with the columns that follow from the state.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn move_referral(
        &self,
        row: &ReferralRow,
        moved: StateChange,
        change: ReferralChange,
        now: i64,
    ) -> Result<bool, DbErr> {
        let StateChange { to, reason, today } = moved;
        let mut columns = referral::ActiveModel {
            status: Set(Code(to.status)),
            ever_accepted: Set(to.ever_accepted),
            pending: Set(to.status.is_pending(to.ever_accepted)),
            asked_from: Set(to.asked_from.map(Code)),
            suspended_from: Set(to.suspended_from.map(Code)),
            ..columns_of(change)
        };
        if to.status.ball().is_none() {
            if let Some(reason) = reason {
                columns.reason = Set(Some(reason.to_owned()));
            }
            (columns.closed_at, columns.closed_on) = (Set(Some(now)), Set(Some(today)));
        }
        referral::update(self.connection(), (row.key().id(), row.rest.version), columns, now).await
    }

    /// Increments the versions of referrals, whatever they are.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn increment_versions(&self, referrals: &[ReferralKey], now: i64) -> Result<(), DbErr> {
        for some in referrals.chunks(KEYS) {
            referral::Entity::update_many()
                .col_expr(referral::Column::Version, Expr::col(referral::Column::Version).add(1))
                .col_expr(referral::Column::UpdatedAt, Expr::value(now))
                .filter(referral::Column::Id.is_in(ids(some)))
                .exec(self.connection())
                .await?;
        }
        Ok(())
    }
}

fn columns_of(change: ReferralChange) -> referral::ActiveModel {
    let Contact { name, phone, email } = change.receiver_contact;
    let offer = change.offer;
    referral::ActiveModel {
        due_on: set(change.due_on),
        paused_days: set(change.paused_days),
        accepted_at: set_some(change.accepted_at),
        consent_id: set(change.consent_id),
        offered_fields: set(change.offered.map(FieldSet::to_i64)),
        receiver_reference: set_some(change.receiver_reference),
        receiver_contact_name: set_some(name),
        receiver_contact_phone: set_some(phone),
        receiver_contact_email: set_some(email),
        reporting_duty_acknowledged: set(change.reporting_duty_acknowledged),
        agreement_id: set_some(offer.map(|offer| offer.agreement_id)),
        offered_at: set(offer.map(|offer| offer.offered_at)),
        first_received_on: set_some(offer.map(|offer| offer.first_received_on)),
        statutory_due_on: set(offer.map(|offer| offer.statutory_due_on)),
        ..Default::default()
    }
}

fn set<V: Into<sea_orm::Value>>(value: Option<V>) -> ActiveValue<V> {
    value.map_or(NotSet, Set)
}

/// For a nullable column that is never set to null.
fn set_some<V>(value: Option<V>) -> ActiveValue<Option<V>>
where
    Option<V>: Into<sea_orm::Value>,
{
    set(value.map(Some))
}
