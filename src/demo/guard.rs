//! Whose database it is. The demo empties what a demo filled, fills what is empty, and touches nothing else.

use std::collections::BTreeSet;

use kim_entity::classification::TABLES;
use kim_entity::database::Database;
use kim_entity::{agency, setting};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityName, EntityTrait,
    PaginatorTrait, QuerySelect, Statement, TransactionTrait as _,
};

use super::lock::sqlite_file;
use crate::commands::migrate;
use crate::failure::Failure;

/// The setting by which a demo knows its own.
const MARK: (&str, &str) = ("demo", "yes");
/// The tables in which the steps that were done are noted: by them a database is known as ours.
const MAIN_STEPS: &str = "kim_migration";
const LOG_STEPS: &str = "kim_log_migration";

/// What stands in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// No agency, and so nothing that hangs on one; perhaps no table.
    Nothing,
    /// What a demo wrote.
    Demo,
}

/// Refuses a SQLite file that is somebody else's, before it is opened as ours: that alone would write to it.
///
/// # Errors
/// [`Failure::Usage`] if it is not a demo's; [`Failure::Failed`] if it cannot be read.
pub(super) async fn refuse_foreign_file(database: &str) -> Result<(), Failure> {
    let Some(path) = sqlite_file(database).filter(|path| path.exists()) else { return Ok(()) };
    let mut options = ConnectOptions::new("sqlite:");
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path));
    let unreadable = |error: DbErr| Failure::failed(format!("cannot read the database: {error}"));
    let file = sea_orm::Database::connect(options).await.map_err(unreadable)?;
    let looked = look(&file).await;
    file.close().await.map_err(Failure::failed)?;
    looked.map(drop)
}

/// Finds out what stands there, brings it to this version, and marks it as a demo's.
///
/// # Errors
/// [`Failure::Usage`] if the data is not a demo's: nothing was changed. [`Failure::Failed`] as the database says.
pub(super) async fn claim(database: &Database) -> Result<Content, Failure> {
    // Asked before the first step is done, since the steps alone would already change somebody's database.
    let content = look(database.for_demo_guard().main).await?;
    look_at_log(database).await?;
    migrate::up(database).await?;
    let (name, value) = (MARK.0.to_owned(), MARK.1.to_owned());
    let mark = setting::ActiveModel { name: Set(name), value: Set(value) };
    setting::Entity::insert(mark)
        .on_conflict(OnConflict::column(setting::Column::Name).do_nothing().to_owned())
        .exec_without_returning(database.for_demo_guard().main)
        .await
        .map_err(Failure::failed)?;
    Ok(content)
}

async fn look(main: &DatabaseConnection) -> Result<Content, Failure> {
    let tables = tables(main).await.map_err(Failure::failed)?;
    if tables.is_empty() {
        return Ok(Content::Nothing);
    }
    if !tables.contains(MAIN_STEPS) {
        return Err(foreign());
    }
    // An earlier start may have been interrupted between the steps: then the later tables lack.
    if tables.contains(setting::Entity.table_name()) {
        let mark = setting::Entity::find_by_id(MARK.0).one(main).await.map_err(Failure::failed)?;
        if mark.is_some_and(|mark| mark.value == MARK.1) {
            return Ok(Content::Demo);
        }
    }
    if tables.contains(agency::Entity.table_name()) {
        let agencies = agency::Entity::find().select_only().column(agency::Column::Id);
        if agencies.count(main).await.map_err(Failure::failed)? > 0 {
            return Err(foreign());
        }
    }
    Ok(Content::Nothing)
}

/// On SQLite the log is a file of its own, which may be somebody's too.
async fn look_at_log(database: &Database) -> Result<(), Failure> {
    if database.backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let tables = tables(database.for_demo_guard().log).await.map_err(Failure::failed)?;
    if tables.is_empty() || tables.contains(LOG_STEPS) { Ok(()) } else { Err(foreign()) }
}

/// The names of every table and view, read from the catalogue, so that an error is an error and never "not there".
async fn tables(database: &DatabaseConnection) -> Result<BTreeSet<String>, DbErr> {
    // Not information_schema, which hides from a role the tables that it has no right to.
    let backend = database.get_database_backend();
    let sql = if backend == DbBackend::Postgres {
        "SELECT c.relname::text AS name FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
    } else {
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    };
    let rows = database.query_all_raw(Statement::from_string(backend, sql)).await?;
    rows.iter().map(|row| row.try_get("", "name")).collect()
}

fn foreign() -> Failure {
    Failure::usage(
        "this database holds data that no demo made, so `kim demo` does not touch it: name another with --database\n     \
         In dieser Datenbank stehen Daten, die nicht aus einer Demo stammen. Sie bleiben unberührt; bitte mit \
         --database eine andere nennen.",
    )
}

/// Takes everything out but the mark, so that an interrupted start leaves a database that the next one knows.
pub(super) async fn empty(database: &Database) -> Result<(), DbErr> {
    let main = ours(database.for_demo_guard().main).await?;
    let tx = database.for_demo_guard().main.begin().await?;
    if database.backend() == DbBackend::Postgres {
        // The log's tables are among them.
        tx.execute_unprepared(&format!("TRUNCATE {}", main.join(", "))).await?;
        return tx.commit().await;
    }
    // Tables refer to each other; at the end nothing is left that could.
    tx.execute_unprepared("PRAGMA defer_foreign_keys = ON").await?;
    for table in main {
        tx.execute_unprepared(&format!("DELETE FROM {table}")).await?;
    }
    tx.commit().await?;
    for table in ours(database.for_demo_guard().log).await? {
        database.for_demo_guard().log.execute_unprepared(&format!("DELETE FROM {table}")).await?;
    }
    Ok(())
}

/// Tables that keep their row: the mark, and the count of changes, which only grows.
const KEPT: [&str; 2] = ["setting", "directory"];

/// Our tables that are there, quoted, but for those [`KEPT`].
async fn ours(database: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let there = tables(database).await?;
    let ours = TABLES.iter().map(|table| table.name).filter(|name| !KEPT.contains(name));
    Ok(ours.filter(|&name| there.contains(name)).map(|name| format!("\"{name}\"")).collect())
}
