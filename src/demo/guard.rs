//! Protects databases that are no demo's. The demo fills an empty database, empties one that a demo filled, and refuses
//! every other.

use std::collections::BTreeSet;

use kim_entity::classification::TABLES;
use kim_entity::database::{Database, Databases};
use kim_entity::{agency, setting};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseConnection, DbBackend, DbErr, EntityName, EntityTrait, PaginatorTrait,
    QuerySelect, Statement, TransactionTrait as _,
};

use super::lock::sqlite_file;
use crate::database::migrate_up;
use crate::failure::Failure;

/// The setting that marks a database as a demo's.
const MARK: (&str, &str) = ("demo", "yes");
/// The tables that record which migrations were run. They identify a database of kim.
const MAIN_MIGRATIONS: &str = "kim_migration";
const LOG_MIGRATIONS: &str = "kim_log_migration";

/// Content of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// No agency, therefore no data that belongs to one; possibly no table.
    Nothing,
    /// Data that a demo wrote.
    Demo,
}

/// Refuses a SQLite file that is no demo's.
///
/// # Errors
/// [`Failure::Usage`] if the file is no demo's; [`Failure::Failed`] if it cannot be read.
#[expect(clippy::disallowed_methods, reason = "the guard looks at a file that may be somebody else's")]
pub(super) async fn refuse_foreign_file(database: &str) -> Result<(), Failure> {
    let Some(path) = sqlite_file(database).filter(|path| path.exists()) else { return Ok(()) };
    let unreadable = |error: DbErr| Failure::failed(format!("cannot read the database: {error}"));
    let file = Database::file_for_demo_guard(&path).await.map_err(unreadable)?;
    let content = content(&file).await;
    file.close().await.map_err(Failure::failed)?;
    content.map(drop)
}

/// Determines the content of the database, runs the migrations, and marks the database as a demo's.
///
/// # Errors
/// [`Failure::Usage`] if the data is no demo's: nothing was changed. [`Failure::Failed`] if the database fails.
pub(super) async fn claim(database: &Database) -> Result<Content, Failure> {
    // Before the migrations, because they would already change somebody else's database.
    let content = content(connections(database).main).await?;
    refuse_foreign_log(database).await?;
    migrate_up(database).await?;
    let (name, value) = (MARK.0.to_owned(), MARK.1.to_owned());
    let mark = setting::ActiveModel { name: Set(name), value: Set(value) };
    setting::Entity::insert(mark)
        .on_conflict(OnConflict::column(setting::Column::Name).do_nothing().to_owned())
        .exec_without_returning(connections(database).main)
        .await
        .map_err(Failure::failed)?;
    Ok(content)
}

/// The connections of the database.
#[expect(
    clippy::disallowed_methods,
    reason = "the guard looks at a database before its tables exist, and empties a demo's"
)]
fn connections(database: &Database) -> Databases<'_> {
    database.for_demo_guard()
}

async fn content(main: &DatabaseConnection) -> Result<Content, Failure> {
    let tables = tables(main).await.map_err(Failure::failed)?;
    if tables.is_empty() {
        return Ok(Content::Nothing);
    }
    if !tables.contains(MAIN_MIGRATIONS) {
        return Err(foreign());
    }
    // An earlier start may have been interrupted between two migrations. Then the later tables are missing.
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

/// With SQLite the log is a separate file, which may be somebody else's too.
async fn refuse_foreign_log(database: &Database) -> Result<(), Failure> {
    if database.backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let tables = tables(connections(database).log).await.map_err(Failure::failed)?;
    if tables.is_empty() || tables.contains(LOG_MIGRATIONS) { Ok(()) } else { Err(foreign()) }
}

/// Names of all tables and views. They are read from the catalogue, so that an error is not mistaken for a missing table.
async fn tables(database: &DatabaseConnection) -> Result<BTreeSet<String>, DbErr> {
    // Not information_schema, which hides tables from roles without a right to them.
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

/// Deletes everything but the mark, so that after an interrupted start the next start still recognises the database.
pub(super) async fn empty(database: &Database) -> Result<(), DbErr> {
    let main = tables_to_empty(connections(database).main).await?;
    let tx = connections(database).main.begin().await?;
    if database.backend() == DbBackend::Postgres {
        // These include the log's tables.
        tx.execute_unprepared(&format!("TRUNCATE {}", main.join(", "))).await?;
        return tx.commit().await;
    }
    // Tables refer to each other. Foreign keys are checked at the commit, when all tables are empty.
    tx.execute_unprepared("PRAGMA defer_foreign_keys = ON").await?;
    for table in main {
        tx.execute_unprepared(&format!("DELETE FROM {table}")).await?;
    }
    tx.commit().await?;
    for table in tables_to_empty(connections(database).log).await? {
        connections(database).log.execute_unprepared(&format!("DELETE FROM {table}")).await?;
    }
    Ok(())
}

/// Tables that are not emptied: the mark, and the version of the directory, which must only grow.
const KEPT: [&str; 2] = ["setting", "directory"];

/// Quoted names of the existing tables of kim, without those in [`KEPT`].
async fn tables_to_empty(database: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let existing = tables(database).await?;
    let names = TABLES.iter().map(|table| table.name).filter(|name| !KEPT.contains(name));
    Ok(names.filter(|&name| existing.contains(name)).map(|name| format!("\"{name}\"")).collect())
}
