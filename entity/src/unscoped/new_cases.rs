//! New cases with everything that hangs on them, many at a time: what an import and the demo write.

use std::borrow::Borrow;

use chrono::NaiveDate;
use kim_domain::consent::ConsentForm;
use kim_domain::disclosure;
use kim_domain::field::HandoverField;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::value::CasePhase;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait as _, Iterable as _};
use uuid::Uuid;

use super::Unscoped;
use crate::code::Code;
use crate::handover::{self, HandoverRow};
use crate::tx::Tx;
use crate::values::Values;
use crate::write::batch::{insert, rows_at_once};
use crate::{case_file, consent, household_member, person, referral, referral_event};

/// A new client. Of the values it takes those that are kept with persons.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// UUIDv7.
    pub id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// What is known of the client.
    pub values: Values,
    /// Keyed fingerprint of family name and birth date.
    pub fingerprint: String,
    /// Keyed fingerprint of the names' sound and the birth date.
    pub phonetic_fingerprint: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// A new case. Of the values it takes those that are kept with cases.
#[derive(Clone, Debug)]
pub struct NewCase {
    /// UUIDv7.
    pub id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// The Träger's own number.
    pub case_number: String,
    /// The code of the district.
    pub district: Option<String>,
    /// The phase of Case Management.
    pub phase: CasePhase,
    /// First day.
    pub opened_on: NaiveDate,
    /// What is known of the case.
    pub values: Values,
    /// Hash of the row that it was imported from.
    pub import_hash: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// A consent of which only a list or an example tells, not how it was given.
#[derive(Clone, Copy, Debug)]
pub struct ListedConsent {
    /// UUIDv7.
    pub id: Uuid,
    /// The client.
    pub person_id: Uuid,
    /// Who may get it.
    pub receiver_id: Uuid,
    /// What for.
    pub purpose: ReferralPurpose,
    /// What was consented to, and when.
    pub given: disclosure::Consent,
    /// Day of the release from secrecy.
    pub release_on: Option<NaiveDate>,
    /// Whether the receiver may tell the sender what came of it.
    pub report_outcome: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// Rows of every table, in the order in which they refer to each other.
#[derive(Clone, Debug, Default)]
pub struct NewCases {
    /// Clients.
    pub persons: Vec<NewPerson>,
    /// Members of their households.
    pub members: Vec<household_member::Model>,
    /// Cases.
    pub cases: Vec<NewCase>,
    /// Consents.
    pub consents: Vec<ListedConsent>,
    /// Referrals.
    pub referrals: Vec<referral::Model>,
    /// What they hand over.
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
        for some in new.persons.chunks(rows_at_once(person::Column::iter().count())) {
            let rows = some.iter().map(person_row);
            person::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        insert(tx, new.members).await?;
        for some in new.cases.chunks(rows_at_once(case_file::Column::iter().count())) {
            let rows = some.iter().map(case_row);
            case_file::Entity::insert_many(rows).exec_without_returning(tx).await?;
        }
        insert(tx, new.consents.into_iter().map(consent_row).collect()).await?;
        insert(tx, new.referrals).await?;
        handover::insert(tx, &new.handovers).await?;
        insert(tx, new.events).await
    }
}

fn person_row(new: &NewPerson) -> person::ActiveModel {
    let mut row = person::ActiveModel {
        id: Set(new.id),
        agency_id: Set(new.agency_id),
        fingerprint: Set(Some(new.fingerprint.clone())),
        phonetic_fingerprint: Set(Some(new.phonetic_fingerprint.clone())),
        created_at: Set(new.created_at),
        updated_at: Set(new.created_at),
        ..Default::default()
    };
    for &field in HandoverField::ALL {
        row.set_text(field, new.values.get(field).map(str::to_owned));
    }
    row
}

fn case_row(new: &NewCase) -> case_file::ActiveModel {
    let mut row = case_file::ActiveModel {
        id: Set(new.id),
        agency_id: Set(new.agency_id),
        person_id: Set(new.person_id),
        case_number: Set(new.case_number.clone()),
        district: Set(new.district.clone()),
        phase: Set(new.phase.code().to_owned()),
        opened_on: Set(new.opened_on),
        closed_on: Set(None),
        import_hash: Set(Some(new.import_hash.clone())),
        created_at: Set(new.created_at),
        updated_at: Set(new.created_at),
        ..Default::default()
    };
    for &field in HandoverField::ALL {
        row.set_text(field, new.values.get(field).map(str::to_owned));
    }
    row
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
        form_reason: None,
        understands: false,
        renewed_at: None,
    }
}
