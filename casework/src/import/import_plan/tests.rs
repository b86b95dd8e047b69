//! A status implies its history, and a missing ground suspends.

use super::*;
use kim_domain::disclosure::Agreement;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}
const FIELDS: FieldSet = FieldSet::of(&[F::Concern, F::FamilyName, F::Age, F::SchoolDegree, F::Gender]);

fn parties() -> Parties {
    Parties {
        sender: AgencyKind::Traeger,
        sender_bound_by_203: true,
        receiver: AgencyKind::Jobcenter,
        purpose: ReferralPurpose::Naturalisation,
        agreement: Agreement {
            fields: FIELDS,
            ticked_only: FieldSet::of(&[F::SchoolDegree]),
            statutory: FieldSet::EMPTY,
        },
    }
}

fn referral() -> ReferralRow {
    ReferralRow {
        receiver: "ebh".into(),
        purpose: None,
        standing: None,
        offered_on: Some(day("2026-11-10")),
        due_on: None,
        closed_on: None,
        consent_from: Some(day("2026-11-01")),
        consent_until: Some(day("2027-11-01")),
        release_on: Some(day("2026-11-01")),
        ticked: FieldSet::EMPTY,
        report_outcome: false,
    }
}

fn row() -> CaseRow {
    CaseRow {
        line: 2,
        case_number: None,
        agency: None,
        district: None,
        phase: None,
        opened_on: None,
        family_name: None,
        given_name: None,
        birth_date: Some(day("2000-11-11").into()),
        children: 0,
        values: [
            (F::Concern, "secret".to_owned()),
            (F::FamilyName, "Rahimi".to_owned()),
            (F::SchoolDegree, "ABITUR".to_owned()),
            (F::Phone, "0221 5".to_owned()),
        ]
        .into(),
        first_values: BTreeMap::new(),
        referral: None,
        refused: Vec::new(),
    }
}

fn planned(text: &str, referral: &ReferralRow) -> Plan {
    let standing = crate::import::spelling::status::standing(text).expect("a status");
    let days = referral.consent_from.or(referral.release_on).map(|valid_from| ValidDays {
        valid_from,
        valid_until: referral.consent_until.unwrap_or(valid_from),
        release_on: referral.release_on,
    });
    plan(referral, standing, &parties(), days, noon_micros(day("2026-11-20")), day("2026-11-20"))
}

fn steps(plan: &Plan) -> Vec<S> {
    plan.history.iter().map(|event| event.to).collect()
}

#[test]
fn a_status_implies_its_history() {
    for (text, history) in [
        ("Entwurf", vec![S::Draft]),
        ("offen", vec![S::Offered]),
        ("bestätigt", vec![S::Offered, S::Acknowledged]),
        ("Rückfrage", vec![S::Offered, S::InfoRequested]),
        ("angenommen", vec![S::Offered, S::Acknowledged, S::Accepted]),
        ("in Bearbeitung", vec![S::Offered, S::Acknowledged, S::Accepted, S::InProgress]),
        ("erledigt", vec![S::Offered, S::Acknowledged, S::Accepted, S::InProgress, S::Completed]),
        ("zurückgegeben", vec![S::Offered, S::Acknowledged, S::Accepted, S::Returned]),
        ("abgelehnt: nicht zuständig", vec![S::Offered, S::Declined]),
        ("weitergeleitet", vec![S::Offered, S::Forwarded]),
        ("ausgesetzt: angenommen", vec![S::Offered, S::Acknowledged, S::Accepted, S::Suspended]),
    ] {
        assert_eq!(steps(&planned(text, &referral())), history, "{text}");
    }
}

