//! What is narrowed to nobody: the timer, imports, agreements that narrow running referrals, look-ups across agencies. All
//! code that reads or writes rows without a viewer is in this folder.
//!
//! Nothing that answers a request opens an [`Unscoped`]: clippy.toml bans it, and a use case that needs one says why beside
//! its `#[expect]`.

mod agreement_record;
mod case;
mod clock;
mod demo;
mod import;
mod matching;
mod new_cases;
mod support_notices;
mod under_agreement;

use std::borrow::Borrow;

use chrono::NaiveDate;
use sea_orm::{DatabaseTransaction, DbErr};

pub use agreement_record::AgreementRecord;
pub use clock::Locked;
pub use demo::{DemoCase, DemoClient};
pub use import::SimilarCase;
pub use matching::{Elsewhere, Hold};
pub use new_cases::{ListedConsent, NewCases};
pub use support_notices::{NoticePage, NoticeRow};

use crate::database::Database;
use crate::database::tx::Tx;
use crate::sql::Sql;

/// A transaction that is narrowed to nobody: its own, or a viewer's that is lent (`T = &Tx`). Dropped without its [`Tx`]
/// being committed, it leaves nothing.
#[derive(Debug)]
pub struct Unscoped<T = Tx> {
    tx: T,
    today: NaiveDate,
}

impl Unscoped {
    /// Begins one that writes, on a day in Berlin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(database: &Database, today: NaiveDate) -> Result<Self, DbErr> {
        Ok(Self { tx: Tx::write(database).await?, today })
    }

    /// Begins one that reads one snapshot, on a day in Berlin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin_reading(database: &Database, today: NaiveDate) -> Result<Self, DbErr> {
        Ok(Self { tx: Tx::read(database).await?, today })
    }

    /// To end it.
    #[must_use]
    pub fn into_tx(self) -> Tx {
        self.tx
    }
}

impl<'t> Unscoped<&'t Tx> {
    /// Within a viewer's transaction.
    pub(crate) fn lent(tx: &'t Tx, today: NaiveDate) -> Self {
        Self { tx, today }
    }
}

impl<T: Borrow<Tx>> Unscoped<T> {
    /// What every transaction that writes can write.
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
