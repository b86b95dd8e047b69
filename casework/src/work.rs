//! A unit of work: one viewer or the timer, one transaction, and the records that are written when it commits.
//!
//! State, events and the feeds of both sides are written together. Work that closes fields for a receiver holds back the
//! disclosure log until the commit.

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

use crate::refusal::WorkError;

pub(crate) use events::{Move, mover, require_permitted};
pub use tx::{TimerTx, TimerWork, ViewerTx, ViewerWork, WorkTx, Worker};

/// Everything that a viewer's use case needs beside its input.
#[derive(Clone, Copy, Debug)]
pub struct WorkContext<'d> {
    /// The database.
    pub database: &'d Database,
    /// Clock of the current day and time.
    pub clock: &'d Clock,
    /// Key of the clients' fingerprints.
    pub key: &'d FingerprintKey,
    /// The viewer for whom the use case runs.
    pub viewer: &'d Arc<Viewer>,
}

/// A unit of work. If it is dropped without [`finish`](Self::finish), nothing is written.
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

    /// The viewer's referral with this id, locked. CONFLICT if its version is another one.
    pub(crate) async fn referral(&self, id: Option<Uuid>, expected_version: i32) -> Result<ReferralRow, WorkError> {
        let found = match id {
            Some(id) => self.writes().referral(id).await?,
            None => None,
        };
        at_version(found, expected_version)
    }

    /// Refuses a purpose that the token does not include, because the viewer could not see the result.
    pub(crate) fn require_purpose(&self, purpose: ReferralPurpose) -> Result<(), WorkError> {
        match self.viewer().purposes() {
            Some(purposes) if !purposes.contains(&purpose) => {
                Err(WorkError::not_allowed("Ihr Token gilt nicht für diesen Zweck."))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Whether the kind of the viewer's agency may send referrals.
    pub(crate) fn sends(&self) -> bool {
        self.viewer().agency().kind.sends()
    }
}

impl<'d> Work<'d, TimerWork> {
    #[expect(clippy::disallowed_methods, reason = "the timer and imports work for no viewer")]
    pub(crate) async fn for_timer(database: &Database, clock: &'d Clock) -> Result<Self, DbErr> {
        let today = clock.today();
        Ok(Self::of(TimerTx(database.unscoped().begin(today).await?), clock, today))
    }

    /// Access that is not narrowed to a viewer.
    pub(crate) fn unscoped(&self) -> &Unscoped {
        &self.by.0
    }
}

impl<'d, W: Worker> Work<'d, W> {
    fn of(by: W::Tx<'d>, clock: &'d Clock, today: NaiveDate) -> Self {
        // Not before what was committed before, if the clock was set back.
        let now = clock.now_micros().max(by.tx().latest() + 1);
        Self { by, clock, now, today, record: CommitRecord::default() }
    }

    pub(crate) fn now(&self) -> i64 {
        self.now
    }
    /// The current time. [`now`](Self::now) is the time at which the work began, which may be earlier if it waited for
    /// a lock.
    pub(crate) fn instant(&self) -> i64 {
        self.clock.now_micros().max(self.now)
    }
    pub(crate) fn today(&self) -> NaiveDate {
        self.today
    }
    pub(crate) fn tx(&self) -> &Tx {
        self.by.tx()
    }
}

/// The row, if it exists and has the expected version.
pub(crate) fn at_version(found: Option<ReferralRow>, expected_version: i32) -> Result<ReferralRow, WorkError> {
    let row = found.ok_or_else(WorkError::not_found)?;
    if row.rest.version == expected_version { Ok(row) } else { Err(WorkError::conflict(row.rest.version)) }
}
