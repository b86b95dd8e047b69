//! Agencies: those of the viewer's municipality, and the two sides of a referral.

use std::sync::Arc;

use kim_domain::agency::AgencyKind;
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use super::{Page, Reads, Window};
use crate::agency_directory::AgencyRow;
use crate::sql::{Columns, Sql};
use crate::viewer::OwnAgency;

impl From<&OwnAgency> for AgencyRow {
    fn from(own: &OwnAgency) -> Self {
        Self {
            id: own.id,
            slug: own.slug.as_str().into(),
            name: own.name.as_str().into(),
            kind: own.kind,
            details: Arc::clone(&own.details),
        }
    }
}

/// A page of agencies.
pub type AgencyPage = Page<AgencyRow>;

impl Reads {
    /// The enabled agencies of the viewer's municipality, by slug.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agencies(&self, kind: Option<AgencyKind>, window: &Window<String>) -> Result<AgencyPage, DbErr> {
        let mut sql = self.sql();
        select(&mut sql).push("g.enabled AND g.ags = ").bind(self.viewer.agency().ags.as_str());
        if let Some(kind) = kind {
            sql.push(" AND g.kind IN ").words([kind]);
        }
        if let Some(after) = &window.after {
            sql.push(" AND g.slug > ").bind(after.as_str());
        }
        sql.push(" ORDER BY g.slug").limit(window.fetched());
        let rows = sql.all(self.connection()).await?;
        Ok(Page::cut(self.readable("agency", rows.iter().map(read))?, window).flat())
    }

    /// The number of agencies in the list.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_agencies(&self, kind: Option<AgencyKind>) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM agency g WHERE g.enabled AND g.ags = ").bind(self.viewer.agency().ags.as_str());
        if let Some(kind) = kind {
            sql.push(" AND g.kind IN ").words([kind]);
        }
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// Those of these agencies that are of the viewer's municipality.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agencies_by_id(&self, ids: &[Uuid]) -> Result<Vec<AgencyRow>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql();
        select(&mut sql).push("g.enabled AND g.ags = ").bind(self.viewer.agency().ags.as_str());
        sql.push(" AND ").is_one_of("g.id", ids);
        let rows = sql.all(self.connection()).await?;
        Ok(self.readable("agency", rows.iter().map(read))?.into_iter().flatten().collect())
    }

    /// The agencies on both sides of referrals that were read before. Each side may know the other, in whatever municipality.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn parties(&self, ids: &[Uuid]) -> Result<Vec<AgencyRow>, DbErr> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(directory) = self.kept_agencies().await? {
            return Ok(ids.iter().filter_map(|&id| directory.find(id)).map(|agency| agency.row.clone()).collect());
        }
        let mut sql = self.sql();
        select(&mut sql).is_one_of("g.id", ids);
        let rows = sql.all(self.connection()).await?;
        Ok(self.readable("agency", rows.iter().map(read))?.into_iter().flatten().collect())
    }
}

fn select(sql: &mut Sql) -> &mut Sql {
    sql.push("SELECT ").push(AgencyRow::COLUMNS).push(" FROM agency g WHERE ")
}

fn read(row: &QueryResult) -> Result<AgencyRow, DbErr> {
    AgencyRow::read(&mut Columns::of(row))
}
