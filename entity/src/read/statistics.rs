//! Counts of an agency's own referrals: those offered in some months by their current state, and the time that they stayed in
//! each state. Two statements for any number of referrals.

use kim_domain::period::Month;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, Direction, ReferralStatus};
use sea_orm::DbErr;
use uuid::Uuid;

use super::Reads;
use super::referral_filter::other_side;
use crate::sql::{Columns, Sql};
use crate::tables::referral::NO_DUE_DATE;

/// Filters the referrals that are counted: those offered from the first month to the last.
#[derive(Clone, Debug)]
pub struct TallyFilter {
    /// The first month.
    pub from: Month,
    /// The last month.
    pub to: Month,
    /// One of these purposes.
    pub purpose: Option<Vec<ReferralPurpose>>,
    /// The other side.
    pub agency: Option<Uuid>,
}

/// A group of referrals that are equal in everything that the statistics distinguish.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The month of the offer, counted from the first month.
    pub month: i32,
    /// Their state.
    pub status: ReferralStatus,
    /// Their purpose.
    pub purpose: ReferralPurpose,
    /// The other side.
    pub other_id: Uuid,
    /// Code of the outcome or reason, if the viewer may know it.
    pub reason: Option<String>,
    /// Whether there is one that the viewer may not know.
    pub is_reason_hidden: bool,
    /// The number of referrals.
    pub total: i64,
    /// Of them, those that were ever accepted.
    pub accepted: i64,
    /// Of them, those that wait for the receiver and have a due day.
    pub awaited: i64,
    /// Of these, the overdue ones.
    pub overdue: i64,
}

/// The time that referrals stayed in a state which they have left.
#[derive(Clone, Debug)]
pub struct Stay {
    /// The state.
    pub status: ReferralStatus,
    /// The number of stays.
    pub stays: i64,
    /// The median, in microseconds.
    pub median: i64,
    /// The ninetieth percentile, in microseconds.
    pub ninetieth: i64,
}

impl Reads {
    /// The viewer's referrals by month of offer, state, purpose, other side and reason.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tallies(&self, direction: Direction, filter: &TallyFilter) -> Result<Vec<Tally>, DbErr> {
        // The receiver knows the outcome, and the sender does if the client allowed the report. Only the sender knows why it
        // withdrew.
        let is_known = match direction {
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
        // A CASE needs at least one branch: this is that of the last month.
        sql.push(" WHEN true").push(&format!(" THEN {} END", filter.from.until(filter.to)));
        sql.push(", r.status, r.purpose, ").push(other_side(direction));
        sql.push(", CASE WHEN ").push(is_known).push(" THEN r.reason END");
        sql.push(", CASE WHEN r.reason IS NOT NULL AND NOT ").push(is_known).push(" THEN 1 ELSE 0 END, COUNT(*), ");
        sql.push("SUM(CASE WHEN r.ever_accepted THEN 1 ELSE 0 END)");
        for late in [false, true] {
            sql.push(", SUM(CASE WHEN r.status IN ").words(ReferralStatus::with_ball(BallHolder::Receiver));
            sql.push(" AND r.due_on < ").bind(if late { self.today } else { NO_DUE_DATE }).push(" THEN 1 ELSE 0 END)");
        }
        sql.push(" FROM referral r LEFT JOIN consent c ON c.id = r.consent_id WHERE ");
        self.narrow_tally(&mut sql, direction, filter);
        sql.push(" GROUP BY 1, 2, 3, 4, 5, 6");
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            Ok(Tally {
                month: columns.next()?,
                status: columns.word()?,
                purpose: columns.word()?,
                other_id: columns.next()?,
                reason: columns.next()?,
                is_reason_hidden: columns.next::<i32>()? == 1,
                total: columns.next()?,
                accepted: columns.next()?,
                awaited: columns.next()?,
                overdue: columns.next()?,
            })
        };
        Ok(self.readable("referral", rows.iter().map(read))?.into_iter().flatten().collect())
    }

    /// The time that the same referrals stayed in each state which they have left. Percentiles are values that occur (nearest
    /// rank, as `percentile_disc`), computed in the same way on both databases. A stay whose beginning or end was imported is left
    /// out, because only its day is known.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn stays(&self, direction: Direction, filter: &TallyFilter) -> Result<Vec<Stay>, DbErr> {
        let mut sql = self.sql();
        sql.push("SELECT q.status, ").push(PERCENTILES).push(" FROM (SELECT r.status, r.micros AS stay, ");
        sql.push("ROW_NUMBER() OVER (PARTITION BY r.status ORDER BY r.micros) AS place, ");
        sql.push("COUNT(*) OVER (PARTITION BY r.status) AS stays FROM referral_stay r WHERE ");
        self.narrow_tally(&mut sql, direction, filter);
        sql.push(") q GROUP BY q.status");
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            Ok(Stay {
                status: columns.word()?,
                stays: columns.next()?,
                median: columns.next()?,
                ninetieth: columns.next()?,
            })
        };
        Ok(self.readable("referral_stay", rows.iter().map(read))?.into_iter().flatten().collect())
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

/// For ranked stays `q(stay, place, stays)`: their number, the median, and the ninetieth percentile.
pub(super) const PERCENTILES: &str = "COUNT(*), MIN(CASE WHEN q.place * 2 >= q.stays THEN q.stay END), \
     MIN(CASE WHEN q.place * 10 >= q.stays * 9 THEN q.stay END)";

/// Events that changed the referral's state.
pub(super) const MOVES: &str = "(e.from_status IS NULL OR e.from_status <> e.to_status)";
