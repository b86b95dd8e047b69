//! Tables of the timer: sent reminders, and indexes of running referrals.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The timer polls every minute. These partial indexes contain only the running referrals among those of many years.
/// The planner uses them if the query contains `closed_on IS NULL`.
const INDEXES: [(&str, &str); 2] = [
    ("referral_running_due", "referral (due_on, id) WHERE closed_on IS NULL"),
    ("referral_running_consent", "referral (consent_id, id) WHERE closed_on IS NULL"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("reminder")
                    .col(uuid("referral_id"))
                    .col(code("kind"))
                    .col(date("due_on"))
                    .col(big_integer("at"))
                    .primary_key(Index::create().col("referral_id").col("kind").col("due_on"))
                    .foreign_key(&mut reference("reminder", "referral_id", "referral", "id"))
                    .take(),
            )
            .await?;
        for (name, on) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {on}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        manager.drop_table(Table::drop().table("reminder").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
