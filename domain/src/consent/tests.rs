use super::*;
use HandoverField as F;

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

const WHOLE: FieldSet = FieldSet::of(&[F::FamilyName, F::BirthDate]);

/// A written consent of an adult for a Jobcenter.
fn declaration() -> Declaration {
    Declaration {
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

fn context() -> ConsentContext {
    ConsentContext {
        receiver: AgencyKind::Jobcenter,
        purpose: ReferralPurpose::BenefitApplication,
        ticked_only: FieldSet::EMPTY,
        birth_date: Some(day("1996-03-14").into()),
        today: day("2026-11-20"),
    }
}

fn about_eingliederungshilfe() -> ConsentContext {
    ConsentContext {
        receiver: AgencyKind::Eingliederungshilfe,
        purpose: ReferralPurpose::ParticipationSupport,
        ..context()
    }
}

#[test]
fn a_consent_is_valid_for_twelve_months_by_default_and_for_twenty_four_at_most() {
    let days = check(&declaration(), &context()).expect("a consent");
    let today = day("2026-11-20");
    assert_eq!(
        days,
        ValidDays { valid_from: today, valid_until: day("2027-11-20"), release_on: Some(today) },
        "the release has the same day"
    );
    let until = |last_day: &str| check(&Declaration { valid_until: Some(day(last_day)), ..declaration() }, &context());
    assert!(until("2028-11-20").is_ok());
    assert_eq!(until("2028-11-21"), Err(ConsentError::TooLong));
    assert_eq!(until("2026-11-19"), Err(ConsentError::Over));
    // A paper consent from last year counts from its own day.
    let old = Declaration { valid_from: Some(day("2025-11-20")), ..declaration() };
    assert_eq!(check(&old, &context()).map(|days| days.valid_until), Ok(day("2026-11-20")));
    let older = Declaration { valid_from: Some(day("2025-11-19")), ..declaration() };
    assert_eq!(check(&older, &context()), Err(ConsentError::OverByNow), "no end was given");
    assert_eq!(
        check(&Declaration { valid_until: Some(day("2026-11-19")), ..older }, &context()),
        Err(ConsentError::Over)
    );
}

#[test]
fn fields_that_must_be_ticked_cannot_be_consented_to_as_a_whole() {
    let with = |fields: &[F]| Declaration { fields: WHOLE.or(FieldSet::of(fields)), ..declaration() };
    let childcare = FieldSet::of(&[F::ChildcareNeeded]);
    assert_eq!(
        check(&with(&[F::ChildcareNeeded]), &context()),
        Err(ConsentError::OnlyTicked(childcare)),
        "required by the ceiling"
    );
    assert!(check(&Declaration { ticked: childcare, ..with(&[F::ChildcareNeeded]) }, &context()).is_ok());
    let strict = ConsentContext { ticked_only: FieldSet::of(&[F::BirthDate]), ..context() };
    assert_eq!(
        check(&declaration(), &strict),
        Err(ConsentError::OnlyTicked(FieldSet::of(&[F::BirthDate]))),
        "required by the agreement"
    );
    let disability = FieldSet::of(&[F::Disability]);
    let as_a_whole = Declaration { art9: true, ..with(&[F::Disability]) };
    assert_eq!(check(&as_a_whole, &about_eingliederungshilfe()), Err(ConsentError::OnlyTicked(disability)));
}

#[test]
fn fields_above_the_ceiling_cannot_be_consented_to() {
    for field in [F::CounsellingNotes, F::TargetGroup, F::RequestedProcedure] {
        let one = FieldSet::of(&[field]);
        assert_eq!(
            check(&Declaration { ticked: one, art9: true, ..declaration() }, &context()),
            Err(ConsentError::Never(one)),
            "{field:?}"
        );
    }
}

#[test]
fn special_categories_must_be_named_and_consented_to_in_writing() {
    let ticked = Declaration { ticked: FieldSet::of(&[F::Disability]), ..declaration() };
    assert_eq!(check(&ticked, &about_eingliederungshilfe()), Err(ConsentError::Art9));
    assert_eq!(
        check(&declaration(), &about_eingliederungshilfe()),
        Err(ConsentError::Art9),
        "the purpose reveals a disability"
    );
    let named = Declaration { art9: true, ..ticked };
    assert!(check(&named, &about_eingliederungshilfe()).is_ok());
    let oral = Declaration { form: ConsentForm::Oral, form_has_reason: true, is_witnessed: true, ..named };
    assert_eq!(check(&oral, &about_eingliederungshilfe()), Err(ConsentError::OralForHealth));
    assert!(check(&Declaration { form: ConsentForm::Electronic, ..oral }, &about_eingliederungshilfe()).is_ok());
}

#[test]
fn an_oral_consent_needs_a_reason_and_a_witness() {
    let oral = Declaration { form: ConsentForm::Oral, ..declaration() };
    for (form_has_reason, is_witnessed) in [(false, false), (true, false), (false, true)] {
        let flawed = Declaration { form_has_reason, is_witnessed, ..oral };
        assert_eq!(check(&flawed, &context()), Err(ConsentError::OralWithoutReason));
    }
    assert!(check(&Declaration { form_has_reason: true, is_witnessed: true, ..oral }, &context()).is_ok());
}

#[test]
fn a_minor_needs_a_guardian_or_must_understand() {
    for birth_date in [Some(day("2008-11-21")), Some(day("2012-11-20")), None] {
        let of_minor = ConsentContext { birth_date: birth_date.map(Into::into), ..context() };
        assert_eq!(check(&declaration(), &of_minor), Err(ConsentError::Minor), "{birth_date:?}");
        assert!(check(&Declaration { has_guardian: true, ..declaration() }, &of_minor).is_ok());
        assert!(check(&Declaration { understands: true, ..declaration() }, &of_minor).is_ok());
    }
    assert!(
        check(&declaration(), &ConsentContext { birth_date: Some(day("2008-11-20").into()), ..context() }).is_ok(),
        "18 today"
    );
    for birth_date in [day("2012-11-21"), day("2023-01-01"), context().today] {
        let of_child = ConsentContext { birth_date: Some(birth_date.into()), ..context() };
        assert_eq!(
            check(&Declaration { understands: true, ..declaration() }, &of_child),
            Err(ConsentError::Child),
            "{birth_date}"
        );
        assert!(check(&Declaration { has_guardian: true, ..declaration() }, &of_child).is_ok());
    }
}

#[test]
fn the_two_legal_acts_are_separate_and_at_least_one_is_required() {
    let acts =
        |data_protection, release_from_secrecy| Declaration { data_protection, release_from_secrecy, ..declaration() };
    assert_eq!(check(&acts(false, false), &context()), Err(ConsentError::Nothing));
    assert_eq!(check(&acts(true, false), &context()).map(|days| days.release_on), Ok(None));
    assert!(check(&acts(false, true), &context()).is_ok());
    let with_day = |day| Declaration { release_on: Some(day), ..acts(true, false) };
    assert_eq!(check(&with_day(day("2026-11-01")), &context()), Err(ConsentError::DayWithoutRelease));
    let later = Declaration { release_on: Some(day("2026-11-21")), ..declaration() };
    assert_eq!(check(&later, &context()), Err(ConsentError::Future("releaseOn")));
    let tomorrow = Declaration { valid_from: Some(day("2026-11-21")), ..declaration() };
    assert_eq!(check(&tomorrow, &context()), Err(ConsentError::Future("validFrom")));
    assert_eq!(
        check(&Declaration { fields: FieldSet::EMPTY, ..declaration() }, &context()),
        Err(ConsentError::NoField)
    );
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

#[test]
fn no_day_lies_before_the_birth() {
    let before = Some(day("1996-03-13"));
    let from = Declaration { valid_from: before, valid_until: Some(day("1998-03-13")), ..declaration() };
    assert_eq!(check(&from, &context()), Err(ConsentError::BeforeBirth("validFrom")));
    assert_eq!(check_listed(&from, &context()), Err(ConsentError::BeforeBirth("validFrom")), "also in history");
    let release = Declaration { release_on: before, ..declaration() };
    assert_eq!(check(&release, &context()), Err(ConsentError::BeforeBirth("releaseOn")));
    assert!(check(&Declaration { release_on: Some(day("1996-03-14")), ..declaration() }, &context()).is_ok());
}

#[test]
fn a_listed_consent_that_has_ended_is_history_and_any_other_is_checked() {
    let listed = |from: &str, until: Option<&str>| {
        let given = Declaration { valid_from: Some(day(from)), valid_until: until.map(day), ..declaration() };
        check_listed(&given, &context()).map(|days| days.valid_until)
    };
    assert_eq!(listed("2020-01-01", Some("2026-11-19")), Ok(day("2026-11-19")), "longer than allowed, but over");
    assert_eq!(listed("2024-11-01", None), Ok(day("2025-11-01")));
    assert_eq!(listed("2026-11-01", None), Ok(day("2027-11-01")));
    assert_eq!(listed("2026-11-01", Some("2200-01-01")), Err(ConsentError::TooLong));
    assert_eq!(listed("2026-11-01", Some("2026-10-01")), Err(ConsentError::Over));
    let child = ConsentContext { birth_date: Some(day("2015-01-01").into()), ..context() };
    let given =
        |until| Declaration { valid_from: Some(day("2025-12-01")), valid_until: Some(day(until)), ..declaration() };
    assert_eq!(check_listed(&given("2026-12-01"), &child), Err(ConsentError::Child));
    assert!(check_listed(&given("2026-11-01"), &child).is_ok());
}
