//! Settings of the database itself, for example that it is a demo and may be emptied.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::code;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(Table::create().table("setting").col(code("name").primary_key()).col(text("value")).take())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("setting").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
