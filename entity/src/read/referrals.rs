//! Referrals of a viewer: a page, some by id, those of a case.

use chrono::NaiveDate;
use kim_domain::referral::{Direction, ReferralOrder};
use sea_orm::{DbErr, Value};
use uuid::Uuid;

use super::referral_filter::ReferralFilter;
use super::referral_row::{Extent, ListedReferral, ReferralRow};
use super::{Page, Reads, Window};

/// The key of a row in a list: the value by which it is ordered, and the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// In an order by due day.
    Due(NaiveDate, Uuid),
    /// In an order by offer; microseconds.
    Offered(i64, Uuid),
}

/// A page of referrals.
pub type ReferralPage = Page<ListedReferral>;

impl Reads {
    /// One page of the viewer's referrals.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referrals(
        &self,
        direction: Direction,
        filter: &ReferralFilter,
        order: ReferralOrder,
        window: &Window<Key>,
        extent: Extent,
    ) -> Result<ReferralPage, DbErr> {
        let mut sql = self.select(extent);
        self.narrow(&mut sql, direction);
        self.apply(&mut sql, direction, filter);
        let (column, descending) = match order {
            ReferralOrder::DueOnAsc => ("r.due_on", false),
            ReferralOrder::DueOnDesc => ("r.due_on", true),
            ReferralOrder::OfferedAtAsc => ("r.offered_at", false),
            ReferralOrder::OfferedAtDesc => ("r.offered_at", true),
        };
        for (key, follows) in [(window.after, true), (window.before, false)] {
            if let Some(key) = key {
                let (value, id): (Value, Uuid) = match key {
                    Key::Due(day, id) => (day.into(), id),
                    Key::Offered(instant, id) => (instant.into(), id),
                };
                let sign = if follows == descending { " < (" } else { " > (" };
                sql.push(" AND (").push(column).push(", r.id)").push(sign).bind(value).push(",").bind(id).push(")");
            }
        }
        let way = if descending == window.from_end { " ASC" } else { " DESC" };
        sql.push(" ORDER BY ").push(column).push(way).push(", r.id").push(way).limit(window.fetched());
        let rows = self.fetch_listed(sql, extent).await?;
        Ok(Page::cut(rows, window).flat())
    }

    /// Those of these referrals in which the viewer's agency is a side, in no particular order.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referrals_by_id(&self, ids: &[Uuid]) -> Result<Vec<ReferralRow>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.select(Extent::Whole);
        sql.is_one_of("r.id", ids).push(" AND (");
        self.narrow(&mut sql, Direction::Incoming);
        sql.push(" OR ");
        self.narrow(&mut sql, Direction::Outgoing);
        sql.push(")");
        self.fetch(sql).await
    }

    /// Locks those of these referrals in which the viewer's agency is a side.
    pub(crate) async fn lock_referrals(&self, ids: &[Uuid]) -> Result<(), DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT r.id FROM referral r WHERE ").is_one_of("r.id", ids).push(" AND (");
        self.narrow(&mut sql, Direction::Incoming);
        sql.push(" OR ");
        self.narrow(&mut sql, Direction::Outgoing);
        sql.push(") ORDER BY r.id FOR UPDATE");
        sql.all(self.connection()).await.map(drop)
    }

    /// The viewer's referrals of these cases of its own agency, the latest offer first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referrals_of_cases(&self, case_ids: &[Uuid]) -> Result<Vec<ReferralRow>, DbErr> {
        if case_ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.select(Extent::Whole);
        self.narrow(&mut sql, Direction::Outgoing);
        sql.push(" AND ").is_one_of("r.case_id", case_ids).push(" ORDER BY r.offered_at DESC, r.id DESC");
        self.fetch(sql).await
    }
}
