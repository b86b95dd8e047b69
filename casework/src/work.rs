//! A unit of work: one viewer (or the timer), one transaction, and what is written when it commits.
//!
//! Events, the feeds of both sides and the state are written together. What closes something to its receiver holds back
//! the log of disclosures until it has committed.

mod closing;
mod commit;
mod events;
mod tx;

use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::DbErr;
use kim_entity::database::Database;
use kim_entity::read::{Reads, ReferralRow};
use kim_entity::unscoped::Unscoped;
use kim_entity::viewer::Viewer;
use kim_entity::write::{CommitRecord, Tx, Writes};
use uuid::Uuid;

use crate::refusal::Refusal;

pub(crate) use events::{Move, may, mover};
pub use tx::{ClockTx, ClockWork, ViewerTx, ViewerWork, WorkTx, Worker};

/// What every use case of a viewer needs beside its input.
#[derive(Clone, Copy, Debug)]
pub struct WorkContext<'d> {
    /// The database.
    pub database: &'d Database,
    /// What time it is.
    pub clock: &'d Clock,
    /// The key of the fingerprints.
    pub key: &'d FingerprintKey,
    /// Who works.
    pub viewer: &'d Arc<Viewer>,
}

/// A unit of work. Dropped without [`finish`](Self::finish), it leaves nothing.
#[derive(Debug)]
pub struct Work<'d, W: Worker = ViewerWork> {
    by: W::Tx<'d>,
    clock: &'d Clock,
    now: i64,
    today: NaiveDate,
    record: CommitRecord,
}

impl<'d> Work<'d> {
    pub(crate) async fn begin(context: WorkContext<'d>) -> Result<Self, DbErr> {
        let WorkContext { database, clock, viewer, .. } = context;
        let today = clock.today();
        let writes = Writes::begin(database, Arc::clone(viewer), today).await?;
        Ok(Self::of(ViewerTx { context, writes }, clock, today))
    }

    pub(crate) fn viewer(&self) -> &'d Viewer {
        self.by.context.viewer
    }
    pub(crate) fn own_id(&self) -> Uuid {
        self.viewer().agency().id
    }
    pub(crate) fn key(&self) -> &'d FingerprintKey {
        self.by.context.key
    }
    /// The viewer's reads, in this transaction.
    pub(crate) fn reads(&self) -> &Reads {
        self.by.writes.reads()
    }
    pub(crate) fn writes(&self) -> &Writes {
        &self.by.writes
    }

    /// The viewer's own referral of this id, locked, if nobody was faster.
    pub(crate) async fn referral(&self, id: Option<Uuid>, expected_version: i32) -> Result<ReferralRow, Refusal> {
        let found = match id {
            Some(id) => self.writes().referral(id).await?,
            None => None,
        };
        seen(found, expected_version)
    }

    /// Refuses a purpose that the token is not for: what came of it the viewer could not even see.
    pub(crate) fn within_token(&self, purpose: ReferralPurpose) -> Result<(), Refusal> {
        match self.viewer().purposes() {
            Some(purposes) if !purposes.contains(&purpose) => {
                Err(Refusal::not_allowed("Ihr Token gilt nicht für diesen Zweck."))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether the viewer's kind may do what senders do.
    pub(crate) fn sends(&self) -> bool {
        self.viewer().agency().kind.sends()
    }
}

impl<'d> Work<'d, ClockWork> {
    #[expect(clippy::disallowed_methods, reason = "the timer and imports work for no viewer")]
    pub(crate) async fn by_clock(database: &Database, clock: &'d Clock) -> Result<Self, DbErr> {
        let today = clock.today();
        Ok(Self::of(ClockTx(Unscoped::begin(database, today).await?), clock, today))
    }

    /// What is narrowed to nobody.
    pub(crate) fn unscoped(&self) -> &Unscoped {
        &self.by.0
    }
}

impl<'d, W: Worker> Work<'d, W> {
    fn of(by: W::Tx<'d>, clock: &'d Clock, today: NaiveDate) -> Self {
        Self { by, clock, now: clock.now_micros(), today, record: CommitRecord::default() }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now
    }
    /// The instant now; [`now`](Self::now) is that at which the work began, perhaps before a lock that it waited for.
    pub(crate) fn instant(&self) -> i64 {
        self.clock.now_micros()
    }
    pub(crate) fn today(&self) -> NaiveDate {
        self.today
    }
    pub(crate) fn tx(&self) -> &Tx {
        self.by.tx()
    }
}

/// What was found, if it is there and nobody was faster.
pub(crate) fn seen(found: Option<ReferralRow>, expected_version: i32) -> Result<ReferralRow, Refusal> {
    let row = found.ok_or_else(Refusal::not_found)?;
    if row.rest.version == expected_version { Ok(row) } else { Err(Refusal::conflict(row.rest.version)) }
}
