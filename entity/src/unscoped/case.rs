//! All referrals of a case, which belong to several agencies: an event of one of them can concern the others.

use std::borrow::Borrow;
use std::collections::HashMap;

use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::purpose::ReferralPurpose;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbBackend, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::Unscoped;
use crate::codec::handover::{self, HandoverRow};
use crate::database::tx::Tx;
use crate::read::referral_columns::select;
use crate::read::referral_row::{Extent, Reading};
use crate::tables::{consent, correction_notice, disclosed, referral};

impl<T: Borrow<Tx>> Unscoped<T> {
    /// All referrals of a case, locked in the order of their ids. Only their own sides may learn about them.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn lock_referrals_of_case(&self, case_id: Uuid) -> Result<Vec<referral::Model>, DbErr> {
        let of_case =
            referral::Entity::find().filter(referral::Column::CaseId.eq(case_id)).order_by_asc(referral::Column::Id);
        match self.tx().backend() {
            DbBackend::Postgres => of_case.lock_exclusive().all(self.connection()).await,
            // There is no other writer during this transaction.
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

    /// The fields that each referral of a case shows its receiver now. Only these sets are returned; a use case decides by them
    /// which referrals get an event of another one.
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

    /// Which of these fields these referrals ever disclosed to their receivers; only referrals that disclosed one.
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
            // On PostgreSQL a transaction takes no second connection.
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

    /// Increments the version of a referral that stays as it is. `false` if it has another version by now.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn increment_version(&self, row: &referral::Model, now: i64) -> Result<bool, DbErr> {
        referral::update(self.connection(), (row.id, row.version), referral::ActiveModel::default(), now).await
    }

    /// The handover of a referral, in full.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn handover(&self, referral: Uuid) -> Result<Option<HandoverRow>, DbErr> {
        Ok(handover::find(self.connection(), &[referral], handover::fields()).await?.pop())
    }

    /// These fields of the handovers of referrals, in no particular order.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn handovers(&self, referrals: &[Uuid], fields: FieldSet) -> Result<Vec<HandoverRow>, DbErr> {
        handover::find(self.connection(), referrals, fields).await
    }

    /// Writes a changed copy.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn update_handover(&self, copy: &HandoverRow) -> Result<(), DbErr> {
        handover::update(self.connection(), copy).await
    }

    /// The consent of a case's client for this receiver and purpose that is in force today; of several the one that was recorded
    /// last. It cannot be withdrawn or renewed until this transaction ends.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consent_of(
        &self,
        case_id: Uuid,
        receiver_id: Uuid,
        purpose: ReferralPurpose,
    ) -> Result<Option<consent::Model>, DbErr> {
        consent::in_force(self.connection(), case_id, receiver_id, purpose, self.today).await
    }

    /// Records that the receivers of referrals were notified of a correction, and whether the copies stay wrong. A referral that
    /// was recorded before keeps its first instant.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_correction_notices(
        &self,
        correction: Uuid,
        referrals: &[Uuid],
        outdated: bool,
        now: i64,
    ) -> Result<(), DbErr> {
        use correction_notice::Column;
        if referrals.is_empty() {
            return Ok(());
        }
        let notices = referrals.iter().map(|&referral_id| correction_notice::ActiveModel {
            correction_id: Set(correction),
            referral_id: Set(referral_id),
            told_at: Set(now),
            outdated: Set(outdated),
        });
        let again =
            OnConflict::columns([Column::CorrectionId, Column::ReferralId]).update_column(Column::Outdated).to_owned();
        let insert = correction_notice::Entity::insert_many(notices).on_conflict(again);
        insert.exec_without_returning(self.connection()).await.map(drop)
    }
}
