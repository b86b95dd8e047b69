//! The disclosure rule, tested as a table and by algebraic properties.

use chrono::{Days, NaiveDate};
use kim_domain::Word;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{
    Agreement, Consent, Level, Stage, Terms, WithheldReason, ceiling, consent_holds, known_to, level, matrix, stage,
    visible, withheld,
};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::ReferralStatus as S;
use proptest::prelude::*;

const TABLE: &str = include_str!("../data/disclosure.csv");

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn today() -> NaiveDate {
    day("2026-11-20")
}

/// Terms that grant everything, so that a field can only be missing because of the one thing that a test takes away.
fn everything_granted(receiver: AgencyKind, purpose: ReferralPurpose) -> Terms {
    Terms {
        receiver,
        sender: AgencyKind::Traeger,
        sender_bound_by_203: true,
        purpose,
        stage: Stage::Full,
        agreement: Agreement { fields: FieldSet::ALL, ticked_only: FieldSet::EMPTY, statutory: FieldSet::EMPTY },
        consent: Some(Consent {
            fields: FieldSet::ALL,
            ticked: FieldSet::ALL,
            data_protection: true,
            release_from_secrecy: true,
            art9: true,
            valid_from: today(),
            valid_until: Some(today()),
            withdrawn: false,
        }),
        offered: FieldSet::ALL,
        today: today(),
    }
}

fn jobcenter() -> Terms {
    everything_granted(AgencyKind::Jobcenter, ReferralPurpose::BenefitApplication)
}

fn with_consent(terms: Terms, change: impl FnOnce(&mut Consent)) -> Terms {
    let mut consent = terms.consent.expect("a consent");
    change(&mut consent);
    Terms { consent: Some(consent), ..terms }
}

fn sees(terms: &Terms, field: F) -> bool {
    visible(terms).fields().contains(field)
}

// The ceiling.

#[test]
fn the_ceiling_is_the_table() {
    let mut lines = TABLE.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(';').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(';').collect()).collect();
    assert_eq!(rows.len(), F::ALL.len());
    for (row, &field) in rows.iter().zip(F::ALL) {
        assert_eq!(row[0], field.name());
        assert_eq!(row[1], field.block().code());
        assert_eq!(row[2], field.label());
        assert_eq!(row[3] == "yes", field.is_art9(), "{}", row[0]);
        for (cell, name) in row.iter().zip(&header).skip(4).take(AgencyKind::ALL.len()) {
            let kind = AgencyKind::from_code(name).expect("a kind of agency");
            let expected = match *cell {
                "-" => Level::Never,
                "P" => Level::Preview,
                "A" => Level::Accepted,
                "C" => Level::Ticked,
                other => panic!("unknown level {other}"),
            };
            assert_eq!(level(kind, field), expected, "{} for {kind}", row[0]);
        }
        let written = row[header.len() - 1].replace("Text", "String");
        assert_eq!(written, field.value_type().graphql(), "{}", row[0]);
    }
    assert_eq!(header.len() - 5, AgencyKind::ALL.len());
}

#[test]
fn art_9_fields_are_never_given_or_must_be_ticked() {
    for &kind in AgencyKind::ALL {
        for field in F::ALL.iter().copied().filter(|field| field.is_art9()) {
            assert!(matches!(level(kind, field), Level::Never | Level::Ticked), "{} for {kind}", field.name());
        }
    }
}

#[test]
fn counselling_notes_never_leave_the_traeger() {
    for &kind in AgencyKind::ALL {
        assert!(!ceiling(kind, Stage::Full).contains(F::CounsellingNotes));
        assert!(!known_to(kind).contains(F::CounsellingNotes));
    }
}

#[test]
fn a_senders_schema_has_all_receivable_fields_and_a_receivers_only_its_own() {
    assert_eq!(known_to(AgencyKind::Traeger), FieldSet::ALL.without(FieldSet::of(&[F::CounsellingNotes])));
    assert_eq!(known_to(AgencyKind::Koordination), FieldSet::EMPTY);
    let knows = |field| known_to(AgencyKind::Jobcenter).contains(field);
    assert!(knows(F::InGermanySince) && knows(F::HouseholdMembers));
    assert!(!knows(F::RequestedProcedure) && !knows(F::TargetGroup) && !knows(F::BirthPlace));
}

#[test]
fn the_printed_matrix_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/disclosure.md");
    let printed = std::fs::read_to_string(path).expect("docs/disclosure.md");
    assert_eq!(printed, matrix(), "run `kim disclosure > docs/disclosure.md`");
    assert!(printed.contains("| `familyName` | Familienname |  | – | A | P | P | P | P | P | P | P | A | A |"));
}

// The stage.

