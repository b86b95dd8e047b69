//! Agencies: the organisational units that send and receive referrals.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("agency")
                    .col(pk_uuid("id"))
                    .col(code("slug").unique_key())
                    .col(text("name"))
                    .col(code("kind"))
                    .col(code("ags"))
                    .col(code("legal_form"))
                    .col(boolean("bound_by_203"))
                    .col(code("data_protection_law"))
                    .col(code("controller"))
                    .col(text_null("association"))
                    .col(text_null("district"))
                    .col(small_integer_null("baustein"))
                    .col(text_null("internal_specialisation"))
                    .col(boolean("enabled"))
                    .col(big_integer("closings").default(0))
                    .foreign_key(&mut reference("agency", "ags", "municipality", "ags"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("agency").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
