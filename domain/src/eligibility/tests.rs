use super::*;
use Eligibility::{Eligible, NotEligible, Open};
use EligibilityReason as R;

const KOELN: &str = "05315000";

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

/// The facts of a record with these stored values.
fn facts(values: &[(F, &str)], statements: Statements) -> Facts {
    Facts::of(|field| values.iter().find(|(has, _)| *has == field).map(|(_, text)| *text), &statements)
}

fn set(id: &str) -> &'static RuleSet {
    by_id(id, 1).expect("a rule set")
}

fn finding(id: &str, facts: &Facts, on: &str, group: TargetGroup) -> (Eligibility, Vec<R>) {
    let found = evaluate(set(id), facts, day(on)).groups.into_iter().find(|found| found.group == group);
    let found = found.expect("a group of the rule set");
    (found.result, found.reasons)
}

/// A record of a person born on this day who came to Germany and has this nationality.
fn migrated(born: &'static str, nationality: &'static str) -> Vec<(F, &'static str)> {
    vec![(F::BirthDate, born), (F::Nationalities, nationality), (F::InGermanySince, "2015-09-01")]
}

#[test]
fn the_file_is_readable_and_its_ids_are_unique() {
    let sets: Vec<RuleSet> = serde_json::from_str(include_str!("../../data/eligibility.json")).expect("rule sets");
    assert_eq!(sets, *RULE_SETS);
    assert_eq!(sets.len(), 3);
    for set in &sets {
        assert_eq!(sets.iter().filter(|other| (&other.id, other.version) == (&set.id, set.version)).count(), 1);
        assert_eq!(set.open, set.groups.is_empty(), "{}", set.id);
        assert!(set.groups.iter().all(|group| group.ages.is_none_or(|ages| ages.from <= ages.to)));
    }
}

#[test]
fn in_force_returns_the_rule_set_of_the_day() {
    let on = |text: &str| in_force(KOELN, day(text)).map(|set| set.id.as_str());
    assert_eq!(on("2021-05-27"), None);
    assert_eq!(on("2021-05-28"), Some("koeln-2021"));
    assert_eq!(on("2023-02-28"), Some("koeln-2021"));
    assert_eq!(on("2023-03-01"), Some("koeln-2023"));
    assert_eq!(on("2030-01-01"), Some("koeln-2023"));
    assert_eq!(in_force("05112000", day("2026-11-20")).map(|set| set.id.as_str()), Some("duisburg-offen"));
    assert_eq!(in_force("05111000", day("2026-11-20")), None);
}

