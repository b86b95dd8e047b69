//! Changes a case: in part, and nothing of what was handed over from it.

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::value::CasePhase;
use kim_entity::case_file::CaseChange;

use super::record::{Record, checked, fingerprints};
use super::{Done, Target, case_number, district, own_to_write, touch};
use crate::matching;
use crate::refusal::Refusal;
use crate::work::Work;

/// What finds the client again.
const NAMES: FieldSet = FieldSet::of(&[F::FamilyName, F::GivenName, F::BirthDate]);

/// What is to change; the rest stays.
#[derive(Clone, Debug, Default)]
pub struct UpdateCase {
    /// Another number.
    pub case_number: Option<String>,
    /// Another district; `Some(None)` removes it.
    pub district: Option<Option<String>>,
    /// Another phase: any, forward or backward. Case management is a circle (monitoring leads to a new assessment), and
    /// whoever had to click through phases that were not there would make the statistics wrong.
    pub phase: Option<CasePhase>,
    /// Values of the record; `None` removes one.
    pub record: Record,
}

impl UpdateCase {
    /// The fields of the record that it names, if it is about nothing else.
    fn record_alone(&self) -> FieldSet {
        match self {
            Self { case_number: None, district: None, phase: None, record } => record.keys().copied().collect(),
            Self { .. } => FieldSet::EMPTY,
        }
    }
}

/// Changes it.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED once it is closed but for what is disputed, BAD_INPUT for a value, which is
/// named.
pub async fn update(work: &mut Work<'_>, target: Target, input: &UpdateCase) -> Result<Done, Refusal> {
    let case = own_to_write(work, target, NAMES, input.record_alone()).await?;
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
    touch(work, &case, change).await?;
    let mut renamed = None;
    if record.renames() {
        let now = |field: F| record.get(field).unwrap_or_else(|| case.record.get(field));
        // An imported row has both; a record cannot lose them.
        if let (Some(name), Some(born)) = (now(F::FamilyName), now(F::BirthDate))
            && let Ok(born) = born.parse::<NaiveDate>()
        {
            renamed = Some(fingerprints(work, name, now(F::GivenName), born));
        }
    }
    work.writes().update_person(case.person_id, record.changes(), renamed, work.now()).await?;
    if matching::COMPARED.iter().any(|field| record.get(field).is_some()) {
        matching::refresh(work, case.person_id).await?;
    }
    record.write_household(work, case.person_id).await?;
    Ok(Done { case: case.id })
}
