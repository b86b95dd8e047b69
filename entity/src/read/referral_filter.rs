//! Filters of lists of referrals, and counts of the filtered rows.

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::fingerprint::ClientFingerprints;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{Ball, BallHolder, Direction, ReferralStatus};
use sea_orm::DbErr;
use uuid::Uuid;

use super::Reads;
use super::referral_row::{Extent, ListedReferral};
use crate::codec::handover;
use crate::sql::{Columns, Sql};

/// Filters a list of referrals. Only `client` depends on ruled fields, and it matches only rows that release them.
#[derive(Clone, Debug, Default)]
pub struct ReferralFilter {
    /// One of these states.
    pub status: Option<Vec<ReferralStatus>>,
    /// Whether the receiver has still to decide.
    pub pending: Option<bool>,
    /// Whether the receiver has to act and the due day has passed.
    pub overdue: Option<bool>,
    /// The side that has to act.
    pub ball_with: Option<Ball>,
    /// One of these purposes.
    pub purpose: Option<Vec<ReferralPurpose>>,
    /// The other side.
    pub agency: Option<Uuid>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
    /// Changed after this instant, microseconds.
    pub updated_after: Option<i64>,
    /// The referral's reference, exactly.
    pub reference: Option<String>,
    /// The client at the desk: the rows that [`Reads::released_to_desk`] returned.
    pub client: Option<Vec<Uuid>>,
}

/// What rows are counted by, in addition to their state.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountBy {
    /// By purpose.
    pub purpose: bool,
    /// By the other side.
    pub other: bool,
}

/// The counts of one state, and of one purpose and one other side if they were counted by these.
#[derive(Clone, Debug)]
pub struct Counts {
    /// The state.
    pub status: ReferralStatus,
    /// The purpose.
    pub purpose: Option<ReferralPurpose>,
    /// The other side.
    pub other_id: Option<Uuid>,
    /// The number of referrals.
    pub total: i64,
    /// Of them, pending.
    pub pending: i64,
    /// Of them, overdue.
    pub overdue: i64,
    /// Of them, due from today to Sunday and not closed.
    pub due_this_week: i64,
}

/// The fields that a search for the client at the desk confirms, and therefore discloses.
pub const AT_THE_DESK: FieldSet = FieldSet::of(&[HandoverField::FamilyName, HandoverField::BirthDate]);

