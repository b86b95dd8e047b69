//! Case management: version, plan and closing of a case, notes, and eligibility decisions.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, code_null, reference};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// New columns of `case`. SQLite adds and drops one column per statement.
const COLUMNS: [&str; 5] = ["version", "close_reason", "result", "plan", "plan_reviewed_on"];

fn column(name: &'static str) -> ColumnDef {
    match name {
        "version" => integer(name).default(1).take(),
        "close_reason" => code_null(name),
        "plan_reviewed_on" => date_null(name),
        other => text_null(other),
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in COLUMNS {
            manager.alter_table(Table::alter().table("case").add_column(column(name)).take()).await?;
        }
        manager
            .create_table(
                Table::create()
                    .table("note")
                    .col(pk_uuid("id"))
                    .col(uuid("case_id"))
                    .col(uuid("agency_id"))
                    .col(text_null("staff"))
                    .col(big_integer("at"))
                    .col(text("body"))
                    .foreign_key(&mut reference("note", "case_id", "case", "id"))
                    .foreign_key(&mut reference("note", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("eligibility_decision")
                    .col(pk_uuid("id"))
                    .col(uuid("case_id"))
                    .col(uuid("agency_id"))
                    .col(text_null("staff"))
                    .col(big_integer("at"))
                    .col(date("decided_on"))
                    .col(date("reference_date"))
                    .col(code("rule_set"))
                    .col(integer("rule_set_version"))
                    .col(boolean("eligible"))
                    .col(text("groups"))
                    .col(text("findings"))
                    .col(text("statements"))
                    .col(text_null("explanation"))
                    .foreign_key(&mut reference("eligibility_decision", "case_id", "case", "id"))
                    .foreign_key(&mut reference("eligibility_decision", "agency_id", "agency", "id"))
                    .take(),
            )
            .await?;
        for (name, on) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {on}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("eligibility_decision").take()).await?;
        manager.drop_table(Table::drop().table("note").take()).await?;
        for name in COLUMNS.into_iter().rev() {
            manager.alter_table(Table::alter().table("case").drop_column(name).take()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

const INDEXES: [(&str, &str); 2] = [
    ("note_case_at", "note (case_id, at, id)"),
    ("eligibility_decision_case_at", "eligibility_decision (case_id, at, id)"),
];