#[test]
fn a_stage_follows_from_the_status() {
    for &status in S::ALL {
        let expected = match status {
            S::Draft | S::Declined | S::Forwarded | S::Withdrawn | S::Expired | S::Returned | S::Suspended => {
                [Stage::Closed, Stage::Closed]
            }
            S::Completed | S::Failed => [Stage::Closed, Stage::Closed],
            S::Offered | S::Acknowledged | S::InfoRequested | S::Accepted | S::InProgress => {
                [Stage::Preview, Stage::Full]
            }
        };
        // A closed referral without a closing day stays closed.
        assert_eq!(stage(status, false, None, 30, today()), expected[0], "{status}");
        assert_eq!(stage(status, true, None, 30, today()), expected[1], "{status}");
    }
}

#[test]
fn a_closed_referral_is_readable_until_its_last_access_day() {
    for status in [S::Completed, S::Failed] {
        let on = |date| stage(status, true, Some(day("2026-10-21")), 30, day(date));
        assert_eq!(on("2026-10-21"), Stage::Full);
        assert_eq!(on("2026-11-20"), Stage::Full);
        assert_eq!(on("2026-11-21"), Stage::Closed);
        assert_eq!(stage(status, false, Some(today()), 0, today()), Stage::Preview);
    }
    assert_eq!(stage(S::Declined, true, Some(today()), 30, today()), Stage::Closed);
}

// Four conditions, each of them required.

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

// Why a field is withheld.

#[test]
fn withheld_reasons_follow_the_order_of_the_rule() {
    use WithheldReason as R;
    let reason = |terms: &Terms, field| withheld(terms, field);
    let full = jobcenter();
    assert_eq!(reason(&full, F::FamilyName), None);
    assert_eq!(reason(&Terms { stage: Stage::Closed, consent: None, ..full }, F::FamilyName), Some(R::Closed));
    let ended = Terms { consent: None, stage: Stage::Preview, ..full };
    for &field in F::ALL {
        assert_eq!(reason(&ended, field), Some(R::ConsentEnded), "of all consent-based fields alike");
    }
    let preview = Terms { stage: Stage::Preview, ..full };
    assert_eq!(reason(&preview, F::FamilyName), None);
    assert_eq!(reason(&preview, F::Street), Some(R::NotYetAccepted));
    // A field that this receiver never gets is not announced for later.
    assert_eq!(
        reason(
            &Terms { agreement: Agreement { fields: known_to(AgencyKind::Jobcenter), ..full.agreement }, ..preview },
            F::BirthPlace
        ),
        Some(R::NotInAgreement)
    );
    let mut narrow = full;
    narrow.agreement.fields = FieldSet::EMPTY;
    assert_eq!(reason(&narrow, F::FamilyName), Some(R::NotInAgreement));
    assert_eq!(reason(&Terms { offered: FieldSet::EMPTY, ..full }, F::FamilyName), Some(R::NotOffered));
    let unticked = with_consent(full, |consent| consent.ticked = FieldSet::EMPTY);
    assert_eq!(reason(&unticked, F::InGermanySince), Some(R::NotOffered), "does not reveal who left the field out");
}

#[test]
fn the_reason_of_a_statutory_field_does_not_mention_consent() {
    let mut terms = Terms { sender: AgencyKind::Sozialamt, consent: None, offered: FieldSet::EMPTY, ..jobcenter() };
    terms.agreement.statutory = FieldSet::of(&[F::FamilyName]);
    assert_eq!(withheld(&terms, F::FamilyName), Some(WithheldReason::NotOffered));
    assert_eq!(withheld(&terms, F::GivenName), Some(WithheldReason::ConsentEnded));
}

// Algebraic properties.

fn sets() -> impl Strategy<Value = FieldSet> {
    any::<i64>().prop_map(FieldSet::from_i64)
}

prop_compose! {
    fn consents()(
        fields in sets(), ticked in sets(), data_protection in any::<bool>(), release_from_secrecy in any::<bool>(),
        art9 in any::<bool>(), from in -2i32..3, until in proptest::option::of(-2i32..3), withdrawn in any::<bool>(),
    ) -> Consent {
        let shifted = |days: i32| today() + chrono::TimeDelta::days(days.into());
        Consent {
            fields, ticked, data_protection, release_from_secrecy, art9,
            valid_from: shifted(from), valid_until: until.map(shifted), withdrawn,
        }
    }
}

prop_compose! {
    fn any_terms()(
        receiver in proptest::sample::select(AgencyKind::ALL), sender in proptest::sample::select(AgencyKind::ALL),
        sender_bound_by_203 in any::<bool>(), purpose in proptest::sample::select(ReferralPurpose::ALL),
        stage in proptest::sample::select(&[Stage::Closed, Stage::Preview, Stage::Full][..]),
        fields in sets(), ticked_only in sets(), statutory in sets(),
        consent in proptest::option::weighted(0.9, consents()), offered in sets(),
    ) -> Terms {
        let agreement = Agreement { fields, ticked_only, statutory };
        Terms { receiver, sender, sender_bound_by_203, purpose, stage, agreement, consent, offered, today: today() }
    }
}

