//! The test data: the same in every run, for PostgreSQL and SQLite.

mod client;
mod plan;
mod random;
mod referrals;
mod rows;
mod sink;

use std::time::Instant;

use kim_domain::calendar::Clock;
use kim_entity::database::Database;
use kim_migration::{LogMigrator, MainMigrator, MigratorTrait as _};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use plan::Plan;
pub(crate) use plan::{KINDS, Scale};
pub(crate) use rows::FINGERPRINT_KEY;
use sink::Sink;

use crate::failure::Failure;

/// Fills the tables in dependency order.
macro_rules! fill {
    ($sink:ident, $plan:ident, $($rows:ident),+) => {
        $({
            let began = Instant::now();
            let count = $sink.fill($plan.$rows()).await?;
            eprintln!("  {count:>8} {} in {:.1} s", stringify!($rows).replace('_', " "), began.elapsed().as_secs_f64());
        })+
    };
}

/// Creates the tables and fills them. The database must exist and be empty.
pub(crate) async fn make(url: &str, scale: Scale) -> Result<(), Failure> {
    let database = Database::create(url).await?;
    migrate(&database).await?;
    let indexes = Indexes::drop(&database).await?;
    fill(&database, Plan::new(scale, Clock::system().today())).await?;
    indexes.create(&database).await?;
    settle(&database).await?;
    Ok(database.close().await?)
}

async fn migrate(database: &Database) -> Result<(), Failure> {
    MainMigrator::up(database.raw(), None).await?;
    LogMigrator::up(database.raw_log(), None).await?;
    Ok(())
}

async fn fill(database: &Database, plan: Plan) -> Result<(), Failure> {
    let mut sink = Sink::open(database).await?;
    fill!(
        sink,
        plan,
        municipality_rows,
        agency_rows,
        agreement_rows,
        person_rows,
        person_name_part_rows,
        case_rows,
        consent_rows,
        referral_rows,
        handover_rows,
        handover_name_part_rows,
        event_rows,
        message_rows
    );
    sink.finish().await
}

/// Brings the database to the state that it would have some days later: analyzed, vacuumed, written to disk.
pub(crate) async fn settle(database: &Database) -> Result<(), Failure> {
    kim_entity::raw::record_stays(database.raw()).await?;
    if database.backend() == DbBackend::Postgres {
        for statement in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
            database.raw().execute_unprepared(statement).await?;
        }
    } else {
        database.analyze().await?;
    }
    Ok(())
}

/// PostgreSQL's secondary indexes. Creating them after filling a table is faster than updating them with every row.
struct Indexes(Vec<String>);

impl Indexes {
    async fn drop(database: &Database) -> Result<Self, Failure> {
        if database.backend() != DbBackend::Postgres {
            return Ok(Self(Vec::new()));
        }
        let sql = "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i \
                   JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace \
                   AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = i.indexrelid)";
        let rows = database.raw().query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        let mut definitions = Vec::new();
        for row in rows {
            let name: String = row.try_get_by_index(0)?;
            definitions.push(row.try_get_by_index(1)?);
            database.raw().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(Self(definitions))
    }

    async fn create(self, database: &Database) -> Result<(), Failure> {
        let began = Instant::now();
        for definition in &self.0 {
            database.raw().execute_unprepared(definition).await?;
        }
        if !self.0.is_empty() {
            eprintln!("  {:>8} indexes in {:.1} s", self.0.len(), began.elapsed().as_secs_f64());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_data_satisfy_every_constraint_including_foreign_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("kim.sqlite").display());
        let database = Database::create(&url).await.expect("a database");
        migrate(&database).await.expect("tables");
        let plan = Plan { municipalities: 2, cases: 200, today: Clock::system().today() };
        fill(&database, plan).await.expect("rows");
        let count = |sql: &'static str| {
            let database = &database;
            async move {
                let statement = Statement::from_string(DbBackend::Sqlite, sql);
                let row = database.raw().query_one_raw(statement).await.expect("a count").expect("a row");
                row.try_get_by_index::<i64>(0).expect("a number")
            }
        };
        assert_eq!(count("SELECT count(*) FROM message").await, 1_800);
        let pending = count("SELECT count(*) FROM referral WHERE pending").await;
        assert!((75..105).contains(&pending), "{pending} of 600");
    }
}
