//! What happens to a referral: its state, the event in its history and the lines in both sides' feeds, always together.

use kim_domain::change::ChangeKind;
use kim_domain::disclosure::{self, Terms};
use kim_domain::id::new_uuid;
use kim_domain::life::{Mover, ReferralAction, Refused, Standing};
use kim_domain::referral::{BallHolder, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::read::{ReferralRow, Side};
use kim_entity::unscoped::Unscoped;
use kim_entity::write::{FeedChange, ReferralChange, StateChange, Tx};
use kim_entity::{referral, referral_event};
use uuid::Uuid;

use super::{ClockWork, Work, WorkTx as _, Worker};
use crate::refusal::Refusal;

/// A move of a referral.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) action: ReferralAction,
    pub(crate) mover: Mover,
    /// Code of the outcome or reason.
    pub(crate) reason: Option<&'static str>,
    /// What else the event says.
    pub(crate) detail: Option<serde_json::Value>,
    /// Columns that change with it, beside those that follow from the state.
    pub(crate) with: ReferralChange,
}

impl Move {
    /// A move by the viewer, with nothing but the state.
    pub(crate) fn by(row: &ReferralRow, action: ReferralAction) -> Self {
        Self { action, mover: mover(row), reason: None, detail: None, with: ReferralChange::default() }
    }
}

/// The viewer's part in a referral.
pub(crate) fn mover(row: &ReferralRow) -> Mover {
    match row.side {
        Side::Sender => Mover::Sender,
        Side::Receiver => Mover::Receiver,
    }
}

/// Refuses what is not the viewer's to do now: asked before anything else is, so that no other refusal tells the wrong
/// side something.
pub(crate) fn may(row: &ReferralRow, action: ReferralAction) -> Result<(), Refusal> {
    if row.rest.standing.permits(action, mover(row)) {
        return Ok(());
    }
    // What moves nothing leads nowhere for anybody: whose it is is said first.
    let why = row.rest.standing.after(action, mover(row)).err().unwrap_or(Refused::Illegal);
    Err(Refusal::unmoved(why, action, row.status))
}

