//! Master data of agencies: address, contact and opening hours, a version for changes, and the history of the changes.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DbBackend};

use crate::column::{code, reference};

/// What an agency says of itself.
const COLUMNS: [&str; 6] = ["street", "postal_code", "city", "phone", "email", "opening_hours"];

const TRIGGER: &str = "directory_agency_updated";
/// The columns of an agency that the directory caches, before and after.
const CACHED_BEFORE: &str = "id, slug, name, kind, bound_by_203";
const CACHED: &str = "id, slug, name, kind, bound_by_203, version, street, postal_code, city, phone, email, \
     opening_hours, district";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_trigger(manager).await?;
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("agency").add_column(text_null(column)).take()).await?;
        }
        let version = integer("version").default(1).take();
        manager.alter_table(Table::alter().table("agency").add_column(version).take()).await?;
        create_trigger(manager, CACHED).await?;
        manager
            .create_table(
                Table::create()
                    .table("agency_change")
                    .col(pk_uuid("id"))
                    .col(uuid("agency_id"))
                    .col(big_integer("at"))
                    .col(code("field"))
                    .col(text_null("old_value"))
                    .col(text_null("new_value"))
                    .col(text_null("staff"))
                    .col(text_null("acting_for"))
                    .foreign_key(&mut reference("agency_change", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        let index = "CREATE INDEX agency_change_agency ON agency_change (agency_id, id)";
        manager.get_connection().execute_unprepared(index).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("agency_change").take()).await?;
        drop_trigger(manager).await?;
        for column in COLUMNS.into_iter().chain(["version"]) {
            manager.alter_table(Table::alter().table("agency").drop_column(column).take()).await?;
        }
        create_trigger(manager, CACHED_BEFORE).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn drop_trigger(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let on = if manager.get_database_backend() == DbBackend::Postgres { " ON agency" } else { "" };
    manager.get_connection().execute_unprepared(&format!("DROP TRIGGER {TRIGGER}{on}")).await.map(drop)
}

/// As the migration of the directory creates it, for other columns.
async fn create_trigger(manager: &SchemaManager<'_>, columns: &str) -> Result<(), DbErr> {
    let statement = if manager.get_database_backend() == DbBackend::Postgres {
        format!(
            "CREATE TRIGGER {TRIGGER} BEFORE UPDATE OF {columns} ON agency FOR EACH STATEMENT \
             EXECUTE FUNCTION directory_changed()"
        )
    } else {
        format!(
            "CREATE TRIGGER {TRIGGER} AFTER UPDATE OF {columns} ON agency \
             BEGIN UPDATE directory SET version = version + 1; END"
        )
    };
    manager.get_connection().execute_unprepared(&statement).await.map(drop)
}
