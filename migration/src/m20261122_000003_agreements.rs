//! Agreements between a municipality and a receiver: one row per version.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, field_set, reference, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("agreement")
                    .col(pk_uuid("id"))
                    .col(code("ags"))
                    .col(uuid("receiver_id"))
                    .col(code("purpose"))
                    .col(integer("version").check(Expr::col("version").gte(1)))
                    .col(date("valid_from"))
                    .col(date_null("valid_until"))
                    .col(small_integer("respond_working_days"))
                    .col(small_integer("access_days"))
                    .col(text("contact"))
                    .col(text("legal_ground"))
                    .col(field_set("fields"))
                    .col(field_set("ticked_only"))
                    .col(field_set("statutory_fields"))
                    .col(boolean("narrows_running"))
                    .col(date_null("terminated_for_cause_on"))
                    .col(big_integer("created_at"))
                    .foreign_key(&mut reference("agreement", "ags", "municipality", "ags"))
                    .foreign_key(&mut reference("agreement", "receiver_id", "agency", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(unique(
                "agreement_receiver_purpose_version",
                "agreement",
                &["receiver_id", "purpose", "version"],
            ))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("agreement").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
