//! Writes new cases with all their rows, many at a time: for imports and the demo.

use std::borrow::Borrow;

use chrono::NaiveDate;
use kim_domain::consent::ConsentForm;
use kim_domain::disclosure;
use kim_domain::purpose::ReferralPurpose;
use sea_orm::DbErr;
use uuid::Uuid;

use super::Unscoped;
use crate::codec::case_file::NewCase;
use crate::codec::handover::HandoverRow;
use crate::codec::household_member::NewMember;
use crate::codec::name_part::insert_with_parts;
use crate::codec::person::PersonRow;
use crate::database::tx::Tx;
use crate::sql::batch::{insert, insert_stored};
use crate::tables::code::Code;
use crate::tables::{consent, referral, referral_event};

/// A consent from a list or the example data, which do not say how it was given.
#[derive(Clone, Copy, Debug)]
pub struct ListedConsent {
    /// UUIDv7.
    pub id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// The receiver.
    pub receiver_id: Uuid,
    /// The purpose.
    pub purpose: ReferralPurpose,
    /// The fields, and the period.
    pub given: disclosure::Consent,
    /// Day of the release from secrecy.
    pub release_on: Option<NaiveDate>,
    /// Whether the receiver may report the outcome to the sender.
    pub report_outcome: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// Rows of every table, in the order in which they refer to each other.
#[derive(Clone, Debug, Default)]
pub struct NewCases {
    /// Clients.
    pub persons: Vec<PersonRow>,
    /// Members of their households.
    pub members: Vec<NewMember>,
    /// Cases.
    pub cases: Vec<NewCase>,
    /// Consents.
    pub consents: Vec<ListedConsent>,
    /// Referrals.
    pub referrals: Vec<referral::Model>,
    /// Their handovers.
    pub handovers: Vec<HandoverRow>,
    /// Their histories.
    pub events: Vec<referral_event::Model>,
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// Writes them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_cases(&self, new: NewCases) -> Result<(), DbErr> {
        let tx = self.connection();
        insert_with_parts(tx, &new.persons).await?;
        insert_stored(tx, &new.members).await?;
        insert_stored(tx, &new.cases).await?;
        insert(tx, new.consents.into_iter().map(consent_row).collect()).await?;
        insert(tx, new.referrals).await?;
        insert_with_parts(tx, &new.handovers).await?;
        insert(tx, new.events).await
    }
}

fn consent_row(new: ListedConsent) -> consent::Model {
    let given = new.given;
    consent::Model {
        id: new.id,
        person_id: new.person_id,
        receiver_id: new.receiver_id,
        purpose: Code(new.purpose),
        fields: given.fields.to_i64(),
        ticked: given.ticked.to_i64(),
        data_protection: given.data_protection,
        release_from_secrecy: given.release_from_secrecy,
        release_on: new.release_on,
        art9: given.art9,
        valid_from: given.valid_from,
        valid_until: given.valid_until,
        withdrawn_at: None,
        created_at: new.created_at,
        report_outcome: new.report_outcome,
        form: Code(ConsentForm::Written),
        language: None,
        interpreter: false,
        text_version: None,
        guardian: None,
        witness: None,
        scan_sha256: None,
        renews_id: None,
        staff: None,
        acting_for: None,
        form_reason: None,
        understands: false,
        renewed_at: None,
    }
}
