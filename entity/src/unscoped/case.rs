//! The other referrals of a case: what concerns one of them can concern the others, which are other agencies' too.

use std::borrow::Borrow;
use std::collections::HashMap;

use kim_domain::field::{FieldSet, HandoverField};
use sea_orm::{
    ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::Unscoped;
use crate::database::tx::Tx;
use crate::read::referral_columns::select;
use crate::read::referral_row::{Extent, Reading};
use crate::tables::{disclosed, referral};

impl<T: Borrow<Tx>> Unscoped<T> {
    /// Every referral of a case, locked in the order of their ids. Only what is told to their own sides may be done with
    /// them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock_referrals_of_case(&self, case_id: Uuid) -> Result<Vec<referral::Model>, DbErr> {
        let of_case =
            referral::Entity::find().filter(referral::Column::CaseId.eq(case_id)).order_by_asc(referral::Column::Id);
        match self.tx().backend() {
            DbBackend::Postgres => of_case.lock_exclusive().all(self.connection()).await,
            // Nobody else writes while this transaction lasts.
            DbBackend::Sqlite | _ => of_case.all(self.connection()).await,
        }
    }

    /// Whether a case is open.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn is_case_open(&self, id: Uuid) -> Result<bool, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT k.id FROM \"case\" k WHERE k.closed_on IS NULL AND k.id = ").bind(id);
        sql.one(self.connection()).await.map(|case| case.is_some())
    }

    /// What each referral of a case shows its receiver now, whoever that is. Nothing but the sets leaves here: to decide
    /// which of them is told of what happened by another.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn shown_of_case(&self, case_id: Uuid) -> Result<HashMap<Uuid, FieldSet>, DbErr> {
        let mut sql = select(self.sql(), Extent::Listed, self.today);
        sql.push("r.case_id = ").bind(case_id);
        let rows = sql.all(self.connection()).await?;
        let read = |row| Reading::Unscoped.listed(row, self.today);
        rows.iter().map(read).map(|row| row.map(|row| (row.id, row.visible().fields()))).collect()
    }

    /// Which of these fields these referrals ever showed their receivers; only those that showed one.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn ever_disclosed(&self, referrals: &[Uuid], fields: FieldSet) -> Result<HashMap<Uuid, FieldSet>, DbErr> {
        use disclosed::Column;
        let facts = disclosed::Entity::find()
            .filter(Column::ReferralId.is_in(referrals.iter().copied()))
            .filter(Column::Field.is_in(fields.iter().map(HandoverField::code)));
        let facts = match self.tx().log() {
            Some(log) => facts.all(log).await?,
            // There a transaction asks for no second connection.
            None => facts.all(self.connection()).await?,
        };
        let mut shown: HashMap<Uuid, FieldSet> = HashMap::new();
        for fact in facts {
            if let Some(field) = kim_domain::Word::from_code(&fact.field) {
                shown.entry(fact.referral_id).or_default().insert(field);
            }
        }
        Ok(shown)
    }
}
