//! What closes more than the referral that is worked on, and when: at the instant from which nothing more of it is
//! disclosed, not at that at which the work began.

use kim_domain::change::ChangeKind;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::life::Mover;
use kim_entity::code::Code;
use kim_entity::read::ReferralRow;
use kim_entity::{consent, consent_event, referral, referral_event};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _,
};
use uuid::Uuid;

use super::{Hands as _, Work, Worker};
use crate::import::KEYS;

impl<W: Worker> Work<'_, W> {
    /// Notes that this consent, or a part of it, is withdrawn by this work, with the step of its history: the instant is set
    /// when it finishes.
    pub(crate) fn withdraws(&mut self, consent_id: Uuid, event_id: Option<Uuid>) {
        self.told.withdrawn.push((consent_id, event_id));
    }

    /// Tells both sides that from a day to come on less is agreed on for a referral.
    pub(crate) fn foretell(&mut self, row: &ReferralRow) {
        self.change(row, ChangeKind::AgreementChanged, None);
    }

    /// Counts referrals on for which less is agreed on now, with the fields that this closes, and tells both sides. However
    /// many they are, the statements are few.
    pub(crate) async fn narrow(&mut self, concerned: &[(ReferralRow, FieldSet)]) -> Result<(), DbErr> {
        for some in concerned.chunks(KEYS) {
            referral::Entity::update_many()
                .col_expr(referral::Column::Version, Expr::col(referral::Column::Version).add(1))
                .col_expr(referral::Column::UpdatedAt, Expr::value(self.now))
                .filter(referral::Column::Id.is_in(some.iter().map(|(row, _)| row.id)))
                .exec(self.tx())
                .await?;
        }
        for (row, closed) in concerned {
            // For the Träger it is the coordination that signs and ends; it is no side of a referral.
            let author = self.by.author().filter(|(agency, _)| [row.sender_id, row.receiver_id].contains(agency));
            let closed: Vec<_> = closed.iter().map(HandoverField::code).collect();
            let event = referral_event::ActiveModel {
                from_status: Set(Some(Code(row.standing.status))),
                to_status: Set(Code(row.standing.status)),
                reason: Set(None),
                action: Set(None),
                detail: Set(Some(serde_json::json!({ "not_agreed": closed }).to_string())),
                agency_id: Set(author.map_or(row.sender_id, |(agency, _)| agency)),
                staff: Set(author.map(|(_, subject)| subject.to_owned())),
                ..self.event_of(row, Mover::Clock)
            };
            self.tell(row, ChangeKind::AgreementChanged, event);
        }
        Ok(())
    }
}

/// Dates these events, each with its referral, and these consents anew: what the work, which began at `begun`, wrote of them
/// is of `at`.
pub(super) async fn date(
    tx: &DatabaseTransaction,
    begun: i64,
    at: i64,
    moved: &[(Uuid, Uuid)],
    withdrawn: &[(Uuid, Option<Uuid>)],
) -> Result<(), DbErr> {
    for some in moved.chunks(KEYS) {
        referral_event::Entity::update_many()
            .set(referral_event::ActiveModel { at: Set(at), ..Default::default() })
            .filter(referral_event::Column::Id.is_in(some.iter().map(|(event, _)| *event)))
            .exec(tx)
            .await?;
        referral::Entity::update_many()
            .set(referral::ActiveModel { closed_at: Set(Some(at)), ..Default::default() })
            .filter(referral::Column::Id.is_in(some.iter().map(|(_, referral)| *referral)))
            .filter(referral::Column::ClosedAt.eq(begun))
            .exec(tx)
            .await?;
    }
    if withdrawn.is_empty() {
        return Ok(());
    }
    consent::Entity::update_many()
        .set(consent::ActiveModel { withdrawn_at: Set(Some(at)), ..Default::default() })
        .filter(consent::Column::Id.is_in(withdrawn.iter().map(|(consent, _)| *consent)))
        .filter(consent::Column::WithdrawnAt.eq(begun))
        .exec(tx)
        .await?;
    consent_event::Entity::update_many()
        .set(consent_event::ActiveModel { at: Set(at), ..Default::default() })
        .filter(consent_event::Column::Id.is_in(withdrawn.iter().filter_map(|(_, event)| *event)))
        .exec(tx)
        .await
        .map(drop)
}
