use proptest::prelude::*;

use super::*;

#[test]
fn a_count_is_rounded_to_the_nearest_five_and_a_zero_may_hide_two() {
    let rounded: Vec<u64> = (0..=13).map(round_to_five).collect();
    assert_eq!(rounded, [0, 0, 0, 5, 5, 5, 5, 5, 10, 10, 10, 10, 10, 15]);
    assert_eq!((behind(0), behind(5)), ((0, 2), (3, 7)));
}

fn group(status: ReferralStatus, purpose: ReferralPurpose, kind: ReferralKind, count: u64) -> Group {
    let decline_reason = (status == ReferralStatus::Declined).then_some(DeclineReason::NotCompetent);
    Group { status, purpose, kind, decline_reason, count }
}

#[test]
fn there_are_sixteen_tables_of_at_most_two_dimensions() {
    let tables = tables();
    assert_eq!(tables.len(), 1 + 5 + 10);
    assert!(tables.iter().all(|by| by.len() <= MAX_DIMENSIONS && by.is_sorted()));
}

/// Four kinds of receiver with two referrals each: each is shown as 0. The total of 8 is shown as 10, so it is at least
/// 8. Therefore each kind has exactly two.
#[test]
fn a_table_that_would_reveal_exact_counts_is_withheld() {
    let purposes = [
        ReferralPurpose::BenefitApplication,
        ReferralPurpose::CareerGuidance,
        ReferralPurpose::TitleExtension,
        ReferralPurpose::Naturalisation,
    ];
    let groups = purposes.map(|purpose| group(ReferralStatus::Offered, purpose, ReferralKind::Referral, 2));
    let published = Published::month(&groups);
    assert_eq!(published.table(&[]), Some(vec![(vec![], 10)]));
    assert_eq!(published.table(&[StatisticsDimension::Purpose]), None);
    assert_eq!(published.table(&[StatisticsDimension::ReceiverKind]), None);
    let by_status = published.table(&[StatisticsDimension::Status]);
    assert_eq!(by_status, Some(vec![(vec!["OFFERED"], 10)]), "two single cells reveal nothing");
    // With one more referral the intervals do not touch any more.
    let more = [&groups[..], &[group(ReferralStatus::Offered, purposes[0], ReferralKind::Transfer, 1)]].concat();
    assert!(Published::month(&more).table(&[StatisticsDimension::ReceiverKind]).is_some());
}

#[test]
fn a_quarters_table_is_withheld_if_its_months_would_reveal_exact_counts() {
    let of = |purpose, count| group(ReferralStatus::Offered, purpose, ReferralKind::Referral, count);
    let two = |count| vec![of(ReferralPurpose::TitleExtension, count), of(ReferralPurpose::Naturalisation, count)];
    let (month, none) = (two(2), Vec::new());
    let quarter = two(4);
    // The four cells of the months are shown as 0 and sum up to 8 at most. A total shown as 10 is at least 8.
    let published = Published::quarter(&quarter, &[&month, &none, &month]);
    assert_eq!(published.table(&[]), None);
    assert_eq!(
        Published::month(&quarter).table(&[]),
        Some(vec![(vec![], 10)]),
        "nothing is revealed without the months"
    );
    assert!(published.table(&[StatisticsDimension::Purpose]).is_some());
}

fn groups() -> impl Strategy<Value = Vec<Group>> {
    let one = (
        prop::sample::select(&[ReferralStatus::Offered, ReferralStatus::Accepted, ReferralStatus::Declined][..]),
        prop::sample::select(
            &[
                ReferralPurpose::BenefitApplication,
                ReferralPurpose::IntegrationCourse,
                ReferralPurpose::TitleExtension,
                ReferralPurpose::Naturalisation,
                ReferralPurpose::MigrationCounselling,
            ][..],
        ),
        prop::sample::select(ReferralKind::ALL),
        // Counts at the limits of rounding, where the intervals of two tables may touch.
        prop::sample::select(&[0u64, 1, 2, 2, 2, 3, 3, 7, 8][..]),
    );
    let one = one.prop_map(|(status, purpose, kind, count)| group(status, purpose, kind, count));
    prop::collection::vec(one, 1..7).prop_map(|groups| groups.into_iter().filter(|group| group.count > 0).collect())
}

