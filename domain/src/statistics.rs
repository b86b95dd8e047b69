//! What a municipality's coordination may learn about referrals: rounded counts. No exact count follows from one or two
//! tables. Some can follow from more than two, solved together; docs/privacy.md says what to do about it.
//!
//! Three protections:
//!
//! - Referrals whose purpose reveals a special category are left out of all tables, so that no difference of two tables
//!   reveals their number.
//! - Every cell is [rounded](round_to_five) separately, as in NRW's school statistics.
//! - Two tables of one period count the same referrals. Rounding leaves an interval for each cell. If the intervals of two
//!   tables have only one value in common, both exact counts would be known. Of such a pair, [`Published`] withholds the
//!   finer table.

use std::collections::BTreeMap;

use crate::purpose::ReferralPurpose;
use crate::referral::{DeclineReason, ReferralKind, ReferralStatus};

crate::words! {
    /// The attributes by which the coordination's counts can be split.
    pub enum StatisticsDimension("Merkmal, nach dem die Statistik der Kommune aufgeteilt werden kann") for Coordination {
        Status = "STATUS": "Stand am Stichtag",
        Purpose = "PURPOSE": "Zweck",
        ReceiverKind = "RECEIVER_KIND": "Art der empfangenden Stelle",
        Kind = "KIND": "Art der Übergabe",
        DeclineReason = "DECLINE_REASON": "Grund der Ablehnung; ohne Grund: nicht abgelehnt",
    }
}

/// Maximum number of dimensions per table.
pub const MAX_DIMENSIONS: usize = 2;
/// Maximum difference between a rounded and an exact count.
pub const DEVIATION: u64 = 2;
/// No median is published for fewer stays than this (Destatis withholds averages of few cases).
pub const MIN_STAYS: i64 = 10;
/// In hundredths of a post. A unit with fewer posts has no published time in state, because it would reveal the pace of
/// one person (§ 67c(5) SGB X, § 72 LPVG NRW).
pub const MIN_POSTS: i32 = 300;

/// Rounds a count to the nearest multiple of five.
#[must_use]
pub const fn round_to_five(count: u64) -> u64 {
    count.saturating_add(DEVIATION) / 5 * 5
}

/// The smallest and the largest exact count that a rounded count can have.
#[must_use]
pub const fn behind(rounded: u64) -> (u64, u64) {
    (rounded.saturating_sub(DEVIATION), rounded.saturating_add(DEVIATION))
}

/// Referrals with the same value in every dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// State on the reporting date.
    pub status: ReferralStatus,
    /// Purpose; never one that reveals a special category.
    pub purpose: ReferralPurpose,
    /// Kind of handover.
    pub kind: ReferralKind,
    /// Reason of the refusal, for declined referrals.
    pub decline_reason: Option<DeclineReason>,
    /// Number of referrals.
    pub count: u64,
}

/// The labels of a table cell: the value's code for each dimension.
pub type Labels = Vec<&'static str>;

/// Exact counts of a table by cell labels. Empty cells are missing.
type Exact = BTreeMap<Labels, u64>;

/// A feature of referrals that a table reveals: its dimensions, and what follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feature {
    Status,
    Purpose,
    /// Follows from the purpose: each purpose has one kind of receiver.
    ReceiverKind,
    Kind,
    DeclineReason,
    /// Whether there is a refusal reason; follows from the state.
    Declined,
}

impl Group {
    fn label(&self, dimension: StatisticsDimension) -> &'static str {
        match dimension {
            StatisticsDimension::Status => self.status.code(),
            StatisticsDimension::Purpose => self.purpose.code(),
            StatisticsDimension::ReceiverKind => self.purpose.receiver_kind().code(),
            StatisticsDimension::Kind => self.kind.code(),
            StatisticsDimension::DeclineReason => self.decline_reason.map_or("", DeclineReason::code),
        }
    }

    fn feature(&self, feature: Feature) -> &'static str {
        match feature {
            Feature::Status => self.status.code(),
            Feature::Purpose => self.purpose.code(),
            Feature::ReceiverKind => self.purpose.receiver_kind().code(),
            Feature::Kind => self.kind.code(),
            Feature::DeclineReason => self.decline_reason.map_or("", DeclineReason::code),
            Feature::Declined if self.decline_reason.is_some() => "DECLINED",
            Feature::Declined => "",
        }
    }
}

/// All tables of a period.
#[must_use]
pub fn tables() -> Vec<Vec<StatisticsDimension>> {
    let all = StatisticsDimension::ALL;
    let mut tables = vec![Vec::new()];
    tables.extend(all.iter().map(|&one| vec![one]));
    for (place, &one) in all.iter().enumerate() {
        tables.extend(all[place + 1..].iter().map(|&other| vec![one, other]));
    }
    tables
}

fn features(by: &[StatisticsDimension]) -> Vec<Feature> {
    let of = |dimension: &StatisticsDimension| match dimension {
        StatisticsDimension::Status => vec![Feature::Status, Feature::Declined],
        StatisticsDimension::Purpose => vec![Feature::Purpose, Feature::ReceiverKind],
        StatisticsDimension::ReceiverKind => vec![Feature::ReceiverKind],
        StatisticsDimension::Kind => vec![Feature::Kind],
        StatisticsDimension::DeclineReason => vec![Feature::DeclineReason, Feature::Declined],
    };
    by.iter().flat_map(of).collect()
}

