use super::*;
use crate::agency::pairs;

fn at(kind: AgencyKind, role: Role, is_receiver: bool) -> Position {
    Position { kind, role, is_receiver }
}

#[test]
fn only_administrators_of_a_party_sign() {
    for (kind, role) in pairs() {
        for is_receiver in [false, true] {
            let at = at(kind, role, is_receiver);
            let party = is_receiver || kind == AgencyKind::Koordination;
            assert_eq!(at.may(ProposalAction::Sign, false), role == Role::Administrator && party, "{at:?}");
            assert_eq!(at.may_terminate(), role == Role::Administrator && party, "{at:?}");
            let gives_opinion = role == Role::DataProtectionOfficer && party;
            assert_eq!(at.may(ProposalAction::GiveOpinion, true), gives_opinion, "{at:?}");
        }
    }
}

#[test]
fn the_proposing_agency_takes_a_proposal_back_and_the_other_party_rejects_it() {
    let jobcenter = at(AgencyKind::Jobcenter, Role::Administrator, true);
    let traeger = at(AgencyKind::Traeger, Role::Administrator, false);
    let coordinator = at(AgencyKind::Koordination, Role::Coordinator, false);
    for (who, own, expected) in [
        (jobcenter, true, [false, true]),
        (jobcenter, false, [true, false]),
        (traeger, true, [false, true]),
        (traeger, false, [false, false]),
        (coordinator, true, [false, true]),
        (coordinator, false, [false, false]),
    ] {
        let may = [ProposalAction::Reject, ProposalAction::TakeBack].map(|action| who.may(action, own));
        assert_eq!(may, expected, "{who:?} {own}");
    }
    assert!(traeger.may_propose() && coordinator.may_propose() && jobcenter.may_propose());
    assert!(!at(AgencyKind::Jobcenter, Role::Administrator, false).may_propose());
    assert!(!at(AgencyKind::Traeger, Role::CaseManager, false).may_propose());
}

#[test]
fn a_proposal_is_complete_once_both_sides_signed_and_both_officers_gave_an_opinion() {
    use AgreementSide::{Receiver, Sender};
    assert!(is_complete(&[Receiver, Sender], &[Sender, Receiver]));
    for (signed, opinions) in [
        (&[Receiver][..], &[Receiver, Sender][..]),
        (&[Receiver, Sender], &[Sender]),
        (&[Receiver, Receiver], &[Receiver, Sender]),
        (&[], &[]),
    ] {
        assert!(!is_complete(signed, opinions), "{signed:?} {opinions:?}");
    }
}

#[test]
fn no_field_above_the_ceiling_can_be_agreed_on_and_ticked_fields_stay_ticked() {
    for &purpose in ReferralPurpose::ALL {
        let kind = purpose.receiver_kind();
        for &field in HandoverField::ALL {
            let expected = match level(kind, field) {
                Level::Never => Err(Beyond::Ceiling),
                Level::Ticked => Ok(true),
                Level::Preview | Level::Accepted => Ok(false),
            };
            assert_eq!(agreeable(kind, purpose, field, false), expected, "{kind} {field:?}");
            // Today no sender is a body under § 35 SGB I.
            assert!(agreeable(kind, purpose, field, true).is_err(), "{kind} {field:?}");
        }
    }
}

#[test]
fn a_difference_lists_what_the_second_version_changes() {
    use HandoverField as F;
    let from = Content {
        fields: FieldSet::of(&[F::Concern, F::Phone, F::Street]),
        ticked_only: FieldSet::of(&[F::Street]),
        statutory: FieldSet::EMPTY,
        respond_working_days: 10,
        access_days: 30,
        narrows_running: false,
    };
    let to = Content {
        fields: FieldSet::of(&[F::Concern, F::Street, F::Email]),
        ticked_only: FieldSet::of(&[F::Concern, F::Email]),
        access_days: 14,
        narrows_running: true,
        ..from
    };
    let expected = Difference {
        added: FieldSet::of(&[F::Email]),
        removed: FieldSet::of(&[F::Phone]),
        newly_ticked: FieldSet::of(&[F::Concern]),
        no_longer_ticked: FieldSet::of(&[F::Street]),
        respond_working_days: None,
        access_days: Some(Changed { from: 30, to: 14 }),
        narrows_running: true,
    };
    assert_eq!(Difference::between(&from, &to), expected);
}
