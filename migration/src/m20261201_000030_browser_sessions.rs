//! Sessions of people who signed in with a browser.

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
                    .table("browser_session")
                    .col(text("id").primary_key())
                    .col(text("issuer"))
                    .col(text("subject"))
                    .col(text("agency"))
                    .col(code("role"))
                    .col(blob("tokens"))
                    .col(big_integer("began_at"))
                    .col(big_integer("acted_at"))
                    .col(big_integer("ends_at"))
                    .take(),
            )
            .await?;
        let connection = manager.get_connection();
        connection
            .execute_unprepared("CREATE INDEX browser_session_person ON browser_session (issuer, subject)")
            .await?;
        connection.execute_unprepared("CREATE INDEX browser_session_end ON browser_session (ends_at)").await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("browser_session").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
