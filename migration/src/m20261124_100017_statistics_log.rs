//! A log of every statistics request of a coordination. No foreign keys, as in the disclosure log.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::code;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("statistics_log")
                    .col(pk_uuid("id"))
                    .col(big_integer("at"))
                    .col(uuid("agency_id"))
                    .col(code("agency"))
                    .col(code("role"))
                    .col(text("subject"))
                    .col(text_null("acting_for"))
                    .col(code("period"))
                    .col(text("dimensions"))
                    .take(),
            )
            .await?;
        manager.get_connection().execute_unprepared("CREATE INDEX statistics_log_at ON statistics_log (at)").await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("statistics_log").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
