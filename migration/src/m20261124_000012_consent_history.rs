//! The history of consents, and further columns for recording a consent.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, field_set, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// New columns of `consent`. The text is valid on both databases.
const COLUMNS: [(&str, &str); 3] =
    [("form_reason", "text"), ("understands", "boolean NOT NULL DEFAULT false"), ("renewed_at", "bigint")];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, ty) in COLUMNS {
            let statement = format!("ALTER TABLE consent ADD COLUMN {name} {ty}");
            manager.get_connection().execute_unprepared(&statement).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("consent_event")
                    .col(pk_uuid("id"))
                    .col(uuid("consent_id"))
                    .col(big_integer("at"))
                    .col(code("step"))
                    .col(field_set("fields"))
                    .col(text_null("staff"))
                    .foreign_key(&mut reference("consent_event", "consent_id", "consent", "id"))
                    .take(),
            )
            .await?;
        for (name, on) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {on}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX case_person").await?;
        manager.drop_table(Table::drop().table("consent_event").take()).await?;
        for (name, _) in COLUMNS.into_iter().rev() {
            let statement = format!("ALTER TABLE consent DROP COLUMN {name}");
            manager.get_connection().execute_unprepared(&statement).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// `case_person`: a consent applies to every case of its client.
const INDEXES: [(&str, &str); 2] =
    [("consent_event_consent_at", "consent_event (consent_id, at, id)"), ("case_person", "\"case\" (person_id)")];
