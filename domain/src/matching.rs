//! Whether two files are probably of one person, told by keyed fingerprints alone (Vermeidung von Doppelförderung).
//!
//! Names are compared by their sound (Kölner Phonetik, after spellings of other alphabets were made one), in either order,
//! part by part where they are double; a day and a month may have changed places. What each rule finds and misses is
//! measured in `domain/tests/matching.rs`.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use rphonetic::{Cologne, Encoder};

use crate::fingerprint::{FingerprintKey, normalise_name};

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

/// What is compared of a person.
#[derive(Clone, Copy, Debug)]
pub struct Person<'p> {
    /// Family name.
    pub family_name: &'p str,
    /// Given name.
    pub given_name: &'p str,
    /// Birth date.
    pub birth_date: NaiveDate,
    /// Telephone.
    pub phone: Option<&'p str>,
    /// E-mail.
    pub email: Option<&'p str>,
}

/// Parts of names that stand before many and tell nobody apart.
const PARTICLES: [&str; 20] = [
    "al", "el", "ul", "abu", "abd", "ben", "bin", "bint", "ibn", "da", "de", "del", "der", "di", "dos", "la", "le",
    "van", "von", "zu",
];
/// Spellings of one sound in the alphabets that German, English and French offices transcribe to. The longer come first.
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
/// A shorter name has too many others within one letter.
const SHORTEST_SPELLING: usize = 4;
/// Fewer digits are no telephone number.
const SHORTEST_PHONE: usize = 7;

/// Everything by which a file of this person is found again.
#[must_use]
pub fn fingerprints(key: &FingerprintKey, person: &Person<'_>) -> BTreeSet<(MatchKind, String)> {
    let mut found = BTreeSet::new();
    let (family, given) = (forms(person.family_name), forms(person.given_name));
    let born = Born::of(person.birth_date);
    for family in &family {
        for given in &given {
            let sounds = in_order(&family.sound, &given.sound);
            let mut add = |kind, use_, names: [&str; 2], born: &str| {
                found.insert((kind, key.digest(use_, &[names[0], names[1], born])));
            };
            add(MatchKind::PartOfBirth, "match:year", sounds, &born.year);
            // Offices write 1 January where nobody knows the day: it tells the year and no more.
            if !born.day_unknown {
                add(MatchKind::PartOfBirth, "match:day", sounds, &born.day);
                add(MatchKind::Names, "match:names", sounds, &born.date);
            }
            for (heard, spelled) in [(family, given), (given, family)] {
                for spelling in spellings(&spelled.letters) {
                    let names = [heard.sound.as_str(), spelling.as_str()];
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

/// Whether two files that have this in common are probably of one person. The same telephone alone may be a family's.
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

/// A name, or a part of one.
struct Form {
    letters: String,
    sound: String,
}

/// The name as one, and the parts of a double name.
fn forms(name: &str) -> Vec<Form> {
    let parts: Vec<String> = name
        .split(|letter: char| letter.is_whitespace() || matches!(letter, '-' | '‐' | '‑' | '–' | '/'))
        .map(normalise_name)
        .filter(|part| !part.is_empty())
        .collect();
    let mut letters = BTreeSet::from([parts.concat()]);
    letters.extend(parts.into_iter().filter(|part| part.chars().count() > 2 && !PARTICLES.contains(&part.as_str())));
    letters.remove("");
    letters.into_iter().map(|letters| Form { sound: sound(&letters), letters }).collect()
}

/// How a normalised name sounds, whichever office wrote it down; a name in another script is itself.
fn sound(letters: &str) -> String {
    let mut written = letters.to_owned();
    for (spelling, one) in TRANSCRIPTIONS {
        written = written.replace(spelling, one);
    }
    let code = Cologne.encode(&written);
    if code.is_empty() { written } else { code }
}

/// The name, and the name without each of its letters: two names that differ in one have one of these in common.
fn spellings(letters: &str) -> BTreeSet<String> {
    let letters: Vec<char> = letters.chars().collect();
    if letters.len() < SHORTEST_SPELLING {
        return BTreeSet::new();
    }
    let without = |left_out: usize| {
        letters.iter().enumerate().filter(|(place, _)| *place != left_out).map(|(_, letter)| *letter).collect()
    };
    (0..=letters.len()).map(without).collect()
}

/// Family and given name may have changed places.
fn in_order<'a>(one: &'a str, other: &'a str) -> [&'a str; 2] {
    if one <= other { [one, other] } else { [other, one] }
}

/// A birth date in which day and month may have changed places.
struct Born {
    date: String,
    year: String,
    day: String,
    day_unknown: bool,
}

impl Born {
    fn of(date: NaiveDate) -> Self {
        let (day, month) = (date.day(), date.month());
        let in_year = format!("{:02}-{:02}", day.min(month), day.max(month));
        Self {
            date: format!("{}-{in_year}", date.year()),
            year: date.year().to_string(),
            day: in_year,
            day_unknown: (day, month) == (1, 1),
        }
    }
}

/// The digits that are the same with and without the country's or the city's zero.
fn phone_number(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    let digits = digits.strip_prefix("49").unwrap_or(digits).trim_start_matches('0');
    (digits.len() >= SHORTEST_PHONE).then(|| digits.to_owned())
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
    fn one_person_is_known_however_an_office_wrote_her_down() {
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
    fn others_are_not_taken_for_one() {
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
    fn a_telephone_helps_where_the_birth_date_is_not_sure_and_is_a_family_s_where_it_is_alone() {
        let with_phone = |one: Person<'static>, phone| Person { phone: Some(phone), ..one };
        let ioana = with_phone(person("Ionescu", "Ioana", "1999-01-01"), "0221 55509146");
        assert!(same(&ioana, &with_phone(person("Ionescu", "Ioana", "1999-05-17"), "+49 221 555 09146")));
        assert!(!same(&ioana, &with_phone(person("Ionescu", "Elena", "1999-01-01"), "0221/55509146")));
        assert_eq!(phone_number("0049 (0)221 5550"), phone_number("0221-5550"));
        assert_eq!(phone_number("112"), None);
    }

    #[test]
    fn a_fingerprint_means_nothing_under_another_key() {
        let ioana = person("Ionescu", "Ioana", "1999-05-17");
        let of = |key: u8| fingerprints(&FingerprintKey::new([key; 32]), &ioana);
        assert!(of(1).is_disjoint(&of(2)));
        assert!(of(1).iter().all(|(_, fingerprint)| fingerprint.len() == 64));
    }
}
