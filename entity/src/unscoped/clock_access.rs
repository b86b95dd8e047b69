//! Reads and writes of the timer.

use chrono::NaiveDate;
use kim_domain::calendar::{berlin_day, midnight_micros};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus;
use kim_domain::timer::{ReminderKind, TimerSearch};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait as _, QueryResult};
use uuid::Uuid;

use super::{Unscoped, UnscopedDatabase};
use crate::read::ReferralRow;
use crate::read::referral_columns::select;
use crate::read::referral_row::{Extent, Reading};
use crate::sql::Sql;
use crate::tables::reminder;

/// A referral that a search found. Searches are in the order of the due date and the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundReferral {
    /// Its id.
    pub id: Uuid,
    due_on: NaiveDate,
}

/// A referral that is locked until the transaction ends.
#[derive(Clone, Debug)]
pub struct LockedReferral {
    /// The row, as its sender sees it.
    pub row: ReferralRow,
    /// The day in Berlin on which it was inserted into the database.
    pub known_since: NaiveDate,
}

impl Unscoped {
    /// This referral, locked; `None` if another transaction has locked it. The next run tries again.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock(&self, id: Uuid) -> Result<Option<LockedReferral>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT r.created_at FROM referral r WHERE r.id = ").bind(id).skip_locked();
        let Some(found) = sql.one(self.connection()).await? else { return Ok(None) };
        let created_at: i64 = found.try_get_by_index(0)?;
        // Read after it was locked, so that all earlier commits are seen.
        let mut sql = select(self.sql(), Extent::Whole, self.today);
        sql.push("r.id = ").bind(id);
        let Some(row) = sql.one(self.connection()).await? else { return Ok(None) };
        let row = Reading::Unscoped.whole(&row, self.today)?;
        let known_since = chrono::DateTime::from_timestamp_micros(created_at).map_or(NaiveDate::MIN, berlin_day);
        Ok(Some(LockedReferral { row, known_since }))
    }

    /// Records a reminder. `false` if it was recorded before.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn record_reminder(
        &self,
        referral: Uuid,
        kind: ReminderKind,
        due_on: NaiveDate,
        at: i64,
    ) -> Result<bool, DbErr> {
        let row = reminder::ActiveModel {
            referral_id: Set(referral),
            kind: Set(kind.code().to_owned()),
            due_on: Set(due_on),
            at: Set(at),
        };
        let once = OnConflict::new().do_nothing().to_owned();
        let written = reminder::Entity::insert(row).on_conflict(once).exec_without_returning(self.connection()).await?;
        Ok(written == 1)
    }

    /// Deletes at most `most` requests that were answered before an instant in microseconds, and returns how many it deleted.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_answered_requests(&self, before: i64, most: i64) -> Result<u64, DbErr> {
        let mut sql = self.sql();
        sql.push(
            "DELETE FROM idempotency WHERE (agency_id, subject, key) IN (SELECT agency_id, subject, key FROM idempotency",
        );
        sql.push(" WHERE at < ").bind(before).limit(most).skip_locked().push(")");
        sql.run(self.connection()).await
    }
}

impl UnscopedDatabase<'_> {
    /// At most `most` referrals that a search finds, the earliest due first, from the one after `after`. It is one statement
    /// without a transaction, because the timer decides again under the lock of each referral.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn search(
        self,
        search: TimerSearch,
        after: Option<FoundReferral>,
        most: i64,
    ) -> Result<Vec<FoundReferral>, DbErr> {
        let mut sql = Sql::new(self.0.backend());
        sql.push("SELECT r.id, r.due_on FROM referral r");
        if matches!(search, TimerSearch::Suspend(_)) {
            sql.push(" JOIN agency s ON s.id = r.sender_id LEFT JOIN consent c ON c.id = r.consent_id");
        }
        // The condition of the partial indexes of running referrals.
        sql.push(" WHERE r.closed_on IS NULL");
        match search {
            TimerSearch::Expire(last) => {
                sql.push(" AND r.pending");
                late(&mut sql, last);
            }
            TimerSearch::Suspend(today) => {
                open(&mut sql);
                // The rule's condition (domain/src/disclosure.rs), which is evaluated again for each referral.
                sql.push(" AND (c.id IS NULL OR c.withdrawn_at IS NOT NULL OR NOT c.data_protection");
                sql.push(" OR (s.bound_by_203 AND NOT c.release_from_secrecy) OR (NOT c.art9 AND r.purpose IN ");
                sql.words(ReferralPurpose::ALL.iter().copied().filter(|purpose| purpose.is_art9()));
                sql.push(") OR c.valid_from > ").bind(today).push(" OR c.valid_until < ").bind(today).push(")");
            }
            TimerSearch::Withdraw { due_before, known_by } => {
                sql.push(" AND r.status = 'SUSPENDED' AND (r.due_on < ").bind(due_before);
                sql.push(" OR r.due_on = ").bind(crate::tables::referral::NO_DUE_DATE).push(")");
                known(&mut sql, known_by);
            }
            TimerSearch::RemindBefore(first, last) => {
                sql.push(" AND r.status <> 'DRAFT' AND r.due_on >= ").bind(first).push(" AND r.due_on <= ").bind(last);
                not_yet_reminded(&mut sql, ReminderKind::Before);
            }
            TimerSearch::RemindAfter(kind, last) => {
                open(&mut sql);
                late(&mut sql, last);
                not_yet_reminded(&mut sql, kind);
                if kind == ReminderKind::FirstAfter {
                    // After the later reminder the earlier one is not needed.
                    not_yet_reminded(&mut sql, ReminderKind::SecondAfter);
                }
            }
        }
        if let Some(FoundReferral { id, due_on }) = after {
            sql.push(" AND (r.due_on, r.id) > (").bind(due_on).push(", ").bind(id).push(")");
        }
        sql.push(" ORDER BY r.due_on, r.id").limit(most);
        let found = sql.all(&self.0.main).await?;
        let read =
            |row: &QueryResult| Ok(FoundReferral { id: row.try_get_by_index(0)?, due_on: row.try_get_by_index(1)? });
        found.iter().map(read).collect()
    }
}

fn open(sql: &mut Sql) {
    sql.push(" AND r.status IN ").words(ReferralStatus::ALL.iter().copied().filter(|status| status.is_open()));
}

/// Appends the condition that it is due on this day or before, and was known on that day.
fn late(sql: &mut Sql, last: NaiveDate) {
    sql.push(" AND r.due_on <= ").bind(last);
    known(sql, last);
}

fn known(sql: &mut Sql, by: NaiveDate) {
    let end_of_day = by.succ_opt().map_or(i64::MAX, midnight_micros);
    sql.push(" AND r.created_at < ").bind(end_of_day);
}

fn not_yet_reminded(sql: &mut Sql, kind: ReminderKind) {
    sql.push(
        " AND NOT EXISTS (SELECT 1 FROM reminder m WHERE m.referral_id = r.id AND m.due_on = r.due_on AND m.kind IN ",
    );
    sql.words([kind]).push(")");
}
