//! The maximum length of lists that are always read completely. Adding more rows is refused, so that reads never cut a list.

use kim_entity::write::OwnList;

use crate::refusal::Refusal;
use crate::work::Work;

/// Maximum number of rows that one agency adds to a list.
pub const MOST: i64 = 100;

/// Refuses another row if the list has its maximum length.
pub(crate) async fn one_more(work: &Work<'_>, list: OwnList) -> Result<(), Refusal> {
    if work.writes().count_own(list).await? < MOST {
        return Ok(());
    }
    let what = match list {
        OwnList::Appointments(_) => "Termine, die eine Stelle zu einer Übergabe einträgt",
        OwnList::Talks(_) => "Gespräche, die eine Stelle zu einer Übergabe festhält",
        OwnList::Decisions(_) => "Entscheidungen zur Zielgruppe eines Falls",
        OwnList::Referrals(_) => "Übergaben eines Falls",
    };
    Err(Refusal::not_allowed(format!("Es gibt höchstens {MOST} {what}; so viele sind es schon.")))
}
