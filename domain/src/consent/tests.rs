use super::*;
use HandoverField as F;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

const WHOLE: FieldSet = FieldSet::of(&[F::FamilyName, F::BirthDate]);

/// A written consent of an adult for a Jobcenter.
fn said() -> Said {
    Said {
        fields: WHOLE,
        ticked: FieldSet::EMPTY,
        data_protection: true,
        release_from_secrecy: true,
        release_on: None,
        art9: false,
        valid_from: None,
        valid_until: None,
        form: ConsentForm::Written,
        form_has_reason: false,
        is_witnessed: false,
        has_guardian: false,
        understands: false,
    }
}

fn about() -> About {
    About {
        receiver: AgencyKind::Jobcenter,
        purpose: ReferralPurpose::BenefitApplication,
        ticked_only: FieldSet::EMPTY,
        birth_date: Some(day("1996-03-14")),
        today: day("2026-11-20"),
    }
}

fn about_eingliederungshilfe() -> About {
    About { receiver: AgencyKind::Eingliederungshilfe, purpose: ReferralPurpose::ParticipationSupport, ..about() }
}

#[test]
fn a_consent_is_valid_for_twelve_months_by_default_and_for_twenty_four_at_most() {
    let days = check(&said(), &about()).expect("a consent");
    let today = day("2026-11-20");
    assert_eq!(
        days,
        Days { valid_from: today, valid_until: day("2027-11-20"), release_on: Some(today) },
        "the release has the same day"
    );
    let until = |last_day: &str| check(&Said { valid_until: Some(day(last_day)), ..said() }, &about());
    assert!(until("2028-11-20").is_ok());
    assert_eq!(until("2028-11-21"), Err(Flaw::TooLong));
    assert_eq!(until("2026-11-19"), Err(Flaw::Over));
    // A paper consent from last year counts from its own day.
    let old = Said { valid_from: Some(day("2025-11-20")), ..said() };
    assert_eq!(check(&old, &about()).map(|days| days.valid_until), Ok(day("2026-11-20")));
    let older = Said { valid_from: Some(day("2025-11-19")), ..said() };
    assert_eq!(check(&older, &about()), Err(Flaw::OverByNow), "no end was given");
    assert_eq!(check(&Said { valid_until: Some(day("2026-11-19")), ..older }, &about()), Err(Flaw::Over));
}

#[test]
fn fields_that_must_be_ticked_cannot_be_consented_to_as_a_whole() {
    let with = |fields: &[F]| Said { fields: WHOLE.or(FieldSet::of(fields)), ..said() };
    let childcare = FieldSet::of(&[F::ChildcareNeeded]);
    assert_eq!(
        check(&with(&[F::ChildcareNeeded]), &about()),
        Err(Flaw::OnlyTicked(childcare)),
        "required by the ceiling"
    );
    assert!(check(&Said { ticked: childcare, ..with(&[F::ChildcareNeeded]) }, &about()).is_ok());
    let strict = About { ticked_only: FieldSet::of(&[F::BirthDate]), ..about() };
    assert_eq!(
        check(&said(), &strict),
        Err(Flaw::OnlyTicked(FieldSet::of(&[F::BirthDate]))),
        "required by the agreement"
    );
    let disability = FieldSet::of(&[F::Disability]);
    let as_a_whole = Said { art9: true, ..with(&[F::Disability]) };
    assert_eq!(check(&as_a_whole, &about_eingliederungshilfe()), Err(Flaw::OnlyTicked(disability)));
}

#[test]
fn fields_above_the_ceiling_cannot_be_consented_to() {
    for field in [F::CounsellingNotes, F::TargetGroup, F::RequestedProcedure] {
        let one = FieldSet::of(&[field]);
        assert_eq!(check(&Said { ticked: one, art9: true, ..said() }, &about()), Err(Flaw::Never(one)), "{field:?}");
    }
}

