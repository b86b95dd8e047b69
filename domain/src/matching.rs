//! Whether two files probably concern the same person, decided by keyed fingerprints alone (Vermeidung von
//! Doppelförderung).
//!
//! Names are compared by their sound (Kölner Phonetik, after transcriptions from other alphabets are unified), in
//! either order, and part by part for double names. Day and month of birth may be swapped. `domain/tests/matching.rs`
//! measures what these rules find and miss.

use std::collections::BTreeSet;

use chrono::Datelike;
use rphonetic::{Cologne, Encoder};

use crate::birth_date::BirthDate;
use crate::fingerprint::{FingerprintKey, distinctive_parts, written_parts};

crate::words! {
    /// What two files have in common.
    pub enum MatchKind("Gemeinsamkeit zweier Akten") {
        Names = "NAMES": "Klang beider Namen und das Geburtsdatum",
        Spelling = "SPELLING": "Klang eines Namens, den anderen bis auf einen Buchstaben, und das Geburtsdatum",
        PartOfBirth = "PART_OF_BIRTH": "beide Namen und das Jahr oder den Tag der Geburt",
        Phone = "PHONE": "Telefon",
        Email = "EMAIL": "E-Mail",
    }
}

/// The compared data of a person.
#[derive(Clone, Copy, Debug)]
pub struct Person<'p> {
    /// Family name.
    pub family_name: &'p str,
    /// Given name.
    pub given_name: &'p str,
    /// Birth date.
    pub birth_date: BirthDate,
    /// Telephone.
    pub phone: Option<&'p str>,
    /// E-mail.
    pub email: Option<&'p str>,
}

/// Transcriptions of one sound in German, English and French spelling. Longer ones come first.
const TRANSCRIPTIONS: [(&str, &str); 13] = [
    ("dsch", "j"),
    ("tsch", "ch"),
    ("tch", "ch"),
    ("dzh", "j"),
    ("dj", "j"),
    ("sch", "s"),
    ("sh", "s"),
    ("zh", "s"),
    ("kh", "k"),
    ("gh", "g"),
    ("ks", "x"),
    ("ph", "f"),
    ("v", "w"),
];
/// For shorter names, too many other names differ in one letter only.
const MIN_SPELLING_LENGTH: usize = 4;
/// Fewer digits are no telephone number.
const MIN_PHONE_DIGITS: usize = 7;

/// All fingerprints by which a file of this person is found.
#[must_use]
pub fn fingerprints(key: &FingerprintKey, person: &Person<'_>) -> BTreeSet<(MatchKind, String)> {
    let mut found = BTreeSet::new();
    let (family, given) = (name_forms(person.family_name), name_forms(person.given_name));
    let born = Born::of(person.birth_date);
    for family in &family {
        for given in &given {
            let sounds = sorted_pair(&family.phonetic_code, &given.phonetic_code);
            let mut add = |kind, use_, names: [&str; 2], born: &str| {
                found.insert((kind, key.digest(use_, &[names[0], names[1], born])));
            };
            add(MatchKind::PartOfBirth, "match:year", sounds, &born.year);
            // Offices enter 1 January if the day is unknown. Such a date tells the year only.
            if !born.day_unknown {
                add(MatchKind::PartOfBirth, "match:day", sounds, &born.day);
                add(MatchKind::Names, "match:names", sounds, &born.date);
            }
            for (by_sound, by_spelling) in [(family, given), (given, family)] {
                for spelling in spellings(&by_spelling.letters) {
                    let names = [by_sound.phonetic_code.as_str(), spelling.as_str()];
                    add(MatchKind::PartOfBirth, "match:spelling-year", names, &born.year);
                    if !born.day_unknown {
                        add(MatchKind::Spelling, "match:spelling", names, &born.date);
                    }
                }
            }
        }
    }
    if let Some(phone) = person.phone.and_then(phone_number) {
        found.insert((MatchKind::Phone, key.digest("match:phone", &[&phone])));
    }
    if let Some(email) = person.email.map(|email| email.trim().to_lowercase()).filter(|email| email.contains('@')) {
        found.insert((MatchKind::Email, key.digest("match:email", &[&email])));
    }
    found
}

