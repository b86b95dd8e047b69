//! The feed of changes of the viewer's referrals, in the order of commits. It contains only ids and kinds.

use kim_domain::change::ChangeKind;
use sea_orm::DbErr;
use uuid::Uuid;

use super::{Page, Reads, Window};
use crate::sql::{Columns, Sql};

/// One change in the feed of the viewer's agency.
#[derive(Clone, Copy, Debug)]
pub struct ChangeRow {
    /// Its number in the feed. Numbers increase, and a change never appears after a later one was read.
    pub seq: i64,
    /// Microseconds since 1970.
    pub at: i64,
    /// The kind of change.
    pub kind: ChangeKind,
    /// The referral.
    pub referral_id: Uuid,
    /// The event, if the change is one.
    pub event_id: Option<Uuid>,
}

impl Reads {
    /// A page of the feed, the oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn changes(&self, window: &Window<i64>) -> Result<Page<ChangeRow>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT c.seq, c.at, c.kind, c.referral_id, c.event_id");
        self.feed(&mut sql);
        for (seq, sign) in [(window.after, " AND c.seq > "), (window.before, " AND c.seq < ")] {
            if let Some(seq) = seq {
                sql.push(sign).bind(seq);
            }
        }
        let way = if window.from_end { " ORDER BY c.seq DESC" } else { " ORDER BY c.seq" };
        sql.push(way).limit(window.fetched());
        let read = |row| {
            let mut columns = Columns::of(row);
            Ok(ChangeRow {
                seq: columns.next()?,
                at: columns.next()?,
                kind: columns.word()?,
                referral_id: columns.next()?,
                event_id: columns.next()?,
            })
        };
        let rows = sql.all(self.connection()).await?;
        Ok(Page::cut(self.readable("change", rows.iter().map(read))?, window).flat())
    }

    /// The number of changes in the feed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_changes(&self) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*)");
        self.feed(&mut sql);
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// The feed of the viewer's agency, within the purposes of the token. The purpose of a discarded draft is not known any more,
    /// so a token that is limited to purposes does not get it.
    fn feed(&self, sql: &mut Sql) {
        sql.push(" FROM change c");
        if self.viewer.purposes().is_some() {
            sql.push(" JOIN referral r ON r.id = c.referral_id");
        }
        sql.push(" WHERE c.agency_id = ").bind(self.viewer.agency().id);
        if let Some(purposes) = self.viewer.purposes() {
            sql.push(" AND r.purpose IN ").words(purposes.iter().copied());
        }
    }
}