fn shows_no_more_than(less: &Terms, more: &Terms) -> bool {
    visible(less).fields().is_within(visible(more).fields())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_is_visible_beyond_the_ceiling_the_agreement_and_the_offer(terms in any_terms()) {
        let fields = visible(&terms).fields();
        prop_assert!(fields.is_within(ceiling(terms.receiver, terms.stage)));
        prop_assert!(fields.is_within(terms.agreement.fields));
        prop_assert!(fields.is_within(terms.offered));
    }

    #[test]
    fn a_wider_agreement_never_shows_less(terms in any_terms(), more in sets()) {
        let mut wider = terms;
        wider.agreement.fields = terms.agreement.fields.or(more);
        wider.agreement.statutory = terms.agreement.statutory.or(more);
        wider.agreement.ticked_only = terms.agreement.ticked_only.without(more);
        prop_assert!(shows_no_more_than(&terms, &wider));
    }

    #[test]
    fn a_later_narrowing_version_never_shows_more(terms in any_terms(), fields in sets(), ticked_only in sets(), statutory in sets()) {
        let later = Agreement { fields, ticked_only, statutory };
        let narrowed = Terms { agreement: terms.agreement.narrowed_by(later), ..terms };
        prop_assert!(shows_no_more_than(&narrowed, &terms));
        // Never more than under the later version alone, and independent of the order of versions.
        let under_the_later = Terms { agreement: later, ..terms };
        prop_assert!(shows_no_more_than(&narrowed, &under_the_later));
        prop_assert_eq!(later.narrowed_by(terms.agreement), narrowed.agreement);
        prop_assert_eq!(narrowed.agreement.narrowed_by(later), narrowed.agreement);
    }

    #[test]
    fn a_wider_offer_never_shows_less(terms in any_terms(), more in sets()) {
        let wider = Terms { offered: terms.offered.or(more), ..terms };
        prop_assert!(shows_no_more_than(&terms, &wider));
    }

    #[test]
    fn a_wider_consent_never_shows_less(terms in any_terms(), more in sets(), ticks in sets(), days in 0u64..4) {
        let wider = Terms {
            consent: Some(terms.consent.map_or(
                Consent {
                    fields: more, ticked: ticks, data_protection: true, release_from_secrecy: true, art9: true,
                    valid_from: today(), valid_until: None, withdrawn: false,
                },
                |consent| Consent {
                    fields: consent.fields.or(more),
                    ticked: consent.ticked.or(ticks),
                    data_protection: true,
                    release_from_secrecy: true,
                    art9: true,
                    valid_from: consent.valid_from - Days::new(days),
                    valid_until: consent.valid_until.map(|last| last + Days::new(days)),
                    withdrawn: false,
                },
            )),
            ..terms
        };
        prop_assert!(shows_no_more_than(&terms, &wider));
    }

    #[test]
    fn acceptance_never_shows_less_and_closing_shows_nothing(terms in any_terms()) {
        let at = |stage| Terms { stage, ..terms };
        prop_assert!(shows_no_more_than(&at(Stage::Preview), &at(Stage::Full)));
        prop_assert!(visible(&at(Stage::Closed)).fields().is_empty());
        for &field in F::ALL {
            prop_assert_eq!(withheld(&at(Stage::Closed), field), Some(WithheldReason::Closed));
        }
    }

    #[test]
    fn nothing_is_visible_without_a_ground_or_after_withdrawal(terms in any_terms()) {
        let mut groundless = terms;
        groundless.agreement.statutory = FieldSet::EMPTY;
        let nothing = |consent| visible(&Terms { consent, ..groundless }).fields().is_empty();
        prop_assert!(nothing(None));
        let withdrawn = groundless.consent.map(|consent| Consent { withdrawn: true, ..consent });
        prop_assert!(nothing(withdrawn));
    }

    #[test]
    fn art_9_fields_need_a_tick_and_never_pass_by_statute(terms in any_terms()) {
        let art9 = visible(&terms).fields().iter().filter(|field| field.is_art9()).collect::<FieldSet>();
        prop_assert!(art9.is_within(terms.consent.map_or(FieldSet::EMPTY, |consent| consent.ticked)));
    }

    #[test]
    fn a_field_is_either_visible_or_withheld_with_a_reason(terms in any_terms()) {
        for &field in F::ALL {
            prop_assert_eq!(visible(&terms).fields().contains(field), withheld(&terms, field).is_none());
        }
    }
}
