//! Writes handovers, messages and meetings of the viewer's referrals.

use std::collections::HashMap;

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use sea_orm::{DbErr, EntityTrait as _, IntoActiveModel as _};
use uuid::Uuid;

use super::Writes;
use crate::codec::handover::{self, HandoverRow};
use crate::codec::message::NewMessage;
use crate::codec::name_part::insert_with_parts;
use crate::keys::{ReferralKey, ids};
use crate::read::ReferralRow;
use crate::sql::batch::insert_stored;
use crate::tables::{appointment, talk};
use crate::viewer::Author;

impl Writes {
    /// The handover of a referral, in full, whatever the rule shows to the viewer.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn handover(&self, of: &ReferralRow) -> Result<Option<HandoverRow>, DbErr> {
        Ok(handover::find(self.tx().connection(), &[of.key().id()], handover::fields()).await?.pop())
    }

    /// The concerns of referrals, as far as they have one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn concerns(&self, of: &[ReferralKey]) -> Result<HashMap<ReferralKey, String>, DbErr> {
        let concern = FieldSet::of(&[HandoverField::Concern]);
        let found = handover::find(self.tx().connection(), &ids(of), concern).await?;
        let of_row = |row: HandoverRow| {
            let text = row.values.get(HandoverField::Concern)?.to_owned();
            Some((ReferralKey::of(row.referral_id), text))
        };
        Ok(found.into_iter().filter_map(of_row).collect())
    }

    /// Replaces the handovers of referrals by these copies.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn replace_handovers(&self, copies: Vec<(ReferralKey, HandoverRow)>) -> Result<(), DbErr> {
        let of_key = |(key, copy): (ReferralKey, HandoverRow)| HandoverRow { referral_id: key.id(), ..copy };
        let copies: Vec<HandoverRow> = copies.into_iter().map(of_key).collect();
        let referrals: Vec<Uuid> = copies.iter().map(|copy| copy.referral_id).collect();
        handover::delete(self.tx().connection(), &referrals).await?;
        insert_with_parts(self.tx().connection(), &copies).await
    }

    /// Writes a changed copy.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn update_handover(&self, of: &ReferralRow, copy: HandoverRow) -> Result<(), DbErr> {
        let copy = HandoverRow { referral_id: of.key().id(), ..copy };
        handover::update(self.tx().connection(), &copy).await
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
    pub async fn post_message(&self, of: &ReferralRow, body: String, now: i64) -> Result<(), DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let (id, staff) = (new_uuid(), Some(staff));
        let message = NewMessage { id, referral_id: of.key().id(), sent_at: now, agency_id, staff, acting_for, body };
        insert_stored(self.tx().connection(), &[message]).await
    }

    /// Writes an appointment.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_appointment(&self, of: &ReferralRow, new: NewAppointment, now: i64) -> Result<(), DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let row = appointment::Model {
            id: new_uuid(),
            referral_id: of.key().id(),
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
    pub async fn insert_talk(&self, of: &ReferralRow, new: NewTalk, now: i64) -> Result<(), DbErr> {
        let Author { agency_id, staff, acting_for } = self.author();
        let row = talk::Model {
            id: new_uuid(),
            referral_id: of.key().id(),
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
