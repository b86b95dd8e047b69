//! What a use case reads of agencies and agreements. Their rows are not narrowed to the viewer, unless a function says so.

use kim_domain::purpose::ReferralPurpose;
use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::Writes;
use crate::tables::{agency, agreement};

impl Writes {
    /// The viewer's own agency.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn own_agency(&self) -> Result<agency::Model, DbErr> {
        let own = agency::Entity::find_by_id(self.reads().viewer().agency().id).one(self.tx().connection()).await?;
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
            .filter(agency::Column::Ags.eq(self.reads().viewer().agency().ags.as_str()))
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
        sql.push(" AND n.purpose = ").bind(purpose.code()).push(" AND ").agreement_in_force(self.reads().today());
        agreement::Entity::find().from_raw_sql(sql.into_statement()).one(self.tx().connection()).await
    }

    /// The agreement of this id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn agreement(&self, id: Uuid) -> Result<Option<agreement::Model>, DbErr> {
        agreement::Entity::find_by_id(id).one(self.tx().connection()).await
    }
}
