//! An agency's own referrals, counted: those offered in some months, as they stand now, and how long they stood in each
//! state. Two statements, however many referrals.

use kim_domain::period::Month;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, Direction, ReferralStatus};
use sea_orm::DbErr;
use uuid::Uuid;

use super::Reads;
use super::referral_filter::other_side;
use crate::sql::{Columns, Sql};
use crate::tables::referral::NO_DUE_DATE;

/// Which of the viewer's referrals are counted: those offered from the first month to the last.
#[derive(Clone, Debug)]
pub struct TallyFilter {
    /// From its beginning.
    pub from: Month,
    /// To its end.
    pub to: Month,
    /// One of these purposes.
    pub purpose: Option<Vec<ReferralPurpose>>,
    /// The other side.
    pub agency: Option<Uuid>,
}

/// Referrals that are alike in everything that statistics tell apart.
#[derive(Clone, Debug)]
pub struct Tally {
    /// In which month they were offered, counted from the first.
    pub month: i32,
    /// Their state.
    pub status: ReferralStatus,
    /// Their purpose.
    pub purpose: ReferralPurpose,
    /// The other side.
    pub other_id: Uuid,
    /// Code of the outcome or reason, where the viewer may know it.
    pub reason: Option<String>,
    /// Whether there is one that it may not know.
    pub untold: bool,
    /// How many.
    pub total: i64,
    /// Of them, accepted at some time.
    pub accepted: i64,
    /// Of them, waiting for the receiver by a day.
    pub awaited: i64,
    /// Of these, late.
    pub overdue: i64,
}

/// How long referrals stood in a state that they have left.
#[derive(Clone, Debug)]
pub struct Stay {
    /// The state.
    pub status: ReferralStatus,
    /// How many stays.
    pub stays: i64,
    /// Half of them were no longer than this, microseconds.
    pub median: i64,
    /// Nine in ten were no longer than this, microseconds.
    pub ninetieth: i64,
}

impl Reads {
    /// The viewer's referrals by month of offer, state, purpose, other side and reason.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tallies(&self, direction: Direction, filter: &TallyFilter) -> Result<Vec<Tally>, DbErr> {
        // What came of it the receiver knows by itself, and the sender if the client let the receiver report back. Why a
        // sender withdrew is its own.
        let told = match direction {
            Direction::Incoming => "r.status <> 'WITHDRAWN'",
            Direction::Outgoing => {
                "(r.status = 'WITHDRAWN' OR (COALESCE(c.report_outcome, false) AND c.withdrawn_at IS NULL))"
            }
        };
        let mut sql = self.sql();
        sql.push("SELECT CASE");
        for place in 1..=filter.from.until(filter.to) {
            sql.push(" WHEN r.offered_at < ").bind(filter.from.plus(place).begins());
            sql.push(&format!(" THEN {}", place - 1));
        }
        // A CASE needs an arm: the last month's is always there, and nothing reaches the end.
        sql.push(" WHEN true").push(&format!(" THEN {} END", filter.from.until(filter.to)));
        sql.push(", r.status, r.purpose, ").push(other_side(direction));
        sql.push(", CASE WHEN ").push(told).push(" THEN r.reason END");
        sql.push(", CASE WHEN r.reason IS NOT NULL AND NOT ").push(told).push(" THEN 1 ELSE 0 END, COUNT(*), ");
        sql.push("SUM(CASE WHEN r.ever_accepted THEN 1 ELSE 0 END)");
        for late in [false, true] {
            sql.push(", SUM(CASE WHEN r.status IN ").words(ReferralStatus::with_ball(BallHolder::Receiver));
            sql.push(" AND r.due_on < ").bind(if late { self.today } else { NO_DUE_DATE }).push(" THEN 1 ELSE 0 END)");
        }
        sql.push(" FROM referral r LEFT JOIN consent c ON c.id = r.consent_id WHERE ");
        self.narrow_tally(&mut sql, direction, filter);
        sql.push(" GROUP BY 1, 2, 3, 4, 5, 6");
        let rows = sql.all(self.connection()).await?;
        rows.iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok(Tally {
                    month: columns.next()?,
                    status: columns.word()?,
                    purpose: columns.word()?,
                    other_id: columns.next()?,
                    reason: columns.next()?,
                    untold: columns.next::<i32>()? == 1,
                    total: columns.next()?,
                    accepted: columns.next()?,
                    awaited: columns.next()?,
                    overdue: columns.next()?,
                })
            })
            .collect()
    }

    /// How long the same referrals stood in each state that they have left: the percentiles are the values that are there
    /// (nearest rank, as `percentile_disc`), found by the database on both. A stay whose beginning or end comes from an
    /// imported list is known to the day at best and is left out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stays(&self, direction: Direction, filter: &TallyFilter) -> Result<Vec<Stay>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT q.status, ").push(PERCENTILES).push(" FROM (SELECT s.status, s.stay, ");
        sql.push("ROW_NUMBER() OVER (PARTITION BY s.status ORDER BY s.stay) AS place, ");
        sql.push("COUNT(*) OVER (PARTITION BY s.status) AS stays FROM (SELECT e.to_status AS status, ").push(STAY);
        sql.push(" AS stay FROM referral_event e JOIN referral r ON r.id = e.referral_id WHERE ")
            .push(MOVES)
            .push(" AND ");
        self.narrow_tally(&mut sql, direction, filter);
        // What comes before the offer is the sender's, and no wait for anybody.
        sql.push(WINDOW).push(") s WHERE s.stay > 0 AND s.status <> 'DRAFT') q GROUP BY q.status");
        let rows = sql.all(self.connection()).await?;
        rows.iter()
            .map(|row| {
                let mut columns = Columns::of(row);
                Ok(Stay {
                    status: columns.word()?,
                    stays: columns.next()?,
                    median: columns.next()?,
                    ninetieth: columns.next()?,
                })
            })
            .collect()
    }

    fn narrow_tally(&self, sql: &mut Sql, direction: Direction, filter: &TallyFilter) {
        self.narrow(sql, direction);
        sql.push(" AND r.offered_at >= ").bind(filter.from.begins());
        sql.push(" AND r.offered_at < ").bind(filter.to.plus(1).begins());
        if let Some(purposes) = &filter.purpose {
            sql.push(" AND r.purpose IN ").words(purposes.iter().copied());
        }
        if let Some(agency) = filter.agency {
            sql.push(" AND ").push(other_side(direction)).push(" = ").bind(agency);
        }
    }
}

/// Of ranked stays `q(stay, place, stays)`: how many, the median, the ninetieth percentile.
pub(super) const PERCENTILES: &str = "COUNT(*), MIN(CASE WHEN q.place * 2 >= q.stays THEN q.stay END), \
     MIN(CASE WHEN q.place * 10 >= q.stays * 9 THEN q.stay END)";

/// From a move to the next one of its referral, where both are known to the instant. A state that was passed through in one
/// move with the next took no time.
pub(super) const STAY: &str =
    "CASE WHEN e.imported OR LEAD(e.imported) OVER w THEN NULL ELSE LEAD(e.at) OVER w - e.at END";

/// Events that moved the referral; the others leave it where it stands.
pub(super) const MOVES: &str = "(e.from_status IS NULL OR e.from_status <> e.to_status)";

/// The moves of a referral in their order.
pub(super) const WINDOW: &str = " WINDOW w AS (PARTITION BY e.referral_id ORDER BY e.at, e.id)";
