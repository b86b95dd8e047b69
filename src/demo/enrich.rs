//! Adds data for which case lists have no column: further values, and messages. Values are written where an edit of the
//! case and an offer would write them: to person or case, and to the handover if the field was offered.

use std::collections::HashMap;

use chrono::Days;
use kim_domain::calendar::{Clock, noon_micros};
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::new_uuid;
use kim_domain::value::is_valid;
use kim_entity::database::Database;
use kim_entity::message::NewMessage;
use kim_entity::unscoped::{DemoCase, Unscoped};
use sea_orm::DbErr;

use crate::failure::Failure;

/// Begins a transaction over the data of all agencies.
///
/// # Errors
/// If the database does not answer.
#[expect(clippy::disallowed_methods, reason = "the example data is of many agencies, and the demo wrote all of it")]
pub(super) async fn begin(database: &Database, clock: &Clock) -> Result<Unscoped, DbErr> {
    database.unscoped().begin(clock.today()).await
}

/// Writes the values of `values_demo.csv`: case number, field, value in its stored format.
pub(super) async fn values(database: &Database, clock: &Clock, file: &[u8]) -> Result<(), Failure> {
    let all = begin(database, clock).await.map_err(Failure::failed)?;
    let cases = Cases::load(&all).await?;
    for [number, name, text] in rows(file)? {
        let field = HandoverField::ALL.iter().copied().find(|field| field.name() == name);
        let field = field.filter(|field| is_valid(field.value_type(), &text)).ok_or_else(|| wrong(&number, &name))?;
        let case = cases.get(&number)?;
        all.set_demo_value(case, field, &text).await.map_err(Failure::failed)?;
        let referral = &case.referral;
        let was_offered = referral.offered_at != 0 && FieldSet::from_i64(referral.offered_fields).contains(field);
        if was_offered && let Some(mut copy) = all.handover(referral.id).await.map_err(Failure::failed)? {
            copy.values.set(field, Some(&text));
            all.update_handover(&copy).await.map_err(Failure::failed)?;
        }
    }
    all.into_tx().commit().await.map_err(Failure::failed)
}

/// Dates the imported referrals back to their offer, because the statistics of a past month count what existed at its end.
/// Overdue and suspended referrals stay dated today, because the timer would otherwise end them at once.
pub(super) async fn date_back(database: &Database, clock: &Clock) -> Result<(), Failure> {
    let all = begin(database, clock).await.map_err(Failure::failed)?;
    all.date_demo_back(clock.today()).await.map_err(Failure::failed)?;
    all.into_tx().commit().await.map_err(Failure::failed)
}

/// Writes the messages of `messages_demo.csv`: case number, side, days ago, text.
pub(super) async fn messages(database: &Database, clock: &Clock, file: &[u8]) -> Result<(), Failure> {
    let all = begin(database, clock).await.map_err(Failure::failed)?;
    let cases = Cases::load(&all).await?;
    for [number, side, days_ago, text] in rows(file)? {
        let referral = &cases.get(&number)?.referral;
        let agency_id = match side.as_str() {
            "Träger" => referral.sender_id,
            "Empfänger" => referral.receiver_id,
            other => return Err(wrong(&number, other)),
        };
        let days = days_ago.parse().map_err(|_| wrong(&number, &days_ago))?;
        let day = clock.today().checked_sub_days(Days::new(days)).ok_or_else(|| wrong(&number, &days_ago))?;
        let sent_at = noon_micros(day);
        let message = NewMessage {
            id: new_uuid(),
            referral_id: referral.id,
            sent_at,
            agency_id,
            staff: None,
            acting_for: None,
            body: text,
        };
        all.insert_demo_messages(&[message]).await.map_err(Failure::failed)?;
    }
    all.into_tx().commit().await.map_err(Failure::failed)
}

/// The cases by number, each with its only referral.
pub(super) struct Cases(HashMap<String, DemoCase>);

impl Cases {
    pub(super) async fn load(all: &Unscoped) -> Result<Self, Failure> {
        all.demo_cases().await.map(Self).map_err(Failure::failed)
    }

    pub(super) fn get(&self, number: &str) -> Result<&DemoCase, Failure> {
        self.0.get(number).ok_or_else(|| wrong(number, "no such case with a referral"))
    }
}

/// The rows of a list with a header and exactly `N` columns.
pub(super) fn rows<const N: usize>(file: &[u8]) -> Result<Vec<[String; N]>, Failure> {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(file);
    reader
        .deserialize()
        .collect::<Result<Vec<Vec<String>>, _>>()
        .map_err(Failure::failed)?
        .into_iter()
        .map(row)
        .collect()
}

fn row<const N: usize>(cells: Vec<String>) -> Result<[String; N], Failure> {
    cells.try_into().map_err(|cells: Vec<String>| wrong(&cells.join(";"), "wrong number of columns"))
}

pub(super) fn wrong(place: &str, what: &str) -> Failure {
    Failure::failed(format!("wrong example data at {place}: {what}"))
}
