//! Numbers that look random and are the same in every run, on every machine.

/// A stream of numbers that depends on a seed, what it is for, and one row's number, and on nothing else: so every row can
/// be made alone, in any order, and ten times the rows begin with the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

/// Another seed would be another data set, and numbers measured on it no longer comparable.
const SEED: u64 = 0x4b49_4d20_4e52_5721;

impl Dice {
    /// The stream of one row.
    pub(crate) const fn of(stream: u64, row: u64) -> Self {
        let mut dice =
            Self(SEED ^ stream.wrapping_mul(0xa076_1d64_78bd_642f) ^ row.wrapping_mul(0xe703_7ed1_a0b4_28db));
        // Neighbouring rows differ in few bits: one step mixes them.
        let mixed = dice.next();
        Self(mixed)
    }

    /// The next number (SplitMix64).
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub(crate) const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Whether it happens, in so many of a hundred cases.
    pub(crate) const fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// One of these, each as likely. There must be one.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_same_whenever_it_is_made() {
        let mut again = Dice::of(1, 7);
        assert_eq!(Dice::of(1, 7).next(), again.next());
        assert_ne!(Dice::of(1, 8).next(), Dice::of(1, 7).next());
        assert_ne!(Dice::of(2, 7).next(), Dice::of(1, 7).next());
    }

    #[test]
    fn a_chance_of_fifteen_percent_is_taken_in_about_fifteen_of_a_hundred() {
        let taken = (0..10_000).filter(|&row| Dice::of(3, row).percent(15)).count();
        assert!((1_400..1_600).contains(&taken), "{taken}");
    }
}
