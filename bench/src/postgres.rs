//! The PostgreSQL server: its databases, its processes and its version.

use kim_entity::database::Database;
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use crate::failure::Failure;
use crate::process::parent;

/// A server on which databases can be created.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    connection: DatabaseConnection,
}

impl Server {
    /// Connects as a superuser.
    pub(crate) async fn connect(url: &str) -> Result<Self, Failure> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Ok(Self { url: url.to_owned(), connection: sea_orm::Database::connect(options).await? })
    }

    /// The URL of one of the server's databases.
    pub(crate) fn url_of(&self, name: &str) -> String {
        let (server, parameters) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let server = server.rsplit_once('/').map_or(server, |(server, _)| server);
        if parameters.is_empty() { format!("{server}/{name}") } else { format!("{server}/{name}?{parameters}") }
    }

    /// Whether this database exists.
    pub(crate) async fn has(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.text(&format!("SELECT count(*)::text FROM pg_database WHERE datname = '{name}'")).await? == "1")
    }

    /// Creates a database, as a copy of `template` if given. Replaces an existing database of the same name.
    pub(crate) async fn create(&self, name: &str, template: Option<&str>) -> Result<(), Failure> {
        self.drop(name).await?;
        // Copied as files: otherwise the copy would be written to the WAL as well.
        let like = template.map_or(String::new(), |template| format!("TEMPLATE {template} STRATEGY file_copy"));
        self.connection.execute_unprepared(&format!("CREATE DATABASE {name} {like}")).await?;
        Ok(())
    }

    /// Renames a database.
    pub(crate) async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.connection.execute_unprepared(&format!("ALTER DATABASE {from} RENAME TO {to}")).await?;
        Ok(())
    }

    /// Removes a database.
    pub(crate) async fn drop(&self, name: &str) -> Result<(), Failure> {
        self.connection.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        Ok(())
    }

    /// The postmaster's process id. Its descendants do the work.
    pub(crate) async fn process(&self) -> Result<u32, Failure> {
        let backend = self.text("SELECT pg_backend_pid()::text").await?;
        parent(backend.parse()?)
    }

    /// The server's version and the relevant settings.
    pub(crate) async fn describe(&self) -> Result<(String, String), Failure> {
        let names = [
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "shared_buffers",
            "effective_cache_size",
            "work_mem",
            "max_wal_size",
            "random_page_cost",
            "jit",
        ];
        let mut settings = Vec::new();
        for name in names {
            settings.push(format!("{name}={}", self.text(&format!("SELECT current_setting('{name}')")).await?));
        }
        Ok((self.text("SHOW server_version").await?, settings.join(" ")))
    }

    async fn text(&self, sql: &str) -> Result<String, Failure> {
        let row = self.connection.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        Ok(row.ok_or_else(|| Failure::new(format!("no row: {sql}")))?.try_get_by_index(0)?)
    }
}

/// The URL of the same database for the role that the peers use.
pub(crate) fn as_peer(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let place = rest.split_once('@').map_or(rest, |(_, place)| place);
    format!("{scheme}://peer@{place}")
}

/// Number of log rows of the peers and of bare SQL.
pub(crate) async fn logged(url: &str) -> Result<i64, Failure> {
    let database = Database::open(url).await?;
    let row = crate::agency::single_row(&database, "SELECT count(*) FROM peer_rule.request_log").await?;
    database.close().await?;
    Ok(row.try_get_by_index(0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_connect_as_the_role_peer() {
        assert_eq!(as_peer("postgres://kim:secret@127.0.0.1:5432/kim"), "postgres://peer@127.0.0.1:5432/kim");
    }
}
