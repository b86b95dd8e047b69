//! Messages and events of a viewer's referrals: one statement for all of them.

use std::collections::HashMap;

use kim_domain::disclosure::known_to;
use sea_orm::DbErr;
use uuid::Uuid;

use super::{Page, Reads, Window};
use crate::codec::message::{self, MessageRow};
use crate::keys::{ReferralKey, ids};
use crate::sql::{Columns, Sql};

/// The key of an entry in a history: an instant in microseconds and an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HistoryKey {
    /// Microseconds since 1970.
    pub at: i64,
    /// Id of the entry.
    pub id: Uuid,
}

/// One event of a referral.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// Id.
    pub id: Uuid,
    /// Microseconds.
    pub at: i64,
    /// The state before; `None` at the beginning.
    pub from: Option<String>,
    /// The state after.
    pub to: String,
    /// Code of the reason.
    pub reason: Option<String>,
    /// The side that acted.
    pub agency_id: Uuid,
    /// The person who acted; only staff of the viewer's agency.
    pub staff: Option<String>,
    /// For whom a service acted; only of the viewer's agency.
    pub acting_for: Option<String>,
    /// Code of the action.
    pub action: Option<String>,
    /// Details: codes of fields by the kind of their change.
    pub detail: Option<serde_json::Value>,
    /// Whether it was imported from a list, so that only the day is known.
    pub imported: bool,
}

const EVENTS: &str = "referral_event";
pub(super) const CORRECTIONS: &str = "correction";

impl Reads {
    /// A page of messages for each of these referrals, the oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn messages(
        &self,
        referrals: &[ReferralKey],
        window: &Window<HistoryKey>,
    ) -> Result<HashMap<Uuid, Page<MessageRow>>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT q.referral_id");
        message::push_columns(&mut sql, self.viewer.agency().id);
        self.push_entries(&mut sql, "message", "sent_at", referrals, window);
        self.pages("message", sql, window, MessageRow::read).await
    }

    /// A page of events for each of these referrals, the oldest first. Events before the offer are only for the sender.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn events(
        &self,
        referrals: &[ReferralKey],
        window: &Window<HistoryKey>,
    ) -> Result<HashMap<Uuid, Page<EventRow>>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT q.referral_id, q.id, q.at, q.from_status, q.to_status, q.reason, q.agency_id, ");
        sql.only_where("q.agency_id =", self.viewer.agency().id, ["q.staff", "q.acting_for"]);
        sql.push(", q.action, q.detail, q.imported");
        self.push_entries(&mut sql, EVENTS, "at", referrals, window);
        self.pages(EVENTS, sql, window, |columns| {
            Ok(EventRow {
                id: columns.next()?,
                at: columns.next()?,
                from: columns.next()?,
                to: columns.next()?,
                reason: columns.next()?,
                agency_id: columns.next()?,
                staff: columns.next()?,
                acting_for: columns.next()?,
                action: columns.next()?,
                detail: columns.json("referral_event.detail")?,
                imported: columns.next()?,
            })
        })
        .await
    }

    /// The number of messages of each of these referrals.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_messages(&self, referrals: &[ReferralKey]) -> Result<HashMap<Uuid, i64>, DbErr> {
        self.count_history("message", referrals).await
    }

    /// The number of events of each of these referrals that the viewer sees.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_events(&self, referrals: &[ReferralKey]) -> Result<HashMap<Uuid, i64>, DbErr> {
        self.count_history(EVENTS, referrals).await
    }

    pub(super) async fn count_history(
        &self,
        table: &str,
        referrals: &[ReferralKey],
    ) -> Result<HashMap<Uuid, i64>, DbErr> {
        if referrals.is_empty() {
            return Ok(HashMap::new());
        }
        let mut sql = self.sql();
        sql.push("SELECT t.referral_id, COUNT(*) FROM ").push(table).push(" t WHERE ");
        sql.is_one_of("t.referral_id", &ids(referrals));
        self.narrow_history(&mut sql, table);
        sql.push(" GROUP BY t.referral_id");
        sql.all(self.connection())
            .await?
            .iter()
            .map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)))
            .collect()
    }

    fn narrow_history(&self, sql: &mut Sql, table: &str) {
        if table == EVENTS {
            let own = self.viewer.agency().id;
            sql.push(" AND (t.to_status <> 'DRAFT' OR t.agency_id = ").bind(own).push(")");
            sql.push(" AND (NOT t.senders_alone OR t.agency_id = ").bind(own).push(")");
            // The sender learns about an appointment of the receiver only if the client allowed it.
            sql.push(" AND (t.action IS NULL OR t.action <> 'RECORD_APPOINTMENT' OR t.agency_id = ").bind(own);
            // Not EXISTS, for which PostgreSQL may build a hash table of all referrals and consents.
            sql.push(" OR (SELECT c.report_outcome AND c.withdrawn_at IS NULL OR f.receiver_id = ").bind(own);
            sql.push(" FROM referral f LEFT JOIN consent c ON c.id = f.consent_id WHERE f.id = t.referral_id))");
        }
        // A report names a field, which must be in the viewer's schema.
        if table == CORRECTIONS {
            sql.push(" AND t.field IN ").words(known_to(self.viewer.agency().kind).iter());
        }
    }

    pub(super) fn push_entries(
        &self,
        sql: &mut Sql,
        table: &str,
        instant: &str,
        referrals: &[ReferralKey],
        window: &Window<HistoryKey>,
    ) {
        let way = if window.from_end { "DESC" } else { "ASC" };
        sql.first_of_each((table, "referral_id"), &ids(referrals), (instant, way), window.fetched(), |sql| {
            self.narrow_history(sql, table);
            for (moment, sign) in [(window.after, ">"), (window.before, "<")] {
                if let Some(moment) = moment {
                    sql.push(&format!(" AND (t.{instant}, t.id) {sign} ("));
                    sql.bind(moment.at).push(",").bind(moment.id).push(")");
                }
            }
        });
    }

    /// A page of a table's rows for each referral or case, whose id is in the first column.
    pub(super) async fn pages<T>(
        &self,
        table: &'static str,
        sql: Sql,
        window: &Window<HistoryKey>,
        read: impl Fn(&mut Columns<'_>) -> Result<T, DbErr>,
    ) -> Result<HashMap<Uuid, Page<T>>, DbErr> {
        let mut rows: HashMap<Uuid, Vec<Option<T>>> = HashMap::new();
        for row in &sql.all(self.connection()).await? {
            let mut columns = Columns::noting(row, self.unreadable.as_deref());
            let of = rows.entry(columns.next()?).or_default();
            of.push(self.readable_row(table, read(&mut columns))?);
        }
        Ok(rows.into_iter().map(|(of, rows)| (of, Page::cut(rows, window).flat())).collect())
    }
}
