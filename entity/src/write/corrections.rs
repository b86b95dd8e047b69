//! Writes reports of wrong values, and the sender's decisions.

use kim_domain::correction::CorrectionState;
use kim_domain::field::HandoverField;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use super::Writes;
use crate::read::ReferralRow;
use crate::tables::code::Code;
use crate::tables::correction;
use crate::viewer::Author;

impl Writes {
    /// Whether there is an open report of this field of a referral.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn has_open_correction(&self, of: &ReferralRow, field: HandoverField) -> Result<bool, DbErr> {
        let open = correction::Entity::find()
            .filter(correction::Column::ReferralId.eq(of.key().id()))
            .filter(correction::Column::Field.eq(field.code()))
            .filter(correction::Column::State.eq(CorrectionState::Open.code()));
        open.one(self.tx().connection()).await.map(|found| found.is_some())
    }

    /// Writes a report.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_correction(&self, of: &ReferralRow, new: correction::Model) -> Result<(), DbErr> {
        let (referral_id, case_id) = (of.key().id(), of.rest.case_id());
        let new = correction::Model { referral_id, case_id, agency_id: self.author().agency_id, ..new };
        let insert = correction::Entity::insert(new.into_active_model());
        insert.exec_without_returning(self.tx().connection()).await.map(drop)
    }

    /// The report with this id, if it belongs to this referral.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn correction(&self, of: &ReferralRow, id: Uuid) -> Result<Option<correction::Model>, DbErr> {
        let found = correction::Entity::find_by_id(id).one(self.tx().connection()).await?;
        Ok(found.filter(|one| one.referral_id == of.key().id()))
    }

    /// Writes the viewer's decision on a report of this referral.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn decide_correction(
        &self,
        of: &ReferralRow,
        id: Uuid,
        state: CorrectionState,
        text: Option<String>,
        now: i64,
    ) -> Result<(), DbErr> {
        use correction::Column;
        let Author { staff, acting_for, .. } = self.author();
        let decided = correction::ActiveModel {
            state: Set(Code(state)),
            decided_at: Set(Some(now)),
            decided_text: Set(text),
            decided_staff: Set(Some(staff)),
            decided_acting_for: Set(acting_for),
            ..Default::default()
        };
        correction::Entity::update_many()
            .set(decided)
            .filter(Column::Id.eq(id).and(Column::ReferralId.eq(of.key().id())))
            .exec(self.tx().connection())
            .await
            .map(drop)
    }
}
