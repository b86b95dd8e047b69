//! Writes for a viewer: one transaction, whose reads are narrowed as in `read`.
//!
//! Each function is narrowed to the viewer, or takes a row that a narrowed read found, or its key ([`keys`](crate::keys)). Three
//! tables are open: a use case may find any row of `agency` and `agreement` by its id, and whether a proposal in
//! `agreement_proposal` is open. They have no client's data. What of them leaves the server is read by [`Reads`], which is
//! narrowed.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{DbBackend, DbErr};
use uuid::Uuid;

use crate::database::Database;
pub use crate::database::tx::Tx;
use crate::read::{Reads, ReferralRow};
pub use crate::sql::batch::Stored;
use crate::unscoped::Unscoped;
use crate::viewer::{Author, Viewer};

mod agencies_and_agreements;
mod agreements;
mod case;
mod consents;
mod corrections;
mod count;
mod finish;
mod handovers;
mod master_data;
mod referrals;
mod requests;
pub(crate) mod stays;
mod support;

pub use agreements::{LockedProposal, PartyAct, ProposalChange};
pub use consents::{AffectedRows, ConsentScope};
pub use count::OwnList;
pub use finish::{CommitRecord, FeedChange};
pub use handovers::{NewAppointment, NewTalk};
pub use referrals::{DraftOf, NewDraft, OfferColumns, ReferralChange, StateChange};

/// A viewer's transaction that writes. If its [`Tx`] is not committed, it is rolled back.
#[derive(Debug)]
pub struct Writes(Reads);

impl Writes {
    /// Begins it, on a day in Berlin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(database: &Database, viewer: Arc<Viewer>, today: NaiveDate) -> Result<Self, DbErr> {
        Reads::writing(database, viewer, today).await.map(Self)
    }

    /// The viewer's reads, in this transaction: each statement sees what is committed now.
    #[must_use]
    pub fn reads(&self) -> &Reads {
        &self.0
    }

    /// The author of the rows that the viewer writes.
    fn author(&self) -> Author {
        self.0.viewer().author()
    }

    /// The functions that the timer's transaction has as well.
    #[must_use]
    pub fn tx(&self) -> &Tx {
        self.0.tx()
    }

    /// One of the viewer's referrals, locked until the transaction ends; `None` if it is not the viewer's.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referral(&self, id: Uuid) -> Result<Option<ReferralRow>, DbErr> {
        Ok(self.referrals(&[id]).await?.pop())
    }

    /// Several of the viewer's referrals, locked in the order of their ids.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referrals(&self, ids: &[Uuid]) -> Result<Vec<ReferralRow>, DbErr> {
        // On SQLite there is no other writer during this transaction.
        if self.tx().backend() == DbBackend::Postgres {
            self.0.lock_referrals(ids).await?;
        }
        self.0.referrals_by_id(ids).await
    }

    /// The transaction, to end it.
    #[must_use]
    pub fn into_tx(self) -> Tx {
        self.0.into_tx()
    }

    /// Runs work in this transaction that is not narrowed to the viewer, because it concerns other agencies' rows, such as the
    /// other referrals of a case. The viewer may learn only what the use case documents.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn unscoped<T, E>(&self, work: impl AsyncFnOnce(&Unscoped<&Tx>) -> Result<T, E>) -> Result<T, E> {
        work(&Unscoped::borrowed(self.tx(), self.0.today())).await
    }
}
