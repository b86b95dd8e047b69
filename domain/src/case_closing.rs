//! Reasons for closing a case, and their effect on the case's referrals.

use crate::life::{Standing, responsible};
use crate::referral::{BallHolder, ReferralKind, WithdrawalReason};

crate::words! {
    /// Why a case is closed.
    pub enum CloseReason("Grund, aus dem ein Fall abgeschlossen wird") for Senders {
        GoalsReached = "GOALS_REACHED": "Ziele erreicht",
        DroppedOut = "DROPPED_OUT": "Begleitung abgebrochen",
        Moved = "MOVED": "verzogen",
        NoConsent = "NO_CONSENT": "keine Einwilligung (mehr) in das Case Management",
        Transferred = "TRANSFERRED": "Fall übergeben",
        Died = "DIED": "verstorben",
        Other = "OTHER": "anderer Grund",
    }
}

impl CloseReason {
    /// The withdrawal reason of the case's referrals that are withdrawn when the case is closed.
    #[must_use]
    pub const fn withdrawal_reason(self) -> WithdrawalReason {
        match self {
            Self::DroppedOut => WithdrawalReason::BrokeOff,
            Self::Moved => WithdrawalReason::Moved,
            Self::NoConsent => WithdrawalReason::ClientWish,
            Self::Died => WithdrawalReason::Died,
            Self::GoalsReached | Self::Transferred | Self::Other => WithdrawalReason::Other,
        }
    }

    /// Whether a running referral may continue although its case is closed for this reason. Only a transfer may whose
    /// receiver has started work and is therefore responsible for the case, also while the referral is interrupted by a
    /// question or a suspension (§ 86c SGB VIII). Every other referral still needs its sender.
    #[must_use]
    pub fn leaves(self, kind: ReferralKind, standing: Standing) -> bool {
        self == Self::Transferred && responsible(kind, standing) == BallHolder::Receiver
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referral::ReferralStatus as S;

    #[test]
    fn only_a_started_transfer_continues_after_its_case_is_closed() {
        let started = Standing { status: S::InProgress, ever_accepted: true, ..Standing::DRAFT };
        let asked = Standing { status: S::InfoRequested, asked_from: Some(S::InProgress), ..started };
        let suspended = Standing { status: S::Suspended, suspended_from: Some(S::InfoRequested), ..asked };
        for &reason in CloseReason::ALL {
            for &kind in ReferralKind::ALL {
                let continues = (reason, kind) == (CloseReason::Transferred, ReferralKind::Transfer);
                for standing in [started, asked, suspended] {
                    assert_eq!(reason.leaves(kind, standing), continues, "{reason} {kind} {standing:?}");
                }
                for &status in S::ALL.iter().filter(|status| !matches!(status, S::InProgress | S::Completed)) {
                    let standing = Standing { status, ..Standing::DRAFT };
                    assert!(!reason.leaves(kind, standing), "{reason} {kind} {status}");
                }
            }
        }
    }
}
