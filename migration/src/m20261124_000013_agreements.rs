//! Agreement proposals with their signatures and opinions, and terminations of agreements.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, field_set, reference, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The tables in dependency order.
const TABLES: [&str; 4] = ["agreement_proposal", "agreement_signature", "agreement_opinion", "agreement_termination"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(proposal()).await?;
        manager.create_table(act("agreement_signature").take()).await?;
        manager.create_table(act("agreement_opinion").col(code("verdict")).col(text_null("reasons")).take()).await?;
        manager.create_table(termination()).await?;
        manager.create_index(unique("agreement_proposal_agreement", "agreement_proposal", &["agreement_id"])).await?;
        manager
            .create_index(unique(
                "agreement_termination_agreement_cause",
                "agreement_termination",
                &["agreement_id", "for_cause"],
            ))
            .await?;
        for (name, on) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE {name} ON {on}")).await?;
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
    // Only one open negotiation per receiver and purpose, because versions follow each other.
    ("UNIQUE INDEX agreement_proposal_open", "agreement_proposal (receiver_id, purpose) WHERE status = 'OPEN'"),
    ("INDEX agreement_proposal_receiver", "agreement_proposal (receiver_id, id)"),
    ("INDEX agreement_proposal_ags", "agreement_proposal (ags, id)"),
];

fn proposal() -> TableCreateStatement {
    Table::create()
        .table("agreement_proposal")
        .col(pk_uuid("id"))
        .col(integer("version").check(Expr::col("version").gte(1)))
        .col(code("status"))
        .col(code("ags"))
        .col(uuid("receiver_id"))
        .col(code("purpose"))
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
        .col(text_null("terms"))
        .col(uuid("agency_id"))
        .col(text("staff"))
        .col(big_integer("created_at"))
        .col(uuid_null("agreement_id"))
        .col(uuid_null("closed_by_id"))
        .col(text_null("closed_by_staff"))
        .col(big_integer_null("closed_at"))
        .col(text_null("close_reason"))
        .foreign_key(&mut reference("agreement_proposal", "ags", "municipality", "ags"))
        .foreign_key(&mut reference("agreement_proposal", "receiver_id", "agency", "id"))
        .foreign_key(&mut reference("agreement_proposal", "agency_id", "agency", "id"))
        .foreign_key(&mut reference("agreement_proposal", "closed_by_id", "agency", "id"))
        .foreign_key(&mut reference("agreement_proposal", "agreement_id", "agreement", "id"))
        .take()
}

/// A table of acts that a party performs once per proposal.
fn act(table: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(uuid("proposal_id"))
        .col(code("side"))
        .col(uuid("agency_id"))
        .col(text("staff"))
        .col(big_integer("at"))
        .primary_key(Index::create().col("proposal_id").col("side"))
        .foreign_key(&mut reference(table, "proposal_id", "agreement_proposal", "id"))
        .foreign_key(&mut reference(table, "agency_id", "agency", "id"))
        .take()
}

fn termination() -> TableCreateStatement {
    Table::create()
        .table("agreement_termination")
        .col(pk_uuid("id"))
        .col(uuid("agreement_id"))
        .col(boolean("for_cause"))
        .col(date("ends_on"))
        .col(text("reason"))
        .col(code("side"))
        .col(uuid("agency_id"))
        .col(text("staff"))
        .col(big_integer("created_at"))
        .foreign_key(&mut reference("agreement_termination", "agreement_id", "agreement", "id"))
        .foreign_key(&mut reference("agreement_termination", "agency_id", "agency", "id"))
        .take()
}
