//! The maximum length of lists that are always read completely. Adding more rows is refused, so that reads never cut a list.

use kim_entity::write::OwnList;

use crate::refusal::WorkError;
use crate::work::Work;

/// Maximum number of rows that one agency adds to a list.
pub const MAX_ROWS: i64 = 100;

/// ACTION_NOT_ALLOWED for another row of a list that has reached its maximum.
pub(crate) async fn require_room(work: &Work<'_>, list: OwnList) -> Result<(), WorkError> {
    if work.writes().count_own(list).await? < MAX_ROWS {
        return Ok(());
    }
    let what = match list {
        OwnList::Appointments(_) => "Termine, die eine Stelle zu einer Übergabe einträgt",
        OwnList::Talks(_) => "Gespräche, die eine Stelle zu einer Übergabe festhält",
        OwnList::Decisions(_) => "Entscheidungen zur Zielgruppe eines Falls",
        OwnList::Referrals(_) => "Übergaben eines Falls",
        OwnList::Consents(_) => "Einwilligungen einer Klientin oder eines Klienten",
    };
    Err(WorkError::not_allowed(format!("Es gibt höchstens {MAX_ROWS} {what}; so viele sind es schon.")))
}
