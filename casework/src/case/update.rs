//! Changes a case: in part, and nothing of what was handed over from it.

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::value::CasePhase;
use kim_entity::{case_file, person};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, ExprTrait as _, QueryFilter as _};

use super::record::{Record, checked, set_fingerprints};
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
    let mut with = case_file::ActiveModel::default();
    let mut person = person::ActiveModel { updated_at: Set(work.now()), ..Default::default() };
    if let Some(number) = &input.case_number {
        with.case_number = Set(case_number(number)?);
    }
    match &input.district {
        Some(Some(code)) => with.district = Set(Some(district(work, code).await?)),
        Some(None) => with.district = Set(None),
        None => {}
    }
    if let Some(phase) = input.phase {
        with.phase = Set(phase.code().to_owned());
    }
    record.set(&mut person, &mut with);
    touch(work, &case, with).await?;
    if record.renames() {
        let now = |field: F| record.get(field).unwrap_or_else(|| case.record.get(field));
        // An imported row has both; a record cannot lose them.
        if let (Some(name), Some(born)) = (now(F::FamilyName), now(F::BirthDate))
            && let Ok(born) = born.parse::<NaiveDate>()
        {
            set_fingerprints(work, &mut person, name, now(F::GivenName), born);
        }
    }
    person::Entity::update_many()
        .set(person)
        .filter(person::Column::Id.eq(case.person_id).and(person::Column::AgencyId.eq(work.own_id())))
        .exec(work.legacy_tx())
        .await?;
    if matching::COMPARED.iter().any(|field| record.get(field).is_some()) {
        matching::refresh(work, case.person_id).await?;
    }
    record.write_household(work, case.person_id).await?;
    Ok(Done { case: case.id })
}
