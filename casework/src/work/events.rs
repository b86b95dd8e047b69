//! Writes the changes of a referral: its state, the event in its history, and the entries in both sides' feeds.

use kim_domain::change::ChangeKind;
use kim_domain::disclosure::{self, Terms};
use kim_domain::id::new_uuid;
use kim_domain::life::{MoveError, Mover, ReferralAction, Standing};
use kim_domain::referral::{BallHolder, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::read::{ReferralRow, Side};
use kim_entity::unscoped::Unscoped;
use kim_entity::viewer::Author;
use kim_entity::write::{FeedChange, ReferralChange, StateChange, Tx};
use kim_entity::{referral, referral_event};
use uuid::Uuid;

use super::{TimerWork, Work, WorkTx as _, Worker};
use crate::refusal::WorkError;

/// A move of a referral to another state.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) action: ReferralAction,
    pub(crate) mover: Mover,
    /// Code of the outcome or reason.
    pub(crate) reason: Option<&'static str>,
    /// Details of the event, as JSON.
    pub(crate) detail: Option<serde_json::Value>,
    /// Columns that change beside those that follow from the state.
    pub(crate) with: ReferralChange,
}

impl Move {
    /// A move by the viewer that changes only the state.
    pub(crate) fn by(row: &ReferralRow, action: ReferralAction) -> Self {
        Self { action, mover: mover(row), reason: None, detail: None, with: ReferralChange::default() }
    }
}

/// The viewer's side of a referral.
pub(crate) fn mover(row: &ReferralRow) -> Mover {
    match row.side {
        Side::Sender => Mover::Sender,
        Side::Receiver => Mover::Receiver,
    }
}

/// Refuses an action that the viewer may not take now. Called before all other checks, so that their refusals disclose
/// nothing to the wrong side.
pub(crate) fn require_permitted(row: &ReferralRow, action: ReferralAction) -> Result<(), WorkError> {
    if row.rest.standing.permits(action, mover(row)) {
        return Ok(());
    }
    // Actions that move nothing have no path. For them the side is checked first.
    let why = row.rest.standing.after(action, mover(row)).err().unwrap_or(MoveError::Illegal);
    Err(WorkError::unmoved(why, action, row.status))
}

