//! What a Träger does with its own cases: one use case, one function. Nothing here flows into a handover: a handover is a
//! copy, and only `referral::change_handover` refreshes it.

mod close;
mod eligibility;
mod note;
mod open;
mod plan;
mod record;
mod update;

pub use close::{CloseCase, close};
pub use eligibility::{Decide, decide};
pub use note::add_note;
pub use open::{OpenCase, open};
pub use plan::{NewGoal, NewStep, Responsible, set_plan};
pub use record::Record;
pub use update::{UpdateCase, update};

use kim_domain::field::FieldSet;
use kim_entity::DbErr;
use kim_entity::case_file::CaseChange;
use kim_entity::database::is_unique_violation;
use kim_entity::read::CaseRow;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::refusal::Refusal;
use crate::text::line;
use crate::work::Work;

/// Which case, and in which version the client saw it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its id; `None` for an id that cannot be a case's.
    pub id: Option<Uuid>,
    /// The version that was seen.
    pub expected_version: i32,
}

/// The case that something was done with: what a repeat of the request is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Its id.
    pub case: Uuid,
}

/// A case of the viewer's agency, with these fields of its record.
async fn own(work: &Work<'_>, id: Option<Uuid>, record: FieldSet) -> Result<CaseRow, Refusal> {
    let found = match id {
        Some(id) => work.reads().cases_by_id(&[id], record).await?.pop(),
        None => None,
    };
    found.ok_or_else(Refusal::not_found)
}

/// An open case of the viewer's agency in the version that was seen.
async fn own_open(work: &Work<'_>, target: Target, record: FieldSet) -> Result<CaseRow, Refusal> {
    own_to_write(work, target, record, FieldSet::EMPTY).await
}

/// The same, to write nothing but these fields of its record. If they are all disputed, it may be closed: a wrong value can
/// be put right for as long as somebody has it (§ 84 SGB X).
async fn own_to_write(work: &Work<'_>, target: Target, record: FieldSet, alone: FieldSet) -> Result<CaseRow, Refusal> {
    let case = own(work, target.id, record).await?;
    if case.version != target.expected_version {
        return Err(Refusal::conflict(case.version));
    }
    if case.closed_on.is_some() {
        let disputed = work.reads().disputes_of_cases(&[case.id]).await?.remove(&case.id).unwrap_or_default();
        if alone.is_empty() || !alone.is_within(disputed) {
            return Err(Refusal::not_allowed(
                "Der Fall ist abgeschlossen und bleibt, wie er ist. Notizen gehen noch; zu berichtigen sind nur Angaben, die \
                 als falsch gemeldet und noch nicht entschieden sind, und nichts anderes zugleich.",
            ));
        }
    }
    Ok(case)
}

/// Writes what changes of a case whose version nobody else has counted on. From here to the commit nobody else writes it.
async fn touch(work: &Work<'_>, case: &CaseRow, change: CaseChange) -> Result<(), Refusal> {
    match work.writes().update_case(case.id, case.version, change, work.now()).await.map_err(taken)? {
        true => Ok(()),
        false => Err(Refusal::conflict(case.version + 1)),
    }
}

/// The one thing of a case that is there once at an agency is its number.
fn taken(error: DbErr) -> Refusal {
    match is_unique_violation(&error) {
        true => {
            Refusal::bad_input("„caseNumber“ ist bei Ihrer Stelle schon vergeben. Bitte eine andere Nummer nehmen.")
        }
        false => Refusal::Database(error),
    }
}

fn case_number(number: &str) -> Result<String, Refusal> {
    line("caseNumber", number)
}

/// The code of a district of the agency's municipality.
async fn district(work: &Work<'_>, code: &str) -> Result<String, Refusal> {
    let found = work.writes().district(code.trim()).await?;
    found.ok_or_else(|| Refusal::bad_input("„district“ ist kein Schlüssel eines Stadtbezirks Ihrer Kommune."))
}

/// Only agencies that hand over keep cases.
fn keeps_cases(work: &Work<'_>) -> Result<(), Refusal> {
    if work.sends() { Ok(()) } else { Err(Refusal::not_allowed("Ihre Art von Stelle führt hier keine Fälle.")) }
}
