//! What is read for many referrals at once: one statement, however many there are.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use super::Writing;
use crate::handover;

impl Writing {
    /// What these referrals of the viewer's say that they are about, where they say it.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn concerns_of(&self, referrals: &[Uuid]) -> Result<HashMap<Uuid, String>, DbErr> {
        use handover::Column;
        let found: Vec<(Uuid, Option<String>)> = handover::Entity::find()
            .select_only()
            .columns([Column::ReferralId, Column::Concern])
            .filter(Column::ReferralId.is_in(referrals.iter().copied()))
            .into_tuple()
            .all(self.transaction())
            .await?;
        Ok(found.into_iter().filter_map(|(id, concern)| Some((id, concern?))).collect())
    }
}
