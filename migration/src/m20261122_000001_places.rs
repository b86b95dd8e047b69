//! Municipalities and their districts.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(Table::create().table("municipality").col(code("ags").primary_key()).col(text("name")).take())
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("district")
                    .col(code("ags"))
                    .col(code("code"))
                    .col(text("name"))
                    .col(code("kind"))
                    .primary_key(Index::create().col("ags").col("code"))
                    .foreign_key(&mut reference("district", "ags", "municipality", "ags"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("district").take()).await?;
        manager.drop_table(Table::drop().table("municipality").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
