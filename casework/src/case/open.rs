//! Opens a case of a new client.

use chrono::NaiveDate;
use kim_domain::birth_date::{BirthDate, is_before_birth};
use kim_domain::field::HandoverField as F;
use kim_domain::id::new_uuid;
use kim_domain::value::CasePhase;
use kim_entity::case_file::NewCase;
use kim_entity::person::PersonRow;

use super::record::{Record, checked, fingerprints};
use super::{CaseResult, case_number, district, number_in_use, refuse_before_birth, require_sender};
use crate::refusal::WorkError;
use crate::work::Work;

/// A case to open.
#[derive(Clone, Debug)]
pub struct OpenCase {
    /// The Träger's own number.
    pub case_number: String,
    /// Code of the district.
    pub district: Option<String>,
    /// First day; `None`: today.
    pub opened_on: Option<NaiveDate>,
    /// Data of the client, with at least family name and birth date.
    pub record: Record,
}

/// Opens a case in the first phase.
///
/// # Errors
/// BAD_INPUT for an invalid value (the text names it) or a number in use; ACTION_NOT_ALLOWED for agencies that manage
/// no cases.
pub async fn open(work: &mut Work<'_>, input: &OpenCase) -> Result<CaseResult, WorkError> {
    require_sender(work)?;
    let (now, today) = (work.now(), work.today());
    let record = checked(&input.record, today)?;
    let required = |field: F| {
        let missing = || WorkError::bad_input(format!("„{}“ fehlt.", field.name()));
        record.get(field).flatten().ok_or_else(missing)
    };
    let family_name = required(F::FamilyName)?;
    let unreadable = |_| WorkError::bad_input("„birthDate“ ist nicht lesbar.");
    let birth_date: BirthDate = required(F::BirthDate)?.parse().map_err(unreadable)?;
    let opened_on = input.opened_on.unwrap_or(today);
    refuse_before_birth(Some(birth_date), record.get(F::InGermanySince).flatten())?;
    if today < opened_on || is_before_birth(Some(birth_date), Some(opened_on)) {
        return Err(WorkError::bad_input("„openedOn“ liegt in der Zukunft oder vor dem Geburtsdatum."));
    }
    let district = match input.district.as_deref() {
        Some(code) => Some(district(work, code).await?),
        None => None,
    };
    let (person_id, case_id) = (new_uuid(), new_uuid());
    let person = PersonRow {
        id: person_id,
        agency_id: work.own_id(),
        fingerprints: Some(fingerprints(work, family_name, record.get(F::GivenName).flatten(), birth_date)),
        created_at: now,
        values: record.values(),
    };
    let case = NewCase {
        id: case_id,
        agency_id: work.own_id(),
        person_id,
        case_number: case_number(&input.case_number)?,
        district,
        phase: CasePhase::Intake,
        opened_on,
        import_hash: None,
        created_at: now,
        values: record.values(),
    };
    let client = work.writes().insert_client(person).await?;
    record.write_household(work, client).await?;
    work.writes().insert_case(client, case).await.map_err(number_in_use)?;
    Ok(CaseResult { case: case_id })
}
