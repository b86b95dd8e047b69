//! Statistics of a municipality's referrals, limited to the cells that `kim_domain::statistics` publishes.

use async_graphql::SimpleObject;
use kim_domain::Word;
use kim_domain::agency::AgencyKind;
use kim_domain::period::Period;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{DeclineReason, ReferralKind, ReferralStatus};
use kim_domain::statistics::{Group, Labels, MIN_STAYS, Published, StatisticsDimension};
use kim_entity::read::KindStay;

use crate::agency::Purpose;
use crate::schema::scalar::{Date, PeriodScalar};
use crate::schema::word_enum::WordEnum;
use crate::statistics::counts::to_int;

/// Die Übergaben Ihrer Kommune in gerundeten Zahlen.
#[derive(SimpleObject)]
#[graphql(tag = "for coordination", tag = "plan count")]
pub(crate) struct MunicipalityStatistics {
    /// Monat oder Quartal.
    period: PeriodScalar,
    /// Der Stichtag: der letzte Tag.
    reported_on: Date,
    /// Die Merkmale, nach denen aufgeteilt ist.
    #[graphql(tag = "list 2")]
    by: Vec<WordEnum<StatisticsDimension>>,
    /// Diese Aufteilung wird für diesen Zeitraum nicht herausgegeben: neben einer gröberen würde sie genaue Zahlen verraten.
    withheld: bool,
    /// Die Zellen. Was nicht genannt ist, ist 0 und kann 1 oder 2 sein. Jede Zelle ist für sich gerundet: Summen gehen nicht auf.
    #[graphql(tag = "list 100")]
    cells: Vec<StatisticsCell>,
    /// Zeit in jedem Stand, der in diesem Zeitraum verlassen wurde, in ganzen Tagen, nach Art der empfangenden Stelle. Nur
    /// Stellen mit mindestens drei Stellen (Personal), und nur, wo es mindestens zehn Fälle gibt.
    #[graphql(tag = "list 40", tag = "needs stays")]
    time_in_state: Vec<KindTimeInState>,
}

/// Eine Zelle: für jedes Merkmal der Aufteilung sein Wert.
#[derive(Default, SimpleObject)]
#[graphql(tag = "for coordination")]
pub(crate) struct StatisticsCell {
    /// Stand am Stichtag.
    status: Option<WordEnum<ReferralStatus>>,
    /// Zweck.
    purpose: Option<Purpose>,
    /// Art der empfangenden Stelle.
    receiver_kind: Option<WordEnum<AgencyKind>>,
    /// Art der Übergabe.
    kind: Option<WordEnum<ReferralKind>>,
    /// Grund der Ablehnung; null: nicht abgelehnt, oder kein Merkmal der Aufteilung.
    decline_reason: Option<WordEnum<DeclineReason>>,
    /// Anzahl, auf ein Vielfaches von 5 gerundet.
    count: i32,
}

/// Wie lange Übergaben bei einer Art von Stelle in einem Stand waren.
#[derive(SimpleObject)]
#[graphql(tag = "for coordination")]
pub(crate) struct KindTimeInState {
    /// Art der empfangenden Stelle.
    receiver_kind: WordEnum<AgencyKind>,
    /// Der Stand.
    status: WordEnum<ReferralStatus>,
    /// Tage, die jede zweite höchstens darin war (Median), gerundet.
    median_days: i32,
    /// Tage, die neun von zehn höchstens darin waren (90. Perzentil), gerundet.
    ninetieth_percentile_days: i32,
}

impl MunicipalityStatistics {
    /// The statistics of a period. `groups` contains the groups of the period first, then those of each of its months.
    pub(super) fn of(
        period: Period,
        by: Vec<StatisticsDimension>,
        groups: &[Vec<Group>],
        stays: Vec<KindStay>,
    ) -> Self {
        let (own, months) = groups.split_first().map_or((&[][..], &[][..]), |(own, months)| (own, months));
        let months: Vec<&[Group]> = months.iter().map(Vec::as_slice).collect();
        let published = if months.is_empty() { Published::month(own) } else { Published::quarter(own, &months) };
        let table = published.table(&by);
        let mut stays: Vec<KindStay> = stays.into_iter().filter(|stay| stay.stays >= MIN_STAYS).collect();
        stays.sort_by_key(|stay| (stay.kind, stay.status));
        Self {
            period: PeriodScalar(period),
            reported_on: Date(period.last_day()),
            withheld: table.is_none(),
            cells: table.into_iter().flatten().map(|(labels, count)| cell(&by, &labels, count)).collect(),
            by: by.into_iter().map(WordEnum).collect(),
            time_in_state: stays.into_iter().map(KindTimeInState::from).collect(),
        }
    }
}

fn cell(by: &[StatisticsDimension], labels: &Labels, count: u64) -> StatisticsCell {
    let mut cell = StatisticsCell { count: i32::try_from(count).unwrap_or(i32::MAX), ..StatisticsCell::default() };
    for (dimension, label) in by.iter().zip(labels) {
        match dimension {
            StatisticsDimension::Status => cell.status = ReferralStatus::from_code(label).map(WordEnum),
            StatisticsDimension::Purpose => cell.purpose = ReferralPurpose::from_code(label).map(Purpose),
            StatisticsDimension::ReceiverKind => cell.receiver_kind = AgencyKind::from_code(label).map(WordEnum),
            StatisticsDimension::Kind => cell.kind = ReferralKind::from_code(label).map(WordEnum),
            StatisticsDimension::DeclineReason => cell.decline_reason = DeclineReason::from_code(label).map(WordEnum),
        }
    }
    cell
}

impl From<KindStay> for KindTimeInState {
    fn from(stay: KindStay) -> Self {
        const DAY: i64 = 24 * 3_600_000_000;
        let days = |micros: i64| to_int((micros + DAY / 2) / DAY);
        Self {
            receiver_kind: WordEnum(stay.kind),
            status: WordEnum(stay.status),
            median_days: days(stay.median),
            ninetieth_percentile_days: days(stay.ninetieth),
        }
    }
}