/// Whether two files with these matches probably concern the same person. A shared telephone alone may belong to a
/// family.
#[must_use]
pub fn probable(common: impl IntoIterator<Item = MatchKind>) -> bool {
    let (mut part_of_birth, mut contact) = (false, false);
    for kind in common {
        match kind {
            MatchKind::Names | MatchKind::Spelling => return true,
            MatchKind::PartOfBirth => part_of_birth = true,
            MatchKind::Phone | MatchKind::Email => contact = true,
        }
    }
    part_of_birth && contact
}

/// A name, or a part of a double name.
struct NameForm {
    letters: String,
    phonetic_code: String,
}

/// The whole name, and the parts of a double name.
fn name_forms(name: &str) -> Vec<NameForm> {
    let mut letters = BTreeSet::from([written_parts(name).collect::<String>()]);
    letters.extend(distinctive_parts(name));
    letters.remove("");
    letters.into_iter().map(|letters| NameForm { phonetic_code: phonetic_code(&letters), letters }).collect()
}

/// Phonetic code of a normalised name, independent of the transcription. A name in another script is used unchanged.
fn phonetic_code(letters: &str) -> String {
    let mut written = letters.to_owned();
    for (spelling, one) in TRANSCRIPTIONS {
        written = written.replace(spelling, one);
    }
    let code = Cologne.encode(&written);
    if code.is_empty() { written } else { code }
}

/// The name itself, and the name with each letter left out: two names that differ in one letter share one of these.
fn spellings(letters: &str) -> BTreeSet<String> {
    let letters: Vec<char> = letters.chars().collect();
    if letters.len() < MIN_SPELLING_LENGTH {
        return BTreeSet::new();
    }
    let without = |left_out: usize| {
        letters.iter().enumerate().filter(|(place, _)| *place != left_out).map(|(_, letter)| *letter).collect()
    };
    (0..=letters.len()).map(without).collect()
}

/// Sorted, because family and given name may be swapped.
fn sorted_pair<'a>(one: &'a str, other: &'a str) -> [&'a str; 2] {
    if one <= other { [one, other] } else { [other, one] }
}

/// A birth date, normalised for swapped day and month.
struct Born {
    date: String,
    year: String,
    day: String,
    day_unknown: bool,
}

impl Born {
    fn of(birth_date: BirthDate) -> Self {
        let date = birth_date.first();
        let (day, month) = (date.day(), date.month());
        let in_year = format!("{:02}-{:02}", day.min(month), day.max(month));
        Self {
            date: format!("{}-{in_year}", date.year()),
            year: date.year().to_string(),
            day: in_year,
            day_unknown: birth_date.day().is_none() || (day, month) == (1, 1),
        }
    }
}

