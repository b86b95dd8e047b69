//! Remembers what `disclosed` already contains. The table stores the last time as a day, so only the first disclosure
//! of each day is written. The log contains the exact times.

use std::collections::HashMap;
use std::time::Instant;

use chrono::NaiveDate;
use kim_domain::field::FieldSet;
use uuid::Uuid;

/// Maximum number of remembered referrals, some megabytes. At this number the memory is cleared.
const MAX_REFERRALS: usize = 100_000;

/// A set of fields, and whether messages belong to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Portion {
    pub(super) fields: FieldSet,
    pub(super) messages: bool,
}

impl Portion {
    pub(super) fn is_empty(self) -> bool {
        self.fields.is_empty() && !self.messages
    }

    fn and(self, other: Self) -> Self {
        Self { fields: self.fields.or(other.fields), messages: self.messages || other.messages }
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self { fields: self.fields.without(other.fields), messages: self.messages && !other.messages }
    }
}

/// Disclosures of one referral to its receiver, each under its latest ground.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) by_consent: Portion,
    pub(super) by_statute: Portion,
}

impl Facts {
    /// Adds later disclosures.
    pub(super) fn merge(self, later: Self) -> Self {
        Self {
            by_consent: self.by_consent.without(later.by_statute).and(later.by_consent),
            by_statute: self.by_statute.without(later.by_consent).and(later.by_statute),
        }
    }

    fn without(self, known: Self) -> Self {
        Self {
            by_consent: self.by_consent.without(known.by_consent),
            by_statute: self.by_statute.without(known.by_statute),
        }
    }

    pub(super) fn is_empty(self) -> bool {
        self.by_consent.is_empty() && self.by_statute.is_empty()
    }
}

/// Disclosures that this process has committed to `disclosed` on one day. After a lost connection the memory is
/// cleared, because a failover to a standby may have lost commits.
#[derive(Debug, Default)]
pub(super) struct WrittenToday {
    day: NaiveDate,
    lost: Option<Instant>,
    facts: HashMap<Uuid, Facts>,
}

impl WrittenToday {
    /// The disclosures that are not written yet.
    pub(super) fn unwritten(&mut self, day: NaiveDate, lost: Option<Instant>, referral: Uuid, facts: Facts) -> Facts {
        if (self.day, self.lost) != (day, lost) {
            *self = Self { day, lost, facts: HashMap::new() };
        }
        self.facts.get(&referral).map_or(facts, |known| facts.without(*known))
    }

    /// Remembers written disclosures. `lost` and `day` are the values from before the write.
    pub(super) fn remember(
        &mut self,
        day: NaiveDate,
        lost: Option<Instant>,
        written: impl IntoIterator<Item = (Uuid, Facts)>,
    ) {
        if (self.day, self.lost) != (day, lost) {
            return;
        }
        if self.facts.len() > MAX_REFERRALS {
            self.facts = HashMap::new();
        }
        for (referral, facts) in written {
            let known = self.facts.entry(referral).or_default();
            *known = known.merge(facts);
        }
    }
}

#[cfg(test)]
mod tests {
    use kim_domain::field::HandoverField as F;

    use super::*;

    const MONDAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a day");
    const REFERRAL: Uuid = Uuid::from_u128(1);

    fn portion(fields: &[F]) -> Portion {
        Portion { fields: FieldSet::of(fields), messages: false }
    }

    fn by_consent(fields: &[F]) -> Facts {
        Facts { by_consent: portion(fields), ..Facts::default() }
    }

    fn by_statute(fields: &[F]) -> Facts {
        Facts { by_statute: portion(fields), ..Facts::default() }
    }

    #[test]
    fn a_written_disclosure_is_not_written_again_on_the_same_day() {
        let mut known = WrittenToday::default();
        assert_eq!(known.unwritten(MONDAY, None, REFERRAL, by_consent(&[F::City])), by_consent(&[F::City]));
        known.remember(MONDAY, None, [(REFERRAL, by_consent(&[F::City]))]);
        assert_eq!(known.unwritten(MONDAY, None, REFERRAL, by_consent(&[F::City, F::Phone])), by_consent(&[F::Phone]));
        assert!(known.unwritten(MONDAY, None, REFERRAL, by_consent(&[F::City])).is_empty());
        assert!(!known.unwritten(MONDAY, None, Uuid::nil(), by_consent(&[F::City])).is_empty());
        let tuesday = MONDAY.succ_opt().expect("a day");
        assert!(!known.unwritten(tuesday, None, REFERRAL, by_consent(&[F::City])).is_empty());
    }

    #[test]
    fn messages_are_written_once_per_day() {
        let texts = Facts { by_consent: Portion { messages: true, ..Portion::default() }, ..Facts::default() };
        let mut known = WrittenToday::default();
        assert_eq!(known.unwritten(MONDAY, None, REFERRAL, texts), texts);
        known.remember(MONDAY, None, [(REFERRAL, texts)]);
        assert!(known.unwritten(MONDAY, None, REFERRAL, texts).is_empty());
    }

    #[test]
    fn every_change_of_the_ground_is_written() {
        let mut known = WrittenToday::default();
        for facts in [by_consent(&[F::City]), by_statute(&[F::City]), by_consent(&[F::City])] {
            assert_eq!(known.unwritten(MONDAY, None, REFERRAL, facts), facts);
            known.remember(MONDAY, None, [(REFERRAL, facts)]);
        }
    }

    #[test]
    fn a_lost_connection_clears_the_memory() {
        let (mut known, lost) = (WrittenToday::default(), Some(Instant::now()));
        known.unwritten(MONDAY, None, REFERRAL, by_consent(&[F::City]));
        known.remember(MONDAY, None, [(REFERRAL, by_consent(&[F::City]))]);
        assert!(!known.unwritten(MONDAY, lost, REFERRAL, by_consent(&[F::City])).is_empty());
        known.remember(MONDAY, None, [(REFERRAL, by_consent(&[F::City]))]);
        assert!(!known.unwritten(MONDAY, lost, REFERRAL, by_consent(&[F::City])).is_empty(), "written before the loss");
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut known = WrittenToday::default();
        known.unwritten(MONDAY, None, REFERRAL, Facts::default());
        let many = (0..=MAX_REFERRALS as u128).map(|number| (Uuid::from_u128(number), by_consent(&[F::City])));
        known.remember(MONDAY, None, many);
        known.remember(MONDAY, None, [(REFERRAL, by_consent(&[F::City]))]);
        assert_eq!(known.facts.len(), 1);
    }
}
