//! Statistics of an agency's own referrals: sums of the counts from the database.

use std::collections::BTreeMap;

use async_graphql::SimpleObject;
use kim_domain::Word;
use kim_domain::referral::{DeclineReason, FailReason, Outcome, ReferralStatus, ReturnReason, WithdrawalReason};
use kim_entity::read::{Stay, Tally, TallyFilter};

use super::hours;
use crate::agency::Parties;
use crate::schema::scalar::MonthScalar;
use crate::schema::word_enum::WordEnum;
use crate::statistics::counts::{AgencyCount, PurposeCount, StatusCount, sum_by_key, to_int};

/// Die Übergaben Ihrer Stelle in Zahlen: die in den Monaten angebotenen, wie sie jetzt stehen.
#[derive(SimpleObject)]
#[graphql(tag = "for work", tag = "plan count")]
pub(crate) struct ReferralStatistics {
    /// Der erste Monat.
    from: MonthScalar,
    /// Der letzte Monat.
    to: MonthScalar,
    /// Im Ganzen.
    total: i32,
    /// Nach Stand.
    #[graphql(tag = "list 14")]
    by_status: Vec<StatusCount>,
    /// Nach Zweck.
    #[graphql(tag = "list 20")]
    by_purpose: Vec<PurposeCount>,
    /// Nach der anderen Stelle.
    #[graphql(tag = "list 40", tag = "needs agencies")]
    by_agency: Vec<AgencyCount>,
    /// Nach dem Monat des Angebots; jeder Monat, auch einer ohne Übergaben.
    #[graphql(tag = "list 36")]
    by_month: Vec<MonthCount>,
    /// Bei der empfangenden Stelle und mit einer Frist.
    awaited: i32,
    /// Davon überfällig.
    overdue: i32,
    /// Anteil der überfälligen an denen mit Frist, von 0 bis 1; null, wenn es keine gibt.
    overdue_share: Option<f64>,
    /// Ergebnisse und Gründe.
    reasons: ReasonStatistics,
    /// Zeit in jedem Stand, der wieder verlassen wurde. Was aus einer Liste übernommen ist, zählt nicht: davon ist höchstens
    /// der Tag bekannt.
    #[graphql(tag = "list 14", tag = "needs stays")]
    time_in_state: Vec<TimeInState>,
}

/// Die Übergaben, die in einem Monat angeboten wurden.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct MonthCount {
    /// Der Monat.
    month: MonthScalar,
    /// Angeboten.
    total: i32,
    /// Davon irgendwann angenommen.
    accepted: i32,
    /// Davon abgelehnt.
    declined: i32,
    /// Davon wegen fehlender Zuständigkeit abgelehnt, zurückgegeben oder weitergeleitet, soweit Sie es wissen dürfen.
    not_competent: i32,
    /// Davon erledigt.
    completed: i32,
    /// Davon überfällig.
    overdue: i32,
}

/// Ergebnisse und Gründe. Die übergebende Stelle erfährt sie nur, wo die Klientin oder der Klient die Rückmeldung erlaubt hat.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct ReasonStatistics {
    /// Erledigt, nach Ergebnis.
    #[graphql(tag = "list 8")]
    completed: Vec<OutcomeCount>,
    /// Abgelehnt, nach Grund.
    #[graphql(tag = "list 8")]
    declined: Vec<DeclineReasonCount>,
    /// Gescheitert, nach Grund.
    #[graphql(tag = "list 8")]
    failed: Vec<FailReasonCount>,
    /// Zurückgegeben, nach Grund.
    #[graphql(tag = "list 8")]
    returned: Vec<ReturnReasonCount>,
    /// Zurückgezogen, nach Grund.
    #[graphql(tag = "for senders", tag = "list 8")]
    withdrawn: Vec<WithdrawalReasonCount>,
    /// Wegen fehlender Zuständigkeit abgelehnt, zurückgegeben oder weitergeleitet.
    not_competent: i32,
    /// Nicht zurückgemeldet: es gibt ein Ergebnis oder einen Grund, den Sie nicht wissen dürfen.
    not_reported: i32,
}

macro_rules! reason_count {
    ($(#[doc = $about:literal] $name:ident($word:ty) $audience:literal;)+) => { $(
        #[doc = $about]
        #[derive(SimpleObject)]
        #[graphql(tag = $audience)]
        pub(crate) struct $name {
            /// Ergebnis oder Grund.
            reason: WordEnum<$word>,
            /// Anzahl.
            count: i32,
        }
        impl $name {
            fn of(tallies: &[Tally], status: ReferralStatus) -> Vec<Self> {
                let counts = by_reason::<$word>(tallies, status);
                counts.into_iter().map(|(reason, count)| Self { reason: WordEnum(reason), count }).collect()
            }
        }
    )+ };
}

reason_count! {
    /// Wie viele mit einem Ergebnis.
    OutcomeCount(Outcome) "for work";
    /// Wie viele aus einem Grund abgelehnt.
    DeclineReasonCount(DeclineReason) "for work";
    /// Wie viele aus einem Grund gescheitert.
    FailReasonCount(FailReason) "for work";
    /// Wie viele aus einem Grund zurückgegeben.
    ReturnReasonCount(ReturnReason) "for work";
    /// Wie viele aus einem Grund zurückgezogen.
    WithdrawalReasonCount(WithdrawalReason) "for senders";
}