#[test]
fn moves_follow_each_other_and_none_is_in_the_future() {
    let now = noon_micros(day("2026-11-20"));
    let late = ReferralRow { closed_on: Some(day("2026-11-20")), offered_on: Some(day("2026-11-20")), ..referral() };
    for text in ["erledigt", "in Bearbeitung", "abgelehnt", "offen"] {
        let plan = planned(text, &late);
        assert!(plan.history.is_sorted_by(|earlier, later| earlier.at < later.at && later.from == Some(earlier.to)));
        assert!(plan.history.iter().all(|event| event.at < now), "{text}");
    }
    let plan = planned("erledigt", &ReferralRow { closed_on: Some(day("2026-11-12")), ..referral() });
    assert_eq!(plan.offered_at, noon_micros(day("2026-11-10")));
    assert_eq!(plan.closed_at, Some(noon_micros(day("2026-11-12"))));
    assert_eq!(plan.closed_on, Some(day("2026-11-12")));
    assert_eq!(planned("abgelehnt", &referral()).closed_on, Some(day("2026-11-10")));
    assert_eq!(planned("angenommen", &referral()).closed_on, None);
}

#[test]
fn an_open_referral_without_a_ground_is_suspended_and_a_closed_one_is_not() {
    let expired = ReferralRow { consent_until: Some(day("2026-11-15")), ..referral() };
    let without_release = ReferralRow { release_on: None, ..referral() };
    let without_consent = ReferralRow { consent_from: None, ..referral() };
    let with_neither = ReferralRow { consent_from: None, release_on: None, ..referral() };
    for grounds in [&expired, &without_release, &without_consent, &with_neither] {
        for text in ["offen", "bestätigt", "angenommen", "in Bearbeitung", "Rückfrage"] {
            let plan = planned(text, grounds);
            assert_eq!(plan.standing.status, S::Suspended, "{text}");
            assert_eq!(
                plan.history.last().map(|event| (event.from, event.to)),
                Some((plan.standing.suspended_from, S::Suspended))
            );
        }
        assert_eq!(planned("zurückgezogen", grounds).standing.status, S::Withdrawn);
        assert_eq!(planned("Entwurf", grounds).standing.status, S::Draft);
    }
    let accepted = planned("angenommen", &expired);
    assert!(accepted.standing.ever_accepted);
    assert_eq!(accepted.history.last().map(|event| event.at), Some(noon_micros(day("2026-11-16"))));
    assert!(with_neither.consent_from.is_none() && planned("offen", &with_neither).consent.is_none());
    assert_eq!(planned("offen", &without_consent).consent.map(|consent| consent.data_protection), Some(false));
    assert_eq!(planned("offen", &referral()).standing.status, S::Offered);
}

#[test]
fn exactly_the_offered_fields_are_handed_over() {
    let copy = |plan: &Plan| plan.handover(&row(), ReferralPurpose::Naturalisation);
    let plan = planned("offen", &referral());
    let fields: Vec<_> = copy(&plan).keys().copied().collect();
    assert_eq!(fields, [F::Concern, F::FamilyName, F::Age]);
    assert_eq!(copy(&plan)[&F::Concern], "Es geht um: Einbürgerung (§ 10 StAG).");
    assert_eq!(copy(&plan)[&F::Age], "25");
    assert!(plan.offered.contains(F::Gender) && !plan.offered.contains(F::SchoolDegree));

    let ticked = ReferralRow { ticked: FieldSet::of(&[F::SchoolDegree, F::Phone]), ..referral() };
    let plan = planned("offen", &ticked);
    assert_eq!(copy(&plan)[&F::SchoolDegree], "ABITUR");
    assert!(!copy(&plan).contains_key(&F::Phone));
    assert_eq!(plan.not_in_agreement, FieldSet::of(&[F::Phone]));
    let consent = plan.consent.expect("a consent");
    assert_eq!(consent.ticked, FieldSet::of(&[F::SchoolDegree]));
    assert_eq!(consent.fields, FIELDS.without(FieldSet::of(&[F::SchoolDegree])));
    assert!(copy(&planned("Entwurf", &referral())).is_empty());
    assert_eq!(planned("Entwurf", &referral()).offered_at, 0);
}
