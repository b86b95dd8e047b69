//! What happens to a referral: its state, the event in its history and the lines in both sides' feeds, always together.

use chrono::NaiveDate;
use kim_domain::change::ChangeKind;
use kim_domain::disclosure::{self, Terms};
use kim_domain::id::new_uuid;
use kim_domain::life::{Mover, ReferralAction, Refused, Standing};
use kim_domain::referral::{BallHolder, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::read::{ReferralRow, Side};
use kim_entity::{referral, referral_event};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::told::Change;
use super::{ByClock, Hands as _, Work, Worker};
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
    pub(crate) with: referral::ActiveModel,
}

impl Move {
    /// A move by the viewer, with nothing but the state.
    pub(crate) fn by(row: &ReferralRow, action: ReferralAction) -> Self {
        Self { action, mover: mover(row), reason: None, detail: None, with: Default::default() }
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
    if row.standing.permits(action, mover(row)) {
        return Ok(());
    }
    // What moves nothing leads nowhere for anybody: whose it is is said first.
    let why = row.standing.after(action, mover(row)).err().unwrap_or(Refused::Illegal);
    Err(Refusal::unmoved(why, action, row.standing.status))
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
        with: referral::ActiveModel,
    ) -> Result<(), Refusal> {
        may(row, action)?;
        if !is_receivers_alone(row, kind) {
            self.update(row.id, row.version, with).await?;
        }
        let event = referral_event::ActiveModel {
            from_status: Set(Some(Code(row.standing.status))),
            to_status: Set(Code(row.standing.status)),
            reason: Set(None),
            action: Set(Some(Code(action))),
            detail: Set(detail.map(|detail| detail.to_string())),
            ..self.event_of(row, mover(row))
        };
        self.tell(row, kind, event);
        Ok(())
    }

    /// Something about the case happened by another of its referrals, and concerns this one. Its sender's history says so
    /// and names nobody else: the receiver learns of no other agency. What is its sender's alone does not count on either.
    pub(crate) async fn affect(
        &mut self,
        row: &referral::Model,
        action: ReferralAction,
        kind: ChangeKind,
        detail: &serde_json::Value,
        senders_alone: bool,
    ) -> Result<(), Refusal> {
        if !senders_alone {
            self.update(row.id, row.version, Default::default()).await?;
        }
        let (id, own) = (new_uuid(), self.own_id() == row.sender_id);
        self.told.events.push(referral_event::ActiveModel {
            id: Set(id),
            referral_id: Set(row.id),
            at: Set(self.now),
            from_status: Set(Some(row.status)),
            to_status: Set(row.status),
            reason: Set(None),
            agency_id: Set(row.sender_id),
            staff: Set(own.then(|| self.viewer().subject().to_owned())),
            imported: Set(false),
            action: Set(Some(Code(action))),
            detail: Set(Some(detail.to_string())),
            senders_alone: Set(senders_alone),
        });
        for agency in [row.sender_id, row.receiver_id].into_iter().take(if senders_alone { 1 } else { 2 }) {
            self.told.changes.push((agency, Change { referral_id: row.id, kind, event_id: Some(id) }));
        }
        Ok(())
    }

    /// The first event of a new draft; only its sender knows of it.
    pub(crate) async fn drafted(&mut self, sender_id: Uuid, referral_id: Uuid) -> Result<(), DbErr> {
        let own = self.own_id() == sender_id;
        let id = new_uuid();
        let event = referral_event::ActiveModel {
            id: Set(id),
            referral_id: Set(referral_id),
            at: Set(self.now),
            from_status: Set(None),
            to_status: Set(Code(ReferralStatus::Draft)),
            reason: Set(None),
            agency_id: Set(sender_id),
            staff: Set(own.then(|| self.viewer().subject().to_owned())),
            imported: Set(false),
            action: Set(None),
            detail: Set(None),
            senders_alone: Set(false),
        };
        referral_event::Entity::insert(event).exec_without_returning(self.tx()).await?;
        self.told.changes.push((sender_id, Change { referral_id, kind: ChangeKind::Moved, event_id: Some(id) }));
        Ok(())
    }
}

impl Work<'_, ByClock> {
    /// Reminds whoever has the ball: a change in its feed alone, and none of the referral.
    pub(crate) fn remind(&mut self, row: &ReferralRow) {
        let agency = match row.standing.status.ball() {
            Some(BallHolder::Sender) => row.sender_id,
            Some(BallHolder::Receiver) => row.receiver_id,
            None => return,
        };
        let change = Change { referral_id: row.id, kind: ChangeKind::Reminder, event_id: None };
        self.told.changes.push((agency, change));
    }
}

