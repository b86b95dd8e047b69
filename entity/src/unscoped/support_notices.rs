//! Support checks: the notices of the viewer's agency, and its clients' consents. It is in this folder because a notice is valid
//! only while the client of another agency agrees; nothing else is read from other agencies' rows.

use chrono::NaiveDate;
use sea_orm::DbErr;
use uuid::Uuid;

use super::matching::push_agreed;
use crate::keys::ClientKey;
use crate::read::{HistoryKey, Page, Reads, Window};
use crate::sql::{Columns, Sql};

/// A notice for the viewer's agency.
#[derive(Clone, Debug)]
pub struct NoticeRow {
    /// Id.
    pub id: Uuid,
    /// The same for all sides.
    pub reference: String,
    /// The viewer's own case.
    pub case_id: Uuid,
    /// Microseconds.
    pub at: i64,
}

/// A page of notices.
pub type NoticePage = Page<NoticeRow>;

impl Reads {
    /// The notices of the viewer's agency, the latest first; only those of a case if it is given.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn support_notices(&self, case: Option<Uuid>, window: &Window<HistoryKey>) -> Result<NoticePage, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT n.id, n.reference, n.case_id, n.at FROM support_notice n WHERE ");
        self.narrow_notices(&mut sql, case);
        if let Some(after) = window.after {
            sql.push(" AND (n.at, n.id) < (").bind(after.at).push(",").bind(after.id).push(")");
        }
        sql.push(" ORDER BY n.at DESC, n.id DESC").limit(window.fetched());
        let rows: Result<Vec<NoticeRow>, DbErr> = sql
            .all(self.connection())
            .await?
            .iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                let (id, reference) = (columns.next()?, columns.next()?);
                Ok(NoticeRow { id, reference, case_id: columns.next()?, at: columns.next()? })
            })
            .collect();
        Ok(Page::cut(rows?, window))
    }

    /// The number of notices in the list.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_support_notices(&self, case: Option<Uuid>) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM support_notice n WHERE ");
        self.narrow_notices(&mut sql, case);
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// Whether the viewer's agency still has a notice with this reference.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_support_notice(&self, reference: &str) -> Result<bool, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT n.id FROM support_notice n WHERE n.reference = ").bind(reference).push(" AND ");
        self.narrow_notices(&mut sql, None);
        Ok(sql.one(self.connection()).await?.is_some())
    }

    /// A notice is valid while its own client and the client of another side agree: nobody learns any longer that a person is a
    /// client elsewhere than the person agrees to it.
    fn narrow_notices(&self, sql: &mut Sql, case: Option<Uuid>) {
        sql.push("n.agency_id = ").bind(self.viewer().agency().id);
        sql.push(" AND EXISTS (SELECT 1 FROM \"case\" k WHERE k.id = n.case_id AND ");
        push_agreed(sql, "k.person_id", self.today());
        sql.push(") AND ");
        push_another_side_agrees(sql, self.today());
        if let Some(case) = case {
            sql.push(" AND n.case_id = ").bind(case);
        }
    }

    /// Whether this client agrees to support checks today.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agrees_to_support_checks(&self, client: ClientKey) -> Result<bool, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT p.id FROM person p WHERE p.agency_id = ").bind(self.viewer().agency().id);
        sql.push(" AND p.id = ").bind(client.id()).push(" AND ");
        push_agreed(&mut sql, "p.id", self.today());
        Ok(sql.one(self.connection()).await?.is_some())
    }
}

/// Appends the condition that the client of another side of a notice `n` agrees on this day. It reveals nothing else about that
/// side.
fn push_another_side_agrees(sql: &mut Sql, today: NaiveDate) {
    sql.push("EXISTS (SELECT 1 FROM support_notice o JOIN \"case\" k ON k.id = o.case_id ");
    sql.push("WHERE o.reference = n.reference AND o.agency_id <> n.agency_id AND ");
    push_agreed(sql, "k.person_id", today);
    sql.push(")");
}
