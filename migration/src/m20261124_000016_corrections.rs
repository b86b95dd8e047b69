//! Reports of wrong values by receivers, and the notices sent about them.

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
                    .table("correction")
                    .col(pk_uuid("id"))
                    .col(uuid("referral_id"))
                    .col(uuid("case_id"))
                    .col(code("field"))
                    .col(uuid("agency_id"))
                    .col(text_null("staff"))
                    .col(big_integer("reported_at"))
                    .col(text("text"))
                    .col(text_null("suggested"))
                    .col(text("value_mark"))
                    .col(code("state"))
                    .col(big_integer_null("decided_at"))
                    .col(text_null("decided_text"))
                    .col(text_null("decided_staff"))
                    .foreign_key(&mut reference("correction", "referral_id", "referral", "id"))
                    .foreign_key(&mut reference("correction", "case_id", "case", "id"))
                    .foreign_key(&mut reference("correction", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("correction_notice")
                    .col(uuid("correction_id"))
                    .col(uuid("referral_id"))
                    .col(big_integer("told_at"))
                    .primary_key(Index::create().col("correction_id").col("referral_id"))
                    .foreign_key(&mut reference("correction_notice", "correction_id", "correction", "id"))
                    .foreign_key(&mut reference("correction_notice", "referral_id", "referral", "id"))
                    .take(),
            )
            .await?;
        for statement in INDEXES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("correction_notice").take()).await?;
        manager.drop_table(Table::drop().table("correction").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDEXES: [&str; 3] = [
    "CREATE INDEX correction_referral_reported ON correction (referral_id, reported_at, id)",
    // Open corrections are looked up with every handover, and they are few.
    "CREATE INDEX correction_case_open ON correction (case_id) WHERE state = 'OPEN'",
    // Each receiver may have one open report per field.
    "CREATE UNIQUE INDEX correction_once ON correction (referral_id, field) WHERE state = 'OPEN'",
];
