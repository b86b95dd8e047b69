//! Algebraic properties of the rule, over random terms.

use chrono::Days;
use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{Agreement, Consent, Stage, Terms, WithheldReason, ceiling, visible, withheld};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;
use proptest::prelude::*;

use super::today;

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
