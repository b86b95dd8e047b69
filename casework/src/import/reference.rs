//! Random references that are easy to read out on the phone: ten letters and digits, unique for each referral.

use kim_domain::reference::looks_like_foreign_number;
use rand::Rng;

/// Crockford's base32 alphabet, without I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A reference such as `7KQ2M-XP4RT`: 50 random bits. It never looks like a number of another office.
pub(crate) fn random(random: &mut impl Rng) -> String {
    loop {
        let mut letter = || char::from(ALPHABET[random.random_range(0..ALPHABET.len())]);
        let group = |letter: &mut dyn FnMut() -> char| (0..5).map(|_| letter()).collect::<String>();
        let reference = format!("{}-{}", group(&mut letter), group(&mut letter));
        if !looks_like_foreign_number(&reference) {
            return reference;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_two_groups_of_five() {
        let mut rng = rand::rng();
        let references: std::collections::HashSet<_> = (0..1000).map(|_| random(&mut rng)).collect();
        assert_eq!(references.len(), 1000);
        for reference in references {
            assert_eq!(reference.len(), 11);
            assert_eq!(reference.as_bytes()[5], b'-');
            assert!(!looks_like_foreign_number(&reference), "{reference}");
        }
    }
}
