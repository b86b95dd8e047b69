//! Who asks and for what, read from the database.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement};
use uuid::Uuid;

use crate::failure::Failure;

/// An agency that asks.
#[derive(Clone, Debug)]
pub(crate) struct Agency {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) kind: AgencyKind,
}

/// A referral that can be accepted, and who may.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) id: Uuid,
    pub(crate) version: i32,
    pub(crate) receiver: Agency,
}

/// The last row before a page deep in the list, and how many rows lie before that page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deep {
    pub(crate) due_on: NaiveDate,
    pub(crate) id: Uuid,
    pub(crate) rows: u64,
}

impl Agency {
    /// What its staff are.
    pub(crate) const fn role(&self) -> &'static str {
        match self.kind {
            AgencyKind::Traeger => "CASE_MANAGER",
            AgencyKind::Koordination => "COORDINATOR",
            AgencyKind::Jobcenter
            | AgencyKind::AgenturFuerArbeit
            | AgencyKind::Auslaenderbehoerde
            | AgencyKind::Einbuergerungsbehoerde
            | AgencyKind::Jugendamt
            | AgencyKind::Sozialamt
            | AgencyKind::Eingliederungshilfe
            | AgencyKind::Jmd
            | AgencyKind::Mbe => "CLERK",
        }
    }

    /// Some agencies of a kind, the same whenever it is asked.
    pub(crate) async fn of_kind(database: &Database, kind: AgencyKind, most: usize) -> Result<Vec<Self>, Failure> {
        let sql = format!("SELECT id, slug FROM agency WHERE kind = '{}' ORDER BY slug LIMIT {most}", kind.code());
        let agencies = rows(database, &sql)
            .await?
            .iter()
            .map(|row| Ok(Self { id: row.try_get_by_index(0)?, slug: row.try_get_by_index(1)?, kind }))
            .collect::<Result<Vec<_>, Failure>>()?;
        if agencies.is_empty() {
            return Err(Failure::new("the database holds no agencies: fill it with `kim-bench data`"));
        }
        Ok(agencies)
    }

    /// Referrals that wait for it, the most urgent first.
    pub(crate) async fn pending(&self, database: &Database, most: usize) -> Result<Vec<Pending>, Failure> {
        let sql = format!(
            "SELECT id, version FROM referral WHERE receiver_id = {} AND pending AND status <> 'INFO_REQUESTED' \
             ORDER BY due_on, id LIMIT {most}",
            literal(database, self.id)
        );
        let pending = |row: &QueryResult| {
            Ok(Pending { id: row.try_get_by_index(0)?, version: row.try_get_by_index(1)?, receiver: self.clone() })
        };
        rows(database, &sql).await?.iter().map(pending).collect()
    }

    /// Where two thirds of its list have been read.
    pub(crate) async fn deep(&self, database: &Database) -> Result<Deep, Failure> {
        let mine = format!("FROM referral WHERE receiver_id = {}", literal(database, self.id));
        let total: i64 = one(database, &format!("SELECT count(*) {mine}")).await?.try_get_by_index(0)?;
        let before = total * 2 / 3;
        let sql = format!("SELECT due_on, id {mine} ORDER BY due_on, id LIMIT 1 OFFSET {}", (before - 1).max(0));
        let row = one(database, &sql).await?;
        let (due_on, id) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok(Deep { due_on, id, rows: u64::try_from(before).unwrap_or(0) })
    }
}

/// The only row of an answer.
pub(crate) async fn one(database: &Database, sql: &str) -> Result<QueryResult, Failure> {
    rows(database, sql).await?.into_iter().next().ok_or_else(|| Failure::new(format!("no row: {sql}")))
}

async fn rows(database: &Database, sql: &str) -> Result<Vec<QueryResult>, Failure> {
    Ok(database.raw().query_all_raw(Statement::from_string(database.backend(), sql)).await?)
}

fn literal(database: &Database, id: Uuid) -> String {
    match database.backend() {
        DbBackend::Sqlite => format!("x'{}'", id.simple()),
        DbBackend::Postgres | _ => format!("'{id}'"),
    }
}
