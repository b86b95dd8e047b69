//! The version of the directory of agencies and agreements. Servers cache the directory, and check with every request
//! whether their cached version is current.
//!
//! The version is a row and not a sequence: a transaction that changes the directory locks the row until its commit, so
//! the changes have one order, and a version identifies one committed state. Only changes of cached columns count;
//! `agency.closings` changes with every withdrawal and is not cached.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Table, event and name of the trigger. Only these columns of an agency are cached.
const CHANGES: [(&str, &str, &str); 6] = [
    ("agency", "INSERT", "directory_agency_inserted"),
    ("agency", "UPDATE OF id, slug, name, kind, bound_by_203", "directory_agency_updated"),
    ("agency", "DELETE", "directory_agency_deleted"),
    ("agreement", "INSERT", "directory_agreement_inserted"),
    ("agreement", "UPDATE", "directory_agreement_updated"),
    ("agreement", "DELETE", "directory_agreement_deleted"),
];

/// Further triggers on PostgreSQL.
const EMPTIED: [(&str, &str, &str); 2] =
    [("agency", "TRUNCATE", "directory_agency_emptied"), ("agreement", "TRUNCATE", "directory_agreement_emptied")];

/// The version includes the time, so that a version that was lost with a failed server is never reused for another
/// state: a standby that takes over may miss some commits.
const FUNCTION: &str = "CREATE FUNCTION directory_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT \
     AS $$ BEGIN \
     UPDATE directory SET version = greatest(version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint); \
     RETURN NULL; END $$";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(
            "CREATE TABLE directory (id smallint NOT NULL PRIMARY KEY CHECK (id = 1), version bigint NOT NULL)",
        )
        .await?;
        db.execute_unprepared("INSERT INTO directory VALUES (1, 0)").await?;
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        if postgres {
            db.execute_unprepared(FUNCTION).await?;
        }
        for (table, change, name) in changes(postgres) {
            let statement = if postgres {
                // Before the statement locks any row, so that all writers take the two locks in the same order.
                format!(
                    "CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH STATEMENT \
                     EXECUTE FUNCTION directory_changed()"
                )
            } else {
                format!(
                    "CREATE TRIGGER {name} AFTER {change} ON {table} \
                     BEGIN UPDATE directory SET version = version + 1; END"
                )
            };
            db.execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let postgres = manager.get_database_backend() == DbBackend::Postgres;
        for (table, _, name) in changes(postgres) {
            let on = if postgres { format!(" ON {table}") } else { String::new() };
            db.execute_unprepared(&format!("DROP TRIGGER {name}{on}")).await?;
        }
        if postgres {
            db.execute_unprepared("DROP FUNCTION directory_changed()").await?;
        }
        db.execute_unprepared("DROP TABLE directory").await.map(drop)
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn changes(postgres: bool) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    CHANGES.into_iter().chain(EMPTIED.into_iter().filter(move |_| postgres))
}
