//! What closes more than the referral that is worked on.

use kim_domain::change::ChangeKind;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::life::Mover;
use kim_entity::DbErr;
use kim_entity::read::ReferralRow;
use kim_entity::referral_event;
use uuid::Uuid;

use super::{Work, WorkTx as _, Worker};

impl<W: Worker> Work<'_, W> {
    /// Notes that this consent, or a part of it, is withdrawn by this work, with the step of its history: the instant is set
    /// when it finishes.
    pub(crate) fn withdraws(&mut self, consent_id: Uuid, event_id: Option<Uuid>) {
        self.record.withdrawn.push((consent_id, event_id));
    }

    /// Tells both sides that from a day to come on less is agreed on for a referral.
    pub(crate) fn foretell(&mut self, row: &ReferralRow) {
        self.change(row, ChangeKind::AgreementChanged, None);
    }

    /// Counts referrals on for which less is agreed on now, with the fields that this closes, and tells both sides. However
    /// many they are, the statements are few.
    pub(crate) async fn narrow(&mut self, concerned: &[(ReferralRow, FieldSet)]) -> Result<(), DbErr> {
        let ids: Vec<Uuid> = concerned.iter().map(|(row, _)| row.id).collect();
        self.tx().increment_versions(&ids, self.now).await?;
        for (row, closed) in concerned {
            // For the Träger it is the coordination that signs and ends; it is no side of a referral.
            let author = self.by.author().filter(|(agency, _)| [row.sender_id, row.receiver_id].contains(agency));
            let closed: Vec<_> = closed.iter().map(HandoverField::code).collect();
            let event = referral_event::Model {
                detail: Some(serde_json::json!({ "not_agreed": closed }).to_string()),
                agency_id: author.map_or(row.sender_id, |(agency, _)| agency),
                staff: author.map(|(_, subject)| subject.to_owned()),
                ..self.event_of(row, Mover::Clock)
            };
            self.tell(row, ChangeKind::AgreementChanged, event);
        }
        Ok(())
    }
}
