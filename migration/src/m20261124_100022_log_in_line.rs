//! Keeps rows of the log inline on PostgreSQL. The ids of a list of fifty take 2 kB. With the default setting
//! PostgreSQL would try to compress these random digits and then move them to the TOAST table, for every request.

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter(manager, "SET (toast_tuple_target = 8160)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        alter(manager, "RESET (toast_tuple_target)").await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn alter(manager: &SchemaManager<'_>, what: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    manager.get_connection().execute_unprepared(&format!("ALTER TABLE disclosure_log {what}")).await.map(drop)
}
