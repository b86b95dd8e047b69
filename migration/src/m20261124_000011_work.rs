//! Tables that mutations need: idempotency keys, the feed of changes, appointments and talks.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The tables in dependency order.
const TABLES: [&str; 5] = ["idempotency", "feed", "change", "appointment", "talk"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("idempotency")
                    .col(uuid("agency_id"))
                    .col(text("subject"))
                    .col(code("key"))
                    .col(code("mutation"))
                    .col(text("request_hash"))
                    .col(text("result"))
                    .col(big_integer("at"))
                    .primary_key(Index::create().col("agency_id").col("subject").col("key"))
                    .foreign_key(&mut reference("idempotency", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("feed")
                    .col(pk_uuid("agency_id"))
                    .col(big_integer("last"))
                    .foreign_key(&mut reference("feed", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("change")
                    .col(uuid("agency_id"))
                    .col(big_integer("seq"))
                    .col(big_integer("at"))
                    .col(uuid("referral_id"))
                    .col(code("kind"))
                    .col(uuid_null("event_id"))
                    .primary_key(Index::create().col("agency_id").col("seq"))
                    .foreign_key(&mut reference("change", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("appointment")
                    .col(pk_uuid("id"))
                    .col(uuid("referral_id"))
                    .col(uuid("agency_id"))
                    .col(text_null("staff"))
                    .col(big_integer("at"))
                    .col(text("place"))
                    .col(text_null("bring"))
                    .col(big_integer("created_at"))
                    .foreign_key(&mut reference("appointment", "referral_id", "referral", "id"))
                    .foreign_key(&mut reference("appointment", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("talk")
                    .col(pk_uuid("id"))
                    .col(uuid("referral_id"))
                    .col(uuid("agency_id"))
                    .col(text_null("staff"))
                    .col(date("held_on"))
                    .col(text("participants"))
                    .col(boolean("client_took_part"))
                    .col(big_integer("created_at"))
                    .foreign_key(&mut reference("talk", "referral_id", "referral", "id"))
                    .foreign_key(&mut reference("talk", "agency_id", "agency", "id"))
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
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDEXES: [(&str, &str); 3] = [
    ("appointment_referral_at", "appointment (referral_id, at, id)"),
    ("talk_referral_held", "talk (referral_id, held_on, id)"),
    ("idempotency_at", "idempotency (at)"),
];
