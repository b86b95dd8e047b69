//! The counts of a dashboard, and the types that the other statistics share.

use std::collections::BTreeMap;

use async_graphql::{Context, OutputType, SimpleObject};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{BallHolder, Direction, ReferralStatus};
use kim_entity::read::Counts;
use uuid::Uuid;

use crate::agency::{Agency, Parties, Purpose};
use crate::run::plan::Selected;
use crate::schema::needs::CountNeed;
use crate::schema::word_enum::WordEnum;

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
    status: WordEnum<ReferralStatus>,
    /// Anzahl.
    count: i32,
}

/// Wie viele zu einem Zweck.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct PurposeCount {
    /// Der Zweck.
    purpose: Purpose,
    /// Anzahl.
    count: i32,
}

/// Wie viele mit einer anderen Stelle.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct AgencyCount {
    /// Die andere Stelle.
    agency: Agency,
    /// Anzahl.
    count: i32,
}

impl ReferralCounts {
    /// Sums the counted lines. The lists by purpose and by agency are empty if they were not selected.
    pub(crate) fn of(lines: &[Counts], direction: Direction, parties: &Parties) -> Self {
        let mine = match direction {
            Direction::Incoming => BallHolder::Receiver,
            Direction::Outgoing => BallHolder::Sender,
        };
        let sum = |of: fn(&Counts) -> i64| to_int(lines.iter().map(of).sum());
        let ball_mine = lines.iter().filter(|line| line.status.ball() == Some(mine)).map(|line| line.total).sum();
        Self {
            total: sum(|line| line.total),
            pending: sum(|line| line.pending),
            overdue: sum(|line| line.overdue),
            due_this_week: sum(|line| line.due_this_week),
            ball_mine: to_int(ball_mine),
            by_status: StatusCount::list(lines.iter().map(|line| (line.status, line.total))),
            // A line has a purpose or an agency only if the statement grouped by it.
            by_purpose: PurposeCount::list(lines.iter().filter_map(|line| Some((line.purpose?, line.total)))),
            by_agency: AgencyCount::list(lines.iter().filter_map(|line| Some((line.other_id?, line.total))), parties),
        }
    }
}

impl StatusCount {
    pub(crate) fn list(counted: impl Iterator<Item = (ReferralStatus, i64)>) -> Vec<Self> {
        sum_by_key(counted).into_iter().map(|(status, count)| Self { status: WordEnum(status), count }).collect()
    }
}

impl PurposeCount {
    pub(crate) fn list(counted: impl Iterator<Item = (ReferralPurpose, i64)>) -> Vec<Self> {
        sum_by_key(counted).into_iter().map(|(purpose, count)| Self { purpose: Purpose(purpose), count }).collect()
    }
}

impl AgencyCount {
    /// Sorted by short name. An agency that is not in `parties` is omitted.
    pub(crate) fn list(counted: impl Iterator<Item = (Uuid, i64)>, parties: &Parties) -> Vec<Self> {
        let named = |(id, count)| Some(Self { agency: Agency(parties.get(&id)?.clone()), count });
        let mut list: Vec<Self> = sum_by_key(counted).into_iter().filter_map(named).collect();
        list.sort_by(|a, b| a.agency.0.slug.cmp(&b.agency.0.slug));
        list
    }
}

/// Sums the counts of each key.
pub(crate) fn sum_by_key<K: Ord>(counted: impl Iterator<Item = (K, i64)>) -> BTreeMap<K, i32> {
    let mut groups = BTreeMap::new();
    for (key, count) in counted {
        *groups.entry(key).or_insert(0) += to_int(count);
    }
    groups
}

/// A count as an `Int` of GraphQL, capped at its maximum.
pub(crate) fn to_int(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The groups and times that a selection on statistics needs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CountPlan {
    pub(crate) purposes: bool,
    pub(crate) agencies: bool,
    pub(crate) stays: bool,
}

impl CountPlan {
    /// The plan of the field that is being resolved, whose value is a `T`.
    pub(crate) fn of<T: OutputType>(ctx: &Context<'_>) -> Self {
        let mut plan = Self::default();
        for need in Selected::of::<T>(ctx).fields().flat_map(|field| CountNeed::of(field.needs())) {
            match need {
                CountNeed::Purposes => plan.purposes = true,
                CountNeed::Agencies => plan.agencies = true,
                CountNeed::Stays => plan.stays = true,
            }
        }
        plan
    }
}