impl<W: Worker> Work<'_, W> {
    /// Moves a referral: state, event, and both sides' feeds.
    pub(crate) async fn advance(&mut self, row: &ReferralRow, made: Move) -> Result<Standing, Refusal> {
        let path = row
            .standing
            .after(made.action, made.mover)
            .map_err(|why| Refusal::unmoved(why, made.action, row.standing.status))?;
        let Some(&to) = path.last() else { return Ok(row.standing) };
        self.update(row.id, row.version, columns_of(to, made.reason, self.now, self.today, made.with)).await?;
        let mut from = row.standing;
        for (place, &standing) in path.iter().enumerate() {
            let last = place + 1 == path.len();
            let event = referral_event::ActiveModel {
                from_status: Set(Some(Code(from.status))),
                to_status: Set(Code(standing.status)),
                reason: Set(made.reason.filter(|_| last).map(str::to_owned)),
                action: Set(Some(Code(if last { made.action } else { ReferralAction::Acknowledge }))),
                detail: Set(made.detail.as_ref().filter(|_| last).map(serde_json::Value::to_string)),
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
        self.told.closed_to.insert(receiver_id);
    }

    /// Lets a referral rest on this consent, without moving it.
    pub(crate) async fn rests_on(&mut self, row: &ReferralRow, consent_id: Uuid) -> Result<(), Refusal> {
        self.update(
            row.id,
            row.version,
            referral::ActiveModel { consent_id: Set(Some(consent_id)), ..Default::default() },
        )
        .await?;
        self.change(row, ChangeKind::ConsentChanged, None);
        Ok(())
    }

    /// Tells both sides of a change without an event of its own; the receiver not of what was never offered.
    pub(crate) fn change(&mut self, row: &ReferralRow, kind: ChangeKind, event_id: Option<Uuid>) {
        let hidden = row.standing.status == ReferralStatus::Draft && row.offered_at.is_none() && event_id.is_none();
        for agency in [row.sender_id, row.receiver_id].into_iter().take(if hidden { 1 } else { 2 }) {
            self.told.changes.push((agency, Change { referral_id: row.id, kind, event_id }));
        }
    }

    pub(super) fn event_of(&self, row: &ReferralRow, mover: Mover) -> referral_event::ActiveModel {
        let author = match mover {
            Mover::Sender | Mover::Receiver => self.by.author(),
            Mover::Clock => None,
        };
        referral_event::ActiveModel {
            id: Set(new_uuid()),
            referral_id: Set(row.id),
            at: Set(self.now),
            // What the clock does stands in the sender's history.
            agency_id: Set(author.map_or(row.sender_id, |(agency_id, _)| agency_id)),
            staff: Set(author.map(|(_, subject)| subject.to_owned())),
            imported: Set(false),
            senders_alone: Set(false),
            ..Default::default()
        }
    }

    pub(super) fn tell(&mut self, row: &ReferralRow, kind: ChangeKind, event: referral_event::ActiveModel) {
        let id = event.id.clone().take();
        // Of a draft nobody but its sender hears, not even that there is one.
        let of_draft = usize::from(event.to_status.clone().take() == Some(Code(ReferralStatus::Draft)));
        self.told.events.push(event);
        let told = if is_receivers_alone(row, kind) { 1 } else { 2 };
        for agency in [row.receiver_id, row.sender_id].into_iter().take(told).skip(of_draft) {
            self.told.changes.push((agency, Change { referral_id: row.id, kind, event_id: id }));
        }
    }

    /// Writes columns of a referral whose version nobody else has counted on.
    async fn update(&self, id: Uuid, version: i32, with: referral::ActiveModel) -> Result<(), Refusal> {
        let with = referral::ActiveModel { version: Set(version + 1), updated_at: Set(self.now), ..with };
        let updated = referral::Entity::update_many()
            .set(with)
            .filter(referral::Column::Id.eq(id).and(referral::Column::Version.eq(version)))
            .exec(self.tx())
            .await?;
        if updated.rows_affected == 1 { Ok(()) } else { Err(Refusal::conflict(version + 1)) }
    }
}

/// Whether the sender must not learn of it: of the receiver's appointments it learns as of the outcome, if the client lets
/// it be told.
fn is_receivers_alone(row: &ReferralRow, kind: ChangeKind) -> bool {
    kind == ChangeKind::Appointment && row.side == Side::Receiver && !row.reports_outcome()
}

/// The columns that follow from the state.
fn columns_of(
    to: Standing,
    reason: Option<&'static str>,
    now: i64,
    today: NaiveDate,
    with: referral::ActiveModel,
) -> referral::ActiveModel {
    let closes = to.status.ball().is_none();
    let mut columns = referral::ActiveModel {
        status: Set(Code(to.status)),
        ever_accepted: Set(to.ever_accepted),
        pending: Set(to.status.is_pending(to.ever_accepted)),
        asked_from: Set(to.asked_from.map(Code)),
        suspended_from: Set(to.suspended_from.map(Code)),
        ..with
    };
    if closes {
        if let Some(reason) = reason {
            columns.reason = Set(Some(reason.to_owned()));
        }
        (columns.closed_at, columns.closed_on) = (Set(Some(now)), Set(Some(today)));
    }
    columns
}
