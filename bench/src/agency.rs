//! What the database says about who asks and for what: read once, before anything is measured.

use kim_domain::agency::AgencyKind;
use kim_entity::database::Database;
use sea_orm::{ConnectionTrait as _, Statement};
use uuid::Uuid;

use crate::failure::Failure;

/// So many clerks ask in turn, each of another Ausländerbehörde: the same for every subject, so that the caches of
/// PostgreSQL are as warm for one as for the other.
const CLERKS: usize = 32;

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

    /// Those that ask: some of the Ausländerbehörden.
    pub(crate) async fn asking(database: &Database) -> Result<Vec<Self>, Failure> {
        Self::of_kind(database, AgencyKind::Auslaenderbehoerde, CLERKS).await
    }

    /// Some agencies of a kind.
    pub(crate) async fn of_kind(database: &Database, kind: AgencyKind, most: usize) -> Result<Vec<Self>, Failure> {
        let sql = format!("SELECT id, slug FROM agency WHERE kind = '{}' ORDER BY slug LIMIT {most}", kind.code());
        let rows = database.main.query_all_raw(Statement::from_string(database.backend(), sql)).await?;
        let agencies = rows
            .iter()
            .map(|row| Ok(Self { id: row.try_get_by_index(0)?, slug: row.try_get_by_index(1)?, kind }))
            .collect::<Result<Vec<_>, Failure>>()?;
        if agencies.is_empty() {
            return Err(Failure::new("the database holds no such agencies: fill it with `kim-bench data`"));
        }
        Ok(agencies)
    }

    /// Some referrals that wait for these agencies.
    pub(crate) async fn pending(database: &Database, receivers: &[Self], most: usize) -> Result<Vec<Pending>, Failure> {
        let mut pending = Vec::new();
        for receiver in receivers {
            let sql = format!(
                "SELECT id, version FROM referral WHERE receiver_id = {} AND pending AND status <> 'INFO_REQUESTED' \
                 ORDER BY due_on, id LIMIT {most}",
                uuid_literal(database, receiver.id)
            );
            for row in database.main.query_all_raw(Statement::from_string(database.backend(), sql)).await? {
                let (id, version) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
                pending.push(Pending { id, version, receiver: receiver.clone() });
            }
        }
        Ok(pending)
    }
}

fn uuid_literal(database: &Database, id: Uuid) -> String {
    match database.backend() {
        sea_orm::DbBackend::Sqlite => format!("x'{}'", id.simple()),
        sea_orm::DbBackend::Postgres | _ => format!("'{id}'"),
    }
}
