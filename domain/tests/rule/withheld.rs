//! Why a field is withheld.

use kim_domain::agency::AgencyKind;
use kim_domain::disclosure::{Agreement, Stage, Terms, WithheldReason, known_to, withheld};
use kim_domain::field::{FieldSet, HandoverField as F};

use super::{jobcenter, with_consent};

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
