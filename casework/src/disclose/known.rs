//! What `disclosed` says already. It tells the last time to the day, so that of what is looked at all day only the first
//! look is written; the instant of each is in the log.

use std::collections::HashMap;
use std::time::Instant;

use chrono::NaiveDate;
use kim_domain::field::FieldSet;
use uuid::Uuid;

/// Of so many referrals it is remembered; then it begins anew. Some megabytes.
const MOST: usize = 100_000;

/// Fields, and whether messages.
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

/// What was disclosed of one referral to its receiver, each thing under its last ground.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) by_consent: Portion,
    pub(super) by_statute: Portion,
}

impl Facts {
    /// Adds what was disclosed later.
    pub(super) fn then(self, later: Self) -> Self {
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

/// What this process has committed to `disclosed` on one day. A connection that was lost may have lost what it said was
/// committed, to a standby that was behind: then it begins anew.
#[derive(Debug, Default)]
pub(super) struct Known {
    day: NaiveDate,
    lost: Option<Instant>,
    facts: HashMap<Uuid, Facts>,
}

impl Known {
    /// What of this is not written yet.
    pub(super) fn news(&mut self, day: NaiveDate, lost: Option<Instant>, referral: Uuid, facts: Facts) -> Facts {
        if (self.day, self.lost) != (day, lost) {
            *self = Self { day, lost, facts: HashMap::new() };
        }
        self.facts.get(&referral).map_or(facts, |known| facts.without(*known))
    }

    /// That this is written now. `lost` and `day` are those of before it was.
    pub(super) fn learn(
        &mut self,
        day: NaiveDate,
        lost: Option<Instant>,
        written: impl IntoIterator<Item = (Uuid, Facts)>,
    ) {
        if (self.day, self.lost) != (day, lost) {
            return;
        }
        if self.facts.len() > MOST {
            self.facts = HashMap::new();
        }
        for (referral, facts) in written {
            let known = self.facts.entry(referral).or_default();
            *known = known.then(facts);
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
    fn what_is_written_is_no_news_on_the_same_day() {
        let mut known = Known::default();
        assert_eq!(known.news(MONDAY, None, REFERRAL, by_consent(&[F::City])), by_consent(&[F::City]));
        known.learn(MONDAY, None, [(REFERRAL, by_consent(&[F::City]))]);
        assert_eq!(known.news(MONDAY, None, REFERRAL, by_consent(&[F::City, F::Phone])), by_consent(&[F::Phone]));
        assert!(known.news(MONDAY, None, REFERRAL, by_consent(&[F::City])).is_empty());
        assert!(!known.news(MONDAY, None, Uuid::nil(), by_consent(&[F::City])).is_empty());
        let tuesday = MONDAY.succ_opt().expect("a day");
        assert!(!known.news(tuesday, None, REFERRAL, by_consent(&[F::City])).is_empty());
    }

    #[test]
    fn messages_are_news_once() {
        let texts = Facts { by_consent: Portion { messages: true, ..Portion::default() }, ..Facts::default() };
        let mut known = Known::default();
        assert_eq!(known.news(MONDAY, None, REFERRAL, texts), texts);
        known.learn(MONDAY, None, [(REFERRAL, texts)]);
        assert!(known.news(MONDAY, None, REFERRAL, texts).is_empty());
    }

    #[test]
    fn another_ground_is_news_and_so_is_the_first_one_again() {
        let mut known = Known::default();
        for facts in [by_consent(&[F::City]), by_statute(&[F::City]), by_consent(&[F::City])] {
            assert_eq!(known.news(MONDAY, None, REFERRAL, facts), facts);
            known.learn(MONDAY, None, [(REFERRAL, facts)]);
        }
    }

    #[test]
    fn a_lost_connection_makes_it_forget() {
        let (mut known, lost) = (Known::default(), Some(Instant::now()));
        known.news(MONDAY, None, REFERRAL, by_consent(&[F::City]));
        known.learn(MONDAY, None, [(REFERRAL, by_consent(&[F::City]))]);
        assert!(!known.news(MONDAY, lost, REFERRAL, by_consent(&[F::City])).is_empty());
        known.learn(MONDAY, None, [(REFERRAL, by_consent(&[F::City]))]);
        assert!(!known.news(MONDAY, lost, REFERRAL, by_consent(&[F::City])).is_empty(), "written before the loss");
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let mut known = Known::default();
        known.news(MONDAY, None, REFERRAL, Facts::default());
        let many = (0..=MOST as u128).map(|number| (Uuid::from_u128(number), by_consent(&[F::City])));
        known.learn(MONDAY, None, many);
        known.learn(MONDAY, None, [(REFERRAL, by_consent(&[F::City]))]);
        assert_eq!(known.facts.len(), 1);
    }
}
