//! Writes reports of wrong values, and the sender's decisions.

use kim_domain::correction::CorrectionState;
use kim_domain::field::HandoverField;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _};
use uuid::Uuid;

use super::Writes;
use crate::tables::code::Code;
use crate::tables::{correction, correction_notice};
use crate::viewer::Author;

impl Writes {
    /// Whether there is an open report of this field of a referral.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_open_correction(&self, referral: Uuid, field: HandoverField) -> Result<bool, DbErr> {
        let open = correction::Entity::find()
            .filter(correction::Column::ReferralId.eq(referral))
            .filter(correction::Column::Field.eq(field.code()))
            .filter(correction::Column::State.eq(CorrectionState::Open.code()));
        open.one(self.tx().connection()).await.map(|found| found.is_some())
    }

    /// Writes a report.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_correction(&self, new: correction::Model) -> Result<(), DbErr> {
        let insert = correction::Entity::insert(new.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// The report with this id, if it belongs to this referral.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn correction(&self, id: Uuid, referral: Uuid) -> Result<Option<correction::Model>, DbErr> {
        let found = correction::Entity::find_by_id(id).one(self.tx().connection()).await?;
        Ok(found.filter(|one| one.referral_id == referral))
    }

    /// Writes the viewer's decision on a report.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn decide_correction(
        &self,
        id: Uuid,
        state: CorrectionState,
        text: Option<String>,
        now: i64,
    ) -> Result<(), DbErr> {
        let Author { staff, acting_for, .. } = self.author();
        let decided = correction::ActiveModel {
            id: Set(id),
            state: Set(Code(state)),
            decided_at: Set(Some(now)),
            decided_text: Set(text),
            decided_staff: Set(Some(staff)),
            decided_acting_for: Set(acting_for),
            ..Default::default()
        };
        correction::Entity::update(decided).exec(self.tx().connection()).await.map(drop)
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
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }
}