impl Work<'_> {
    /// Writes an action that does not move the referral. It increments the version, except for events that only the
    /// receiver may know about: from the version the sender would learn of them.
    pub(crate) async fn write_action(
        &mut self,
        row: &ReferralRow,
        action: ReferralAction,
        kind: ChangeKind,
        detail: Option<serde_json::Value>,
        with: ReferralChange,
    ) -> Result<(), WorkError> {
        require_permitted(row, action)?;
        if !is_for_receiver_only(row, kind) {
            self.update(row, with).await?;
        }
        let event = referral_event::Model {
            action: Some(Code(action)),
            detail: detail.map(|detail| detail.to_string()),
            ..self.event_of(row, mover(row))
        };
        self.write_event(row, kind, event);
        Ok(())
    }

    /// Writes an action of the sender that moves nothing, in two parts: of `hidden` only the sender learns. Without
    /// `counts` the version stays, so that the receiver does not learn from it that something was changed.
    pub(crate) async fn write_action_in_parts(
        &mut self,
        row: &ReferralRow,
        (action, kind): (ReferralAction, ChangeKind),
        [told, hidden]: [Option<serde_json::Value>; 2],
        with: ReferralChange,
        counts: bool,
    ) -> Result<(), WorkError> {
        require_permitted(row, action)?;
        if counts {
            self.update(row, with).await?
        } else {
            self.update_unnoticed(row, with).await?
        }
        let event = |detail: serde_json::Value, senders_alone| referral_event::Model {
            action: Some(Code(action)),
            detail: Some(detail.to_string()),
            senders_alone,
            ..self.event_of(row, Mover::Sender)
        };
        let (told, hidden) = (told.map(|told| event(told, false)), hidden.map(|hidden| event(hidden, true)));
        if let Some(told) = told {
            self.write_event(row, kind, told);
        }
        if let Some(hidden) = hidden {
            self.notify_sender(row, kind, Some(hidden.id));
            self.record.events.push(hidden);
        }
        Ok(())
    }

    /// Writes to this referral an event of another referral of the same case. The sender's history shows the event
    /// without naming another agency, and the receiver learns of no other agency. An event that only the sender may see
    /// does not increment the version.
    #[expect(
        clippy::disallowed_methods,
        reason = "the other referrals of a case have other receivers; only their own sides are notified"
    )]
    pub(crate) async fn write_action_elsewhere(
        &mut self,
        row: &referral::Model,
        action: ReferralAction,
        kind: ChangeKind,
        detail: &serde_json::Value,
        senders_alone: bool,
    ) -> Result<(), WorkError> {
        if !senders_alone {
            let now = self.now;
            let increment = async |all: &Unscoped<&Tx>| all.increment_version(row, now).await;
            require_incremented(self.writes().unscoped(increment).await?, row.version)?;
        }
        let (id, author) = (new_uuid(), self.author_at(row.sender_id));
        self.record.events.push(referral_event::Model {
            id,
            referral_id: row.id,
            at: self.now,
            from_status: Some(row.status),
            to_status: row.status,
            reason: None,
            agency_id: row.sender_id,
            acting_for: author.as_ref().and_then(|author| author.acting_for.clone()),
            staff: author.map(|author| author.staff),
            imported: false,
            action: Some(Code(action)),
            detail: Some(detail.to_string()),
            senders_alone,
        });
        for agency_id in [row.sender_id, row.receiver_id].into_iter().take(if senders_alone { 1 } else { 2 }) {
            self.record.changes.push(FeedChange { agency_id, referral_id: row.id, kind, event_id: Some(id) });
        }
        Ok(())
    }

    /// The viewer as author of an event that stands under this agency; `None` if it is another one's.
    fn author_at(&self, agency_id: Uuid) -> Option<Author> {
        Some(self.viewer().author()).filter(|author| author.agency_id == agency_id)
    }

    /// The first event of a new draft, which only its sender can see.
    pub(crate) fn draft_event(&mut self, sender_id: Uuid, referral_id: Uuid) -> referral_event::Model {
        let (id, author) = (new_uuid(), self.author_at(sender_id));
        let (kind, event_id) = (ChangeKind::Moved, Some(id));
        self.record.changes.push(FeedChange { agency_id: sender_id, referral_id, kind, event_id });
        referral_event::Model {
            id,
            referral_id,
            at: self.now,
            from_status: None,
            to_status: Code(ReferralStatus::Draft),
            reason: None,
            agency_id: sender_id,
            acting_for: author.as_ref().and_then(|author| author.acting_for.clone()),
            staff: author.map(|author| author.staff),
            imported: false,
            action: None,
            detail: None,
            senders_alone: false,
        }
    }
}

impl Work<'_, TimerWork> {
    /// Reminds the side that has to act: only a change in its feed, no change of the referral.
    pub(crate) fn remind(&mut self, row: &ReferralRow) {
        let agency_id = match row.status.ball() {
            Some(BallHolder::Sender) => row.sender_id,
            Some(BallHolder::Receiver) => row.receiver_id,
            None => return,
        };
        let (kind, event_id) = (ChangeKind::Reminder, None);
        self.record.changes.push(FeedChange { agency_id, referral_id: row.id, kind, event_id });
    }
}