impl Work<'_> {
    /// Something that happened to a referral and did not move it. It is a change all the same: the version counts on, but
    /// for what only its receiver learns. From a version that counted on its sender would learn that there was something.
    pub(crate) async fn happen(
        &mut self,
        row: &ReferralRow,
        action: ReferralAction,
        kind: ChangeKind,
        detail: Option<serde_json::Value>,
        with: ReferralChange,
    ) -> Result<(), Refusal> {
        may(row, action)?;
        if !is_receivers_alone(row, kind) {
            self.update(row, with).await?;
        }
        let event = referral_event::Model {
            action: Some(Code(action)),
            detail: detail.map(|detail| detail.to_string()),
            ..self.event_of(row, mover(row))
        };
        self.tell(row, kind, event);
        Ok(())
    }

    /// Something about the case happened by another of its referrals, and concerns this one. Its sender's history says so
    /// and names nobody else: the receiver learns of no other agency. What is its sender's alone does not count on either.
    #[expect(
        clippy::disallowed_methods,
        reason = "the other referrals of a case are other agencies'; only they are told"
    )]
    pub(crate) async fn affect(
        &mut self,
        row: &referral::Model,
        action: ReferralAction,
        kind: ChangeKind,
        detail: &serde_json::Value,
        senders_alone: bool,
    ) -> Result<(), Refusal> {
        if !senders_alone {
            let (change, now) = (ReferralChange::default(), self.now);
            let count_on = async |all: &Unscoped<&Tx>| all.tx().change_referral(row.id, row.version, change, now).await;
            counted_on(self.writes().unscoped(count_on).await?, row.version)?;
        }
        let (id, own) = (new_uuid(), self.own_id() == row.sender_id);
        self.record.events.push(referral_event::Model {
            id,
            referral_id: row.id,
            at: self.now,
            from_status: Some(row.status),
            to_status: row.status,
            reason: None,
            agency_id: row.sender_id,
            staff: own.then(|| self.viewer().subject().to_owned()),
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

    /// The first event of a new draft; only its sender knows of it.
    pub(crate) fn drafted(&mut self, sender_id: Uuid, referral_id: Uuid) -> referral_event::Model {
        let (id, own) = (new_uuid(), self.own_id() == sender_id);
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
            staff: own.then(|| self.viewer().subject().to_owned()),
            imported: false,
            action: None,
            detail: None,
            senders_alone: false,
        }
    }
}

impl Work<'_, ClockWork> {
    /// Reminds whoever has the ball: a change in its feed alone, and none of the referral.
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
    /// Moves a referral: state, event, and both sides' feeds.
    pub(crate) async fn advance(&mut self, row: &ReferralRow, made: Move) -> Result<Standing, Refusal> {
        let path = row
            .rest
            .standing
            .after(made.action, made.mover)
            .map_err(|why| Refusal::unmoved(why, made.action, row.status))?;
        let Some(&to) = path.last() else { return Ok(row.rest.standing) };
        let moved = StateChange { to, reason: made.reason, today: self.today };
        counted_on(
            self.tx().move_referral(row.id, row.rest.version, moved, made.with, self.now).await?,
            row.rest.version,
        )?;
        let mut from = row.rest.standing;
        for (place, &standing) in path.iter().enumerate() {
            let last = place + 1 == path.len();
            let event = referral_event::Model {
                from_status: Some(Code(from.status)),
                to_status: Code(standing.status),
                reason: made.reason.filter(|_| last).map(str::to_owned),
                action: Some(Code(if last { made.action } else { ReferralAction::Acknowledge })),
                detail: made.detail.as_ref().filter(|_| last).map(serde_json::Value::to_string),
                ..self.event_of(row, made.mover)
            };
            self.tell(row, ChangeKind::Moved, event);
            from = standing;
        }
        let after = Terms {
            stage: disclosure::stage(to.status, to.ever_accepted, Some(self.today), 0, self.today),
            ..row.terms
        };
        if !row.visible().fields().is_within(disclosure::visible(&after).fields()) {
            self.closes(row.receiver_id);
        }
        Ok(to)
    }

    /// Notes that a field or more of the receiver's is closed by this work.
    pub(crate) fn closes(&mut self, receiver_id: Uuid) {
        self.record.closed_to.insert(receiver_id);
    }

    /// Lets a referral rest on this consent, without moving it.
    pub(crate) async fn rests_on(&mut self, row: &ReferralRow, consent_id: Uuid) -> Result<(), Refusal> {
        self.update(row, ReferralChange { consent_id: Some(Some(consent_id)), ..Default::default() }).await?;
        self.change(row, ChangeKind::ConsentChanged, None);
        Ok(())
    }

    /// Tells both sides of a change without an event of its own; the receiver not of what was never offered.
    pub(crate) fn change(&mut self, row: &ReferralRow, kind: ChangeKind, event_id: Option<Uuid>) {
        let hidden = row.status == ReferralStatus::Draft && row.rest.offered_at.is_none() && event_id.is_none();
        for agency_id in [row.sender_id, row.receiver_id].into_iter().take(if hidden { 1 } else { 2 }) {
            self.record.changes.push(FeedChange { agency_id, referral_id: row.id, kind, event_id });
        }
    }

    /// An event that leaves a referral where it stands.
    pub(super) fn event_of(&self, row: &ReferralRow, mover: Mover) -> referral_event::Model {
        let author = match mover {
            Mover::Sender | Mover::Receiver => self.by.author(),
            Mover::Clock => None,
        };
        referral_event::Model {
            id: new_uuid(),
            referral_id: row.id,
            at: self.now,
            from_status: Some(Code(row.status)),
            to_status: Code(row.status),
            reason: None,
            // What the clock does stands in the sender's history.
            agency_id: author.map_or(row.sender_id, |(agency_id, _)| agency_id),
            staff: author.map(|(_, subject)| subject.to_owned()),
            imported: false,
            action: None,
            detail: None,
            senders_alone: false,
        }
    }

    pub(super) fn tell(&mut self, row: &ReferralRow, kind: ChangeKind, event: referral_event::Model) {
        let event_id = Some(event.id);
        // Only the sender is notified about drafts.
        let of_draft = usize::from(event.to_status == Code(ReferralStatus::Draft));
        self.record.events.push(event);
        let told = if is_receivers_alone(row, kind) { 1 } else { 2 };
        for agency_id in [row.receiver_id, row.sender_id].into_iter().take(told).skip(of_draft) {
            self.record.changes.push(FeedChange { agency_id, referral_id: row.id, kind, event_id });
        }
    }

    /// Writes columns of a referral whose version nobody else has counted on.
    async fn update(&self, row: &ReferralRow, with: ReferralChange) -> Result<(), Refusal> {
        counted_on(self.tx().change_referral(row.id, row.rest.version, with, self.now).await?, row.rest.version)
    }
}

/// Refuses what somebody else has changed meanwhile.
fn counted_on(counted: bool, version: i32) -> Result<(), Refusal> {
    if counted { Ok(()) } else { Err(Refusal::conflict(version + 1)) }
}

/// Whether the sender must not learn of it: of the receiver's appointments it learns as of the outcome, if the client lets
/// it be told.
fn is_receivers_alone(row: &ReferralRow, kind: ChangeKind) -> bool {
    kind == ChangeKind::Appointment && row.side == Side::Receiver && !row.rest.reports_outcome(&row.terms)
}
