//! Connections for work that the four types do not cover. `clippy.toml` bans the functions that return them, so that each caller
//! states its reason.

use std::path::Path;
use std::str::FromStr as _;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{self, ConnectOptions as _, PgConnection};
use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, RuntimeErr};

use super::{Database, refused};

/// Raw connections to both databases, for work that needs no viewer and no row. On PostgreSQL they are the same.
#[derive(Clone, Copy, Debug)]
pub struct Databases<'d> {
    /// Everything but the log of disclosures.
    pub main: &'d DatabaseConnection,
    /// The log of disclosures.
    pub log: &'d DatabaseConnection,
}

impl Database {
    /// The connections for migrations, which create the tables that the four types read and write.
    #[must_use]
    pub fn for_migrations(&self) -> Databases<'_> {
        Databases { main: &self.main, log: &self.log }
    }

    /// The connections for the demo's guard. It checks whether the database is a demo's before the tables exist, and empties
    /// one that a demo filled.
    #[must_use]
    pub fn for_demo_guard(&self) -> Databases<'_> {
        Databases { main: &self.main, log: &self.log }
    }

    /// A connection to a SQLite file with SQLite's own settings, for the demo's guard. The file may be somebody else's, and
    /// opening it as a database of kim would already write to it.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub async fn file_for_demo_guard(path: &Path) -> Result<DatabaseConnection, DbErr> {
        let path = path.to_owned();
        let mut options = ConnectOptions::new("sqlite:");
        options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| sqlite.filename(&path));
        sea_orm::Database::connect(options).await
    }

    /// Takes the lock of PostgreSQL that only one demo can hold for a schema, because each schema has its own tables. `None` if
    /// another demo holds it.
    ///
    /// # Errors
    /// The database does not answer, or the URL cannot be parsed. The text never contains the URL.
    pub async fn session_for_demo_lock(url: &str) -> Result<Option<DemoSession>, DbErr> {
        let failed = |error: sqlx::Error| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
        // The driver's own message quotes the URL with its password.
        let options = PgConnectOptions::from_str(url).map_err(|_| refused("the PostgreSQL URL cannot be parsed"))?;
        let options = options.application_name("kim demo").disable_statement_logging();
        let mut session = options.connect().await.map_err(failed)?;
        let lock = "SELECT pg_try_advisory_lock(hashtext('kim demo'), hashtext(coalesce(current_schema(), '')))";
        let acquired: bool = sqlx::query_scalar(lock).fetch_one(&mut session).await.map_err(failed)?;
        Ok(acquired.then_some(DemoSession(session)))
    }
}

/// A session of PostgreSQL that holds the demo's lock until it is dropped. It is not in a pool, because a pool closes idle
/// connections.
#[derive(Debug)]
pub struct DemoSession(#[expect(dead_code, reason = "it is only kept open")] PgConnection);
