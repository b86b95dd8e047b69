//! Who works: a viewer at its desk, or the clock. What only a viewer can do, the clock's work has no function for.

use chrono::NaiveDate;
use kim_entity::database::Database;
use kim_entity::tick::Ticking;
use kim_entity::write::Writing;
use sea_orm::{DatabaseTransaction, DbErr};
use uuid::Uuid;

use super::Desk;

/// Whose a unit of work is.
pub trait Worker: std::fmt::Debug {
    /// What it works with.
    type Hands<'d>: Hands;
}

/// A viewer.
#[derive(Debug)]
pub enum AtDesk {}

/// Nobody: a day has passed.
#[derive(Debug)]
pub enum ByClock {}

impl Worker for AtDesk {
    type Hands<'d> = OfViewer<'d>;
}

impl Worker for ByClock {
    type Hands<'d> = OfClock;
}

/// What every unit of work needs, whosever it is.
pub trait Hands: std::fmt::Debug {
    /// The transaction that it is done in.
    fn transaction(&self) -> &DatabaseTransaction;
    /// The same, to end it.
    fn into_transaction(self) -> DatabaseTransaction;
    /// Agency and subject in whose names events are written; nobody for the clock.
    fn author(&self) -> Option<(Uuid, &str)>;
}

/// A viewer's transaction and desk.
#[derive(Debug)]
pub struct OfViewer<'d> {
    pub(super) desk: Desk<'d>,
    pub(super) writing: Writing,
}

impl Hands for OfViewer<'_> {
    fn transaction(&self) -> &DatabaseTransaction {
        self.writing.transaction()
    }
    fn into_transaction(self) -> DatabaseTransaction {
        self.writing.into_transaction()
    }
    fn author(&self) -> Option<(Uuid, &str)> {
        Some((self.desk.viewer.agency().id, self.desk.viewer.subject()))
    }
}

/// The clock's transaction.
#[derive(Debug)]
pub struct OfClock(Ticking);

impl OfClock {
    pub(super) async fn begin(database: &Database, today: NaiveDate) -> Result<Self, DbErr> {
        Ticking::begin(database, today).await.map(Self)
    }

    pub(super) fn ticking(&self) -> &Ticking {
        &self.0
    }
}

impl Hands for OfClock {
    fn transaction(&self) -> &DatabaseTransaction {
        self.0.transaction()
    }
    fn into_transaction(self) -> DatabaseTransaction {
        self.0.into_transaction()
    }
    fn author(&self) -> Option<(Uuid, &str)> {
        None
    }
}