/// The digits without country code and leading zeros, with those of an extension. `None` if there are too few. Earlier
/// versions stored numbers in other groups, and without their first zero; the result is the same.
fn phone_number(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    // 0491 is Leer, and not a country code.
    let is_international = text.trim_start().starts_with('+') || digits.starts_with("00");
    let is_national = digits.starts_with('0') && !is_international;
    let digits = digits.trim_start_matches('0');
    let without_country = digits.strip_prefix("49").filter(|_| is_international || digits.len() > 10);
    let digits = without_country.filter(|_| !is_national).unwrap_or(digits).trim_start_matches('0');
    (digits.len() >= MIN_PHONE_DIGITS).then(|| digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person<'p>(family_name: &'p str, given_name: &'p str, born: &str) -> Person<'p> {
        Person { family_name, given_name, birth_date: born.parse().expect("a day"), phone: None, email: None }
    }

    fn same(one: &Person<'_>, other: &Person<'_>) -> bool {
        let key = FingerprintKey::new([3; 32]);
        let others = fingerprints(&key, other);
        probable(fingerprints(&key, one).intersection(&others).map(|(kind, _)| *kind))
    }

    #[test]
    fn one_person_is_recognised_in_different_spellings() {
        let born = "1999-05-17";
        for (one, other) in [
            (("Ionescu", "Ioana"), (" IONESCU ", "Ioana")),
            (("Ionescu", "Ioana"), ("Ioana", "Ionescu")),
            (("Al-Haddad", "Yusuf"), ("Haddad", "Youssef")),
            (("Al-Jubouri", "Karrar"), ("Aljubouri", "Karrar")),
            (("Müller-Schmidt", "Anna Maria"), ("Schmidt", "Anna")),
            (("Öztürk", "Ayşe"), ("Oeztuerk", "Ayse")),
            (("Shevchuk", "Dmytro"), ("Schewtschuk", "Dmitri")),
            (("Kovalenko", "Iryna"), ("Kowalenko", "Irina")),
            (("Rahimi", "Khalil"), ("Rahimi", "Chalil")),
            (("Mansour", "Jamila"), ("Mansur", "Djamila")),
            (("Tkachenko", "Kateryna"), ("Tkachenko", "Katerina")),
            (("Demir", "Mehmet"), ("Demir", "Mehemt")),
            (("Demirel", "Mehmet"), ("Demiral", "Mehmet")),
            (("محمدي", "علي"), ("محمدي", "علي")),
        ] {
            assert!(same(&person(one.0, one.1, born), &person(other.0, other.1, born)), "{one:?} {other:?}");
        }
        assert!(
            same(&person("Sow", "Mamadou", "2002-03-09"), &person("Sow", "Mamadou", "2002-09-03")),
            "day and month"
        );
    }

    #[test]
    fn different_people_are_not_matched() {
        let born = "1999-05-17";
        for (one, other) in [
            (("Ionescu", "Ioana"), ("Ionescu", "Elena")),
            (("Ionescu", "Ioana"), ("Popescu", "Ioana")),
            (("Al-Haddad", "Omar"), ("Al-Hamwi", "Omar")),
            (("Can", "Ayse"), ("Kan", "Emre")),
        ] {
            assert!(!same(&person(one.0, one.1, born), &person(other.0, other.1, born)), "{one:?} {other:?}");
        }
        assert!(!same(&person("Ionescu", "Ioana", born), &person("Ionescu", "Ioana", "1999-05-18")));
        assert!(
            !same(&person("Ionescu", "Ioana", "1999-01-01"), &person("Ionescu", "Ioana", "1999-01-01")),
            "an unknown day"
        );
    }

    #[test]
    fn a_telephone_matches_only_together_with_part_of_the_birth_date() {
        let with_phone = |one: Person<'static>, phone| Person { phone: Some(phone), ..one };
        let ioana = with_phone(person("Ionescu", "Ioana", "1999-01-01"), "0221 55509146");
        assert!(same(&ioana, &with_phone(person("Ionescu", "Ioana", "1999-05-17"), "+49 221 555 09146")));
        assert!(!same(&ioana, &with_phone(person("Ionescu", "Elena", "1999-01-01"), "0221/55509146")));
        assert_eq!(phone_number("0049 (0)221 5550"), phone_number("0221-5550"));
        assert_eq!(phone_number("112"), None);
        // Leer and Köln, as earlier versions and this one store them.
        for same in ["0491 9276 123", "+49 491 9276 123", "0491 9276-123", "0049 491 9276123", "491 9276123"] {
            assert_eq!(phone_number(same).as_deref(), Some("4919276123"), "{same}");
        }
        for same in ["0221 5550 123", "2215550123", "+0221 5550123", "0221 5550-123", "+49 221 5550123", "492215550123"]
        {
            assert_eq!(phone_number(same).as_deref(), Some("2215550123"), "{same}");
        }
    }

    #[test]
    fn fingerprints_differ_by_key() {
        let ioana = person("Ionescu", "Ioana", "1999-05-17");
        let of = |key: u8| fingerprints(&FingerprintKey::new([key; 32]), &ioana);
        assert!(of(1).is_disjoint(&of(2)));
        assert!(of(1).iter().all(|(_, fingerprint)| fingerprint.len() == 64));
    }
}
