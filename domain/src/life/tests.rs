use proptest::prelude::*;

use super::*;
use crate::Word as _;
use ReferralAction as A;
use ReferralStatus as S;

/// The state diagram of the design, written by hand: action, mover, source states, target state. `+`: only after
/// acceptance, `-`: only before. `BACK`: the state in which the question was asked or the referral was suspended.
const DIAGRAM: &str = "
    OFFER               sender    DRAFT                                             OFFERED
    ACKNOWLEDGE         receiver  OFFERED                                           ACKNOWLEDGED
    ACCEPT              receiver  OFFERED|ACKNOWLEDGED                              ACCEPTED
    DECLINE             receiver  OFFERED|ACKNOWLEDGED|INFO_REQUESTED-              DECLINED
    FORWARD             receiver  OFFERED|ACKNOWLEDGED|INFO_REQUESTED|ACCEPTED|IN_PROGRESS            FORWARDED
    REQUEST_INFORMATION receiver  OFFERED|ACKNOWLEDGED|ACCEPTED|IN_PROGRESS         INFO_REQUESTED
    ANSWER_INFORMATION  sender    INFO_REQUESTED                                    BACK
    START               receiver  ACCEPTED                                          IN_PROGRESS
    COMPLETE            receiver  IN_PROGRESS                                       COMPLETED
    FAIL                receiver  IN_PROGRESS|INFO_REQUESTED+                       FAILED
    RETURN              receiver  ACCEPTED|IN_PROGRESS|INFO_REQUESTED+              RETURNED
    WITHDRAW            sender    OFFERED|ACKNOWLEDGED|INFO_REQUESTED|ACCEPTED|IN_PROGRESS|SUSPENDED  WITHDRAWN
    WITHDRAW            timer     OFFERED|ACKNOWLEDGED|INFO_REQUESTED|ACCEPTED|IN_PROGRESS|SUSPENDED  WITHDRAWN
    EXPIRE              timer     OFFERED|ACKNOWLEDGED|INFO_REQUESTED-              EXPIRED
    SUSPEND             timer     OFFERED|ACKNOWLEDGED|INFO_REQUESTED|ACCEPTED|IN_PROGRESS            SUSPENDED
    RESUME              timer     SUSPENDED                                         BACK
";

const MOVERS: [Mover; 3] = [Mover::Sender, Mover::Receiver, Mover::Timer];

/// Model of a referral in the state diagram.
#[derive(Clone, Debug)]
struct Model {
    status: S,
    accepted: bool,
    asked: Option<S>,
    suspended: Option<S>,
}

impl Model {
    /// The next state in the diagram, if it has such a transition.
    fn next_state(&self, action: A, mover: Mover) -> Option<Self> {
        let row = DIAGRAM
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .find(|row| row.len() == 4 && row[0] == action.code() && row[1] == format!("{mover:?}").to_lowercase())?;
        let applies = row[2].split('|').any(|from| match (from.strip_suffix('+'), from.strip_suffix('-')) {
            (Some(from), _) => from == self.status.code() && self.accepted,
            (_, Some(from)) => from == self.status.code() && !self.accepted,
            (None, None) => from == self.status.code(),
        });
        if !applies {
            return None;
        }
        let mut next = self.clone();
        match row[3] {
            "BACK" if self.status == S::Suspended => next.status = next.suspended.take().expect("suspended before"),
            "BACK" => next.status = next.asked.take().expect("asked before"),
            to => next.status = S::from_code(to).expect("a state"),
        }
        if next.status == S::Accepted {
            next.accepted = true;
        } else if next.status == S::InfoRequested && action == A::RequestInformation {
            next.asked = Some(self.status);
        } else if next.status == S::Suspended {
            next.suspended = Some(self.status);
        }
        Some(next)
    }
}

fn same(standing: Standing, model: &Model) -> bool {
    (standing.status, standing.ever_accepted, standing.asked_from, standing.suspended_from)
        == (model.status, model.accepted, model.asked, model.suspended)
}

proptest! {
    /// For any moves by anybody, the implementation follows the diagram, and does not move where the diagram has no
    /// transition.
    #[test]
    fn random_moves_follow_the_state_diagram(
        moves in prop::collection::vec((0..A::ALL.len(), 0..MOVERS.len()), 1..60)
    ) {
        let mut standing = Standing::DRAFT;
        let mut model = Model { status: S::Draft, accepted: false, asked: None, suspended: None };
        for (action, mover) in moves {
            let (action, mover) = (A::ALL[action], MOVERS[mover]);
            if action == A::Discard {
                prop_assert_eq!(
                    standing.after(action, mover) == Ok(Vec::new()),
                    model.status == S::Draft && mover == Mover::Sender
                );
                continue;
            }
            match (standing.after(action, mover), model.next_state(action, mover)) {
                (Ok(path), Some(next)) => {
                    prop_assert!(same(*path.last().expect("somewhere"), &next), "{:?} {:?}", path, next);
                    prop_assert!(standing.permits(action, mover));
                    standing = path[path.len() - 1];
                    model = next;
                }
                (Err(_), None) => prop_assert!(same(standing, &model)),
                (machine, diagram) => prop_assert!(false, "{action} by {mover:?}: {machine:?}, diagram {diagram:?}"),
            }
        }
    }
}