impl<W: Worker> Work<'_, W> {
    /// Moves a referral: writes state, events and both sides' feeds.
    pub(crate) async fn advance(&mut self, row: &ReferralRow, step: Move) -> Result<Standing, WorkError> {
        let path = row
            .rest
            .standing
            .after(step.action, step.mover)
            .map_err(|why| WorkError::unmoved(why, step.action, row.status))?;
        let Some(&to) = path.last() else { return Ok(row.rest.standing) };
        let moved = StateChange { to, reason: step.reason, today: self.today };
        require_incremented(self.tx().move_referral(row, moved, step.with, self.now).await?, row.rest.version)?;
        let mut from = row.rest.standing;
        for (place, &standing) in path.iter().enumerate() {
            let last = place + 1 == path.len();
            let event = referral_event::Model {
                from_status: Some(Code(from.status)),
                to_status: Code(standing.status),
                reason: step.reason.filter(|_| last).map(str::to_owned),
                action: Some(Code(if last { step.action } else { ReferralAction::Acknowledge })),
                detail: step.detail.as_ref().filter(|_| last).map(serde_json::Value::to_string),
                ..self.event_of(row, step.mover)
            };
            self.write_event(row, ChangeKind::Moved, event);
            from = standing;
        }
        let after = Terms {
            stage: disclosure::stage(to.status, to.ever_accepted, Some(self.today), 0, self.today),
            ..row.terms
        };
        if !row.visible().fields().is_within(disclosure::visible(&after).fields()) {
            self.mark_closed_to(row.receiver_id);
        }
        Ok(to)
    }

    /// Records that this work closes at least one field for the receiver.
    pub(crate) fn mark_closed_to(&mut self, receiver_id: Uuid) {
        self.record.closed_to.insert(receiver_id);
    }

    /// Bases a referral on this consent without moving it.
    pub(crate) async fn base_on_consent(&mut self, row: &ReferralRow, consent_id: Uuid) -> Result<(), WorkError> {
        self.update(row, ReferralChange { consent_id: Some(Some(consent_id)), ..Default::default() }).await?;
        self.notify(row, ChangeKind::ConsentChanged, None);
        Ok(())
    }

    /// The same without the receiver's knowledge, for a consent that changes nothing that it sees.
    pub(crate) async fn base_on_consent_unnoticed(
        &mut self,
        row: &ReferralRow,
        consent_id: Uuid,
    ) -> Result<(), WorkError> {
        self.update_unnoticed(row, ReferralChange { consent_id: Some(Some(consent_id)), ..Default::default() }).await?;
        self.notify_sender(row, ChangeKind::ConsentChanged, None);
        Ok(())
    }

    /// Notifies both sides of a change that has no event. The receiver is not notified about a referral that was never
    /// offered.
    pub(crate) fn notify(&mut self, row: &ReferralRow, kind: ChangeKind, event_id: Option<Uuid>) {
        let hidden = row.status == ReferralStatus::Draft && row.rest.offered_at.is_none() && event_id.is_none();
        for agency_id in [row.sender_id, row.receiver_id].into_iter().take(if hidden { 1 } else { 2 }) {
            self.record.changes.push(FeedChange { agency_id, referral_id: row.id, kind, event_id });
        }
    }

    /// Notifies the sender alone.
    pub(crate) fn notify_sender(&mut self, row: &ReferralRow, kind: ChangeKind, event_id: Option<Uuid>) {
        let (agency_id, referral_id) = (row.sender_id, row.id);
        self.record.changes.push(FeedChange { agency_id, referral_id, kind, event_id });
    }

    /// An event that leaves the referral in its state.
    pub(super) fn event_of(&self, row: &ReferralRow, mover: Mover) -> referral_event::Model {
        let author = match mover {
            Mover::Sender | Mover::Receiver => self.by.author(),
            Mover::Timer => None,
        };
        referral_event::Model {
            id: new_uuid(),
            referral_id: row.id,
            at: self.now,
            from_status: Some(Code(row.status)),
            to_status: Code(row.status),
            reason: None,
            // Events of the timer are listed under the sender's agency.
            agency_id: author.as_ref().map_or(row.sender_id, |author| author.agency_id),
            acting_for: author.as_ref().and_then(|author| author.acting_for.clone()),
            staff: author.map(|author| author.staff),
            imported: false,
            action: None,
            detail: None,
            senders_alone: false,
        }
    }

    pub(super) fn write_event(&mut self, row: &ReferralRow, kind: ChangeKind, event: referral_event::Model) {
        let event_id = Some(event.id);
        // Only the sender is notified about drafts.
        let of_draft = usize::from(event.to_status == Code(ReferralStatus::Draft));
        self.record.events.push(event);
        let recipients = if is_for_receiver_only(row, kind) { 1 } else { 2 };
        for agency_id in [row.receiver_id, row.sender_id].into_iter().take(recipients).skip(of_draft) {
            self.record.changes.push(FeedChange { agency_id, referral_id: row.id, kind, event_id });
        }
    }

    /// Writes columns of a referral of which the receiver must not learn. CONFLICT if its version has changed.
    async fn update_unnoticed(&self, row: &ReferralRow, with: ReferralChange) -> Result<(), WorkError> {
        require_incremented(self.tx().change_referral_unnoticed(row, with).await?, row.rest.version)
    }

    /// Writes columns of a referral. CONFLICT if its version has changed.
    async fn update(&self, row: &ReferralRow, with: ReferralChange) -> Result<(), WorkError> {
        require_incremented(self.tx().change_referral(row, with, self.now).await?, row.rest.version)
    }
}

/// Refuses a change if another request has incremented the version.
fn require_incremented(incremented: bool, version: i32) -> Result<(), WorkError> {
    if incremented { Ok(()) } else { Err(WorkError::conflict(version + 1)) }
}

/// Whether the sender must not learn of the change. Like the outcome, the receiver's appointments are shown to the
/// sender only if the client agreed to that.
fn is_for_receiver_only(row: &ReferralRow, kind: ChangeKind) -> bool {
    kind == ChangeKind::Appointment && row.side == Side::Receiver && !row.rest.reports_outcome(&row.terms)
}
