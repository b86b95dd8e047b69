//! What is read for many referrals at once: one statement, however many there are.

use std::collections::HashMap;

use kim_domain::purpose::ReferralPurpose;
use sea_orm::{
    ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::Writing;
use crate::{consent, handover};

/// Of which client, for whom and for what a consent is.
pub type ConsentKey = (Uuid, Uuid, ReferralPurpose);

impl Writing {
    /// As [`consent_of`](Self::consent_of), for many clients: whatever of theirs holds today, the latest first recorded.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn consents_of(&self, persons: &[Uuid]) -> Result<HashMap<ConsentKey, consent::Model>, DbErr> {
        use consent::Column;
        let today = self.0.today();
        let found = consent::Entity::find()
            .filter(Column::PersonId.is_in(persons.iter().copied()))
            .filter(Column::WithdrawnAt.is_null())
            .filter(Column::ValidFrom.lte(today))
            .filter(Column::ValidUntil.is_null().or(Column::ValidUntil.gte(today)))
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .all(self.transaction())
            .await?;
        // A later one takes the place of an earlier.
        Ok(found.into_iter().map(|row| ((row.person_id, row.receiver_id, row.purpose.0), row)).collect())
    }

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
