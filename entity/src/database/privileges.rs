//! Which privileges on PostgreSQL's tables a login lacks. Without them the first statement fails with a text that names
//! one table at most, and not what to do.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{DbBackend, DbErr};

use super::Database;
use crate::classification::TABLES;
use crate::sql::{Columns, Sql};

/// What a command does with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Reads and writes rows, as a server does.
    Rows,
    /// Changes tables.
    Migration,
}

impl Use {
    /// What this use needs on a table. The documented grants leave out what would change the log of
    /// disclosures or the history of master data.
    fn privileges(self, table: &str) -> &'static [&'static str] {
        let is_classified = TABLES.iter().any(|known| known.name == table);
        match (self, table) {
            (Self::Migration, _) => &["OWNER"],
            (Self::Rows, "disclosure_log" | "agency_change") => &["SELECT", "INSERT"],
            (Self::Rows, "disclosed") => &["SELECT", "INSERT", "UPDATE"],
            (Self::Rows, _) if is_classified => &["SELECT", "INSERT", "UPDATE", "DELETE"],
            (Self::Rows, _) => &["SELECT"],
        }
    }
}

/// The privileges that a login lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPrivileges {
    /// The role of the session.
    pub login: String,
    /// Each privilege with the tables, or `schema public`, on which it is missing.
    pub missing: BTreeMap<String, BTreeSet<String>>,
}

impl Database {
    /// The privileges that this login lacks on the tables that exist. `None` on SQLite, and if it lacks none. `migrations` are
    /// the migrators' own tables.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn missing_privileges(&self, to: Use, migrations: &[&str]) -> Result<Option<MissingPrivileges>, DbErr> {
        if self.backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let mut sql = Sql::new(self.backend());
        // The migrators look for their tables with CREATE TABLE IF NOT EXISTS, for which a server needs CREATE as well.
        sql.push(
            "SELECT current_user::text, p.privilege, 'schema public' FROM (VALUES ('USAGE'), ('CREATE')) p(privilege)",
        );
        sql.push(" WHERE coalesce(current_schema(), 'public') = 'public'");
        sql.push(" AND NOT has_schema_privilege('public', p.privilege) UNION ALL");
        sql.push(" SELECT current_user::text, w.privilege, w.name FROM (VALUES ");
        let wanted = TABLES.iter().map(|table| table.name).chain(migrations.iter().copied());
        let wanted = wanted.flat_map(|table| to.privileges(table).iter().map(move |privilege| (table, privilege)));
        for (place, (table, privilege)) in wanted.enumerate() {
            sql.push(if place > 0 { ",('" } else { "('" }).push(table).push("','").push(privilege).push("')");
        }
        sql.push(") w(name, privilege) JOIN pg_class c ON c.relname = w.name AND c.relkind = 'r'");
        sql.push(" JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'");
        sql.push(" WHERE CASE w.privilege WHEN 'OWNER' THEN NOT pg_has_role(c.relowner, 'USAGE')");
        sql.push(" ELSE NOT has_table_privilege(c.oid, w.privilege) END");
        let mut found: Option<MissingPrivileges> = None;
        for row in &sql.all(&self.main).await? {
            let mut columns = Columns::of(row);
            let (login, privilege, table) = (columns.next()?, columns.next()?, columns.next()?);
            let found = found.get_or_insert(MissingPrivileges { login, missing: BTreeMap::new() });
            found.missing.entry(privilege).or_default().insert(table);
        }
        Ok(found)
    }
}
