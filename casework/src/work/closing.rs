//! Records that concern more than the referral of the use case: withdrawn consents, and agreements that narrow.

use kim_domain::change::ChangeKind;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::life::Mover;
use kim_entity::DbErr;
use kim_entity::keys::ConsentKey;
use kim_entity::read::ReferralRow;
use kim_entity::referral_event;
use uuid::Uuid;

use super::{Work, WorkTx as _, Worker};

impl<W: Worker> Work<'_, W> {
    /// Records that this work withdraws the consent or a part of it. `event_id` is the event in the consent's history,
    /// whose time is set when the work finishes.
    pub(crate) fn mark_withdrawn(&mut self, consent: ConsentKey, event_id: Option<Uuid>) {
        self.record.withdrawn.push((consent, event_id));
    }

    /// Notifies both sides that the agreement of a referral will narrow on a future day.
    pub(crate) fn notify_of_later_change(&mut self, row: &ReferralRow) {
        self.notify(row, ChangeKind::AgreementChanged, None);
    }

    /// Increments the versions of referrals whose agreement narrows now, and notifies both sides of the closed fields.
    /// The number of statements does not depend on the number of referrals.
    pub(crate) async fn narrow(&mut self, concerned: &[(ReferralRow, FieldSet)]) -> Result<(), DbErr> {
        let referrals: Vec<_> = concerned.iter().map(|(row, _)| row.key()).collect();
        self.tx().increment_versions(&referrals, self.now).await?;
        for (row, closed) in concerned {
            // The coordination acts for the Träger in agreements, but is no side of a referral.
            let author = self.by.author().filter(|author| [row.sender_id, row.receiver_id].contains(&author.agency_id));
            let closed: Vec<_> = closed.iter().map(HandoverField::code).collect();
            let event = referral_event::Model {
                detail: Some(serde_json::json!({ "not_agreed": closed }).to_string()),
                agency_id: author.as_ref().map_or(row.sender_id, |author| author.agency_id),
                acting_for: author.as_ref().and_then(|author| author.acting_for.clone()),
                staff: author.map(|author| author.staff),
                ..self.event_of(row, Mover::Timer)
            };
            self.write_event(row, ChangeKind::AgreementChanged, event);
        }
        Ok(())
    }
}
