//! Referrals: the inputs of the disclosure rule as integers, the parties and the due dates.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, code_null, field_set, reference};

/// Every offered referral has an agreement. Only a draft made by a forwarding may have to wait for one.
const AGREED: &str = "agreement_id IS NOT NULL OR status = 'DRAFT'";
/// `pending` is stored for the partial index of the clerk's list. This constraint keeps it consistent with the status.
const PENDING: &str =
    "pending = (status IN ('OFFERED', 'ACKNOWLEDGED') OR (status = 'INFO_REQUESTED' AND NOT ever_accepted))";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("referral")
                    .col(pk_uuid("id"))
                    .col(uuid("case_id"))
                    .col(uuid("sender_id"))
                    .col(uuid("receiver_id"))
                    .col(code("purpose"))
                    .col(code("kind"))
                    .col(code("status"))
                    .col(integer("version").check(Expr::col("version").gte(1)))
                    .col(code("reference").unique_key())
                    .col(text_null("sender_reference"))
                    .col(text_null("receiver_reference"))
                    .col(uuid_null("agreement_id"))
                    .col(uuid_null("consent_id"))
                    .col(field_set("offered_fields"))
                    .col(boolean("ever_accepted"))
                    .col(boolean("pending"))
                    .col(date_null("first_received_on"))
                    .col(big_integer("offered_at"))
                    .col(big_integer_null("accepted_at"))
                    .col(big_integer_null("closed_at"))
                    .col(date_null("closed_on"))
                    .col(date("due_on"))
                    .col(code_null("reason"))
                    .col(code_null("suspended_from"))
                    .col(code_null("asked_from"))
                    .col(small_integer_null("paused_days"))
                    .col(boolean("carries_application").default(false))
                    .col(date_null("statutory_due_on"))
                    .col(boolean("reporting_duty_acknowledged").default(false))
                    .col(text_null("sender_contact_name"))
                    .col(text_null("sender_contact_phone"))
                    .col(text_null("sender_contact_email"))
                    .col(text_null("receiver_contact_name"))
                    .col(text_null("receiver_contact_phone"))
                    .col(text_null("receiver_contact_email"))
                    .col(uuid_null("previous_id"))
                    .col(small_integer("hops").check(Expr::col("hops").gte(0)))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .check(("referral_pending", Expr::cust(PENDING)))
                    .check(("referral_agreed", Expr::cust(AGREED)))
                    .foreign_key(&mut reference("referral", "case_id", "case", "id"))
                    .foreign_key(&mut reference("referral", "sender_id", "agency", "id"))
                    .foreign_key(&mut reference("referral", "receiver_id", "agency", "id"))
                    .foreign_key(&mut reference("referral", "agreement_id", "agreement", "id"))
                    .foreign_key(&mut reference("referral", "consent_id", "consent", "id"))
                    .foreign_key(&mut reference("referral", "previous_id", "referral", "id"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("referral").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