#[test]
fn answers_belong_to_the_receiver_and_withdrawal_to_the_sender() {
    for &status in S::ALL {
        for ever_accepted in [false, true] {
            let standing = Standing { status, ever_accepted, asked_from: None, suspended_from: None };
            for action in [A::Acknowledge, A::Accept, A::Decline, A::Forward, A::Start, A::Complete, A::Return] {
                assert_eq!(standing.after(action, Mover::Sender), Err(MoveError::NotYours), "{action}");
            }
            assert_eq!(standing.after(A::Withdraw, Mover::Receiver), Err(MoveError::NotYours));
            assert_eq!(standing.after(A::Expire, Mover::Receiver), Err(MoveError::NotYours));
        }
    }
}

#[test]
fn a_closed_referral_stays_closed() {
    for &status in S::ALL.iter().filter(|status| status.ball().is_none()) {
        let standing = Standing { status, ever_accepted: true, asked_from: None, suspended_from: None };
        // A decision on a report moves nothing.
        for &action in A::ALL.iter().filter(|&&action| !matches!(action, A::OfferAgain | A::DecideCorrection)) {
            assert!(MOVERS.iter().all(|&mover| !standing.permits(action, mover)), "{status} {action}");
        }
    }
}

#[test]
fn an_accepted_referral_is_forwarded_only_as_an_application() {
    for status in [S::Acknowledged, S::InfoRequested, S::Accepted, S::InProgress] {
        for (ever_accepted, carries_application) in [(false, false), (false, true), (true, false), (true, true)] {
            let standing = Standing { status, ever_accepted, ..Standing::DRAFT };
            let context = ActionContext { carries_application, ..NO_CONDITION };
            let offered = standing.available(Mover::Receiver, context).any(|action| action == A::Forward);
            assert_eq!(offered, carries_application || !ever_accepted, "{status} {ever_accepted}");
        }
    }
}

/// All conditions are false.
const NO_CONDITION: ActionContext =
    ActionContext { carries_application: false, shows_something: false, can_be_continued: false, to_decide: false };

#[test]
fn conditional_actions_are_available_only_if_their_condition_holds() {
    let has = |standing: Standing, mover, context, action| standing.available(mover, context).any(|one| one == action);
    let declined = Standing { status: S::Declined, ..Standing::DRAFT };
    let accepted = Standing { status: S::Accepted, ever_accepted: true, ..Standing::DRAFT };
    for (standing, mover, action, context) in [
        (declined, Mover::Sender, A::OfferAgain, ActionContext { can_be_continued: true, ..NO_CONDITION }),
        (declined, Mover::Sender, A::DecideCorrection, ActionContext { to_decide: true, ..NO_CONDITION }),
        (accepted, Mover::Receiver, A::ReportWrongValue, ActionContext { shows_something: true, ..NO_CONDITION }),
    ] {
        assert!(has(standing, mover, context, action), "{action}");
        assert!(!has(standing, mover, NO_CONDITION, action), "{action}");
    }
}

#[test]
fn accepting_an_offered_referral_acknowledges_it_first() {
    let offered = Standing { status: S::Offered, ..Standing::DRAFT };
    let path = offered.after(A::Accept, Mover::Receiver).expect("two moves");
    assert_eq!(
        path.iter().map(|one| (one.status, one.ever_accepted)).collect::<Vec<_>>(),
        [(S::Acknowledged, false), (S::Accepted, true)]
    );
}

#[test]
fn an_answer_to_an_imported_question_resumes_the_referral() {
    let asked = |ever_accepted| Standing { status: S::InfoRequested, ever_accepted, ..Standing::DRAFT };
    let to = |standing: Standing| standing.after(A::AnswerInformation, Mover::Sender).expect("a move")[0].status;
    assert_eq!((to(asked(false)), to(asked(true))), (S::Acknowledged, S::Accepted));
}

#[test]
fn responsibility_moves_only_when_the_receiver_starts_a_transfer() {
    use crate::referral::ReferralKind as K;
    let with_receiver: Vec<_> = S::ALL
        .iter()
        .flat_map(|&status| K::ALL.iter().map(move |&kind| (kind, status)))
        .filter(|&(kind, status)| responsible(kind, Standing { status, ..Standing::DRAFT }) == BallHolder::Receiver)
        .collect();
    assert_eq!(with_receiver, [(K::Transfer, S::InProgress), (K::Transfer, S::Completed)]);
}

#[test]
fn an_interruption_does_not_move_the_responsibility() {
    use crate::referral::ReferralKind as K;
    let mover = |action| if action == A::Suspend { Mover::Timer } else { Mover::Receiver };
    for (from, expected) in [(S::Accepted, BallHolder::Sender), (S::InProgress, BallHolder::Receiver)] {
        let begun = Standing { status: from, ever_accepted: true, ..Standing::DRAFT };
        for interruptions in [&[A::RequestInformation][..], &[A::Suspend], &[A::RequestInformation, A::Suspend]] {
            let interrupted = interruptions
                .iter()
                .fold(begun, |standing, &action| standing.after(action, mover(action)).expect("a move")[0]);
            assert_eq!(responsible(K::Transfer, interrupted), expected, "{from} {interruptions:?}");
            assert_eq!(responsible(K::Referral, interrupted), BallHolder::Sender, "{from} {interruptions:?}");
        }
    }
}
