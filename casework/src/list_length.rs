//! How long the lists get that are always read in whole. Whoever would add too much is refused, so that no list is cut when
//! it is read.

use kim_entity::write::OwnList;

use crate::refusal::Refusal;
use crate::work::Work;

/// Maximum number of rows that one agency adds to a list.
pub const MOST: i64 = 100;

/// Refuses another row of a list that has its maximum.
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
