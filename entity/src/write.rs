//! The write path: one transaction of one viewer, whose reads are narrowed as everywhere.

use std::sync::Arc;

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr};
use uuid::Uuid;

use crate::database::Database;
use crate::read::{ReferralRow, Snapshot};
use crate::viewer::Viewer;

/// A transaction that writes. Dropped without [`commit`](Self::commit), it leaves nothing.
#[derive(Debug)]
pub struct Writing(Snapshot);

impl Writing {
    /// Begins it, on a day in Berlin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn begin(database: &Database, viewer: Arc<Viewer>, today: NaiveDate) -> Result<Self, DbErr> {
        Snapshot::writing(database, viewer, today).await.map(Self)
    }

    /// The viewer's reads, in this transaction: each statement sees what is committed now.
    #[must_use]
    pub fn reads(&self) -> &Snapshot {
        &self.0
    }

    /// For writing.
    #[must_use]
    pub fn transaction(&self) -> &DatabaseTransaction {
        self.0.transaction()
    }

    /// One of the viewer's referrals, which nobody else can change until this ends; `None` for what is not its own.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referral(&self, id: Uuid) -> Result<Option<ReferralRow>, DbErr> {
        Ok(self.referrals(&[id]).await?.pop())
    }

    /// The same for several, locked in the order of their ids.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referrals(&self, ids: &[Uuid]) -> Result<Vec<ReferralRow>, DbErr> {
        // On SQLite nobody else writes while this transaction lasts.
        if self.transaction().get_database_backend() == DbBackend::Postgres {
            self.0.lock_referrals(ids).await?;
        }
        self.0.referrals_by_id(ids).await
    }

    /// Makes it last.
    ///
    /// # Errors
    /// Whatever the database said; then nothing was changed.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.0.commit().await
    }

    /// Gives it up.
    ///
    /// # Errors
    /// Whatever the database said.
    pub async fn give_up(self) -> Result<(), DbErr> {
        self.0.end().await
    }
}
