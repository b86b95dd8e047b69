//! Use cases of a Träger's own cases. None of them changes a handover: a handover is a copy, and only
//! `referral::change_handover` refreshes it.

mod close;
mod eligibility;
mod note;
mod open;
mod record;
mod support_plan;
mod update;

pub use close::{CloseCase, close};
pub use eligibility::{Decide, decide};
pub use note::add_note;
pub use open::{OpenCase, open};
pub use record::Record;
pub(crate) use record::clean;
pub use support_plan::{NewGoal, NewStep, Responsible, set_plan};
pub use update::{UpdateCase, update};

use kim_domain::birth_date::{BirthDate, is_before_birth};
use kim_domain::field::FieldSet;
use kim_entity::DbErr;
use kim_entity::case_file::CaseChange;
use kim_entity::database::is_unique_violation;
use kim_entity::read::CaseRow;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal::WorkError;
use crate::work::Work;

/// A case, and the version that the client saw.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Id of the case; `None` for an id that cannot belong to a case.
    pub id: Option<Uuid>,
    /// The version that the client saw.
    pub expected_version: i32,
}

/// The changed case. Stored for repeats of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseResult {
    /// Id of the case.
    pub case: Uuid,
}

/// A case of the viewer's agency, with these fields of its record.
async fn own(work: &Work<'_>, id: Option<Uuid>, record: FieldSet) -> Result<CaseRow, WorkError> {
    let found = match id {
        Some(id) => work.reads().cases_by_id(&[id], record).await?.pop(),
        None => None,
    };
    found.ok_or_else(WorkError::not_found)
}

/// An open case of the viewer's agency in the expected version.
async fn own_open(work: &Work<'_>, target: Target, record: FieldSet) -> Result<CaseRow, WorkError> {
    own_for_fields(work, target, record, FieldSet::EMPTY).await
}

/// A case of the viewer's agency of which only the fields `alone` will be written. If all of these are disputed, the
/// case may be closed, because a wrong value can be corrected as long as anybody stores it (§ 84 SGB X).
async fn own_for_fields(
    work: &Work<'_>,
    target: Target,
    record: FieldSet,
    alone: FieldSet,
) -> Result<CaseRow, WorkError> {
    let case = own(work, target.id, record).await?;
    if case.version != target.expected_version {
        return Err(WorkError::conflict(case.version));
    }
    if case.closed_on.is_some() {
        let disputed = work.reads().disputes_of_cases(&[case.id]).await?.remove(&case.id).unwrap_or_default();
        if alone.is_empty() || !alone.is_within(disputed) {
            return Err(WorkError::not_allowed(
                "Der Fall ist abgeschlossen und bleibt, wie er ist. Notizen gehen noch; zu berichtigen sind nur Angaben, die \
                 als falsch gemeldet und noch nicht entschieden sind, und nichts anderes zugleich.",
            ));
        }
    }
    Ok(case)
}

/// Writes the changes of a case. CONFLICT if its version has changed. The row stays locked until the commit.
async fn update_row(work: &Work<'_>, case: &CaseRow, change: CaseChange) -> Result<(), WorkError> {
    match work.writes().update_case(case.id, case.version, change, work.now()).await.map_err(number_in_use)? {
        true => Ok(()),
        false => Err(WorkError::conflict(case.version + 1)),
    }
}

/// The case number is the only unique column besides the id.
fn number_in_use(error: DbErr) -> WorkError {
    match is_unique_violation(&error) {
        true => {
            WorkError::bad_input("„caseNumber“ ist bei Ihrer Stelle schon vergeben. Bitte eine andere Nummer nehmen.")
        }
        false => WorkError::Database(error),
    }
}

fn case_number(number: &str) -> Result<String, WorkError> {
    crate::text::number("caseNumber", number)
}

/// Refuses a day of arrival before the birth.
fn refuse_before_birth(birth_date: Option<BirthDate>, in_germany_since: Option<&str>) -> Result<(), WorkError> {
    match is_before_birth(birth_date, in_germany_since.and_then(|day| day.parse().ok())) {
        true => Err(WorkError::bad_input("„inGermanySince“ liegt vor dem Geburtsdatum.")),
        false => Ok(()),
    }
}

/// The code of a district of the agency's municipality.
pub(crate) async fn district(work: &Work<'_>, code: &str) -> Result<String, WorkError> {
    let found = work.writes().district(code.trim()).await?;
    found.ok_or_else(|| WorkError::bad_input("„district“ ist kein Schlüssel eines Stadtbezirks Ihrer Kommune."))
}

/// Only agencies that send referrals manage cases.
fn require_sender(work: &Work<'_>) -> Result<(), WorkError> {
    if work.sends() { Ok(()) } else { Err(WorkError::not_allowed("Ihre Art von Stelle führt hier keine Fälle.")) }
}
