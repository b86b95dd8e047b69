//! Keyed fingerprints of clients. A person can be looked up without a readable name in an index.

use std::collections::BTreeSet;

use hmac::{Hmac, KeyInit, Mac};
use rphonetic::{Cologne, Encoder};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::birth_date::BirthDate;

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
    pub fn client(&self, family_name: &str, birth_date: BirthDate) -> String {
        self.digest("client", &[&normalise_name(family_name), &birth_date.compared()])
    }

    /// All fingerprints by which a stored client is found at the desk: of the whole name as [`client`](Self::client) makes it, and
    /// of each part of a double name.
    #[must_use]
    pub fn client_name(&self, family_name: &str, birth_date: BirthDate) -> ClientFingerprints {
        let whole = self.client(family_name, birth_date);
        let mut parts: BTreeSet<String> =
            parts_of_bearer(family_name).iter().map(|part| self.client(part, birth_date)).collect();
        parts.remove(&whole);
        ClientFingerprints { whole, parts }
    }

    /// The fingerprints by which a client is sought. Of a name with more than [`MAX_PARTS`] parts only the whole: it is more likely a
    /// list of guesses.
    #[must_use]
    pub fn sought_client(&self, family_name: &str, birth_date: BirthDate) -> ClientFingerprints {
        if distinctive_parts(family_name).len() > MAX_PARTS {
            return ClientFingerprints { whole: self.client(family_name, birth_date), parts: BTreeSet::new() };
        }
        self.client_name(family_name, birth_date)
    }

    /// Fingerprint of possible duplicates: names with the same phonetic code (Kölner Phonetik) and the same birth date.
    #[must_use]
    pub fn probable(&self, family_name: &str, given_name: &str, birth_date: BirthDate) -> String {
        self.digest("probable", &[&phonetic_code(family_name), &phonetic_code(given_name), &birth_date.compared()])
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

/// Keyed fingerprints of a client's family name and birth date.
///
/// A look-up finds a client if the whole name that is sought is the whole stored name or one of its parts, or if one of its parts is
/// the whole stored name. Parts are never compared with parts, because two double names that share one part are different names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFingerprints {
    /// Of the whole name.
    pub whole: String,
    /// Of each part by which people can be told apart, alone and with the particles before it, if it is not the whole name. None of
    /// particles, and none of short parts. Also of the whole name without its leading particles.
    pub parts: BTreeSet<String>,
}

impl ClientFingerprints {
    /// The whole names that a look-up by this name finds: this one, and each of its parts.
    pub fn whole_names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.whole).chain(&self.parts).map(String::as_str)
    }
}

/// Maximum number of parts of a name that a look-up compares.
pub const MAX_PARTS: usize = 3;

/// Bytes as lower case hexadecimal digits, two per byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

/// Normalises a name: lower case letters without diacritics. Spaces, hyphens, apostrophes and modifier letters are dropped.
///
/// Every letter of DIN 91379 becomes the same as its search form (`domain/data/din_91379_search_forms.txt`), which is what the
/// machine-readable zone of a passport has, and what is typed where a keyboard lacks the letter.
///
/// An umlaut has three spellings: `Öztürk`, `Oeztuerk` in passports and where a keyboard lacks it, and `Ozturk` abroad.
/// In the third spelling it is unknown which letters had diacritics, so the only common form of all three is without
/// the `e`. `Bauer` and `Baur` become the same name as well; the birth date beside the name distinguishes them. For the same
/// reason `å`, `aa` and `a` become one letter.
///
/// In Arabic script, letters that the keyboards of Arabic, Persian and Urdu have in different places and whose shapes are
/// the same or confused become one: ك and ک; ي, ى and ی; ة and ه; all forms of alef. Vowel signs are dropped there, and kept in
/// scripts that need them to tell names apart.
#[must_use]
pub fn normalise_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.nfkd().filter(|&letter| !is_dropped(letter)).flat_map(char::to_lowercase) {
        match letter {
            'ß' => normal.push_str("ss"),
            'þ' => normal.push_str("th"),
            // Drops every `e` that follows, otherwise `Brüel` and `Brueel` would differ.
            'e' | 'ə' if normal.ends_with(['a', 'o', 'u']) => {}
            'a' | 'æ' if normal.ends_with('a') => {}
            // İ in lower case is i and a combining mark.
            _ if is_dropped(letter) => {}
            _ if letter.is_alphabetic() || is_combining_mark(letter) => normal.push(base(letter)),
            _ => {}
        }
    }
    normal
}

