//! Writes handovers of referrals that were read before, and messages and meetings of the viewer's referrals.

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use sea_orm::{DbErr, EntityTrait as _, IntoActiveModel as _};
use uuid::Uuid;

use super::Writes;
use crate::codec::handover::{self, HandoverRow};
use crate::codec::message::NewMessage;
use crate::database::tx::Tx;
use crate::sql::batch::insert_stored;
use crate::tables::{appointment, talk};
use crate::viewer::Author;

impl Tx {
    /// The handover of a referral, in full.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn handover(&self, referral: Uuid) -> Result<Option<HandoverRow>, DbErr> {
        Ok(self.handovers(&[referral], handover::fields()).await?.pop())
    }

    /// These fields of the handovers of referrals, in no particular order.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn handovers(&self, referrals: &[Uuid], fields: FieldSet) -> Result<Vec<HandoverRow>, DbErr> {
        handover::find(self.connection(), referrals, fields).await
    }

    /// The concern of a referral.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn concern(&self, referral: Uuid) -> Result<Option<String>, DbErr> {
        let found = self.handovers(&[referral], FieldSet::of(&[HandoverField::Concern])).await?.pop();
        Ok(found.and_then(|row| row.values.get(HandoverField::Concern).map(str::to_owned)))
    }

    /// Writes handovers of new referrals.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_handovers(&self, copies: &[HandoverRow]) -> Result<(), DbErr> {
        insert_stored(self.connection(), copies).await
    }

    /// Replaces the handovers of referrals by these copies.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replace_handovers(&self, copies: &[HandoverRow]) -> Result<(), DbErr> {
        let ids: Vec<Uuid> = copies.iter().map(|copy| copy.referral_id).collect();
        handover::delete(self.connection(), &ids).await?;
        insert_stored(self.connection(), copies).await
    }

    /// Writes messages of either side.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_messages(&self, messages: &[NewMessage]) -> Result<(), DbErr> {
        insert_stored(self.connection(), messages).await
    }

    /// Writes a changed copy.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn update_handover(&self, copy: &HandoverRow) -> Result<(), DbErr> {
        handover::update(self.connection(), copy).await
    }
}

/// An appointment of the viewer.
#[derive(Clone, Debug)]
pub struct NewAppointment {
    /// Its time; microseconds since 1970.
    pub at: i64,
    /// Its place.
    pub place: String,
    /// What the client brings along.
    pub bring: Option<String>,
}

/// A talk in which the viewer took part.
#[derive(Clone, Debug)]
pub struct NewTalk {
    /// The day of the talk.
    pub held_on: NaiveDate,
    /// The participants: a JSON list of texts.
    pub participants: String,
    /// Whether the client took part.
    pub client_took_part: bool,
}

impl Writes {
    /// Writes a message of the viewer.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn post_message(&self, referral: Uuid, body: String, now: i64) -> Result<(), DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let (id, staff) = (new_uuid(), Some(staff));
        let message = NewMessage { id, referral_id: referral, sent_at: now, agency_id, staff, acting_for, body };
        insert_stored(self.tx().connection(), &[message]).await
    }

    /// Writes an appointment.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_appointment(&self, referral: Uuid, new: NewAppointment, now: i64) -> Result<(), DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let row = appointment::Model {
            id: new_uuid(),
            referral_id: referral,
            agency_id,
            staff: Some(staff),
            acting_for,
            at: new.at,
            place: new.place,
            bring: new.bring,
            created_at: now,
        };
        let insert = appointment::Entity::insert(row.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// Writes a talk.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_talk(&self, referral: Uuid, new: NewTalk, now: i64) -> Result<(), DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let row = talk::Model {
            id: new_uuid(),
            referral_id: referral,
            agency_id,
            staff: Some(staff),
            acting_for,
            held_on: new.held_on,
            participants: new.participants,
            client_took_part: new.client_took_part,
            created_at: now,
        };
        let insert = talk::Entity::insert(row.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }
}
