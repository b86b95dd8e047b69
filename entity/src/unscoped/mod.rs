//! Access that is narrowed to no viewer: for the timer, imports, agreements that narrow running referrals, and look-ups across
//! agencies. All code that reads or writes other agencies' rows is in this folder.
//!
//! There are two ways in, [`Database::unscoped`] and [`Writes::unscoped`](crate::write::Writes::unscoped), and clippy.toml bans
//! both: who needs one gives the reason in an `#[expect]`. Every function here has one of their results as `self`
//! (`tests/imports.py`), so that a new one is covered as well.

mod agreement_record;
mod case;
mod clock_access;
mod demo;
mod import;
mod matching;
mod new_cases;
mod referrals_under_agreement;
mod renewal;
mod support_notices;

use std::borrow::Borrow;

use chrono::NaiveDate;
use sea_orm::{DatabaseTransaction, DbErr};

pub use agreement_record::AgreementRecord;
pub use clock_access::{FoundReferral, LockedReferral};
pub use demo::{DemoCase, DemoClient};
pub use import::SimilarCase;
pub use matching::{CaseElsewhere, ConsentLock};
pub use new_cases::{ListedConsent, NewCases};
pub use renewal::{TEXT_TABLES, TextRow, TextTable};
pub use support_notices::{NoticePage, NoticeRow};

use crate::database::Database;
use crate::database::tx::Tx;
use crate::sql::Sql;

/// A transaction that is narrowed to no viewer: its own, or one that is borrowed from a viewer's [`Writes`](crate::write::Writes)
/// (`T = &Tx`). If its own is not committed, it is rolled back.
#[derive(Debug)]
pub struct Unscoped<T = Tx> {
    tx: T,
    today: NaiveDate,
}

/// The database, narrowed to no viewer.
#[derive(Clone, Copy, Debug)]
pub struct UnscopedDatabase<'d>(&'d Database);

impl Database {
    /// Opens the database for work that has no viewer.
    #[must_use]
    pub fn unscoped(&self) -> UnscopedDatabase<'_> {
        UnscopedDatabase(self)
    }
}

impl UnscopedDatabase<'_> {
    /// Begins a transaction that writes, on a day in Berlin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(self, today: NaiveDate) -> Result<Unscoped, DbErr> {
        Ok(Unscoped { tx: Tx::write(self.0).await?, today })
    }

    /// Begins a snapshot, on a day in Berlin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin_reading(self, today: NaiveDate) -> Result<Unscoped, DbErr> {
        Ok(Unscoped { tx: Tx::read(self.0).await?, today })
    }
}

impl Unscoped {
    /// The transaction, to end it.
    #[must_use]
    pub fn into_tx(self) -> Tx {
        self.tx
    }
}

impl<'t> Unscoped<&'t Tx> {
    /// Borrows a viewer's transaction.
    pub(crate) fn borrowed(tx: &'t Tx, today: NaiveDate) -> Self {
        Self { tx, today }
    }
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// The functions of every transaction that writes.
    #[must_use]
    pub fn tx(&self) -> &Tx {
        self.tx.borrow()
    }

    fn connection(&self) -> &DatabaseTransaction {
        self.tx().connection()
    }

    fn sql(&self) -> Sql {
        self.tx().sql()
    }
}
