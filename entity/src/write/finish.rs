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

use super::stays;
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
        // All locks are held afterwards, so that everything that other transactions wrote before has an earlier instant.
        let (last, at) = take_numbers(tx, &feeds, clock.now_micros().max(begun)).await?;
        let mut events = record.events;
        events.iter_mut().for_each(|event| event.at = at);
        let ended: Vec<Uuid> = events.iter().filter(|event| stays::ends_stay(event)).map(|event| event.id).collect();
        let moved: Vec<(Uuid, Uuid)> = events.iter().map(|event| (event.id, event.referral_id)).collect();
        insert(tx, events).await?;
        insert(tx, numbered(feeds, &last, at)?).await?;
        if record.closed_to.is_empty() {
            stays::record(tx, &ended).await?;
            return self.commit().await;
        }
        let lock = ClosingLock::take(&self, &record.closed_to).await?;
        // From now on nothing more is disclosed; disclosures for which this waited have an earlier instant in the log.
        let at = clock.now_micros().max(at);
        date_closing(tx, begun, at, &moved, &record.withdrawn).await?;
        set_instants(tx, &last, at).await?;
        stays::record(tx, &ended).await?;
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

/// Takes the next numbers of feeds, and returns the last number of each, and the instant of the changes: now, or after the last
/// change of each of the feeds if the clock was set back. The rows of the feeds stay locked until the commit, so that numbers and
/// instants are in the order of commits. All writers lock them in the same order, so that they cannot deadlock.
async fn take_numbers(tx: &DatabaseTransaction, feeds: &Feeds, now: i64) -> Result<(BTreeMap<Uuid, i64>, i64), DbErr> {
    let (mut last, mut instants) = (BTreeMap::new(), BTreeMap::new());
    let counts: Vec<(Uuid, i64)> = feeds.iter().map(|(&agency_id, changes)| (agency_id, count(changes))).collect();
    for some in counts.chunks(KEYS) {
        let row = |(agency_id, by): &(Uuid, i64)| [Expr::value(*agency_id), Expr::value(*by), Expr::value(now)];
        let columns = [feed::Column::AgencyId, feed::Column::Last, feed::Column::LastAt];
        let mut taken = Query::insert();
        taken.into_table(feed::Entity).columns(columns).returning(Query::returning().columns(columns));
        let later = "CASE WHEN feed.last_at < excluded.last_at THEN excluded.last_at ELSE feed.last_at + 1 END";
        taken.values_from_panic(some.iter().map(row)).on_conflict(
            OnConflict::column(feed::Column::AgencyId)
                .value(feed::Column::Last, Expr::cust("feed.last + excluded.last"))
                .value(feed::Column::LastAt, Expr::cust(later))
                .to_owned(),
        );
        for row in tx.query_all(&taken).await? {
            let agency: Uuid = row.try_get_by_index(0)?;
            last.insert(agency, row.try_get_by_index(1)?);
            instants.insert(agency, row.try_get_by_index(2)?);
        }
    }
    let at = instants.values().copied().max().unwrap_or(now);
    instants.retain(|_, instant| *instant < at);
    set_instants(tx, &instants, at).await?;
    Ok((last, at))
}

/// Sets the instant of the last change of these feeds.
async fn set_instants(tx: &DatabaseTransaction, feeds: &BTreeMap<Uuid, i64>, at: i64) -> Result<(), DbErr> {
    let agencies: Vec<Uuid> = feeds.keys().copied().collect();
    for some in agencies.chunks(KEYS) {
        feed::Entity::update_many()
            .set(feed::ActiveModel { last_at: Set(at), ..Default::default() })
            .filter(feed::Column::AgencyId.is_in(some.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
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