/// Whether the feature has the same value on every reporting date, so that a quarter's count is the sum of its months.
const fn is_lasting(feature: Feature) -> bool {
    match feature {
        Feature::Status | Feature::DeclineReason | Feature::Declined => false,
        Feature::Purpose | Feature::ReceiverKind | Feature::Kind => true,
    }
}

/// A table of one period, or the monthly tables of several periods.
struct StackedTable<'g> {
    groups: Vec<&'g [Group]>,
    by: &'g [StatisticsDimension],
}

impl StackedTable<'_> {
    /// For each sum that both tables share: the smallest and the largest value that the published counts permit.
    fn bounds(&self, shared: &[Feature]) -> BTreeMap<Labels, (u64, u64)> {
        let mut bounds: BTreeMap<Labels, (u64, u64)> = BTreeMap::new();
        for groups in &self.groups {
            let mut cells: BTreeMap<(Labels, Labels), u64> = BTreeMap::new();
            for group in *groups {
                let sum = shared.iter().map(|&feature| group.feature(feature)).collect();
                let cell = self.by.iter().map(|&dimension| group.label(dimension)).collect();
                *cells.entry((sum, cell)).or_insert(0) += group.count;
            }
            for ((sum, _), count) in cells.into_iter().filter(|&(_, count)| count > 0) {
                let (least, most) = behind(round_to_five(count));
                let entry = bounds.entry(sum).or_insert((0, 0));
                *entry = (entry.0 + least, entry.1 + most);
            }
        }
        bounds
    }
}

/// Whether two tables together reveal an exact count. Each table leaves an interval for every shared sum. If the two
/// intervals touch in one value, every cell behind the sum is known. Empty cells are treated as known to be empty,
/// because the reader may know it from another source.
fn reveals_exact_count(one: &StackedTable<'_>, other: &StackedTable<'_>, shares: impl Fn(Feature) -> bool) -> bool {
    let of_other = features(other.by);
    let mut shared = features(one.by);
    shared.retain(|feature| of_other.contains(feature) && shares(*feature));
    let of_other = other.bounds(&shared);
    one.bounds(&shared).into_iter().any(|(sum, (least, most))| {
        of_other.get(&sum).is_some_and(|&(other_least, other_most)| most == other_least || least == other_most)
    })
}

/// The tables of a period that are published. Tables are considered from coarse to fine. A table is published if it
/// reveals no exact count together with any one table published already, of the same period or of the months of a
/// quarter. Three or more tables together are not considered.
#[derive(Clone, Debug)]
pub struct Published<'g> {
    groups: &'g [Group],
    tables: Vec<Vec<StatisticsDimension>>,
}

impl<'g> Published<'g> {
    /// The tables of a month.
    #[must_use]
    pub fn month(groups: &'g [Group]) -> Self {
        Self::with_months(groups, &[])
    }

    /// The tables of a quarter, considering its months.
    #[must_use]
    pub fn quarter(groups: &'g [Group], months: &[&'g [Group]]) -> Self {
        Self::with_months(groups, months)
    }

    fn with_months(groups: &'g [Group], months: &[&'g [Group]]) -> Self {
        let published_months: Vec<Self> = months.iter().map(|groups| Self::month(groups)).collect();
        let in_each = |by: &Vec<_>| {
            !published_months.is_empty() && published_months.iter().all(|month| month.tables.contains(by))
        };
        let all = tables();
        let published_each_month: Vec<_> = all.iter().filter(|by| in_each(by)).collect();
        let mut published: Vec<Vec<StatisticsDimension>> = Vec::new();
        for by in &all {
            let this = StackedTable { groups: vec![groups], by };
            let with_another_table = published
                .iter()
                .any(|by| reveals_exact_count(&this, &StackedTable { groups: vec![groups], by }, |_| true));
            let with_the_months = published_each_month
                .iter()
                .any(|by| reveals_exact_count(&this, &StackedTable { groups: months.to_vec(), by }, is_lasting));
            if !with_another_table && !with_the_months {
                published.push(by.clone());
            }
        }
        Self { groups, tables: published }
    }

    /// The non-zero cells of a table, rounded; `None` if the table is withheld. The dimensions are in the list's own
    /// order.
    #[must_use]
    pub fn table(&self, by: &[StatisticsDimension]) -> Option<Vec<(Labels, u64)>> {
        let mut sorted = by.to_vec();
        sorted.sort_unstable();
        if !self.tables.contains(&sorted) {
            return None;
        }
        let rounded = exact(self.groups, &sorted).into_iter().map(|(labels, count)| (labels, round_to_five(count)));
        Some(rounded.filter(|&(_, count)| count > 0).collect())
    }
}

fn exact(groups: &[Group], by: &[StatisticsDimension]) -> Exact {
    let mut cells = Exact::new();
    for group in groups {
        *cells.entry(by.iter().map(|&dimension| group.label(dimension)).collect()).or_insert(0) += group.count;
    }
    cells
}

#[cfg(test)]
mod tests;
