//! The two kinds of work: a viewer's and the timer's. Functions for viewers do not exist on the timer's work.

use kim_entity::unscoped::Unscoped;
use kim_entity::viewer::Author;
use kim_entity::write::{Tx, Writes};

use super::WorkContext;

/// A kind of work.
pub trait Worker: std::fmt::Debug {
    /// The transaction of this kind of work.
    type Tx<'d>: WorkTx;
}

/// Work of a viewer.
#[derive(Debug)]
pub enum ViewerWork {}

/// Work of the timer or of an import, which have no viewer.
#[derive(Debug)]
pub enum TimerWork {}

impl Worker for ViewerWork {
    type Tx<'d> = ViewerTx<'d>;
}

impl Worker for TimerWork {
    type Tx<'d> = TimerTx;
}

/// The transaction of a unit of work.
pub trait WorkTx: std::fmt::Debug {
    /// The writes that both kinds of work have.
    fn tx(&self) -> &Tx;
    /// The same, by value, to end the transaction.
    fn into_tx(self) -> Tx;
    /// The author of the events; `None` for the timer.
    fn author(&self) -> Option<Author>;
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
    fn author(&self) -> Option<Author> {
        Some(self.context.viewer.author())
    }
}

/// A transaction without a viewer.
#[derive(Debug)]
pub struct TimerTx(pub(super) Unscoped);

impl WorkTx for TimerTx {
    fn tx(&self) -> &Tx {
        self.0.tx()
    }
    fn into_tx(self) -> Tx {
        self.0.into_tx()
    }
    fn author(&self) -> Option<Author> {
        None
    }
}
