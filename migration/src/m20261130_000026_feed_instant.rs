//! The instant of the last change in each feed. No later step gets an earlier one, also if the clock was set back.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let last_at = big_integer("last_at").default(0).take();
        manager.alter_table(Table::alter().table("feed").add_column(last_at).take()).await?;
        let from_changes = "UPDATE feed SET last_at = COALESCE(\
            (SELECT c.at FROM change c WHERE c.agency_id = feed.agency_id AND c.seq = feed.last), 0)";
        manager.get_connection().execute_unprepared(from_changes).await.map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("feed").drop_column("last_at").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