impl Reads {
    /// The counts of a dashboard. Without a filter they are read from an index only.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn referral_counts(
        &self,
        direction: Direction,
        filter: &ReferralFilter,
        by: CountBy,
    ) -> Result<Vec<Counts>, DbErr> {
        let mut groups = vec!["r.status"];
        groups.extend(by.purpose.then_some("r.purpose"));
        groups.extend(by.other.then_some(other_side(direction)));
        let groups = groups.join(", ");
        let mut sql = self.sql();
        sql.push("SELECT ").push(&groups).push(", COUNT(*), COUNT(*) FILTER (WHERE r.pending), ");
        sql.push("COUNT(*) FILTER (WHERE r.due_on < ").bind(self.today).push("), ");
        sql.push("COUNT(*) FILTER (WHERE r.due_on >= ").bind(self.today).push(" AND r.due_on <= ");
        sql.bind(kim_domain::calendar::end_of_week(self.today)).push(") FROM referral r WHERE ");
        self.narrow(&mut sql, direction);
        self.apply(&mut sql, direction, filter);
        sql.push(" GROUP BY ").push(&groups);
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            let status: ReferralStatus = columns.word()?;
            // The side that has to act follows from the state, so rows are not read for it.
            let (answer_due, open) = (status.ball() == Some(BallHolder::Receiver), status.is_open());
            Ok(Counts {
                status,
                purpose: by.purpose.then(|| columns.word()).transpose()?,
                other_id: by.other.then(|| columns.next()).transpose()?,
                total: columns.next()?,
                pending: columns.next()?,
                overdue: columns.next().map(|count| if answer_due { count } else { 0 })?,
                due_this_week: columns.next().map(|count| if open { count } else { 0 })?,
            })
        };
        Ok(self.readable("referral", rows.iter().map(read))?.into_iter().flatten().collect())
    }

    /// The number of referrals that the filter matches.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn count_referrals(&self, direction: Direction, filter: &ReferralFilter) -> Result<i64, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT COUNT(*) FROM referral r WHERE ");
        self.narrow(&mut sql, direction);
        self.apply(&mut sql, direction, filter);
        sql.one(self.connection()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
    }

    /// The rows of the client at the desk, found by keyed fingerprints, that match the rest of the filter and whose mask releases
    /// both name and birth date now. A row that does not release them never matches.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn released_to_desk(
        &self,
        direction: Direction,
        filter: &ReferralFilter,
        client: &ClientFingerprints,
    ) -> Result<Vec<ListedReferral>, DbErr> {
        let mut sql = self.select(Extent::Listed);
        self.narrow(&mut sql, direction);
        self.apply(&mut sql, direction, filter);
        sql.push(" AND r.id IN (");
        handover::push_referrals_of_client(&mut sql, client);
        sql.push(")");
        let rows = self.fetch_listed(sql, Extent::Listed).await?.into_iter().flatten();
        Ok(rows.filter(|row| AT_THE_DESK.is_within(row.visible().fields())).collect())
    }

    /// Begins every condition: rows of the viewer's agency on one side, within the purposes of the token. A receiver sees rows only
    /// after the offer.
    pub(super) fn narrow(&self, sql: &mut Sql, direction: Direction) {
        match direction {
            Direction::Incoming => {
                sql.filter_only("r.offered_at").push(" > 0 AND r.receiver_id = ").bind(self.viewer.agency().id)
            }
            Direction::Outgoing => sql.push("r.sender_id = ").bind(self.viewer.agency().id),
        };
        if let Some(purposes) = self.viewer.purposes() {
            sql.push(" AND r.purpose IN ").words(purposes.iter().copied());
        }
    }

    pub(super) fn apply(&self, sql: &mut Sql, direction: Direction, filter: &ReferralFilter) {
        if let Some(states) = &filter.status {
            sql.push(" AND r.status IN ").words(states.iter().copied());
        }
        match filter.pending {
            Some(true) => _ = sql.push(" AND r.pending"),
            Some(false) => _ = sql.push(" AND NOT r.pending"),
            None => {}
        }
        if let Some(overdue) = filter.overdue {
            sql.push(if overdue { " AND (" } else { " AND NOT (" }).push("r.due_on < ").bind(self.today);
            sql.push(" AND r.status IN ").words(ReferralStatus::with_ball(BallHolder::Receiver)).push(")");
        }
        if let Some(ball) = filter.ball_with {
            let holder = match (direction, ball) {
                (Direction::Incoming, Ball::Mine) | (Direction::Outgoing, Ball::Theirs) => BallHolder::Receiver,
                (Direction::Incoming, Ball::Theirs) | (Direction::Outgoing, Ball::Mine) => BallHolder::Sender,
            };
            sql.push(" AND r.status IN ").words(ReferralStatus::with_ball(holder));
        }
        if let Some(purposes) = &filter.purpose {
            sql.push(" AND r.purpose IN ").words(purposes.iter().copied());
        }
        if let Some(agency) = filter.agency {
            sql.push(" AND ").push(other_side(direction)).push(" = ").bind(agency);
        }
        if let Some(day) = filter.due_before {
            sql.push(" AND r.due_on < ").bind(day);
        }
        if let Some(instant) = filter.updated_after {
            sql.push(" AND r.updated_at > ").bind(instant);
        }
        if let Some(reference) = &filter.reference {
            sql.push(" AND r.reference = ").bind(reference.as_str());
        }
        if let Some(released) = &filter.client {
            sql.push(" AND ").is_one_of("r.id", released);
        }
    }
}

pub(super) const fn other_side(direction: Direction) -> &'static str {
    match direction {
        Direction::Incoming => "r.sender_id",
        Direction::Outgoing => "r.receiver_id",
    }
}
