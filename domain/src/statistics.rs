//! What a municipality's coordination may learn of referrals: rounded counts from which no exact one can be worked out.
//!
//! Three walls (docs/privacy.md). (1) What is counted: referrals of purposes that reveal a special category are left out of
//! every table alike, so that no difference of two tables tells of them. (2) Every cell is [rounded](round_to_five) by
//! itself, as NRW's school statistics are. (3) Two tables of one period are sums of the same referrals. Rounding leaves each
//! cell an interval; where two tables' intervals touch in one point only, both would be known exactly. [`Published`] holds
//! back the finer one of such a pair.

use std::collections::BTreeMap;

use crate::purpose::ReferralPurpose;
use crate::referral::{DeclineReason, ReferralKind, ReferralStatus};

crate::words! {
    /// By what the coordination's counts can be split.
    pub enum StatisticsDimension("Merkmal, nach dem die Statistik der Kommune aufgeteilt werden kann") for Coordination {
        Status = "STATUS": "Stand am Stichtag",
        Purpose = "PURPOSE": "Zweck",
        ReceiverKind = "RECEIVER_KIND": "Art der empfangenden Stelle",
        Kind = "KIND": "Art der Übergabe",
        DeclineReason = "DECLINE_REASON": "Grund der Ablehnung; ohne Grund: nicht abgelehnt",
    }
}

/// So many dimensions a table may have.
pub const MOST_DIMENSIONS: usize = 2;
/// A rounded count differs from the exact one by so much at most.
pub const DEVIATION: u64 = 2;
/// Of fewer stays than this no median is told (Destatis withholds averages of few cases).
pub const FEWEST_STAYS: i64 = 10;
/// A unit with fewer posts than these, in hundredths of one, has no time in state: it would be one person's pace
/// (§ 67c(5) SGB X, § 72 LPVG NRW).
pub const FEWEST_POSTS: i32 = 300;

/// A count to the nearest multiple of five.
#[must_use]
pub const fn round_to_five(count: u64) -> u64 {
    count.saturating_add(DEVIATION) / 5 * 5
}

/// What may stand behind a rounded count.
#[must_use]
pub const fn behind(rounded: u64) -> (u64, u64) {
    (rounded.saturating_sub(DEVIATION), rounded.saturating_add(DEVIATION))
}

/// Referrals that are alike in every dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Their state on the reporting date.
    pub status: ReferralStatus,
    /// Their purpose; never one that reveals a special category.
    pub purpose: ReferralPurpose,
    /// How they were handed over.
    pub kind: ReferralKind,
    /// Why they were declined, if they were.
    pub decline_reason: Option<DeclineReason>,
    /// How many.
    pub count: u64,
}

/// What a cell of a table is about: for each dimension its value, by code.
pub type Labels = Vec<&'static str>;

/// The exact counts of a table by the cells' labels. Empty cells are not in it.
type Exact = BTreeMap<Labels, u64>;

/// What a table tells of a referral: its dimensions, and what follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feature {
    Status,
    Purpose,
    /// A purpose has one kind of receiver.
    ReceiverKind,
    Kind,
    DeclineReason,
    /// A state says whether there is a reason.
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

/// Every table of a period that can be asked for.
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

/// A feature that is the same on every reporting date, so that a quarter is the sum of its months in it.
const fn is_lasting(feature: Feature) -> bool {
    match feature {
        Feature::Status | Feature::DeclineReason | Feature::Declined => false,
        Feature::Purpose | Feature::ReceiverKind | Feature::Kind => true,
    }
}

/// A table: of one period, or of several side by side.
struct Side<'g> {
    groups: Vec<&'g [Group]>,
    by: &'g [StatisticsDimension],
}

impl Side<'_> {
    /// The least and the most that the shown counts leave for each sum of what both tables share.
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

/// Whether two tables together tell an exact count. Each leaves an interval for every sum that they share; if the intervals
/// have one point in common, every cell behind it is known. Empty cells are taken as known to be empty: whoever compares may
/// know it from elsewhere.
fn tell(one: &Side<'_>, other: &Side<'_>, shares: impl Fn(Feature) -> bool) -> bool {
    let of_other = features(other.by);
    let mut shared = features(one.by);
    shared.retain(|feature| of_other.contains(feature) && shares(*feature));
    let of_other = other.bounds(&shared);
    one.bounds(&shared).into_iter().any(|(sum, (least, most))| {
        of_other.get(&sum).is_some_and(|&(other_least, other_most)| most == other_least || least == other_most)
    })
}

/// The tables of a period that are given out: from coarse to fine, each that tells no exact count together with one that is
/// given out already, of the same period or of the months of a quarter.
#[derive(Clone, Debug)]
pub struct Published<'g> {
    groups: &'g [Group],
    tables: Vec<Vec<StatisticsDimension>>,
}

impl<'g> Published<'g> {
    /// Of a month.
    #[must_use]
    pub fn month(groups: &'g [Group]) -> Self {
        Self::beside(groups, &[])
    }

    /// Of a quarter, beside its months.
    #[must_use]
    pub fn quarter(groups: &'g [Group], months: &[&'g [Group]]) -> Self {
        Self::beside(groups, months)
    }

    fn beside(groups: &'g [Group], months: &[&'g [Group]]) -> Self {
        let of_months: Vec<Self> = months.iter().map(|groups| Self::month(groups)).collect();
        let in_each = |by: &Vec<_>| !of_months.is_empty() && of_months.iter().all(|month| month.tables.contains(by));
        let all = tables();
        let stacked: Vec<_> = all.iter().filter(|by| in_each(by)).collect();
        let mut given: Vec<Vec<StatisticsDimension>> = Vec::new();
        for by in &all {
            let this = Side { groups: vec![groups], by };
            let beside_another = given.iter().any(|by| tell(&this, &Side { groups: vec![groups], by }, |_| true));
            let beside_months = stacked.iter().any(|by| tell(&this, &Side { groups: months.to_vec(), by }, is_lasting));
            if !beside_another && !beside_months {
                given.push(by.clone());
            }
        }
        Self { groups, tables: given }
    }

    /// The cells of a table that are not shown as 0, rounded; `None` if the table is held back. The order of the dimensions
    /// is the list's own.
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