/// An attacker who has two tables, knows the empty cells, and narrows each cell's interval by the other cells.
fn attack(groups: &[Group], one: &[StatisticsDimension], other: &[StatisticsDimension]) -> Option<String> {
    let shared = |group: &Group| -> Labels {
        // Features that both tables reveal.
        let both = |dimension| one.contains(&dimension) && other.contains(&dimension);
        let says = |by: &[StatisticsDimension], any: &[StatisticsDimension]| any.iter().any(|one| by.contains(one));
        let receiver = [StatisticsDimension::Purpose, StatisticsDimension::ReceiverKind];
        let declined = [StatisticsDimension::Status, StatisticsDimension::DeclineReason];
        let mut labels: Labels =
            StatisticsDimension::ALL.iter().filter(|&&one| both(one)).map(|&one| group.label(one)).collect();
        if says(one, &receiver) && says(other, &receiver) {
            labels.push(group.label(StatisticsDimension::ReceiverKind));
        }
        if says(one, &declined) && says(other, &declined) {
            labels.push(if group.decline_reason.is_some() { "declined" } else { "not" });
        }
        labels
    };
    let sums: std::collections::BTreeSet<Labels> = groups.iter().map(shared).collect();
    for sum in sums {
        let inside: Vec<Group> = groups.iter().filter(|group| shared(group) == sum).copied().collect();
        let cells = |by: &[StatisticsDimension]| -> Vec<(u64, u64)> {
            exact(&inside, by).into_values().map(|count| behind(round_to_five(count))).collect()
        };
        let (mine, theirs) = (cells(one), cells(other));
        let total = |cells: &[(u64, u64)]| {
            (cells.iter().map(|cell| cell.0).sum::<u64>(), cells.iter().map(|cell| cell.1).sum::<u64>())
        };
        let (least, most) = total(&theirs);
        for (place, &(low, high)) in mine.iter().enumerate() {
            let rest: Vec<(u64, u64)> =
                mine.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, cell)| *cell).collect();
            let (rest_least, rest_most) = total(&rest);
            let (low, high) = (low.max(least.saturating_sub(rest_most)), high.min(most.saturating_sub(rest_least)));
            if low == high {
                return Some(format!("{one:?} beside {other:?} at {sum:?}: exactly {low}"));
            }
        }
    }
    None
}

proptest! {
    #[test]
    fn a_rounded_count_is_a_multiple_of_five_and_off_by_at_most_two(count in 0u64..10_000_000) {
        let rounded = round_to_five(count);
        prop_assert_eq!(rounded % 5, 0);
        prop_assert!(rounded.abs_diff(count) <= DEVIATION);
        let (least, most) = behind(rounded);
        prop_assert!((least..=most).contains(&count));
    }

    #[test]
    fn no_two_tables_reveal_an_exact_count(groups in groups()) {
        let published = Published::month(&groups);
        for one in tables() {
            for other in tables() {
                if one != other && published.table(&one).is_some() && published.table(&other).is_some() {
                    prop_assert_eq!(attack(&groups, &one, &other), None);
                }
            }
        }
    }

    #[test]
    fn a_cell_is_off_by_two_at_most_and_a_missing_cell_hides_two_at_most(groups in groups()) {
        let published = Published::month(&groups);
        for by in tables() {
            let Some(shown) = published.table(&by) else { continue };
            let shown: BTreeMap<_, _> = shown.into_iter().collect();
            for (labels, count) in exact(&groups, &by) {
                let shown = shown.get(&labels).copied().unwrap_or(0);
                prop_assert!(shown.abs_diff(count) <= DEVIATION);
            }
        }
    }

    #[test]
    fn one_more_referral_changes_a_cell_by_zero_or_five(groups in groups(), place in 0usize..7) {
        let mut more = groups.clone();
        let Some(group) = more.get_mut(place) else { return Ok(()) };
        group.count += 1;
        for by in tables() {
            let (before, after) = (exact(&groups, &by), exact(&more, &by));
            for (labels, count) in &after {
                let step = round_to_five(*count) - round_to_five(before.get(labels).copied().unwrap_or(0));
                prop_assert!(step == 0 || step == 5);
            }
        }
    }
}

/// Proves that the attack can succeed; otherwise the property above would prove nothing.
#[test]
fn the_attack_succeeds_if_no_table_is_withheld() {
    let groups = [
        ReferralPurpose::BenefitApplication,
        ReferralPurpose::CareerGuidance,
        ReferralPurpose::TitleExtension,
        ReferralPurpose::Naturalisation,
    ]
    .map(|purpose| group(ReferralStatus::Offered, purpose, ReferralKind::Referral, 2));
    assert!(attack(&groups, &[StatisticsDimension::Purpose], &[]).is_some());
}
