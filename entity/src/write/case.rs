//! Cases in a transaction that writes.

use std::collections::BTreeSet;

use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use super::Writes;
use crate::case_file;

impl Writes {
    /// Those of these cases of the viewer's agency that are open. Until this ends nobody closes them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn open_cases(&self, ids: &BTreeSet<Uuid>) -> Result<BTreeSet<Uuid>, DbErr> {
        let own = case_file::Entity::find()
            .filter(case_file::Column::Id.is_in(ids.iter().copied()))
            .filter(case_file::Column::AgencyId.eq(self.0.viewer().agency().id))
            .order_by_asc(case_file::Column::Id)
            .lock_shared()
            .all(self.tx().connection())
            .await?;
        Ok(own.into_iter().filter(|case| case.closed_on.is_none()).map(|case| case.id).collect())
    }

    /// Whether this client of the viewer's agency has an open case.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_open_case(&self, person_id: Uuid) -> Result<bool, DbErr> {
        let open = case_file::Entity::find()
            .filter(case_file::Column::PersonId.eq(person_id))
            .filter(case_file::Column::AgencyId.eq(self.0.viewer().agency().id))
            .filter(case_file::Column::ClosedOn.is_null());
        open.one(self.tx().connection()).await.map(|case| case.is_some())
    }
}
