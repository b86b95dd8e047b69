//! What is told of a unit of work once it is finished: events in histories, changes in feeds, and what was closed. A part
//! of it may be refused by itself, and is not told then.

use std::collections::{BTreeMap, BTreeSet};

use kim_domain::change::ChangeKind;
use kim_entity::code::Code;
use kim_entity::{change, feed, referral_event};
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{ActiveValue::Set, ConnectionTrait as _, DatabaseTransaction, DbErr};
use uuid::Uuid;

use super::{Hands as _, Work, Worker, closing};
use crate::import::{KEYS, insert};
use crate::refusal::Refusal;

/// What is to be told when the work is finished.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Written at the end, many in one statement.
    pub(super) events: Vec<referral_event::ActiveModel>,
    pub(super) changes: Vec<(Uuid, Change)>,
    pub(super) closed_to: BTreeSet<Uuid>,
    /// Consents that are withdrawn, as a whole or in part.
    pub(super) withdrawn: Vec<(Uuid, Option<Uuid>)>,
}

/// Where a part of the work began: see [`Work::begin_part`].
#[derive(Debug)]
pub(crate) struct Part {
    events: usize,
    changes: usize,
    closed_to: BTreeSet<Uuid>,
}

/// A line of a feed, before it has its number.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) referral_id: Uuid,
    pub(super) kind: ChangeKind,
    pub(super) event_id: Option<Uuid>,
}

impl<W: Worker> Work<'_, W> {
    /// Begins a part of the work that may be refused by itself. Parts do not nest.
    pub(crate) async fn begin_part(&self) -> Result<Part, DbErr> {
        self.tx().execute_unprepared("SAVEPOINT part").await?;
        let Told { events, changes, closed_to, withdrawn: _ } = &self.told;
        Ok(Part { events: events.len(), changes: changes.len(), closed_to: closed_to.clone() })
    }

    /// Ends it: refused, it leaves nothing, and the rest stays.
    pub(crate) async fn end_part<T>(&mut self, part: Part, result: Result<T, Refusal>) -> Result<T, Refusal> {
        let end = match &result {
            Ok(_) => "RELEASE SAVEPOINT part",
            Err(Refusal::Refused(_)) => {
                self.told.events.truncate(part.events);
                self.told.changes.truncate(part.changes);
                self.told.closed_to = part.closed_to;
                // Rolled back to, it is still there, and the next would lie inside it.
                "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part"
            }
            // The database does not answer: there is nothing to go on with.
            Err(Refusal::Database(_)) => return result,
        };
        self.tx().execute_unprepared(end).await?;
        result
    }

    /// Makes it last: writes the events, numbers the changes, holds back disclosures if something closes, and commits.
    pub(crate) async fn finish(self) -> Result<(), DbErr> {
        let tx = self.by.transaction();
        let mut feeds: BTreeMap<Uuid, Vec<Change>> = BTreeMap::new();
        for (agency, change) in self.told.changes {
            feeds.entry(agency).or_default().push(change);
        }
        let last = count_on(tx, &feeds).await?;
        // Only now are all locks held that were to be waited for: what another wrote before is before this in time too.
        let at = self.clock.now_micros();
        let mut events = self.told.events;
        events.iter_mut().for_each(|event| event.at = Set(at));
        let moved = events.iter();
        let moved: Vec<(Uuid, Uuid)> =
            moved.filter_map(|event| Some((event.id.clone().take()?, event.referral_id.clone().take()?))).collect();
        insert(tx, events).await?;
        let mut rows = Vec::new();
        for (agency_id, changes) in feeds {
            let last = last.get(&agency_id).ok_or_else(|| DbErr::RecordNotFound("a feed".into()))?;
            let first = last - count(&changes);
            rows.extend(changes.into_iter().zip(first + 1..).map(|(change, seq)| change::ActiveModel {
                agency_id: Set(agency_id),
                seq: Set(seq),
                at: Set(at),
                referral_id: Set(change.referral_id),
                kind: Set(Code(change.kind)),
                event_id: Set(change.event_id),
            }));
        }
        insert(tx, rows).await?;
        if self.told.closed_to.is_empty() {
            return self.by.into_transaction().commit().await;
        }
        let held = self.database.hold_back(tx, &self.told.closed_to).await?;
        // From now on nothing more is disclosed; what was waited for is before this in the log, and so in time.
        closing::date(tx, self.now, self.clock.now_micros(), &moved, &self.told.withdrawn).await?;
        held.commit(self.by.into_transaction()).await
    }

    /// Gives it up.
    pub(crate) async fn give_up(self) -> Result<(), DbErr> {
        self.by.into_transaction().rollback().await
    }
}

/// Takes the next numbers of feeds, and returns the last of each. Their rows stay locked until the commit, so nobody's
/// number overtakes another's; they are locked in one order by all writers, so that two never wait for each other crosswise.
async fn count_on(tx: &DatabaseTransaction, feeds: &BTreeMap<Uuid, Vec<Change>>) -> Result<BTreeMap<Uuid, i64>, DbErr> {
    let mut last = BTreeMap::new();
    let counts: Vec<(Uuid, i64)> = feeds.iter().map(|(&agency_id, changes)| (agency_id, count(changes))).collect();
    for some in counts.chunks(KEYS) {
        let row = |(agency_id, by): &(Uuid, i64)| [Expr::value(*agency_id), Expr::value(*by)];
        let returning = Query::returning().columns([feed::Column::AgencyId, feed::Column::Last]);
        let mut taken = Query::insert();
        taken.into_table(feed::Entity).columns([feed::Column::AgencyId, feed::Column::Last]);
        taken.values_from_panic(some.iter().map(row)).returning(returning).on_conflict(
            OnConflict::column(feed::Column::AgencyId)
                .value(feed::Column::Last, Expr::cust("feed.last + excluded.last"))
                .to_owned(),
        );
        for row in tx.query_all(&taken).await? {
            last.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        }
    }
    Ok(last)
}

fn count(changes: &[Change]) -> i64 {
    i64::try_from(changes.len()).unwrap_or(i64::MAX)
}
