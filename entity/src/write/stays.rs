//! Writes the stays of referrals in the states that they leave, for the statistics.

use kim_domain::referral::ReferralStatus;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::sql::Sql;
use crate::sql::batch::KEYS;
use crate::tables::referral_event;

/// The instant of the move before a move; null if that was imported, because then only its day is known.
const BEGAN: &str = "(SELECT CASE WHEN p.imported THEN NULL ELSE p.at END FROM referral_event p \
     WHERE p.referral_id = e.referral_id AND (p.from_status IS NULL OR p.from_status <> p.to_status) \
     AND (p.at, p.id) < (e.at, e.id) ORDER BY p.at DESC, p.id DESC LIMIT 1)";

/// Whether an event ends a stay. The time as a draft is none, because no agency has to act before the offer.
pub(super) fn ends_stay(event: &referral_event::Model) -> bool {
    event.from_status.is_some_and(|from| from != event.to_status && from.0 != ReferralStatus::Draft) && !event.imported
}

/// Writes the stays that these events have ended. The events are stored already, with their final instants.
///
/// # Errors
/// The database does not answer.
pub(crate) async fn record(connection: &impl ConnectionTrait, ended_by: &[Uuid]) -> Result<(), DbErr> {
    for some in ended_by.chunks(KEYS) {
        insert(connection, |sql| _ = sql.is_one_of("e.id", some)).await?;
    }
    Ok(())
}

/// Writes the stays that stored events have ended, for rows that tests and the benchmark write themselves.
///
/// # Errors
/// The database does not answer.
#[cfg(feature = "raw")]
pub(crate) async fn record_all(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let ending = "NOT e.imported AND e.from_status <> e.to_status AND e.from_status <> 'DRAFT' \
                  AND e.id NOT IN (SELECT id FROM referral_stay)";
    insert(connection, |sql| _ = sql.push(ending)).await
}

async fn insert(connection: &impl ConnectionTrait, ended_by: impl FnOnce(&mut Sql)) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("INSERT INTO referral_stay ");
    sql.push("(id, referral_id, sender_id, receiver_id, purpose, offered_at, status, ended_at, micros) ");
    sql.push("SELECT s.id, s.referral_id, r.sender_id, r.receiver_id, r.purpose, r.offered_at, ");
    sql.push("s.from_status, s.at, s.at - s.began FROM (SELECT e.id, e.referral_id, e.from_status, e.at, ");
    sql.push(BEGAN).push(" AS began FROM referral_event e WHERE ");
    ended_by(&mut sql);
    sql.push(") s JOIN referral r ON r.id = s.referral_id WHERE s.at > s.began");
    sql.run(connection).await.map(drop)
}
