//! The history of the master data of the viewer's own agency.

use kim_domain::agency::AgencyField;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{Page, Reads, Window};
use crate::sql::Columns;

/// One changed value.
#[derive(Clone, Debug)]
pub struct AgencyChangeRow {
    /// Id.
    pub id: Uuid,
    /// Microseconds.
    pub at: i64,
    /// The part of the master data.
    pub field: AgencyField,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// Who changed it; `None`: the operator imported a list.
    pub staff: Option<String>,
    /// The person for whom a program acted.
    pub acting_for: Option<String>,
}

/// A page of changes.
pub type AgencyChangePage = Page<AgencyChangeRow>;

impl Reads {
    /// The changes, the latest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agency_changes(&self, window: &Window<Uuid>) -> Result<AgencyChangePage, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT h.id, h.at, h.field, h.old_value, h.new_value, h.staff, h.acting_for FROM agency_change h");
        sql.push(" WHERE h.agency_id = ").bind(self.viewer.agency().id);
        if let Some(after) = window.after {
            sql.push(" AND h.id < ").bind(after);
        }
        sql.push(" ORDER BY h.id DESC").limit(window.fetched());
        let rows = sql.all(self.connection()).await?;
        Ok(Page::cut(self.readable("agency_change", rows.iter().map(read))?, window).flat())
    }

    /// The number of changes.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_agency_changes(&self) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM agency_change h WHERE h.agency_id = ").bind(self.viewer.agency().id);
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }
}

fn read(row: &QueryResult) -> Result<AgencyChangeRow, DbErr> {
    let mut columns = Columns::of(row);
    Ok(AgencyChangeRow {
        id: columns.next()?,
        at: columns.next()?,
        field: columns.word()?,
        old: columns.next()?,
        new: columns.next()?,
        staff: columns.next()?,
        acting_for: columns.next()?,
    })
}
