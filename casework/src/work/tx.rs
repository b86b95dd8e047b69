//! Whose work it is: a viewer's or the timer's. What only a viewer can do, the timer's work has no function for.

use kim_entity::unscoped::Unscoped;
use kim_entity::write::{Tx, Writes};
use uuid::Uuid;

use super::WorkContext;

/// Whose a unit of work is.
pub trait Worker: std::fmt::Debug {
    /// Its transaction.
    type Tx<'d>: WorkTx;
}

/// A viewer's work.
#[derive(Debug)]
pub enum ViewerWork {}

/// The work of the timer, or of an import: nobody's.
#[derive(Debug)]
pub enum ClockWork {}

impl Worker for ViewerWork {
    type Tx<'d> = ViewerTx<'d>;
}

impl Worker for ClockWork {
    type Tx<'d> = ClockTx;
}

/// The transaction of a unit of work.
pub trait WorkTx: std::fmt::Debug {
    /// What both kinds of work write with.
    fn tx(&self) -> &Tx;
    /// The same, to end it.
    fn into_tx(self) -> Tx;
    /// Agency and subject in whose names events are written; nobody for the timer.
    fn author(&self) -> Option<(Uuid, &str)>;
}

/// A viewer's transaction.
#[derive(Debug)]
pub struct ViewerTx<'d> {
    pub(super) context: WorkContext<'d>,
    pub(super) writes: Writes,
}

impl WorkTx for ViewerTx<'_> {
    fn tx(&self) -> &Tx {
        self.writes.tx()
    }
    fn into_tx(self) -> Tx {
        self.writes.into_tx()
    }
    fn author(&self) -> Option<(Uuid, &str)> {
        Some((self.context.viewer.agency().id, self.context.viewer.subject()))
    }
}

/// A transaction that is narrowed to nobody.
#[derive(Debug)]
pub struct ClockTx(pub(super) Unscoped);

impl WorkTx for ClockTx {
    fn tx(&self) -> &Tx {
        self.0.tx()
    }
    fn into_tx(self) -> Tx {
        self.0.into_tx()
    }
    fn author(&self) -> Option<(Uuid, &str)> {
        None
    }
}
