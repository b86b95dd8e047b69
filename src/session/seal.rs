//! Encrypts what a session keeps on the server.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::error::Unspecified;

/// A key for AES-256-GCM (NIST SP 800-38D), with a random nonce for each text.
#[derive(Debug)]
pub(crate) struct Seal(RandomizedNonceKey);

/// A text was sealed with another key, for another place, or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was sealed with another key, or changed")]
pub(crate) struct Broken;

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, Unspecified> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self)
    }

    /// Encrypts a text for a place, such as the row that will hold it. In another place it cannot be opened.
    pub(crate) fn seal(&self, place: &str, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut sealed = text.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(place), &mut sealed)?;
        sealed.extend_from_slice(nonce.as_ref());
        Ok(sealed)
    }

    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, Broken> {
        let end = sealed.len().checked_sub(NONCE_LEN).ok_or(Broken)?;
        let (text, nonce) = sealed.split_at(end);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Broken)?;
        let mut text = text.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(place), &mut text).map_err(|_| Broken)?;
        Ok(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_only_with_its_key_at_its_place_and_unchanged() {
        let seal = Seal::new(&[7; 32]).expect("a key");
        let sealed = seal.seal("a", b"token").expect("sealed");
        assert_eq!(seal.open("a", &sealed), Ok(b"token".to_vec()));
        assert_ne!(sealed, seal.seal("a", b"token").expect("sealed"), "a nonce of its own");
        assert!(!sealed.windows(5).any(|part| part == b"token"));
        assert_eq!(seal.open("b", &sealed), Err(Broken), "another row");
        assert_eq!(Seal::new(&[8; 32]).expect("a key").open("a", &sealed), Err(Broken), "another key");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(seal.open("a", &changed), Err(Broken), "byte {place}");
        }
        for length in 0..sealed.len() {
            assert_eq!(seal.open("a", &sealed[..length]), Err(Broken), "{length} bytes");
        }
    }
}