#[test]
fn special_categories_must_be_named_and_consented_to_in_writing() {
    let ticked = Said { ticked: FieldSet::of(&[F::Disability]), ..said() };
    assert_eq!(check(&ticked, &about_eingliederungshilfe()), Err(Flaw::Art9));
    assert_eq!(check(&said(), &about_eingliederungshilfe()), Err(Flaw::Art9), "the purpose reveals a disability");
    let named = Said { art9: true, ..ticked };
    assert!(check(&named, &about_eingliederungshilfe()).is_ok());
    let oral = Said { form: ConsentForm::Oral, form_has_reason: true, is_witnessed: true, ..named };
    assert_eq!(check(&oral, &about_eingliederungshilfe()), Err(Flaw::OralForHealth));
    assert!(check(&Said { form: ConsentForm::Electronic, ..oral }, &about_eingliederungshilfe()).is_ok());
}

#[test]
fn an_oral_consent_needs_a_reason_and_a_witness() {
    let oral = Said { form: ConsentForm::Oral, ..said() };
    for (form_has_reason, is_witnessed) in [(false, false), (true, false), (false, true)] {
        let flawed = Said { form_has_reason, is_witnessed, ..oral };
        assert_eq!(check(&flawed, &about()), Err(Flaw::OralWithoutReason));
    }
    assert!(check(&Said { form_has_reason: true, is_witnessed: true, ..oral }, &about()).is_ok());
}

#[test]
fn a_minor_needs_a_guardian_or_must_understand() {
    for birth_date in [Some(day("2008-11-21")), Some(day("2012-11-20")), None] {
        let of_minor = About { birth_date, ..about() };
        assert_eq!(check(&said(), &of_minor), Err(Flaw::Minor), "{birth_date:?}");
        assert!(check(&Said { has_guardian: true, ..said() }, &of_minor).is_ok());
        assert!(check(&Said { understands: true, ..said() }, &of_minor).is_ok());
    }
    assert!(check(&said(), &About { birth_date: Some(day("2008-11-20")), ..about() }).is_ok(), "18 today");
    for birth_date in [day("2012-11-21"), day("2023-01-01"), about().today] {
        let of_child = About { birth_date: Some(birth_date), ..about() };
        assert_eq!(check(&Said { understands: true, ..said() }, &of_child), Err(Flaw::Child), "{birth_date}");
        assert!(check(&Said { has_guardian: true, ..said() }, &of_child).is_ok());
    }
}

#[test]
fn the_two_legal_acts_are_separate_and_at_least_one_is_required() {
    let acts = |data_protection, release_from_secrecy| Said { data_protection, release_from_secrecy, ..said() };
    assert_eq!(check(&acts(false, false), &about()), Err(Flaw::Nothing));
    assert_eq!(check(&acts(true, false), &about()).map(|days| days.release_on), Ok(None));
    assert!(check(&acts(false, true), &about()).is_ok());
    let with_day = |day| Said { release_on: Some(day), ..acts(true, false) };
    assert_eq!(check(&with_day(day("2026-11-01")), &about()), Err(Flaw::DayWithoutRelease));
    let later = Said { release_on: Some(day("2026-11-21")), ..said() };
    assert_eq!(check(&later, &about()), Err(Flaw::Future("releaseOn")));
    let tomorrow = Said { valid_from: Some(day("2026-11-21")), ..said() };
    assert_eq!(check(&tomorrow, &about()), Err(Flaw::Future("validFrom")));
    assert_eq!(check(&Said { fields: FieldSet::EMPTY, ..said() }, &about()), Err(Flaw::NoField));
}

#[test]
fn a_consent_ends_after_its_last_day() {
    let on = |today: &str| state(day("2026-11-01"), Some(day("2026-11-20")), false, false, day(today));
    assert_eq!(on("2026-10-31"), ConsentState::NotYet);
    assert_eq!(on("2026-11-20"), ConsentState::InForce);
    assert_eq!(on("2026-11-21"), ConsentState::Ended);
    let today = day("2026-11-10");
    assert_eq!(state(day("2026-11-01"), None, false, true, today), ConsentState::Renewed);
    assert_eq!(state(day("2026-11-01"), None, true, true, today), ConsentState::Withdrawn);
}
