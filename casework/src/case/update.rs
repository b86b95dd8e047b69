//! Changes a part of a case. Handovers of the case stay the same.

use kim_domain::birth_date::{BirthDate, is_before_birth};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::value::CasePhase;
use kim_entity::case_file::CaseChange;
use kim_entity::keys::ClientKey;

use super::record::{Record, checked, fingerprints};
use super::{CaseResult, Target, case_number, district, own_for_fields, refuse_before_birth, update_row};
use crate::matching;
use crate::refusal::WorkError;
use crate::work::Work;

/// Fields of the client's fingerprints, and a day that must not lie before the birth.
const NAMES: FieldSet = FieldSet::of(&[F::FamilyName, F::GivenName, F::BirthDate, F::InGermanySince]);

/// The changes; everything else stays the same.
#[derive(Clone, Debug, Default)]
pub struct UpdateCase {
    /// New case number.
    pub case_number: Option<String>,
    /// New district; `Some(None)` deletes it.
    pub district: Option<Option<String>>,
    /// New phase. Every phase can follow every other, because case management is a cycle (monitoring leads to a new
    /// assessment), and forced intermediate phases would falsify the statistics.
    pub phase: Option<CasePhase>,
    /// New values of the record; `None` deletes a value.
    pub record: Record,
}

impl UpdateCase {
    /// The fields of the record, if nothing else changes.
    fn record_alone(&self) -> FieldSet {
        match self {
            Self { case_number: None, district: None, phase: None, record } => record.keys().copied().collect(),
            Self { .. } => FieldSet::EMPTY,
        }
    }
}

/// Changes the case.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED if it is closed and the values are not disputed, BAD_INPUT for an invalid
/// value (the text names it).
pub async fn update(work: &mut Work<'_>, target: Target, input: &UpdateCase) -> Result<CaseResult, WorkError> {
    let case = own_for_fields(work, target, NAMES, input.record_alone()).await?;
    let record = checked(&input.record, work.today())?;
    let mut change = CaseChange { phase: input.phase, values: record.changes().to_vec(), ..Default::default() };
    if let Some(number) = &input.case_number {
        change.case_number = Some(case_number(number)?);
    }
    match &input.district {
        Some(Some(code)) => change.district = Some(Some(district(work, code).await?)),
        Some(None) => change.district = Some(None),
        None => {}
    }
    let now = |field: F| record.get(field).unwrap_or_else(|| case.record.get(field));
    if [F::BirthDate, F::InGermanySince].iter().any(|field| record.get(*field).is_some()) {
        let birth_date = now(F::BirthDate).and_then(|day| day.parse().ok());
        refuse_before_birth(birth_date, now(F::InGermanySince))?;
        if record.get(F::BirthDate).is_some() && is_before_birth(birth_date, Some(case.opened_on)) {
            return Err(WorkError::bad_input("„birthDate“ liegt nach der Aufnahme („openedOn“)."));
        }
    }
    if let Some(Some(born)) = record.get(F::BirthDate) {
        refuse_after_consents(work, case.client(), born.parse().ok()).await?;
    }
    update_row(work, &case, change).await?;
    let mut renamed = None;
    if record.renames() {
        // An imported row has both, and a record cannot lose them.
        if let (Some(name), Some(born)) = (now(F::FamilyName), now(F::BirthDate))
            && let Ok(born) = born.parse::<BirthDate>()
        {
            renamed = Some(fingerprints(work, name, now(F::GivenName), born));
        }
    }
    work.writes().update_person(case.client(), record.changes(), renamed, work.now()).await?;
    if matching::COMPARED.iter().any(|field| record.get(field).is_some()) {
        matching::refresh(work, case.client()).await?;
    }
    record.write_household(work, case.client()).await?;
    Ok(CaseResult { case: case.id })
}

/// Refuses a birth after the client's consents: nobody consented before being born.
async fn refuse_after_consents(
    work: &Work<'_>,
    client: ClientKey,
    birth_date: Option<BirthDate>,
) -> Result<(), WorkError> {
    let consents = work.writes().consents_of_client(client).await?;
    let mut days = consents.iter().flat_map(|consent| [Some(consent.valid_from), consent.release_on]);
    if days.any(|day| is_before_birth(birth_date, day)) {
        return Err(WorkError::bad_input("„birthDate“ liegt nach einer Einwilligung der Person."));
    }
    Ok(())
}
