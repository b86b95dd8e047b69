//! Reports of wrong values by receivers, and the decisions on them (§ 84 SGB X, Art. 16 and 19 DSGVO).

use crate::field::{FieldSet, HandoverField};

crate::words! {
    /// State of a report. While a report is open, the value may only be used with a note that it is disputed (§ 84(2)
    /// SGB X).
    pub enum CorrectionState("Stand einer gemeldeten Angabe") for Work {
        Open = "OPEN": "offen: die Angabe ist bestritten",
        Accepted = "ACCEPTED": "berichtigt",
        Rejected = "REJECTED": "die Angabe bleibt",
    }
}

crate::words! {
    /// The sender's decision on a report.
    pub enum CorrectionDecision("Entscheidung über eine gemeldete Angabe") for Senders {
        Accepted = "ACCEPTED": "im Fall berichtigt; der neue Wert wird übernommen",
        Rejected = "REJECTED": "die Angabe stimmt; braucht „text“",
    }
}

impl From<CorrectionDecision> for CorrectionState {
    fn from(decision: CorrectionDecision) -> Self {
        match decision {
            CorrectionDecision::Accepted => Self::Accepted,
            CorrectionDecision::Rejected => Self::Rejected,
        }
    }
}

/// The fields that state the same fact: if one is wrong, so are the others.
#[must_use]
pub fn same_fact(field: HandoverField) -> FieldSet {
    let age = FieldSet::of(&[HandoverField::BirthDate, HandoverField::Age]);
    if age.contains(field) { age } else { FieldSet::of(&[field]) }
}

/// Whether all referrals of a case share this field's value. The concern belongs to one referral alone.
#[must_use]
pub fn is_of_the_case(field: HandoverField) -> bool {
    field != HandoverField::Concern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_birth_date_and_age_state_the_same_fact() {
        for &field in HandoverField::ALL {
            let fact = same_fact(field);
            assert!(fact.contains(field));
            assert!(fact.iter().all(|other| same_fact(other) == fact), "{field:?}");
            let of_age = [HandoverField::BirthDate, HandoverField::Age].contains(&field);
            assert_eq!(fact.iter().count(), if of_age { 2 } else { 1 }, "{field:?}");
        }
    }
}
