//! A unit of work: one viewer (or the clock), one transaction, and what is to be told of it.
//!
//! Events, the feeds of both sides and the state are written together. What closes something to its receiver holds back
//! the log of disclosures until it has committed.

mod closing;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use kim_domain::calendar::Clock;
use kim_domain::change::ChangeKind;
use kim_domain::disclosure::{self, Terms};
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::id::new_uuid;
use kim_domain::life::{Mover, ReferralAction, Refused as Unmoved, Standing};
use kim_domain::referral::{BallHolder, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::read::{ReferralRow, Side, Snapshot};
use kim_entity::tick::Ticking;
use kim_entity::viewer::Viewer;
use kim_entity::write::Writing;
use kim_entity::{change, referral, referral_event};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, DbErr, EntityTrait as _,
    ExprTrait as _, QueryFilter as _, Statement,
};
use uuid::Uuid;

use crate::import::insert;
use crate::refusal::Refusal;

pub use worker::{AtDesk, ByClock, Hands, OfClock, OfViewer, Worker};

/// Where a viewer works: what every use case needs beside its input.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'d> {
    /// The database.
    pub database: &'d Database,
    /// What time it is.
    pub clock: &'d Clock,
    /// The key of the fingerprints.
    pub key: &'d FingerprintKey,
    /// Who works.
    pub viewer: &'d Arc<Viewer>,
}

/// A unit of work. Dropped without [`finish`](Self::finish), it leaves nothing.
#[derive(Debug)]
pub struct Work<'d, W: Worker = AtDesk> {
    by: W::Hands<'d>,
    database: &'d Database,
    clock: &'d Clock,
    now: i64,
    today: NaiveDate,
    told: Told,
}

/// What is to be told when the work is finished.
#[derive(Debug, Default)]
struct Told {
    /// Written at the end, many in one statement.
    events: Vec<referral_event::ActiveModel>,
    changes: Vec<(Uuid, Change)>,
    closed_to: BTreeSet<Uuid>,
    /// Consents that are withdrawn, as a whole or in part.
    withdrawn: Vec<Uuid>,
}

/// Where a part of the work began: see [`Work::begin_part`].
#[derive(Debug)]
pub(crate) struct Part {
    events: usize,
    changes: usize,
    closed_to: BTreeSet<Uuid>,
}

#[derive(Clone, Debug)]
struct Change {
    referral_id: Uuid,
    kind: ChangeKind,
    event_id: Option<Uuid>,
}

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
    let why = row.standing.after(action, mover(row)).err().unwrap_or(Unmoved::Illegal);
    Err(Refusal::unmoved(why, action, row.standing.status))
}

impl<'d> Work<'d> {
    pub(crate) async fn begin(desk: Desk<'d>) -> Result<Self, DbErr> {
        let today = desk.clock.today();
        let writing = Writing::begin(desk.database, Arc::clone(desk.viewer), today).await?;
        let (now, by) = (desk.clock.now_micros(), OfViewer { desk, writing });
        Ok(Self { by, database: desk.database, clock: desk.clock, now, today, told: Told::default() })
    }

    pub(crate) fn viewer(&self) -> &'d Viewer {
        self.by.desk.viewer
    }
    pub(crate) fn own_id(&self) -> Uuid {
        self.by.desk.viewer.agency().id
    }
    pub(crate) fn database(&self) -> &'d Database {
        self.database
    }
    pub(crate) fn key(&self) -> &'d FingerprintKey {
        self.by.desk.key
    }
    /// The viewer's reads, in this transaction.
    pub(crate) fn reads(&self) -> &Snapshot {
        self.by.writing.reads()
    }
    pub(crate) fn writing(&self) -> &Writing {
        &self.by.writing
    }

    /// The viewer's own referral of this id, locked, if nobody was faster.
    pub(crate) async fn referral(&self, id: Option<Uuid>, expected_version: i32) -> Result<ReferralRow, Refusal> {
        let found = match id {
            Some(id) => self.writing().referral(id).await?,
            None => None,
        };
        seen(found, expected_version)
    }

    /// Something that happened to a referral and did not move it. It is a change all the same: the version counts on.
    pub(crate) async fn happen(
        &mut self,
        row: &ReferralRow,
        action: ReferralAction,
        kind: ChangeKind,
        detail: Option<serde_json::Value>,
        with: referral::ActiveModel,
    ) -> Result<(), Refusal> {
        may(row, action)?;
        self.update(row.id, row.version, with).await?;
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
    /// and names nobody else: the receiver learns of no other agency.
    pub(crate) async fn affect(
        &mut self,
        row: &referral::Model,
        action: ReferralAction,
        kind: ChangeKind,
        detail: &serde_json::Value,
    ) -> Result<(), Refusal> {
        self.update(row.id, row.version, Default::default()).await?;
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
        });
        for agency in [row.sender_id, row.receiver_id] {
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
        };
        referral_event::Entity::insert(event).exec_without_returning(self.tx()).await?;
        self.told.changes.push((sender_id, Change { referral_id, kind: ChangeKind::Moved, event_id: Some(id) }));
        Ok(())
    }

    /// Whether the viewer's kind may do what senders do.
    pub(crate) fn sends(&self) -> bool {
        self.viewer().agency().kind.sends()
    }
}

impl<'d> Work<'d, ByClock> {
    pub(crate) async fn by_clock(database: &'d Database, clock: &'d Clock) -> Result<Self, DbErr> {
        let today = clock.today();
        let by = OfClock::begin(database, today).await?;
        Ok(Self { by, database, clock, now: clock.now_micros(), today, told: Told::default() })
    }

