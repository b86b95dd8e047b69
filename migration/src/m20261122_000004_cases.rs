//! Persons, their households and cases. Each belongs to one Träger and is never shared.

use sea_orm_migration::{prelude::*, schema::*};

use crate::column::{code, reference, unique};

/// Personal data columns. All are text in the encoding of the field, so that the values can be encrypted later.
const PERSON_FIELDS: [&str; 41] = [
    "family_name",
    "given_name",
    "name_variants",
    "birth_date",
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
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut person = Table::create().table("person").col(pk_uuid("id")).col(uuid("agency_id")).take();
        for field in PERSON_FIELDS {
            person.col(text_null(field));
        }
        person
            .col(text_null("fingerprint"))
            .col(text_null("phonetic_fingerprint"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .foreign_key(&mut reference("person", "agency_id", "agency", "id"));
        manager.create_table(person).await?;
        manager
            .create_table(
                Table::create()
                    .table("household_member")
                    .col(pk_uuid("id"))
                    .col(uuid("person_id"))
                    .col(code("relation"))
                    .col(text_null("given_name"))
                    .col(text_null("family_name"))
                    .col(text_null("birth_date"))
                    .foreign_key(&mut reference("household_member", "person_id", "person", "id"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("case")
                    .col(pk_uuid("id"))
                    .col(uuid("agency_id"))
                    .col(uuid("person_id"))
                    .col(code("case_number"))
                    .col(text_null("district"))
                    .col(code("phase"))
                    .col(date("opened_on"))
                    .col(date_null("closed_on"))
                    .col(text_null("concern"))
                    .col(text_null("requested_procedure"))
                    .col(text_null("plan_steps"))
                    .col(text_null("documents"))
                    .col(text_null("target_group"))
                    .col(text_null("counselling_notes"))
                    .col(text_null("import_hash"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .foreign_key(&mut reference("case", "agency_id", "agency", "id"))
                    .foreign_key(&mut reference("case", "person_id", "person", "id"))
                    .take(),
            )
            .await?;
        manager.create_index(unique("case_agency_case_number", "case", &["agency_id", "case_number"])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("case").take()).await?;
        manager.drop_table(Table::drop().table("household_member").take()).await?;
        manager.drop_table(Table::drop().table("person").take()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
