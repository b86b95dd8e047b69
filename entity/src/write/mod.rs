//! Writes for a viewer: one transaction, whose reads are narrowed as in `read`.
//!
//! Each function is narrowed to the viewer, or takes a row that a narrowed read found, or its key ([`keys`](crate::keys)).

use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::purpose::ReferralPurpose;
use sea_orm::{ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::database::Database;
pub use crate::database::tx::Tx;
use crate::read::{Reads, ReferralRow};
pub use crate::sql::batch::Stored;
use crate::tables::{agency, agreement};
use crate::unscoped::Unscoped;
use crate::viewer::{Author, Viewer};

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

    /// The viewer's own agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn own_agency(&self) -> Result<agency::Model, DbErr> {
        let own = agency::Entity::find_by_id(self.0.viewer().agency().id).one(self.tx().connection()).await?;
        own.ok_or_else(|| DbErr::RecordNotFound("the viewer's agency".into()))
    }

    /// Agencies of any municipality: their data is public.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agencies(&self, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<agency::Model>, DbErr> {
        agency::Entity::find().filter(agency::Column::Id.is_in(ids)).all(self.tx().connection()).await
    }

    /// An enabled agency of the viewer's municipality that can be a receiver for this purpose.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn receiver(&self, id: Uuid, purpose: ReferralPurpose) -> Result<Option<agency::Model>, DbErr> {
        agency::Entity::find_by_id(id)
            .filter(agency::Column::Enabled.eq(true))
            .filter(agency::Column::Ags.eq(self.0.viewer().agency().ags.as_str()))
            .filter(agency::Column::Kind.eq(purpose.receiver_kind().code()))
            .one(self.tx().connection())
            .await
    }

    /// The agreement under which something can be offered to the receiver today: the latest version, if it is in force.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreement_in_force(
        &self,
        receiver_id: Uuid,
        purpose: ReferralPurpose,
    ) -> Result<Option<agreement::Model>, DbErr> {
        let mut sql = self.tx().sql();
        sql.push("SELECT n.* FROM agreement n WHERE n.receiver_id = ").bind(receiver_id);
        sql.push(" AND n.purpose = ").bind(purpose.code()).push(" AND ").agreement_in_force(self.0.today());
        agreement::Entity::find().from_raw_sql(sql.into_statement()).one(self.tx().connection()).await
    }

    /// The agreement of this id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreement(&self, id: Uuid) -> Result<Option<agreement::Model>, DbErr> {
        agreement::Entity::find_by_id(id).one(self.tx().connection()).await
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