#[test]
fn both_edges_of_the_ages_are_included() {
    let free = || Statements { jobcenter_leads: Some(false), ..Default::default() };
    let young = facts(&migrated("2005-06-15", r#"["SY"]"#), free());
    let group = TargetGroup::JungeErwachsene;
    for (on, expected) in [
        ("2023-06-14", (NotEligible, vec![R::TooYoung])),
        ("2023-06-15", (Eligible, vec![])),
        ("2033-06-14", (Eligible, vec![])),
        ("2033-06-15", (NotEligible, vec![R::TooOld])),
    ] {
        assert_eq!(finding("koeln-2023", &young, on, group), expected, "{on}");
    }
    let leap = facts(&migrated("2004-02-29", r#"["SY"]"#), free());
    assert_eq!(finding("koeln-2023", &leap, "2032-02-28", group), (Eligible, vec![]));
    assert_eq!(finding("koeln-2023", &leap, "2032-02-29", group), (NotEligible, vec![R::TooOld]));
    let no_birth_date = facts(&[(F::Nationalities, r#"["SY"]"#)], free());
    assert_eq!(finding("koeln-2023", &no_birth_date, "2026-11-20", group), (Open, vec![R::BirthDateUnknown]));
}

#[test]
fn union_citizens_are_a_group_only_in_2021() {
    let group = TargetGroup::Unionsbuerger;
    let of = |nationality| {
        finding("koeln-2021", &facts(&migrated("2000-01-01", nationality), Default::default()), "2022-01-01", group)
    };
    assert_eq!(of(r#"["RO"]"#), (Eligible, vec![]));
    assert_eq!(of(r#"["SY","BG"]"#), (Eligible, vec![]));
    assert_eq!(of(r#"["SY"]"#), (NotEligible, vec![R::NotEuCitizen]));
    assert_eq!(of(r#"["DE"]"#), (NotEligible, vec![R::NotEuCitizen]));
    assert_eq!(of(r#"["XB"]"#), (Open, vec![R::NationalityUnknown]));
    assert!(set("koeln-2023").groups.iter().all(|rule| rule.group != group));
}

#[test]
fn the_rule_sets_of_2021_and_2023_have_different_exclusions() {
    let group = TargetGroup::JungeErwachsene;
    let of = |id, on, statements| finding(id, &facts(&migrated("2000-01-01", r#"["SY"]"#), statements), on, group);
    let claim = |claim| Statements { case_management_claim: Some(claim), ..Default::default() };
    let leads = |leads| Statements { jobcenter_leads: Some(leads), ..Default::default() };
    assert_eq!(of("koeln-2021", "2022-01-01", claim(true)), (NotEligible, vec![R::CaseManagementClaim]));
    assert_eq!(of("koeln-2021", "2022-01-01", claim(false)), (Eligible, vec![]));
    assert_eq!(of("koeln-2021", "2022-01-01", leads(false)), (Open, vec![R::CaseManagementClaimUnknown]));
    assert_eq!(of("koeln-2023", "2024-01-01", leads(true)), (NotEligible, vec![R::JobcenterLeads]));
    assert_eq!(of("koeln-2023", "2024-01-01", leads(false)), (Eligible, vec![]));
    assert_eq!(of("koeln-2023", "2024-01-01", claim(false)), (Open, vec![R::JobcenterLeadsUnknown]));
}

#[test]
fn a_duldung_is_a_group_in_2023_and_counts_only_for_family_in_2021() {
    let group = TargetGroup::DuldungGestattung;
    let of = |title: Option<&'static str>| {
        let mut values = migrated("2000-01-01", r#"["SY"]"#);
        values.extend(title.map(|title| (F::Aufenthaltstitel, title)));
        finding(
            "koeln-2023",
            &facts(&values, Statements { jobcenter_leads: Some(false), ..Default::default() }),
            "2024-01-01",
            group,
        )
    };
    for title in ["DULDUNG_60A", "DULDUNG_60B", "AUSBILDUNGSDULDUNG_60C", "AUFENTHALTSGESTATTUNG", "ANKUNFTSNACHWEIS"] {
        assert_eq!(of(Some(title)), (Eligible, vec![]), "{title}");
    }
    assert_eq!(of(Some("AUFENTHALTSERLAUBNIS_104C")), (NotEligible, vec![R::NoDuldungOrGestattung]));
    assert_eq!(of(None), (Open, vec![R::TitleUnknown]));
    assert!(set("koeln-2021").groups.iter().all(|rule| rule.group != group));
    let child_of = |of| facts(&[], Statements { family_of: vec![of], ..Default::default() });
    let family = TargetGroup::Familienangehoerige;
    assert_eq!(finding("koeln-2021", &child_of(group), "2022-01-01", family), (Eligible, vec![]));
    assert_eq!(
        finding("koeln-2021", &child_of(TargetGroup::Lsbti), "2022-01-01", family),
        (NotEligible, vec![R::NotFamily])
    );
    assert_eq!(finding("koeln-2023", &child_of(TargetGroup::Lsbti), "2024-01-01", family), (Eligible, vec![]));
    assert_eq!(
        finding("koeln-2023", &facts(&[], Default::default()), "2024-01-01", family),
        (NotEligible, vec![R::NotFamily])
    );
}

#[test]
fn single_parents_have_no_age_limit_and_are_recognised_only_if_stated() {
    let group = TargetGroup::Alleinerziehende;
    let mut values = migrated("1970-01-01", r#"["SY"]"#);
    assert_eq!(
        finding("koeln-2021", &facts(&values, Default::default()), "2022-01-01", group),
        (NotEligible, vec![R::NotStated])
    );
    values.push((F::TargetGroup, r#"["ALLEINERZIEHENDE"]"#));
    assert_eq!(finding("koeln-2021", &facts(&values, Default::default()), "2022-01-01", group), (Eligible, vec![]));
    let free = Statements { jobcenter_leads: Some(false), ..Default::default() };
    assert_eq!(finding("koeln-2023", &facts(&values, free), "2024-01-01", group), (Eligible, vec![]));
}

#[test]
fn disability_and_orientation_count_only_if_stated() {
    for (group, stated) in [
        (TargetGroup::Lsbti, (F::TargetGroup, r#"["LSBTI"]"#)),
        (TargetGroup::Behinderung, (F::TargetGroup, r#"["BEHINDERUNG"]"#)),
        (TargetGroup::Behinderung, (F::Disability, "Gehbehinderung")),
    ] {
        let free = || Statements { jobcenter_leads: Some(false), ..Default::default() };
        let mut values = migrated("2000-01-01", r#"["SY"]"#);
        assert_eq!(
            finding("koeln-2023", &facts(&values, free()), "2024-01-01", group),
            (NotEligible, vec![R::NotStated])
        );
        values.push(stated);
        for id in ["koeln-2021", "koeln-2023"] {
            assert_eq!(finding(id, &facts(&values, free()), "2022-01-01", group), (Eligible, vec![]), "{id}");
            assert_eq!(
                finding(id, &facts(&values, free()), "2028-01-01", group),
                (NotEligible, vec![R::TooOld]),
                "{id}"
            );
        }
    }
}

#[test]
fn a_person_born_in_germany_can_have_a_family_history_without_having_migrated() {
    let born_here = [(F::BirthDate, "2000-01-01"), (F::Nationalities, r#"["TR"]"#)];
    let statements = Statements {
        migrated: Some(false),
        jobcenter_leads: Some(false),
        case_management_claim: Some(false),
        ..Default::default()
    };
    let group = TargetGroup::JungeErwachsene;
    assert_eq!(
        finding("koeln-2021", &facts(&born_here, statements.clone()), "2022-01-01", group),
        (NotEligible, vec![R::NotMigrated])
    );
    assert_eq!(finding("koeln-2023", &facts(&born_here, statements), "2024-01-01", group), (Eligible, vec![]));
    let german = [(F::BirthDate, "2000-01-01"), (F::Nationalities, r#"["DE"]"#)];
    let free = Statements { jobcenter_leads: Some(false), ..Default::default() };
    assert_eq!(
        finding("koeln-2023", &facts(&german, free), "2024-01-01", group),
        (Open, vec![R::FamilyHistoryUnknown])
    );
}

#[test]
fn one_group_is_enough_and_an_open_rule_set_includes_everybody() {
    let mut values = migrated("1970-01-01", r#"["SY"]"#);
    let none = evaluate(set("koeln-2021"), &facts(&values, Default::default()), day("2022-01-01"));
    assert_eq!(none.result, NotEligible);
    values.push((F::TargetGroup, r#"["ALLEINERZIEHENDE"]"#));
    let one = evaluate(set("koeln-2021"), &facts(&values, Default::default()), day("2022-01-01"));
    assert_eq!((one.result, one.eligible().collect::<Vec<_>>()), (Eligible, vec![TargetGroup::Alleinerziehende]));
    let open = evaluate(set("duisburg-offen"), &Facts::default(), day("2026-11-20"));
    assert_eq!((open.result, open.groups), (Eligible, vec![]));
}
