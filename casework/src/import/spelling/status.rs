//! Spellings of a referral's status, with the reason after a colon.

use kim_domain::reason::{FailureReason, WithdrawalReason};
use kim_domain::referral::{DeclineReason, ReferralStatus as S};

use super::{Spelled, fold, spelled};

spelled!(S {
    Offered: "offen", "neu", "übergeben", "versandt";
    Acknowledged: "bestätigt", "eingegangen";
    InfoRequested: "Nachfrage", "Rückfrage gestellt";
    Accepted: "zugesagt";
    InProgress: "läuft", "begonnen";
    Completed: "abgeschlossen";
    Failed: "nicht erfolgreich";
    Forwarded: "weiterverwiesen";
    Withdrawn: "zurückgenommen";
    Expired: "verfallen";
    Suspended: "ruht";
});

spelled!(DeclineReason {
    Incomplete: "unvollständig";
    RequirementsNotMet: "Voraussetzungen fehlen";
    AlreadyInProcedure: "läuft bereits", "bereits im Verfahren";
    DoubleSupport: "Doppelbetreuung";
    ClientNotReached: "nicht erreicht";
    Other: "sonstiges", "anderes";
});

spelled!(WithdrawalReason {
    ClientsWish: "Wunsch";
    Moved: "umgezogen", "Umzug";
    BrokeOff: "Abbruch", "abgebrochen";
    Misdirected: "falsche Stelle", "Irrläufer";
    Other: "sonstiges", "anderes";
});

spelled!(FailureReason {
    ClientNotReached: "nicht erreicht";
    BrokeOff: "Abbruch", "abgebrochen";
    RequirementsNotMet: "Voraussetzungen fehlen";
    ApplicationRefused: "abgelehnt";
    Unanswered: "keine Antwort";
    Other: "sonstiges", "anderes";
});

/// The status of a referral in a case list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) status: S,
    /// Code of the reason.
    pub(crate) reason: Option<&'static str>,
    pub(crate) ever_accepted: bool,
    pub(crate) suspended_from: Option<S>,
}

/// `abgelehnt: nicht zuständig`, `Rückfrage: nach Annahme`, `ausgesetzt: in Bearbeitung`.
pub(crate) fn standing(text: &str) -> Option<Standing> {
    let (status, detail) = match text.split_once(':') {
        Some((status, detail)) => (status, Some(detail.trim()).filter(|detail| !detail.is_empty())),
        None => (text, None),
    };
    let status = S::find(status)?;
    let plain = Standing { status, reason: None, ever_accepted: was_accepted(status), suspended_from: None };
    let reason = |code: Option<&'static str>| code.map(|code| Standing { reason: Some(code), ..plain });
    match (status, detail) {
        (S::Suspended, None) => Some(Standing { suspended_from: Some(S::Offered), ..plain }),
        (S::Suspended, Some(before)) => {
            let before = S::find(before).filter(|before| before.is_open())?;
            Some(Standing { suspended_from: Some(before), ever_accepted: was_accepted(before), ..plain })
        }
        (S::InfoRequested, Some(when)) => match fold(when).as_str() {
            "nachannahme" => Some(Standing { ever_accepted: true, ..plain }),
            "vorannahme" => Some(plain),
            _ => None,
        },
        (S::Declined | S::Returned, Some(why)) => reason(DeclineReason::find(why).map(DeclineReason::code)),
        (S::Withdrawn, Some(why)) => reason(WithdrawalReason::find(why).map(WithdrawalReason::code)),
        (S::Failed, Some(why)) => reason(FailureReason::find(why).map(FailureReason::code)),
        (_, None) => Some(plain),
        (
            S::Draft
            | S::Offered
            | S::Acknowledged
            | S::Accepted
            | S::InProgress
            | S::Completed
            | S::Forwarded
            | S::Expired,
            Some(_),
        ) => None,
    }
}

/// Whether a referral with this status was accepted.
const fn was_accepted(status: S) -> bool {
    match status {
        S::Accepted | S::InProgress | S::Completed | S::Failed | S::Returned => true,
        S::Draft
        | S::Offered
        | S::Acknowledged
        | S::InfoRequested
        | S::Declined
        | S::Forwarded
        | S::Withdrawn
        | S::Expired
        | S::Suspended => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_understood() {
        for (text, status, accepted) in [
            ("Entwurf", S::Draft, false),
            ("offen", S::Offered, false),
            ("bestätigt", S::Acknowledged, false),
            ("Rückfrage", S::InfoRequested, false),
            ("Rückfrage: nach Annahme", S::InfoRequested, true),
            ("angenommen", S::Accepted, true),
            ("in Bearbeitung", S::InProgress, true),
            ("erledigt", S::Completed, true),
            ("gescheitert", S::Failed, true),
            ("abgelehnt", S::Declined, false),
            ("weitergeleitet", S::Forwarded, false),
            ("zurückgezogen", S::Withdrawn, false),
            ("abgelaufen", S::Expired, false),
            ("zurückgegeben", S::Returned, true),
        ] {
            let expected = Standing { status, reason: None, ever_accepted: accepted, suspended_from: None };
            assert_eq!(standing(text), Some(expected), "{text}");
        }
        for &status in S::ALL {
            assert_eq!(standing(status.label()).map(|standing| standing.status), Some(status));
        }
    }

    #[test]
    fn a_reason_follows_a_colon() {
        let reason = |text| standing(text).and_then(|standing| standing.reason);
        assert_eq!(reason("abgelehnt: nicht zuständig"), Some("NOT_COMPETENT"));
        assert_eq!(reason("Abgelehnt : keine Kapazität"), Some("NO_CAPACITY"));
        assert_eq!(reason("zurückgezogen: verzogen"), Some("MOVED"));
        assert_eq!(reason("gescheitert: nicht erreicht"), Some("CLIENT_NOT_REACHED"));
        assert_eq!(reason("zurückgegeben: nicht zuständig"), Some("NOT_COMPETENT"));
        for text in [
            "abgelehnt: schlechte Laune",
            "offen: bald",
            "erledigt: gut",
            "ausgesetzt: erledigt",
            "fertig",
            "",
            "erledigt?",
            "(erledigt)",
            "offen/erledigt",
            "erledigt!",
            "erledigt...",
            "?: erledigt",
            "abgelehnt: nicht zuständig?",
            "Rückfrage: nach Annahme?",
            "ausgesetzt: offen?",
            "abgelehnt:: sonstiges",
        ] {
            assert_eq!(standing(text), None, "{text}");
        }
    }

    #[test]
    fn a_suspended_referral_keeps_its_earlier_status() {
        let from = |text| standing(text).map(|standing| (standing.suspended_from, standing.ever_accepted));
        assert_eq!(from("ausgesetzt"), Some((Some(S::Offered), false)));
        assert_eq!(from("ausgesetzt: in Bearbeitung"), Some((Some(S::InProgress), true)));
    }
}
