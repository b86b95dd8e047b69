//! Keyed fingerprints of clients. A person can be looked up without a readable name in an index.

use chrono::NaiveDate;
use hmac::{Hmac, KeyInit, Mac};
use rphonetic::{Cologne, Encoder};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The secret key of all fingerprints. Without it a fingerprint can neither be computed nor guessed. After a change of
/// the key, stored fingerprints match nobody.
#[derive(Clone)]
pub struct FingerprintKey([u8; 32]);

impl std::fmt::Debug for FingerprintKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FingerprintKey(…)")
    }
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint key is 64 hexadecimal digits (32 bytes)")]
pub struct InvalidKey;

impl FingerprintKey {
    /// A key of 32 bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key written as 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidKey`]
    pub fn from_hex(text: &str) -> Result<Self, InvalidKey> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(InvalidKey);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidKey)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidKey)?;
        }
        Ok(Self(bytes))
    }

    /// Fingerprint for looking up a client at the desk: exact match on the [normalised](normalise_name) name.
    #[must_use]
    pub fn client(&self, family_name: &str, birth_date: NaiveDate) -> String {
        self.digest("client", &[&normalise_name(family_name), &birth_date.to_string()])
    }

    /// Fingerprint of possible duplicates: names with the same phonetic code (Kölner Phonetik) and the same birth date.
    #[must_use]
    pub fn probable(&self, family_name: &str, given_name: &str, birth_date: NaiveDate) -> String {
        self.digest("probable", &[&phonetic_code(family_name), &phonetic_code(given_name), &birth_date.to_string()])
    }

    /// Fingerprint of an imported row's content. A second import recognises the row without a second readable copy.
    #[must_use]
    pub fn content(&self, parts: &[&str]) -> String {
        self.digest("content", parts)
    }

    pub(crate) fn digest(&self, use_: &str, parts: &[&str]) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        for part in std::iter::once(use_).chain(parts.iter().copied()) {
            // The length prefix distinguishes ("ab", "c") from ("a", "bc").
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        hex(&mac.finalize().into_bytes())
    }
}

/// Bytes as lower case hexadecimal digits, two per byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// Normalises a name: lower case letters without diacritics. Spaces, hyphens and apostrophes are dropped.
///
/// An umlaut has three spellings: `Öztürk`, `Oeztuerk` in passports and where a keyboard lacks it, and `Ozturk` abroad.
/// In the third spelling it is unknown which letters had diacritics, so the only common form of all three is without
/// the `e`. `Bauer` and `Baur` become the same name as well; the birth date beside the name distinguishes them.
#[must_use]
pub fn normalise_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.nfkd().filter(|&letter| !is_combining_mark(letter)).flat_map(char::to_lowercase) {
        match letter {
            'ß' => normal.push_str("ss"),
            'ı' => normal.push('i'),
            'ø' => normal.push('o'),
            'ł' => normal.push('l'),
            'đ' | 'ð' => normal.push('d'),
            'æ' => normal.push('a'),
            'œ' => normal.push('o'),
            'þ' => normal.push_str("th"),
            // Drops every `e` that follows, otherwise `Brüel` and `Brueel` would differ.
            'e' if normal.ends_with(['a', 'o', 'u']) => {}
            // İ in lower case is i and a combining mark.
            _ if letter.is_alphabetic() && !is_combining_mark(letter) => normal.push(letter),
            _ => {}
        }
    }
    normal
}

