//! Consents: which data a client permits which receiver to get.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, code_null, field_set, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("consent")
                    .col(pk_uuid("id"))
                    .col(uuid("person_id"))
                    .col(uuid("receiver_id"))
                    .col(code("purpose"))
                    .col(field_set("fields"))
                    .col(field_set("ticked"))
                    .col(boolean("data_protection"))
                    .col(boolean("release_from_secrecy"))
                    .col(date_null("release_on"))
                    .col(boolean("art9"))
                    .col(date("valid_from"))
                    .col(date_null("valid_until"))
                    .col(big_integer_null("withdrawn_at"))
                    .col(big_integer("created_at"))
                    .col(boolean("report_outcome").default(false))
                    .col(code("form").default("WRITTEN"))
                    .col(code_null("language"))
                    .col(boolean("interpreter").default(false))
                    .col(text_null("text_version"))
                    .col(text_null("guardian"))
                    .col(text_null("witness"))
                    .col(text_null("scan_sha256"))
                    .col(uuid_null("renews_id"))
                    .col(text_null("staff"))
                    .foreign_key(&mut reference("consent", "person_id", "person", "id"))
                    .foreign_key(&mut reference("consent", "receiver_id", "agency", "id"))
                    .foreign_key(&mut reference("consent", "renews_id", "consent", "id"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("consent").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
