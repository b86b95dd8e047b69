//! Connections that leave this crate. `clippy.toml` bans the functions that return them, so that each caller states its reason.

use sea_orm::DatabaseConnection;

use super::Database;

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
}
