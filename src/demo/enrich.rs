//! What a case list has no column for: values beyond it, and messages. Each value goes where an edit of the case and its
//! offer would have put it: to person or case, and into the handover if it was offered.

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

/// Begins a transaction over all that the demo wrote.
///
/// # Errors
/// The database does not answer.
#[expect(clippy::disallowed_methods, reason = "the example data is of many agencies, and the demo wrote all of it")]
pub(super) async fn begin(database: &Database, clock: &Clock) -> Result<Unscoped, DbErr> {
    Unscoped::begin(database, clock.today()).await
}

/// Sets the values of `values_demo.csv`: case number, field, value as it is stored.
pub(super) async fn values(database: &Database, clock: &Clock, file: &[u8]) -> Result<(), Failure> {
    let all = begin(database, clock).await.map_err(Failure::failed)?;
    let cases = Cases::load(&all).await?;
    for [number, name, text] in rows(file)? {
        let field = HandoverField::ALL.iter().copied().find(|field| field.name() == name);
        let field = field.filter(|field| is_valid(field.value_type(), &text)).ok_or_else(|| wrong(&number, &name))?;
        let case = cases.get(&number)?;
        all.set_demo_value(case, field, &text).await.map_err(Failure::failed)?;
        let (tx, referral) = (all.tx(), &case.referral);
        let was_offered = referral.offered_at != 0 && FieldSet::from_i64(referral.offered_fields).contains(field);
        if was_offered && let Some(mut copy) = tx.handover(referral.id).await.map_err(Failure::failed)? {
            copy.values.set(field, Some(&text));
            tx.update_handover(&copy).await.map_err(Failure::failed)?;
        }
    }
    all.into_tx().commit().await.map_err(Failure::failed)
}

/// Lets what the lists tell have been here since it was offered, not since the demo was started: a past month's statistics
/// count what was there at its end. What is overdue or suspended came today: the timer would end it before anybody sees it.
pub(super) async fn received(database: &Database, clock: &Clock) -> Result<(), Failure> {
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
        let message =
            NewMessage { id: new_uuid(), referral_id: referral.id, sent_at, agency_id, staff: None, body: text };
        all.tx().insert_messages(&[message]).await.map_err(Failure::failed)?;
    }
    all.into_tx().commit().await.map_err(Failure::failed)
}

/// The cases by number, each with its referral.
pub(super) struct Cases(HashMap<String, DemoCase>);

impl Cases {
    pub(super) async fn load(all: &Unscoped) -> Result<Self, Failure> {
        all.demo_cases().await.map(Self).map_err(Failure::failed)
    }

    pub(super) fn get(&self, number: &str) -> Result<&DemoCase, Failure> {
        self.0.get(number).ok_or_else(|| wrong(number, "no such case with a referral"))
    }
}

/// The rows of a list with a header and exactly so many columns.
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
    cells.try_into().map_err(|cells: Vec<String>| wrong(&cells.join(";"), "another number of columns"))
}

pub(super) fn wrong(place: &str, what: &str) -> Failure {
    Failure::failed(format!("the demo's own data is wrong at {place}: {what}"))
}
