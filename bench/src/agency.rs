//! Agencies and referrals for the requests, read from the database.

use chrono::NaiveDate;
use kim_domain::agency::AgencyKind;
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement};
use uuid::Uuid;

use crate::failure::Failure;

/// An agency that sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Agency {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) kind: AgencyKind,
}

/// A referral that can be accepted, with its receiver.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) id: Uuid,
    pub(crate) version: i32,
    pub(crate) receiver: Agency,
}

/// The last row before a page deep in the list, and the number of rows before that page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deep {
    pub(crate) due_on: NaiveDate,
    pub(crate) id: Uuid,
    pub(crate) rows: u64,
}

impl Agency {
    /// The role of the agency's staff.
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

    /// Agencies of a kind, the same ones for every call.
    pub(crate) async fn of_kind(database: &Database, kind: AgencyKind, limit: usize) -> Result<Vec<Self>, Failure> {
        let sql = format!("SELECT id, slug FROM agency WHERE kind = '{}' ORDER BY slug LIMIT {limit}", kind.code());
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

    /// The first of them.
    pub(crate) async fn first_of_kind(database: &Database, kind: AgencyKind) -> Result<Self, Failure> {
        Ok(Self::of_kind(database, kind, 1).await?.swap_remove(0))
    }

    /// The agency's pending referrals, the most urgent first.
    pub(crate) async fn pending(&self, database: &Database, limit: usize) -> Result<Vec<Pending>, Failure> {
        let sql = format!(
            "SELECT id, version FROM referral WHERE receiver_id = {} AND pending AND status <> 'INFO_REQUESTED' \
             ORDER BY due_on, id LIMIT {limit}",
            uuid_literal(database, self.id)
        );
        let pending = |row: &QueryResult| {
            Ok(Pending { id: row.try_get_by_index(0)?, version: row.try_get_by_index(1)?, receiver: self.clone() })
        };
        rows(database, &sql).await?.iter().map(pending).collect()
    }

    /// The position two thirds into the agency's list.
    pub(crate) async fn deep(&self, database: &Database) -> Result<Deep, Failure> {
        let own = format!("FROM referral WHERE receiver_id = {}", uuid_literal(database, self.id));
        let total: i64 = single_row(database, &format!("SELECT count(*) {own}")).await?.try_get_by_index(0)?;
        let before = total * 2 / 3;
        let sql = format!("SELECT due_on, id {own} ORDER BY due_on, id LIMIT 1 OFFSET {}", (before - 1).max(0));
        let row = single_row(database, &sql).await?;
        let (due_on, id) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok(Deep { due_on, id, rows: u64::try_from(before).unwrap_or(0) })
    }
}

/// The only row of a result.
pub(crate) async fn single_row(database: &Database, sql: &str) -> Result<QueryResult, Failure> {
    rows(database, sql).await?.into_iter().next().ok_or_else(|| Failure::new(format!("no row: {sql}")))
}

async fn rows(database: &Database, sql: &str) -> Result<Vec<QueryResult>, Failure> {
    Ok(database.raw().query_all_raw(Statement::from_string(database.backend(), sql)).await?)
}

fn uuid_literal(database: &Database, id: Uuid) -> String {
    match database.backend() {
        DbBackend::Sqlite => format!("x'{}'", id.simple()),
        DbBackend::Postgres | _ => format!("'{id}'"),
    }
}
