//! The disclosure log. It has no foreign keys, because it is stored separately and may outlive the rows it refers to.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, field_set};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("disclosure_log")
                    .col(pk_uuid("id"))
                    .col(big_integer("at"))
                    .col(text("request_id"))
                    .col(uuid("agency_id"))
                    .col(code("agency"))
                    .col(code("role"))
                    .col(text("subject"))
                    .col(text_null("acting_for"))
                    .col(text("operation"))
                    .col(text("referrals"))
                    .col(field_set("fields"))
                    .col(boolean("messages"))
                    .col(text("ground"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("disclosed")
                    .col(uuid("referral_id"))
                    .col(code("field"))
                    .col(uuid("receiver_id"))
                    .col(big_integer("first_at"))
                    .col(big_integer("last_at"))
                    .col(text("ground"))
                    .primary_key(Index::create().col("referral_id").col("field"))
                    .take(),
            )
            .await?;
        manager.create_index(Index::create().name("disclosure_log_at").table("disclosure_log").col("at").take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("disclosed").take()).await?;
        manager.drop_table(Table::drop().table("disclosure_log").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
