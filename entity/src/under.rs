//! The referrals that an agreement carries, whoever sent them: what a change of it closes is told to both sides of each.
//!
//! Like the clock's, these rows are narrowed to nobody; that the API does not name them, graphql/clippy.toml sees to.

use chrono::{Days, NaiveDate};
use kim_domain::purpose::ReferralPurpose;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr};
use uuid::Uuid;

use crate::read::ReferralRow;
use crate::read::referral_columns::select;
use crate::read::referral_row::{Extent, Reading};
use crate::sql::Sql;

/// Those of a receiver and purpose that were not closed, drafts among them, and those that it may still look at; locked in
/// the order of their ids.
///
/// # Errors
/// The database does not answer.
pub async fn running(
    tx: &DatabaseTransaction,
    today: NaiveDate,
    receiver: Uuid,
    purpose: ReferralPurpose,
) -> Result<Vec<ReferralRow>, DbErr> {
    let backend = tx.get_database_backend();
    let mut longest = Sql::new(backend);
    longest.push("SELECT MAX(access_days) FROM agreement WHERE receiver_id = ").bind(receiver);
    longest.push(" AND purpose IN ").words([purpose]);
    let longest: Option<i16> = longest.one(tx).await?.map_or(Ok(None), |row| row.try_get_by_index(0))?;
    let days = Days::new(longest.and_then(|days| days.try_into().ok()).unwrap_or(0));
    let ended_since = today.checked_sub_days(days).unwrap_or(NaiveDate::MIN);
    let narrow = |sql: &mut Sql| {
        sql.push("r.receiver_id = ").bind(receiver).push(" AND r.purpose IN ").words([purpose]);
        sql.push(" AND (r.closed_on IS NULL OR r.closed_on >= ").bind(ended_since);
        sql.push(" AND r.status IN ('COMPLETED', 'FAILED')) ORDER BY r.id");
    };
    // On SQLite nobody else writes while this transaction lasts.
    if backend == DbBackend::Postgres {
        let mut lock = Sql::new(backend);
        lock.push("SELECT r.id FROM referral r WHERE ");
        narrow(&mut lock);
        lock.push(" FOR UPDATE");
        lock.all(tx).await?;
    }
    let mut sql = select(Sql::new(backend), Extent::Whole, today);
    narrow(&mut sql);
    sql.all(tx).await?.iter().map(|row| Reading::Clock.row(row, Extent::Whole, today)).collect()
}
