//! Opens, checks and migrates the database for all commands.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::Duration;

use kim_entity::database::{Database, Databases, MissingPrivileges, Use};
use kim_migration::{LogMigrator, MainMigrator, MigratorTrait};

use crate::failure::Failure;

/// Opens an existing database.
///
/// # Errors
/// [`Failure::Failed`] if it does not exist or does not answer.
pub async fn open(url: &str) -> Result<Database, Failure> {
    Database::open(url).await.map_err(not_opened)
}

/// Opens an existing database and cancels every statement that takes longer than `deadline`.
///
/// # Errors
/// As [`open`].
pub async fn open_within(url: &str, deadline: Duration) -> Result<Database, Failure> {
    Database::open_within(url, deadline).await.map_err(not_opened)
}

/// Opens the database, and creates its files if they do not exist.
///
/// # Errors
/// [`Failure::Failed`] if it does not answer or cannot be created.
pub async fn create(url: &str) -> Result<Database, Failure> {
    Database::create(url).await.map_err(not_opened)
}

fn not_opened(error: impl Display) -> Failure {
    Failure::failed(format!("cannot open the database: {error}"))
}

/// Refuses a database without all migrations of this version, and a login without the privileges that a server needs.
///
/// # Errors
/// [`Failure::Failed`] with the command to run, or the missing privileges.
pub async fn refuse_unprepared(database: &Database) -> Result<(), Failure> {
    refuse_missing_privileges(database, Use::Rows).await?;
    match pending_migrations(database).await? {
        0 => Ok(()),
        count => Err(Failure::failed(format!(
            "the database is not prepared for this version ({count} migrations are missing): run `kim migrate` first"
        ))),
    }
}

/// Without this check the first statement would fail with PostgreSQL's own text.
async fn refuse_missing_privileges(database: &Database, to: Use) -> Result<(), Failure> {
    let tables = [MainMigrator::migration_table_name(), LogMigrator::migration_table_name()].map(|name| name.inner());
    let missing = database.missing_privileges(to, &[&tables[0], &tables[1]]).await.map_err(Failure::failed)?;
    missing.map_or(Ok(()), |missing| Err(Failure::failed(lacks(&missing))))
}

fn lacks(MissingPrivileges { login, missing }: &MissingPrivileges) -> String {
    let line = |(privilege, tables): (&String, &BTreeSet<String>)| {
        format!("\n  {privilege} on {}", tables.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    let lines: String = missing.iter().map(line).collect();
    format!(
        "the login \"{login}\" lacks privileges in the database:{lines}\nThe section \"PostgreSQL\" of docs/operation.md \
         has the grants, which are needed again after each migration, and the login for each command."
    )
}

/// Runs the missing migrations and returns their number.
///
/// # Errors
/// [`Failure::Failed`] if a migration fails; the earlier ones stay.
pub async fn migrate_up(database: &Database) -> Result<usize, Failure> {
    refuse_missing_privileges(database, Use::Migration).await?;
    let count = pending_migrations(database).await?;
    MainMigrator::up(connections(database).main, None).await.map_err(Failure::failed)?;
    LogMigrator::up(connections(database).log, None).await.map_err(Failure::failed)?;
    Ok(count)
}

/// Undoes all migrations, which deletes all data.
///
/// # Errors
/// [`Failure::Failed`] if a migration cannot be undone.
pub async fn migrate_down(database: &Database) -> Result<(), Failure> {
    refuse_missing_privileges(database, Use::Migration).await?;
    LogMigrator::down(connections(database).log, None).await.map_err(Failure::failed)?;
    MainMigrator::down(connections(database).main, None).await.map_err(Failure::failed)
}

/// The connections of the database.
#[expect(clippy::disallowed_methods, reason = "migrations create the tables that everything else reads and writes")]
fn connections(database: &Database) -> Databases<'_> {
    database.for_migrations()
}

async fn pending_migrations(database: &Database) -> Result<usize, Failure> {
    let main = MainMigrator::get_pending_migrations(connections(database).main).await.map_err(Failure::failed)?;
    let log = LogMigrator::get_pending_migrations(connections(database).log).await.map_err(Failure::failed)?;
    Ok(main.len() + log.len())
}
