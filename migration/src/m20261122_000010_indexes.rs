//! The indexes for lists and look-ups.
//!
//! A list shows one agency's side of the referrals in one order, with keyset pagination, so every index ends in `id`.
//! Pending referrals have indexes of their own: on 3 M referrals they make the clerk's list ten to twenty times
//! cheaper. The planner uses them only if the query contains plain `pending`: neither `pending = $1` nor, on SQLite,
//! `pending = TRUE` implies the index condition.

use sea_orm_migration::prelude::*;

/// Index name and the rest of the statement. The text is valid on both databases.
const INDEXES: [(&str, &str); 17] = [
    ("referral_receiver_due", "referral (receiver_id, due_on, id)"),
    ("referral_receiver_offered", "referral (receiver_id, offered_at, id)"),
    ("referral_sender_due", "referral (sender_id, due_on, id)"),
    ("referral_sender_offered", "referral (sender_id, offered_at, id)"),
    ("referral_receiver_pending_due", "referral (receiver_id, due_on, id) WHERE pending"),
    ("referral_receiver_pending_offered", "referral (receiver_id, offered_at, id) WHERE pending"),
    ("referral_sender_pending_due", "referral (sender_id, due_on, id) WHERE pending"),
    ("referral_case", "referral (case_id)"),
    ("referral_consent", "referral (consent_id)"),
    ("handover_client_fingerprint", "handover (client_fingerprint)"),
    ("message_referral_sent", "message (referral_id, sent_at, id)"),
    ("referral_event_referral_at", "referral_event (referral_id, at, id)"),
    ("person_agency_fingerprint", "person (agency_id, fingerprint)"),
    ("person_phonetic_fingerprint", "person (phonetic_fingerprint)"),
    ("household_member_person", "household_member (person_id)"),
    ("case_agency_opened", "\"case\" (agency_id, opened_on, id)"),
    ("consent_person_receiver_purpose", "consent (person_id, receiver_id, purpose)"),
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, on) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {on}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
