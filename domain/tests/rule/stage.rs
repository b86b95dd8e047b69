//! The stage: a referral is closed, in preview, or open in full.

use kim_domain::disclosure::{Stage, stage};
use kim_domain::referral::ReferralStatus as S;

use super::{day, today};

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