/// Phonetic code of a name in German. A name in another script has no code and is used unchanged.
fn phonetic_code(name: &str) -> String {
    let normal = normalise_name(name);
    let code = Cologne.encode(&normal);
    if code.is_empty() { normal } else { code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_two_digits() {
        assert_eq!(hex(&[0x00, 0x0a, 0xa0, 0xff]), "000aa0ff");
    }
    use proptest::prelude::*;

    fn key() -> FingerprintKey {
        FingerprintKey::from_hex(&"0f".repeat(32)).expect("a key")
    }
    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn spellings_of_a_name_normalise_to_one_form() {
        for (typed, normal) in [
            (" Ionescu ", "ionescu"),
            ("IONESCU", "ionescu"),
            ("Çelik", "celik"),
            ("Yıldız", "yildiz"),
            ("YILDIZ", "yildiz"),
            ("İpek", "ipek"),
            ("Al-Haddad", "alhaddad"),
            ("Al Haddad", "alhaddad"),
            ("O’Neill", "oneill"),
            ("Groß", "gross"),
            ("Müller", "muller"),
            ("Mu\u{308}ller", "muller"),
            ("Mueller", "muller"),
            ("MUELLER", "muller"),
            ("Öztürk", "ozturk"),
            ("Oeztuerk", "ozturk"),
            ("Ozturk", "ozturk"),
            ("Sørensen", "sorensen"),
            ("Soerensen", "sorensen"),
            ("Jæger", "jager"),
            ("Jaeger", "jager"),
            ("Brüel", "brul"),
            ("Brueel", "brul"),
            ("Meier", "meier"),
            ("Łukasz", "lukasz"),
            ("ﬁsch", "fisch"),
            ("محمد", "محمد"),
        ] {
            assert_eq!(normalise_name(typed), normal, "{typed}");
        }
    }

    #[test]
    fn the_client_at_the_desk_is_found_by_family_name_and_birth_date() {
        let (key, born) = (key(), day("2000-01-09"));
        assert_eq!(key.client("Ionescu", born), key.client(" IONESCU ", born));
        assert_ne!(key.client("Ionescu", born), key.client("Ionesko", born));
        assert_ne!(key.client("Ionescu", born), key.client("Ionescu", day("2000-01-10")));
        assert_eq!(key.client("Ionescu", born).len(), 64);
    }

    #[test]
    fn names_that_sound_alike_share_a_probable_fingerprint() {
        let (key, born) = (key(), day("1990-05-05"));
        assert_eq!(key.probable("Yilmaz", "Mehmet", born), key.probable("Yılmaz", "Mehmed", born));
        assert_eq!(key.probable("Meier", "Anna", born), key.probable("Mayr", "Ana", born));
        assert_ne!(key.probable("Meier", "Anna", born), key.probable("Meier", "Anna", day("1990-05-06")));
        assert_ne!(key.probable("محمد", "ا", born), key.probable("احمد", "ا", born));
    }

    #[test]
    fn a_client_is_found_by_any_spelling_of_an_umlaut() {
        let (key, born) = (key(), day("1990-05-05"));
        for (written, typed) in
            [("Müller", "Mueller"), ("Öztürk", "Ozturk"), ("Öztürk", "Oeztuerk"), ("Jäger", "Jaeger")]
        {
            assert_eq!(key.client(written, born), key.client(typed, born), "{typed}");
        }
    }

    proptest! {
        #[test]
        fn the_three_spellings_of_an_umlaut_normalise_to_one_name(name in "[A-Za-zÄÖÜäöüßéçğ' -]{0,12}") {
            let spelled = |umlauts: [&str; 6]| {
                let mut spelling = name.clone();
                for (umlaut, letters) in ["ä", "ö", "ü", "Ä", "Ö", "Ü"].into_iter().zip(umlauts) {
                    spelling = spelling.replace(umlaut, letters);
                }
                normalise_name(&spelling)
            };
            let normal = normalise_name(&name);
            prop_assert_eq!(&spelled(["ae", "oe", "ue", "Ae", "Oe", "Ue"]), &normal);
            prop_assert_eq!(&spelled(["a", "o", "u", "A", "O", "U"]), &normal);
            prop_assert_eq!(normalise_name(&normal), normal);
        }
    }

    #[test]
    fn fingerprints_differ_by_key_and_by_use() {
        let born = day("1990-05-05");
        let other = FingerprintKey::new([7; 32]);
        assert_ne!(key().client("Meier", born), other.client("Meier", born));
        assert_ne!(key().content(&["meier", "1990-05-05"]), key().client("Meier", born));
        assert_ne!(key().content(&["ab", "c"]), key().content(&["a", "bc"]));
    }

    #[test]
    fn a_key_has_64_digits_and_is_not_printed() {
        assert_eq!(format!("{:?}", key()), "FingerprintKey(…)");
        for text in ["", "0f", &"0g".repeat(32), &"0f".repeat(33), &"é".repeat(32)] {
            assert_eq!(FingerprintKey::from_hex(text).err(), Some(InvalidKey), "{text}");
        }
    }
}