    /// What only the clock reads.
    pub(crate) fn ticking(&self) -> &Ticking {
        self.by.ticking()
    }

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
    pub(crate) fn now(&self) -> i64 {
        self.now
    }
    pub(crate) fn today(&self) -> NaiveDate {
        self.today
    }
    pub(crate) fn tx(&self) -> &DatabaseTransaction {
        self.by.transaction()
    }

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

    fn event_of(&self, row: &ReferralRow, mover: Mover) -> referral_event::ActiveModel {
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
            ..Default::default()
        }
    }

    fn tell(&mut self, row: &ReferralRow, kind: ChangeKind, event: referral_event::ActiveModel) {
        let id = event.id.clone().take();
        // Of a draft nobody but its sender hears, not even that there is one.
        let draft = event.to_status.clone().take() == Some(Code(ReferralStatus::Draft));
        self.told.events.push(event);
        // Of the receiver's appointments the sender learns as of the outcome: if the client lets it be told.
        let hidden = kind == ChangeKind::Appointment && row.side == Side::Receiver && !row.reports_outcome();
        for agency in
            [row.receiver_id, row.sender_id].into_iter().take(if hidden { 1 } else { 2 }).skip(usize::from(draft))
        {
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

    /// Begins a part of the work that may be refused by itself. Parts do not nest.
    pub(crate) async fn begin_part(&self) -> Result<Part, DbErr> {
        self.tx().execute_unprepared("SAVEPOINT part").await?;
        let Told { events, changes, closed_to, withdrawn: _ } = &self.told;
        Ok(Part { events: events.len(), changes: changes.len(), closed_to: closed_to.clone() })
    }

    /// Ends it: refused, it leaves nothing, and the rest stays.
    pub(crate) async fn end_part<T>(&mut self, part: Part, result: Result<T, Refusal>) -> Result<T, Refusal> {
        let end = match &result {
            Ok(_) => "RELEASE SAVEPOINT part",
            Err(Refusal::Refused(_)) => {
                self.told.events.truncate(part.events);
                self.told.changes.truncate(part.changes);
                self.told.closed_to = part.closed_to;
                // Rolled back to, it is still there, and the next would lie inside it.
                "ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part"
            }
            // The database does not answer: there is nothing to go on with.
            Err(Refusal::Database(_)) => return result,
        };
        self.tx().execute_unprepared(end).await?;
        result
    }

    /// Makes it last: writes the events, numbers the changes, holds back disclosures if something closes, and commits.
    pub(crate) async fn finish(self) -> Result<(), DbErr> {
        let tx = self.by.transaction();
        let moved = self.told.events.iter();
        let moved: Vec<(Uuid, Uuid)> =
            moved.filter_map(|event| Some((event.id.clone().take()?, event.referral_id.clone().take()?))).collect();
        insert(tx, self.told.events).await?;
        let mut feeds: BTreeMap<Uuid, Vec<Change>> = BTreeMap::new();
        for (agency, change) in self.told.changes {
            feeds.entry(agency).or_default().push(change);
        }
        // In one order for all writers, so that two of them never wait for each other crosswise.
        for (agency_id, changes) in feeds {
            let last = count_on(tx, agency_id, changes.len()).await?;
            let first = last - i64::try_from(changes.len()).unwrap_or(i64::MAX);
            let rows = changes.into_iter().zip(first + 1..).map(|(change, seq)| change::ActiveModel {
                agency_id: Set(agency_id),
                seq: Set(seq),
                at: Set(self.now),
                referral_id: Set(change.referral_id),
                kind: Set(Code(change.kind)),
                event_id: Set(change.event_id),
            });
            insert(tx, rows.collect()).await?;
        }
        if self.told.closed_to.is_empty() {
            return self.by.into_transaction().commit().await;
        }
        let held = self.database.hold_back(tx, &self.told.closed_to).await?;
        // From now on nothing more is disclosed; what was waited for is before this in the log, and so in time.
        closing::date(tx, self.now, self.clock.now_micros(), &moved, &self.told.withdrawn).await?;
        held.commit(self.by.into_transaction()).await
    }

    /// Gives it up.
    pub(crate) async fn give_up(self) -> Result<(), DbErr> {
        self.by.into_transaction().rollback().await
    }
}

/// What was found, if it is there and nobody was faster.
pub(crate) fn seen(found: Option<ReferralRow>, expected_version: i32) -> Result<ReferralRow, Refusal> {
    let row = found.ok_or_else(Refusal::not_found)?;
    if row.version == expected_version { Ok(row) } else { Err(Refusal::conflict(row.version)) }
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

/// Takes the next numbers of a feed; its row stays locked until the commit, so nobody's number overtakes another's.
async fn count_on(tx: &DatabaseTransaction, agency_id: Uuid, by: usize) -> Result<i64, DbErr> {
    let statement = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "INSERT INTO feed (agency_id, last) VALUES ($1, $2) \
         ON CONFLICT (agency_id) DO UPDATE SET last = feed.last + excluded.last RETURNING last",
        [agency_id.into(), i64::try_from(by).unwrap_or(i64::MAX).into()],
    );
    let row = tx.query_one_raw(statement).await?;
    row.ok_or_else(|| DbErr::RecordNotFound("a feed".into()))?.try_get_by_index(0)
}
