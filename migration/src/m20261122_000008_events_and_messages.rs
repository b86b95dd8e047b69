//! Events and messages of referrals.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, code_null, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("referral_event")
                    .col(pk_uuid("id"))
                    .col(uuid("referral_id"))
                    .col(big_integer("at"))
                    .col(code_null("from_status"))
                    .col(code("to_status"))
                    .col(code_null("reason"))
                    .col(uuid("agency_id"))
                    .col(text_null("staff"))
                    .col(boolean("imported"))
                    .col(code_null("action"))
                    .col(text_null("detail"))
                    .foreign_key(&mut reference("referral_event", "referral_id", "referral", "id"))
                    .foreign_key(&mut reference("referral_event", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("message")
                    .col(pk_uuid("id"))
                    .col(uuid("referral_id"))
                    .col(big_integer("sent_at"))
                    .col(uuid("agency_id"))
                    .col(text_null("staff"))
                    .col(text("body"))
                    .foreign_key(&mut reference("message", "referral_id", "referral", "id"))
                    .foreign_key(&mut reference("message", "agency_id", "agency", "id"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("message").take()).await?;
        manager.drop_table(Table::drop().table("referral_event").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
