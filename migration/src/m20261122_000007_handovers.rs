//! Handovers: the copy of the offered values, one row per referral.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::reference;

/// Handover field columns of this migration. All are text in the encoding of the field, so that the values can be
/// encrypted later. `counselling_notes` is deliberately missing: the notes never leave the Träger.
const HANDOVER_FIELDS: [&str; 48] = [
    "concern",
    "requested_procedure",
    "plan_steps",
    "documents",
    "family_name",
    "given_name",
    "name_variants",
    "birth_date",
    "age",
    "birth_place",
    "gender",
    "legal_representative",
    "street",
    "postal_code",
    "city",
    "phone",
    "email",
    "preferred_language",
    "interpreter_needed",
    "contact_restriction",
    "nationalities",
    "aufenthaltstitel",
    "aufenthaltstitel_valid_until",
    "wohnsitzauflage",
    "work_permission",
    "in_germany_since",
    "auslaenderbehoerde_file_number",
    "marital_status",
    "household_members",
    "minor_child_in_household",
    "childcare_needed",
    "accommodation",
    "german_level",
    "german_certificate",
    "integrationskurs",
    "school_degree",
    "vocational_qualification",
    "anerkennung",
    "employment",
    "occupation_wish",
    "availability",
    "current_benefit",
    "benefit_ends_on",
    "need_since",
    "integration_achievements",
    "disability",
    "health_restrictions",
    "target_group",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut handover = Table::create()
            .table("handover")
            .col(pk_uuid("referral_id"))
            .col(text_null("client_fingerprint"))
            .foreign_key(&mut reference("handover", "referral_id", "referral", "id"))
            .take();
        for field in HANDOVER_FIELDS {
            handover.col(text_null(field));
        }
        manager.create_table(handover).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("handover").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
