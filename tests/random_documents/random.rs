//! Seeded random choices: the same seed gives the same documents.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// The seed of this run: `KIM_TEST_SEED`, or a new one.
pub(crate) fn seed() -> u64 {
    match std::env::var("KIM_TEST_SEED") {
        Ok(seed) => seed.parse().expect("KIM_TEST_SEED is a number"),
        Err(_) => rand::rng().random::<u32>().into(),
    }
}

/// A source of random choices.
pub(crate) struct Random(StdRng);

impl Random {
    /// One of several sources with the same seed.
    pub(crate) fn new(seed: u64, source: u64) -> Self {
        Self(StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(source)))
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// True with this probability in percent.
    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// A random element. There must be at least one.
    pub(crate) fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    /// A random element by weight.
    pub(crate) fn weighed<'t, T>(&mut self, from: &'t [T], weight: impl Fn(&T) -> usize) -> &'t T {
        let mut place = self.below(from.iter().map(&weight).sum());
        let chosen = from.iter().find(|one| match place.checked_sub(weight(one)) {
            Some(rest) => {
                place = rest;
                false
            }
            None => true,
        });
        chosen.expect("a weight above the place")
    }
}
