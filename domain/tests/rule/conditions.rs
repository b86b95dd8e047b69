//! Agreement, ground and offer: each of them is required.

use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{Stage, Terms, consent_holds, visible};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;

use super::{day, everything_granted, jobcenter, sees, with_consent};

#[test]
fn a_jobcenter_sees_the_name_after_the_offer_and_the_street_after_acceptance() {
    let full = jobcenter();
    let preview = Terms { stage: Stage::Preview, ..full };
    assert!(sees(&preview, F::FamilyName) && !sees(&preview, F::Street));
    assert!(sees(&full, F::FamilyName) && sees(&full, F::Street));
    assert!(visible(&Terms { stage: Stage::Closed, ..full }).fields().is_empty());
}

#[test]
fn a_jobcenter_never_sees_the_requested_procedure() {
    assert!(!sees(&jobcenter(), F::RequestedProcedure));
}

#[test]
fn a_field_outside_agreement_or_offer_is_not_visible() {
    let mut terms = jobcenter();
    let name = FieldSet::of(&[F::FamilyName]);
    terms.agreement.fields = FieldSet::ALL.without(name);
    assert!(!sees(&terms, F::FamilyName) && sees(&terms, F::GivenName));
    let terms = Terms { offered: FieldSet::ALL.without(name), ..jobcenter() };
    assert!(!sees(&terms, F::FamilyName) && sees(&terms, F::GivenName));
}

#[test]
fn consent_needs_both_legal_acts_where_the_sender_is_bound_by_203() {
    assert!(consent_holds(&jobcenter()));
    let unreleased = with_consent(jobcenter(), |consent| consent.release_from_secrecy = false);
    assert!(!consent_holds(&unreleased));
    assert!(consent_holds(&Terms { sender_bound_by_203: false, ..unreleased }));
    assert!(!consent_holds(&with_consent(jobcenter(), |consent| consent.data_protection = false)));
    assert!(!consent_holds(&with_consent(jobcenter(), |consent| consent.withdrawn = true)));
    assert!(!consent_holds(&Terms { consent: None, ..jobcenter() }));
}

#[test]
fn consent_holds_from_its_first_day_to_its_last() {
    let consent = |from: &str, until: Option<&str>| {
        consent_holds(&with_consent(jobcenter(), |consent| {
            consent.valid_from = day(from);
            consent.valid_until = until.map(day);
        }))
    };
    assert!(consent("2026-11-20", Some("2026-11-20")));
    assert!(consent("2020-01-01", None));
    assert!(!consent("2026-11-21", None));
    assert!(!consent("2020-01-01", Some("2026-11-19")));
}

#[test]
fn an_art_9_purpose_needs_a_consent_that_names_it() {
    let terms = everything_granted(AgencyKind::Eingliederungshilfe, ReferralPurpose::ParticipationSupport);
    assert!(consent_holds(&terms));
    let unnamed = with_consent(terms, |consent| consent.art9 = false);
    assert!(!consent_holds(&unnamed) && visible(&unnamed).fields().is_empty());
    assert!(consent_holds(&with_consent(jobcenter(), |consent| consent.art9 = false)));
}

#[test]
fn a_field_that_must_be_ticked_is_visible_only_if_ticked_separately() {
    // Required by the ceiling: inGermanySince is C for a Jobcenter.
    let unticked = with_consent(jobcenter(), |consent| consent.ticked = FieldSet::EMPTY);
    assert!(!sees(&unticked, F::InGermanySince) && sees(&unticked, F::Street));
    assert!(sees(&jobcenter(), F::InGermanySince));
    // Required by the agreement.
    let mut terms = unticked;
    terms.agreement.ticked_only = FieldSet::of(&[F::Street]);
    assert!(!sees(&terms, F::Street));
    assert!(sees(&with_consent(terms, |consent| consent.ticked = FieldSet::of(&[F::Street])), F::Street));
    // A ticked field needs no consent as a whole.
    let only_ticks = with_consent(jobcenter(), |consent| consent.fields = FieldSet::EMPTY);
    assert!(sees(&only_ticks, F::FamilyName));
}

#[test]
fn a_statute_opens_fields_only_between_sgb_bodies_for_an_sgb_purpose() {
    let mut terms = Terms { sender: AgencyKind::Jugendamt, consent: None, ..jobcenter() };
    assert!(visible(&terms).fields().is_empty());
    terms.agreement.statutory = FieldSet::ALL;
    assert!(sees(&terms, F::FamilyName) && sees(&terms, F::Street));
    // Never fields that must be ticked.
    assert!(!sees(&terms, F::InGermanySince));
    // Never from a Träger, to an agency that is no SGB body, or for a purpose outside the SGB.
    assert!(visible(&Terms { sender: AgencyKind::Traeger, ..terms }).fields().is_empty());
    assert!(visible(&Terms { receiver: AgencyKind::Auslaenderbehoerde, ..terms }).fields().is_empty());
    assert!(visible(&Terms { purpose: ReferralPurpose::AsylumSeekerBenefits, ..terms }).fields().is_empty());
    // Agreement and offer still apply.
    assert!(visible(&Terms { offered: FieldSet::EMPTY, ..terms }).fields().is_empty());
}

#[test]
fn a_request_never_widens_the_visible_fields() {
    let terms = Terms { stage: Stage::Preview, ..jobcenter() };
    let asked = visible(&terms).restrict_to(FieldSet::of(&[F::FamilyName, F::Street]));
    assert_eq!(asked.fields(), FieldSet::of(&[F::FamilyName]));
}
