//! The parts of double names, by each of which a client is found at the desk: keyed fingerprints like those of whole names, which
//! stay in their columns. Empty until `kim normalise` fills them for stored rows, because a migration has no key.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, reference};

/// Table, column of the owner, and the owner's table and key.
const TABLES: [(&str, &str, &str, &str); 2] = [
    ("person_name_part", "person_id", "person", "id"),
    ("handover_name_part", "referral_id", "handover", "referral_id"),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, owner, of, key) in TABLES {
            // A part without the name would find somebody whom nothing names any more.
            let mut owned = reference(table, owner, of, key).on_delete(ForeignKeyAction::Cascade).take();
            manager
                .create_table(
                    Table::create()
                        .table(table)
                        .col(uuid(owner))
                        .col(code("fingerprint"))
                        .primary_key(Index::create().col(owner).col("fingerprint"))
                        .foreign_key(&mut owned)
                        .take(),
                )
                .await?;
            let index = format!("CREATE INDEX {table}_fingerprint ON {table} (fingerprint, {owner})");
            manager.get_connection().execute_unprepared(&index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, ..) in TABLES {
            manager.drop_table(Table::drop().table(table).take()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
