//! What the rule asks of a consent, in an index of its own on SQLite too: a clerk's list was measured to take 0.38 ms of it, and
//! 0.28 ms with 51 consents from the index alone.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // It keeps no columns beside an index's key; after the id they change no order.
        let index = "CREATE INDEX consent_rule ON consent (id, fields, ticked, data_protection, \
             release_from_secrecy, art9, valid_from, valid_until, withdrawn_at)";
        on_sqlite(manager, index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        on_sqlite(manager, "DROP INDEX consent_rule").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn on_sqlite(manager: &SchemaManager<'_>, statement: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Sqlite {
        return Ok(());
    }
    manager.get_connection().execute_unprepared(statement).await.map(drop)
}
