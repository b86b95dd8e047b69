//! Appointments and talks of a viewer's referrals: one statement for all of them.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::DbErr;
use uuid::Uuid;

use super::Reads;
use crate::keys::{ReferralKey, ids};
use crate::sql::Columns;

/// An appointment.
#[derive(Clone, Debug)]
pub struct AppointmentRow {
    /// Id.
    pub id: Uuid,
    /// The agency that recorded it.
    pub agency_id: Uuid,
    /// The person who recorded it; only staff of the viewer's agency.
    pub staff: Option<String>,
    /// For whom a service recorded it; only of the viewer's agency.
    pub acting_for: Option<String>,
    /// Its time; microseconds.
    pub at: i64,
    /// Its place.
    pub place: String,
    /// What the client brings along.
    pub bring: Option<String>,
}

/// A talk.
#[derive(Clone, Debug)]
pub struct TalkRow {
    /// Id.
    pub id: Uuid,
    /// The agency that recorded it.
    pub agency_id: Uuid,
    /// The person who recorded it; only staff of the viewer's agency.
    pub staff: Option<String>,
    /// For whom a service recorded it; only of the viewer's agency.
    pub acting_for: Option<String>,
    /// The day of the talk.
    pub held_on: NaiveDate,
    /// The participants.
    pub participants: Vec<String>,
    /// Whether the client took part.
    pub client_took_part: bool,
}

impl Reads {
    /// The appointments of each of these referrals, the earliest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn appointments(&self, referrals: &[ReferralKey]) -> Result<HashMap<Uuid, Vec<AppointmentRow>>, DbErr> {
        self.meetings(referrals, "appointment", "at", "q.at, q.place, q.bring", |columns| {
            Ok(AppointmentRow {
                id: columns.next()?,
                agency_id: columns.next()?,
                staff: columns.next()?,
                acting_for: columns.next()?,
                at: columns.next()?,
                place: columns.next()?,
                bring: columns.next()?,
            })
        })
        .await
    }

    /// The talks of each of these referrals, the earliest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn talks(&self, referrals: &[ReferralKey]) -> Result<HashMap<Uuid, Vec<TalkRow>>, DbErr> {
        self.meetings(referrals, "talk", "held_on", "q.held_on, q.participants, q.client_took_part", |columns| {
            Ok(TalkRow {
                id: columns.next()?,
                agency_id: columns.next()?,
                staff: columns.next()?,
                acting_for: columns.next()?,
                held_on: columns.next()?,
                participants: columns.json("talk.participants")?.unwrap_or_default(),
                client_took_part: columns.next()?,
            })
        })
        .await
    }

    async fn meetings<T>(
        &self,
        referrals: &[ReferralKey],
        table: &'static str,
        order: &str,
        columns_of: &str,
        read: impl Fn(&mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<HashMap<Uuid, Vec<T>>, DbErr> {
        let mut found: HashMap<Uuid, Vec<T>> = HashMap::new();
        if referrals.is_empty() {
            return Ok(found);
        }
        let mut sql = self.sql();
        sql.push("SELECT q.referral_id, q.id, q.agency_id, ");
        sql.only_where("q.agency_id =", self.viewer.agency().id, ["q.staff", "q.acting_for"]);
        sql.push(", ").push(columns_of);
        sql.push(" FROM ").push(table).push(" q WHERE ").is_one_of("q.referral_id", &ids(referrals));
        sql.push(" ORDER BY q.referral_id, q.").push(order).push(", q.id");
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::noting(row, self.unreadable.as_deref());
            Ok((columns.next()?, read(&mut columns)?))
        };
        for (referral, meeting) in self.readable(table, rows.iter().map(read))?.into_iter().flatten() {
            found.entry(referral).or_default().push(meeting);
        }
        Ok(found)
    }
}