/// Wie lange Übergaben in einem Stand waren.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct TimeInState {
    /// Der Stand.
    status: WordEnum<ReferralStatus>,
    /// Wie oft er wieder verlassen wurde.
    count: i32,
    /// Stunden, die jede zweite höchstens darin war (Median).
    median_hours: f64,
    /// Stunden, die neun von zehn höchstens darin waren (90. Perzentil).
    ninetieth_percentile_hours: f64,
}

impl ReferralStatistics {
    /// Sums the tallies.
    pub(super) fn of(filter: &TallyFilter, tallies: Vec<Tally>, stays: Vec<Stay>, parties: &Parties) -> Self {
        let (awaited, overdue) = (sum(&tallies, |tally| tally.awaited), sum(&tallies, |tally| tally.overdue));
        let months = 0..=filter.from.until(filter.to);
        Self {
            from: MonthScalar(filter.from),
            to: MonthScalar(filter.to),
            total: sum(&tallies, |tally| tally.total),
            by_status: StatusCount::list(tallies.iter().map(|tally| (tally.status, tally.total))),
            by_purpose: PurposeCount::list(tallies.iter().map(|tally| (tally.purpose, tally.total))),
            by_agency: AgencyCount::list(tallies.iter().map(|tally| (tally.other_id, tally.total)), parties),
            by_month: months.map(|month| MonthCount::of(filter, month, &tallies)).collect(),
            awaited,
            overdue,
            overdue_share: (awaited > 0).then(|| f64::from(overdue) / f64::from(awaited)),
            reasons: ReasonStatistics::of(&tallies),
            time_in_state: sorted(stays, |stay| stay.status).map(TimeInState::from).collect(),
        }
    }
}

impl MonthCount {
    fn of(filter: &TallyFilter, month: i32, tallies: &[Tally]) -> Self {
        let of_month = |tally: &&Tally| tally.month == month;
        let with_status = |status: ReferralStatus| {
            to_int(
                tallies.iter().filter(of_month).filter(|tally| tally.status == status).map(|tally| tally.total).sum(),
            )
        };
        let sum_of = |of: fn(&Tally) -> i64| to_int(tallies.iter().filter(of_month).map(of).sum());
        Self {
            month: MonthScalar(filter.from.plus(month)),
            total: sum_of(|tally| tally.total),
            accepted: sum_of(|tally| tally.accepted),
            declined: with_status(ReferralStatus::Declined),
            not_competent: sum_of(not_competent),
            completed: with_status(ReferralStatus::Completed),
            overdue: sum_of(|tally| tally.overdue),
        }
    }
}

impl ReasonStatistics {
    fn of(tallies: &[Tally]) -> Self {
        Self {
            completed: OutcomeCount::of(tallies, ReferralStatus::Completed),
            declined: DeclineReasonCount::of(tallies, ReferralStatus::Declined),
            failed: FailReasonCount::of(tallies, ReferralStatus::Failed),
            returned: ReturnReasonCount::of(tallies, ReferralStatus::Returned),
            withdrawn: WithdrawalReasonCount::of(tallies, ReferralStatus::Withdrawn),
            not_competent: sum(tallies, not_competent),
            not_reported: sum(tallies, |tally| if tally.is_reason_hidden { tally.total } else { 0 }),
        }
    }
}

impl From<Stay> for TimeInState {
    fn from(stay: Stay) -> Self {
        Self {
            status: WordEnum(stay.status),
            count: to_int(stay.stays),
            median_hours: hours(stay.median),
            ninetieth_percentile_hours: hours(stay.ninetieth),
        }
    }
}

/// The referrals of a tally for which the receiver was not competent.
fn not_competent(tally: &Tally) -> i64 {
    let is = |code: &str| tally.reason.as_deref() == Some(code);
    let whole = match tally.status {
        ReferralStatus::Declined => is(DeclineReason::NotCompetent.code()),
        ReferralStatus::Returned => is(ReturnReason::NotCompetent.code()),
        ReferralStatus::Forwarded => true,
        ReferralStatus::Draft
        | ReferralStatus::Offered
        | ReferralStatus::Acknowledged
        | ReferralStatus::InfoRequested
        | ReferralStatus::Accepted
        | ReferralStatus::InProgress
        | ReferralStatus::Completed
        | ReferralStatus::Failed
        | ReferralStatus::Withdrawn
        | ReferralStatus::Expired
        | ReferralStatus::Suspended => false,
    };
    if whole { tally.total } else { 0 }
}

fn by_reason<W: Word + Ord>(tallies: &[Tally], status: ReferralStatus) -> BTreeMap<W, i32> {
    let of_status = tallies.iter().filter(|tally| tally.status == status);
    sum_by_key(of_status.filter_map(|tally| Some((tally.reason.as_deref().and_then(W::from_code)?, tally.total))))
}

fn sum(tallies: &[Tally], of: impl Fn(&Tally) -> i64) -> i32 {
    to_int(tallies.iter().map(of).sum())
}

fn sorted<T, K: Ord>(mut rows: Vec<T>, key: impl Fn(&T) -> K) -> std::vec::IntoIter<T> {
    rows.sort_by_key(key);
    rows.into_iter()
}
