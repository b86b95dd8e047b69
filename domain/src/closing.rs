//! Why a case is closed, and what that means for what was handed over from it.

use crate::referral::{ReferralKind, ReferralStatus, WithdrawalReason};

crate::words! {
    /// Why a case is closed.
    pub enum CloseReason("Grund, aus dem ein Fall abgeschlossen wird") {
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
    /// Why a referral of the case is withdrawn, if it is withdrawn with it.
    #[must_use]
    pub const fn withdraws_because(self) -> WithdrawalReason {
        match self {
            Self::DroppedOut => WithdrawalReason::BrokeOff,
            Self::Moved => WithdrawalReason::Moved,
            Self::NoConsent => WithdrawalReason::ClientWish,
            Self::Died => WithdrawalReason::Died,
            Self::GoalsReached | Self::Transferred | Self::Other => WithdrawalReason::Other,
        }
    }

    /// Whether a referral may go on although the case is closed for this reason: a transfer whose receiver has started and
    /// so answers for the case (§ 86c SGB VIII). Every other has a sender who is still needed.
    #[must_use]
    pub fn leaves(self, kind: ReferralKind, status: ReferralStatus) -> bool {
        self == Self::Transferred && kind == ReferralKind::Transfer && status == ReferralStatus::InProgress
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_transfer_that_was_started_outlives_its_case() {
        for &reason in CloseReason::ALL {
            for &kind in ReferralKind::ALL {
                for &status in ReferralStatus::ALL {
                    let started = (reason, kind, status)
                        == (CloseReason::Transferred, ReferralKind::Transfer, ReferralStatus::InProgress);
                    assert_eq!(reason.leaves(kind, status), started, "{reason} {kind} {status}");
                }
            }
        }
    }
}
