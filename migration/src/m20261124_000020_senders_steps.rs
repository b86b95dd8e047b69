//! Marks events that only the sender sees: events about a field that the receiver neither sees nor was shown.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let senders = boolean("senders_alone").default(false).take();
        manager.alter_table(Table::alter().table("referral_event").add_column(senders).take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("referral_event").drop_column("senders_alone").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
