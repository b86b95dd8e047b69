//! A dashboard's tiles, counted in one statement.

use std::collections::BTreeMap;

use async_graphql::SimpleObject;
use kim_domain::referral::{BallHolder, Direction, ReferralStatus};
use kim_entity::read::Counts;

use crate::agency::{Agency, Parties, Purpose};
use crate::coded::Coded;

/// Wie viele Übergaben: die Kacheln einer Übersicht in einem Aufruf.
#[derive(SimpleObject)]
#[graphql(tag = "for work", tag = "plan count")]
pub(crate) struct ReferralCounts {
    /// Im Ganzen.
    total: i32,
    /// Davon hat die empfangende Stelle noch zu entscheiden.
    pending: i32,
    /// Davon hat sie die Frist verstreichen lassen.
    overdue: i32,
    /// Davon offen und fällig von heute bis Sonntag.
    due_this_week: i32,
    /// Davon sind Sie am Zug.
    ball_mine: i32,
    /// Nach Stand.
    #[graphql(tag = "list 14")]
    by_status: Vec<StatusCount>,
    /// Nach Zweck.
    #[graphql(tag = "list 20", tag = "needs purposes")]
    by_purpose: Vec<PurposeCount>,
    /// Nach der anderen Stelle.
    #[graphql(tag = "list 40", tag = "needs agencies")]
    by_agency: Vec<AgencyCount>,
}

/// Wie viele in einem Stand.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct StatusCount {
    /// Der Stand.
    pub(crate) status: Coded<ReferralStatus>,
    /// Anzahl.
    pub(crate) count: i32,
}

/// Wie viele zu einem Zweck.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct PurposeCount {
    /// Der Zweck.
    pub(crate) purpose: Purpose,
    /// Anzahl.
    pub(crate) count: i32,
}

/// Wie viele mit einer anderen Stelle.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct AgencyCount {
    /// Die andere Stelle.
    pub(crate) agency: Agency,
    /// Anzahl.
    pub(crate) count: i32,
}

impl ReferralCounts {
    /// Adds up the counted lines. What was not counted by is empty: it was not asked for.
    pub(crate) fn of(lines: &[Counts], direction: Direction, parties: &Parties) -> Self {
        let mine = match direction {
            Direction::Incoming => BallHolder::Receiver,
            Direction::Outgoing => BallHolder::Sender,
        };
        let sum = |of: fn(&Counts) -> i64| int(lines.iter().map(of).sum());
        let ball_mine = lines.iter().filter(|line| line.status.ball() == Some(mine)).map(|line| line.total).sum();
        let by_agency = grouped(lines, |line| line.other_id)
            .into_iter()
            .filter_map(|(id, count)| Some(AgencyCount { agency: Agency(parties.get(&id)?.clone()), count }));
        let mut by_agency: Vec<_> = by_agency.collect();
        by_agency.sort_by(|a, b| a.agency.0.slug.cmp(&b.agency.0.slug));
        Self {
            total: sum(|line| line.total),
            pending: sum(|line| line.pending),
            overdue: sum(|line| line.overdue),
            due_this_week: sum(|line| line.due_this_week),
            ball_mine: int(ball_mine),
            by_status: grouped(lines, |line| Some(line.status))
                .into_iter()
                .map(|(status, count)| StatusCount { status: Coded(status), count })
                .collect(),
            by_purpose: grouped(lines, |line| line.purpose)
                .into_iter()
                .map(|(purpose, count)| PurposeCount { purpose: Purpose(purpose), count })
                .collect(),
            by_agency,
        }
    }
}

/// Sums by a key; a line without one was not counted by it.
fn grouped<K: Ord>(lines: &[Counts], key: impl Fn(&Counts) -> Option<K>) -> BTreeMap<K, i32> {
    let mut groups = BTreeMap::new();
    for line in lines {
        if let Some(key) = key(line) {
            *groups.entry(key).or_insert(0) += int(line.total);
        }
    }
    groups
}

fn int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
