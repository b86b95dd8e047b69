//! Deterministic random numbers: the same in every run, on every machine.

/// A random stream that depends only on the seed, its purpose and a row's number. Therefore every row can be generated
/// alone and in any order, and larger data sets begin with the same rows.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

/// A different seed gives a different data set, whose results are not comparable.
const SEED: u64 = 0x4b49_4d20_4e52_5721;

impl Random {
    /// The stream of one row.
    pub(crate) const fn of(stream: u64, row: u64) -> Self {
        let mut random =
            Self(SEED ^ stream.wrapping_mul(0xa076_1d64_78bd_642f) ^ row.wrapping_mul(0xe703_7ed1_a0b4_28db));
        // Neighbouring rows differ in few bits; one step mixes them.
        let mixed = random.next();
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

    /// True in `chance` of a hundred cases.
    pub(crate) const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these values with equal probability. The slice must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_same_in_every_run() {
        let mut again = Random::of(1, 7);
        assert_eq!(Random::of(1, 7).next(), again.next());
        assert_ne!(Random::of(1, 8).next(), Random::of(1, 7).next());
        assert_ne!(Random::of(2, 7).next(), Random::of(1, 7).next());
    }

    #[test]
    fn a_chance_of_fifteen_percent_is_true_in_about_fifteen_of_a_hundred_cases() {
        let taken = (0..10_000).filter(|&row| Random::of(3, row).chance(15)).count();
        assert!((1_400..1_600).contains(&taken), "{taken}");
    }
}
