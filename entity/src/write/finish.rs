//! Ends a transaction that writes: events, changes in feeds and closings are written together.

use std::collections::{BTreeMap, BTreeSet};

use kim_domain::calendar::Clock;
use kim_domain::change::ChangeKind;
use sea_orm::sea_query::{Expr, OnConflict, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbErr, EntityTrait as _,
    QueryFilter as _,
};
use uuid::Uuid;

use crate::database::tx::Tx;
use crate::disclosure_lock::ClosingLock;
use crate::keys::ConsentKey;
use crate::sql::batch::{KEYS, insert};
use crate::tables::code::Code;
use crate::tables::{change, consent, consent_event, feed, referral, referral_event};

/// The rows that are written at the end of a transaction.
#[derive(Debug, Default)]
pub struct CommitRecord {
    /// Events of referrals. Their instant is set when they are written.
    pub events: Vec<referral_event::Model>,
    /// Changes in feeds.
    pub changes: Vec<FeedChange>,
    /// The agencies for which something is closed.
    pub closed_to: BTreeSet<Uuid>,
    /// Consents that are withdrawn, completely or in part, each with its event.
    pub withdrawn: Vec<(ConsentKey, Option<Uuid>)>,
}

/// A change in an agency's feed, before it has a number.
#[derive(Clone, Copy, Debug)]
pub struct FeedChange {
    /// The agency whose feed it is in.
    pub agency_id: Uuid,
    /// The referral.
    pub referral_id: Uuid,
    /// The kind of change.
    pub kind: ChangeKind,
    /// The event, if the change is one.
    pub event_id: Option<Uuid>,
}

type Feeds = BTreeMap<Uuid, Vec<FeedChange>>;

impl Tx {
    /// Writes the events, numbers the changes, blocks disclosures if something is closed, and commits. The rows of a closing, which
    /// the work dated at its beginning `begun`, get the instant from which nothing more is disclosed.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn finish(self, record: CommitRecord, begun: i64, clock: &Clock) -> Result<(), DbErr> {
        let tx = self.connection();
        let mut feeds = Feeds::new();
        for change in record.changes {
            feeds.entry(change.agency_id).or_default().push(change);
        }
        let last = take_numbers(tx, &feeds).await?;
        // All locks are held now, so that everything that other transactions wrote before has an earlier instant.
        let at = clock.now_micros();
        let mut events = record.events;
        events.iter_mut().for_each(|event| event.at = at);
        let moved: Vec<(Uuid, Uuid)> = events.iter().map(|event| (event.id, event.referral_id)).collect();
        insert(tx, events).await?;
        insert(tx, numbered(feeds, &last, at)?).await?;
        if record.closed_to.is_empty() {
            return self.commit().await;
        }
        let lock = ClosingLock::take(&self, &record.closed_to).await?;
        // From now on nothing more is disclosed; disclosures for which this waited have an earlier instant in the log.
        date_closing(tx, begun, clock.now_micros(), &moved, &record.withdrawn).await?;
        lock.commit(self).await
    }

    /// Begins a part of the work that can be refused alone (a savepoint). Parts cannot be nested.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin_part(&self) -> Result<(), DbErr> {
        self.connection().execute_unprepared("SAVEPOINT part").await.map(drop)
    }

    /// Ends the part. If it is not kept, it is rolled back; the rest of the work stays.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn end_part(&self, keep: bool) -> Result<(), DbErr> {
        let end = match keep {
            true => "RELEASE SAVEPOINT part",
            // A savepoint still exists after a rollback to it, and the next one would be nested in it.
            false => "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part",
        };
        self.connection().execute_unprepared(end).await.map(drop)
    }
}

/// Takes the next numbers of feeds, and returns the last number of each. Their rows stay locked until the commit, so that
/// numbers are in the order of commits. All writers lock them in the same order, so that they cannot deadlock.
async fn take_numbers(tx: &DatabaseTransaction, feeds: &Feeds) -> Result<BTreeMap<Uuid, i64>, DbErr> {
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

/// The changes with their numbers, which end with `last`.
fn numbered(feeds: Feeds, last: &BTreeMap<Uuid, i64>, at: i64) -> Result<Vec<change::Model>, DbErr> {
    let mut rows = Vec::new();
    for (agency_id, changes) in feeds {
        let last = last.get(&agency_id).ok_or_else(|| DbErr::RecordNotFound("a feed".into()))?;
        let first = last - count(&changes);
        rows.extend(changes.into_iter().zip(first + 1..).map(|(change, seq)| change::Model {
            agency_id,
            seq,
            at,
            referral_id: change.referral_id,
            kind: Code(change.kind),
            event_id: change.event_id,
        }));
    }
    Ok(rows)
}

fn count(changes: &[FeedChange]) -> i64 {
    i64::try_from(changes.len()).unwrap_or(i64::MAX)
}

/// Sets the instant of these events, each with its referral, and of these consents.
async fn date_closing(
    tx: &DatabaseTransaction,
    begun: i64,
    at: i64,
    moved: &[(Uuid, Uuid)],
    withdrawn: &[(ConsentKey, Option<Uuid>)],
) -> Result<(), DbErr> {
    for some in moved.chunks(KEYS) {
        referral_event::Entity::update_many()
            .set(referral_event::ActiveModel { at: Set(at), ..Default::default() })
            .filter(referral_event::Column::Id.is_in(some.iter().map(|(event, _)| *event)))
            .exec(tx)
            .await?;
        referral::Entity::update_many()
            .set(referral::ActiveModel { closed_at: Set(Some(at)), ..Default::default() })
            .filter(referral::Column::Id.is_in(some.iter().map(|(_, referral)| *referral)))
            .filter(referral::Column::ClosedAt.eq(begun))
            .exec(tx)
            .await?;
    }
    if withdrawn.is_empty() {
        return Ok(());
    }
    consent::Entity::update_many()
        .set(consent::ActiveModel { withdrawn_at: Set(Some(at)), ..Default::default() })
        .filter(consent::Column::Id.is_in(withdrawn.iter().map(|(consent, _)| consent.id())))
        .filter(consent::Column::WithdrawnAt.eq(begun))
        .exec(tx)
        .await?;
    consent_event::Entity::update_many()
        .set(consent_event::ActiveModel { at: Set(at), ..Default::default() })
        .filter(consent_event::Column::Id.is_in(withdrawn.iter().filter_map(|(_, event)| *event)))
        .exec(tx)
        .await
        .map(drop)
}
