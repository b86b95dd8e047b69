//! Marks referrals that had ended before one of their values was found wrong. Their copies stay unchanged.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let outdated = boolean("outdated").default(false).take();
        manager.alter_table(Table::alter().table("correction_notice").add_column(outdated).take()).await?;
        manager.get_connection().execute_unprepared(INDEX).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX correction_notice_outdated").await?;
        manager.alter_table(Table::alter().table("correction_notice").drop_column("outdated").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Looked up with every handover; the marked rows are few.
const INDEX: &str = "CREATE INDEX correction_notice_outdated ON correction_notice (referral_id) WHERE outdated";
