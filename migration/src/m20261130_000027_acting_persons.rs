//! The person for whom a service acted, beside the service itself: for the agency's own history, like in the log of
//! disclosures. Not for agreements, which no service may propose, sign or end.

use sea_orm_migration::{prelude::*, schema::*};

/// The tables that record people, and the new columns.
const COLUMNS: [(&str, &str); 11] = [
    ("referral_event", "acting_for"),
    ("message", "acting_for"),
    ("appointment", "acting_for"),
    ("talk", "acting_for"),
    ("correction", "acting_for"),
    ("correction", "decided_acting_for"),
    ("consent", "acting_for"),
    ("consent_event", "acting_for"),
    ("note", "acting_for"),
    ("eligibility_decision", "acting_for"),
    ("support_consent", "acting_for"),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in COLUMNS {
            manager.alter_table(Table::alter().table(table).add_column(text_null(column)).take()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in COLUMNS {
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
