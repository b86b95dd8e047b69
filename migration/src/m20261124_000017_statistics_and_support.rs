//! The number of posts per agency, for statistics. Support checks, which recognise clients by keyed fingerprints with
//! their consent.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The tables in dependency order.
const TABLES: [&str; 4] = ["support_consent", "person_fingerprint", "support_check", "support_notice"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // In hundredths of a post: 250 means two and a half.
        let posts = ColumnDef::new("posts").integer().null().check(Expr::col("posts").gte(0)).take();
        manager.alter_table(Table::alter().table("agency").add_column(posts).take()).await?;
        manager
            .create_table(
                Table::create()
                    .table("support_consent")
                    .col(pk_uuid("id"))
                    .col(uuid("person_id"))
                    .col(boolean("given"))
                    .col(date_null("valid_until"))
                    .col(big_integer("recorded_at"))
                    .col(text("staff"))
                    .foreign_key(&mut reference("support_consent", "person_id", "person", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("person_fingerprint")
                    .col(uuid("person_id"))
                    .col(code("kind"))
                    .col(code("fingerprint"))
                    .primary_key(Index::create().col("person_id").col("kind").col("fingerprint"))
                    .foreign_key(&mut reference("person_fingerprint", "person_id", "person", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("support_check")
                    .col(pk_uuid("id"))
                    .col(uuid("agency_id"))
                    .col(uuid("case_id"))
                    .col(code("role"))
                    .col(text("subject"))
                    .col(text_null("acting_for"))
                    .col(big_integer("at"))
                    .col(boolean("found"))
                    .col(text_null("reference"))
                    .foreign_key(&mut reference("support_check", "agency_id", "agency", "id"))
                    .foreign_key(&mut reference("support_check", "case_id", "case", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("support_notice")
                    .col(pk_uuid("id"))
                    .col(code("reference"))
                    .col(uuid("agency_id"))
                    .col(uuid("case_id"))
                    .col(big_integer("at"))
                    .foreign_key(&mut reference("support_notice", "agency_id", "agency", "id"))
                    .foreign_key(&mut reference("support_notice", "case_id", "case", "id"))
                    .take(),
            )
            .await?;
        for (name, on) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {on}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES.into_iter().rev() {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        manager.alter_table(Table::alter().table("agency").drop_column("posts").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDEXES: [(&str, &str); 7] = [
    ("support_consent_person", "support_consent (person_id, recorded_at, id)"),
    ("person_fingerprint_value", "person_fingerprint (fingerprint, kind)"),
    ("support_check_subject", "support_check (agency_id, subject, at)"),
    ("support_check_case", "support_check (case_id, at)"),
    ("support_notice_agency", "support_notice (agency_id, at, id)"),
    ("support_notice_case", "support_notice (case_id)"),
    ("support_notice_reference", "support_notice (reference)"),
];
