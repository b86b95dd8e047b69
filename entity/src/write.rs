//! The write path: one transaction of one viewer, whose reads are narrowed as everywhere.

use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::purpose::ReferralPurpose;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbBackend, DbErr, EntityTrait as _, QueryFilter as _,
};
use uuid::Uuid;

use crate::database::Database;
use crate::read::{ReferralRow, Snapshot};
use crate::sql::Sql;
use crate::viewer::Viewer;
use crate::{agency, agreement};

mod case;
mod consents;
mod many;

pub use consents::{Concerned, Whose};

/// A transaction that writes. Dropped without its [transaction](Self::into_transaction) being committed, it leaves nothing.
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

    /// The viewer's own agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn own_agency(&self) -> Result<agency::Model, DbErr> {
        let own = agency::Entity::find_by_id(self.0.viewer().agency().id).one(self.transaction()).await?;
        own.ok_or_else(|| DbErr::RecordNotFound("the viewer's agency".into()))
    }

    /// An enabled agency of the viewer's municipality that can be asked for this.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn receiver(&self, id: Uuid, purpose: ReferralPurpose) -> Result<Option<agency::Model>, DbErr> {
        agency::Entity::find_by_id(id)
            .filter(agency::Column::Enabled.eq(true))
            .filter(agency::Column::Ags.eq(self.0.viewer().agency().ags.as_str()))
            .filter(agency::Column::Kind.eq(purpose.receiver_kind().code()))
            .one(self.transaction())
            .await
    }

    /// The agreement under which this can be offered to the receiver today: the latest version, if it is in force.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreement_in_force(
        &self,
        receiver_id: Uuid,
        purpose: ReferralPurpose,
    ) -> Result<Option<agreement::Model>, DbErr> {
        let mut sql = Sql::new(self.transaction().get_database_backend());
        sql.push("SELECT n.* FROM agreement n WHERE n.receiver_id = ").bind(receiver_id);
        sql.push(" AND n.purpose = ").bind(purpose.code()).push(" AND ").agreement_in_force(self.0.today());
        agreement::Entity::find().from_raw_sql(sql.into_statement()).one(self.transaction()).await
    }

    /// The agreement of this id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreement(&self, id: Uuid) -> Result<Option<agreement::Model>, DbErr> {
        agreement::Entity::find_by_id(id).one(self.transaction()).await
    }

    /// To end it.
    #[must_use]
    pub fn into_transaction(self) -> DatabaseTransaction {
        self.0.into_transaction()
    }
}