/// Name particles that occur in many names and do not distinguish people.
const PARTICLES: [&str; 20] = [
    "al", "el", "ul", "abu", "abd", "ben", "bin", "bint", "ibn", "da", "de", "del", "der", "di", "dos", "la", "le",
    "van", "von", "zu",
];

/// The normalised parts of a name by which people can be told apart: no particles, and nothing shorter than three letters.
pub(crate) fn distinctive_parts(name: &str) -> BTreeSet<String> {
    written_parts(name).filter(|part| is_distinctive(part)).collect()
}

/// The parts of a name by each of which its bearer is found: the distinctive ones, each alone and with the particles before it.
///
/// A part of two letters counts in a name of two parts (`Ng-Schmidt`), and the whole name also without the particles before it.
fn parts_of_bearer(name: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    let mut particles = String::new();
    let written: Vec<String> = written_parts(name).filter(|part| !part.is_empty()).collect();
    let leading = written.iter().take_while(|part| is_particle(part)).count();
    if leading > 0 && leading + 1 < written.len() {
        parts.insert(written[leading..].concat());
    }
    let shortest = if written.len() == 2 { 2 } else { 3 };
    for part in written {
        if is_particle(&part) {
            particles.push_str(&part);
            continue;
        }
        if part.chars().count() >= shortest {
            parts.insert(format!("{particles}{part}"));
            parts.insert(part);
        }
        particles.clear();
    }
    parts
}

fn is_particle(part: &str) -> bool {
    PARTICLES.contains(&part)
}

fn is_distinctive(part: &str) -> bool {
    part.chars().count() > 2 && !is_particle(part)
}

/// The normalised parts of a name as written.
pub(crate) fn written_parts(name: &str) -> impl Iterator<Item = String> {
    name.split(|letter: char| letter.is_whitespace() || matches!(letter, '/' | '\u{30fb}') || is_hyphen(letter))
        .map(normalise_name)
}

/// Hyphens between the parts of a name, also those of other scripts.
pub(crate) const fn is_hyphen(letter: char) -> bool {
    matches!(letter, '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' | '\u{58a}' | '\u{5be}')
}

/// Whether a name has letters by which it can be found.
#[must_use]
pub fn can_be_found(name: &str) -> bool {
    normalise_name(name).contains(|letter: char| !is_combining_mark(letter))
}

/// The letter that is typed instead of one that cannot be decomposed.
const fn base(letter: char) -> char {
    match letter {
        'æ' => 'a',
        'ƈ' => 'c',
        'đ' | 'ð' => 'd',
        'ə' => 'e',
        'ǥ' => 'g',
        'ħ' => 'h',
        'ı' | 'ɨ' => 'i',
        'ĸ' => 'k',
        'ł' => 'l',
        'ŋ' => 'n',
        'ø' | 'œ' => 'o',
        'ŧ' => 't',
        'ʒ' => 'z',
        'ς' => 'σ',
        'ك' | 'ڪ' => 'ک',
        'ي' | 'ى' | 'ے' => 'ی',
        'ة' | 'ۃ' | 'ہ' | 'ھ' | 'ە' => 'ه',
        'ٱ' => 'ا',
        _ => letter,
    }
}

/// Diacritics of Latin, Greek, Cyrillic, Hebrew and Arabic; modifier letters, which many write as apostrophes or not at all; the
/// hamza, and the line that stretches Arabic words.
fn is_dropped(letter: char) -> bool {
    matches!(
        letter,
        '\u{2b0}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{55a}' | '\u{591}'..='\u{5c7}' | '\u{5f3}' | '\u{5f4}' | '\u{610}'..='\u{61a}'
            | '\u{621}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{674}' | '\u{6d6}'..='\u{6ed}' | '\u{8d3}'..='\u{8ff}'
            | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{a788}'..='\u{a78c}' | '\u{fe00}'..='\u{fe2f}'
    )
}

/// Phonetic code of a name in German. A name in another script has no code and is used unchanged.
fn phonetic_code(name: &str) -> String {
    let normal = normalise_name(name);
    let code = Cologne.encode(&normal);
    if code.is_empty() { normal } else { code }
}

#[cfg(test)]
mod tests;
