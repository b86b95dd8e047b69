//! A unit of work: one viewer (or the clock), one transaction, and what is to be told of it.
//!
//! Events, the feeds of both sides and the state are written together. What closes something to its receiver holds back
//! the log of disclosures until it has committed.

mod closing;
mod happening;
mod told;
mod worker;

use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::calendar::Clock;
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::database::Database;
use kim_entity::read::{ReferralRow, Snapshot};
use kim_entity::tick::Ticking;
use kim_entity::viewer::Viewer;
use kim_entity::write::Writing;
use sea_orm::{DatabaseTransaction, DbErr};
use uuid::Uuid;

use crate::refusal::Refusal;
use told::Told;

pub(crate) use happening::{Move, may, mover};
pub use worker::{AtDesk, ByClock, Hands, OfClock, OfViewer, Worker};

/// Where a viewer works: what every use case needs beside its input.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'d> {
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
pub struct Work<'d, W: Worker = AtDesk> {
    by: W::Hands<'d>,
    database: &'d Database,
    clock: &'d Clock,
    now: i64,
    today: NaiveDate,
    told: Told,
}

impl<'d> Work<'d> {
    pub(crate) async fn begin(desk: Desk<'d>) -> Result<Self, DbErr> {
        let today = desk.clock.today();
        let writing = Writing::begin(desk.database, Arc::clone(desk.viewer), today).await?;
        let (now, by) = (desk.clock.now_micros(), OfViewer { desk, writing });
        Ok(Self { by, database: desk.database, clock: desk.clock, now, today, told: Told::default() })
    }

    pub(crate) fn viewer(&self) -> &'d Viewer {
        self.by.desk.viewer
    }
    pub(crate) fn own_id(&self) -> Uuid {
        self.by.desk.viewer.agency().id
    }
    pub(crate) fn database(&self) -> &'d Database {
        self.database
    }
    pub(crate) fn key(&self) -> &'d FingerprintKey {
        self.by.desk.key
    }
    /// The viewer's reads, in this transaction.
    pub(crate) fn reads(&self) -> &Snapshot {
        self.by.writing.reads()
    }
    pub(crate) fn writing(&self) -> &Writing {
        &self.by.writing
    }

    /// The viewer's own referral of this id, locked, if nobody was faster.
    pub(crate) async fn referral(&self, id: Option<Uuid>, expected_version: i32) -> Result<ReferralRow, Refusal> {
        let found = match id {
            Some(id) => self.writing().referral(id).await?,
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

impl<'d> Work<'d, ByClock> {
    pub(crate) async fn by_clock(database: &'d Database, clock: &'d Clock) -> Result<Self, DbErr> {
        let today = clock.today();
        let by = OfClock::begin(database, today).await?;
        Ok(Self { by, database, clock, now: clock.now_micros(), today, told: Told::default() })
    }

    /// What only the clock reads.
    pub(crate) fn ticking(&self) -> &Ticking {
        self.by.ticking()
    }
}

impl<W: Worker> Work<'_, W> {
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
    pub(crate) fn tx(&self) -> &DatabaseTransaction {
        self.by.transaction()
    }
}

/// What was found, if it is there and nobody was faster.
pub(crate) fn seen(found: Option<ReferralRow>, expected_version: i32) -> Result<ReferralRow, Refusal> {
    let row = found.ok_or_else(Refusal::not_found)?;
    if row.version == expected_version { Ok(row) } else { Err(Refusal::conflict(row.version)) }
}
