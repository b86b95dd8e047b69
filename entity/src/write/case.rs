//! Cases, and all referrals of one: what concerns one of them can concern the others, which are other agencies' too.

use std::collections::{BTreeSet, HashMap};

use kim_domain::field::FieldSet;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::Writing;
use crate::read::referral_columns::select;
use crate::read::referral_row::{Extent, Reading};
use crate::sql::Sql;
use crate::{case_file, referral};

impl Writing {
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
            .all(self.transaction())
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
        open.one(self.transaction()).await.map(|case| case.is_some())
    }

    /// Every referral of the case that this one of the viewer's is of, itself among them, locked in the order of their
    /// ids; none if it is not the viewer's. Only what is told to their own sides may be done with the others.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn same_case(&self, id: Uuid) -> Result<Vec<referral::Model>, DbErr> {
        // Not locked yet: to hold one while waiting for an earlier one could be a circle. A case does not change.
        let Some(row) = self.0.referrals_by_id(&[id]).await?.pop() else { return Ok(Vec::new()) };
        let of_case = referral::Entity::find()
            .filter(referral::Column::CaseId.eq(row.case_id))
            .order_by_asc(referral::Column::Id);
        match self.transaction().get_database_backend() {
            DbBackend::Postgres => of_case.lock_exclusive().all(self.transaction()).await,
            // Nobody else writes while this transaction lasts.
            DbBackend::Sqlite | _ => of_case.all(self.transaction()).await,
        }
    }

    /// What each referral of a case shows its receiver now, whoever that is. Nothing but the sets leaves here: to decide
    /// which of them is told of what happened by another.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn shown_of_case(&self, case_id: Uuid) -> Result<HashMap<Uuid, FieldSet>, DbErr> {
        let sql = Sql::new(self.transaction().get_database_backend());
        let mut sql = select(sql, Extent::Listed, self.0.today());
        sql.push("r.case_id = ").bind(case_id);
        let rows = sql.all(self.transaction()).await?;
        let read = |row| Reading::Clock.row(row, Extent::Listed, self.0.today());
        rows.iter().map(read).map(|row| row.map(|row| (row.id, row.visible().fields()))).collect()
    }
}
