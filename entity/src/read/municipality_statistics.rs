//! Counts of a municipality's referrals for its coordination. They are exact here, and are rounded before they are shown
//! ([`kim_domain::statistics`], which also says what rounding does not protect). They are computed from events for the
//! reporting date, not from the current state.

use kim_domain::Word as _;
use kim_domain::agency::AgencyKind;
use kim_domain::period::Period;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, DeclineReason, ReferralStatus};
use kim_domain::statistics::{Group, MIN_POSTS};
use sea_orm::DbErr;

use super::Reads;
use super::statistics::{MOVES, PERCENTILES};
use crate::sql::{Columns, Sql};

/// The time that referrals stayed in a state at receivers of one kind.
#[derive(Clone, Copy, Debug)]
pub struct KindStay {
    /// The kind of receiver.
    pub kind: AgencyKind,
    /// The state.
    pub status: ReferralStatus,
    /// The number of stays that ended in the period.
    pub stays: i64,
    /// The median, in microseconds.
    pub median: i64,
    /// The ninetieth percentile, in microseconds.
    pub ninetieth: i64,
}

/// Purposes that do not reveal a special category (Art. 9 DSGVO) by themselves.
fn countable() -> impl Iterator<Item = ReferralPurpose> {
    ReferralPurpose::ALL.iter().copied().filter(|purpose| !purpose.is_art9())
}

impl Reads {
    /// The referrals of the viewer's municipality that were offered in each of these periods, by their state at its end.
    ///
    /// Referrals that were imported later with a past date are not counted: they did not exist on the reporting date.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn municipality_groups(&self, periods: &[Period]) -> Result<Vec<Vec<Group>>, DbErr> {
        let mut sql = self.sql();
        for (place, period) in periods.iter().enumerate() {
            sql.push(if place > 0 { " UNION ALL " } else { "" });
            self.push_groups(&mut sql, place, *period);
        }
        let mut groups = vec![Vec::new(); periods.len()];
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            let place = usize::try_from(columns.next::<i32>()?).unwrap_or(usize::MAX);
            let (purpose, kind, status) = (columns.word()?, columns.word()?, columns.word()?);
            let reason: Option<String> = columns.next()?;
            let reason = reason.as_deref().and_then(DeclineReason::from_code).unwrap_or(DeclineReason::Other);
            let count: i64 = columns.next()?;
            let group = Group {
                status,
                purpose,
                kind,
                decline_reason: (status == ReferralStatus::Declined).then_some(reason),
                count: u64::try_from(count).unwrap_or(0),
            };
            Ok((place, group))
        };
        for (place, group) in self.readable("referral_event", rows.iter().map(read))?.into_iter().flatten() {
            if let Some(of_period) = groups.get_mut(place) {
                of_period.push(group);
            }
        }
        Ok(groups)
    }

    fn push_groups(&self, sql: &mut Sql, place: usize, period: Period) {
        let (begins, ends) = (period.first().begins(), period.after().begins());
        sql.push(&format!("SELECT {place} AS place, q.purpose, q.kind, q.status, q.reason, COUNT(*) FROM ("));
        sql.push("SELECT r.purpose, r.kind");
        for column in ["to_status", "reason"] {
            sql.push(", (SELECT e.").push(column).push(" FROM referral_event e WHERE e.referral_id = r.id AND e.at < ");
            sql.bind(ends).push(" AND ").push(MOVES).push(" ORDER BY e.at DESC, e.id DESC LIMIT 1) AS ");
            sql.push(if column == "reason" { "reason" } else { "status" });
        }
        sql.push(" FROM referral r JOIN agency g ON g.id = r.receiver_id WHERE g.ags = ");
        sql.bind(self.viewer.agency().ags.as_str()).push(" AND r.purpose IN ").words(countable());
        sql.push(" AND r.offered_at >= ").bind(begins).push(" AND r.offered_at < ").bind(ends);
        sql.push(" AND r.created_at < ").bind(ends).push(") q WHERE q.status IS NOT NULL ");
        sql.push("GROUP BY q.purpose, q.kind, q.status, q.reason");
    }

    /// The time that referrals waited for receivers of each kind, for stays that ended in the period. Only agencies with enough
    /// posts are counted, so that the time is not that of a single person; an agency without a number is left out.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn municipality_stays(&self, period: Period) -> Result<Vec<KindStay>, DbErr> {
        let (begins, ends) = (period.first().begins(), period.after().begins());
        let mut sql = self.sql();
        sql.push("SELECT q.receiver, q.status, ").push(PERCENTILES);
        sql.push(" FROM (SELECT g.kind AS receiver, r.status, r.micros AS stay, ");
        sql.push("ROW_NUMBER() OVER (PARTITION BY g.kind, r.status ORDER BY r.micros) AS place, ");
        sql.push("COUNT(*) OVER (PARTITION BY g.kind, r.status) AS stays FROM referral_stay r ");
        sql.push("JOIN agency g ON g.id = r.receiver_id WHERE g.ags = ").bind(self.viewer.agency().ags.as_str());
        sql.push(" AND g.posts >= ").bind(MIN_POSTS).push(" AND r.purpose IN ").words(countable());
        sql.push(" AND r.offered_at > 0 AND r.offered_at < ").bind(ends);
        sql.push(" AND r.ended_at >= ").bind(begins).push(" AND r.ended_at < ").bind(ends).push(" AND r.status IN ");
        sql.words(ReferralStatus::with_ball(BallHolder::Receiver)).push(") q GROUP BY q.receiver, q.status");
        let rows = sql.all(self.connection()).await?;
        let read = |row| {
            let mut columns = Columns::of(row);
            Ok(KindStay {
                kind: columns.word()?,
                status: columns.word()?,
                stays: columns.next()?,
                median: columns.next()?,
                ninetieth: columns.next()?,
            })
        };
        Ok(self.readable("referral_stay", rows.iter().map(read))?.into_iter().flatten().collect())
    }
}
