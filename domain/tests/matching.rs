//! Measures how well two files of one person are matched, on generated data that are the same in every run.

use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use kim_domain::fingerprint::FingerprintKey;
use kim_domain::matching::{MatchKind, Person, fingerprints, probable};

/// Names as in the case lists, each with the spelling of another office.
const FAMILY: [(&str, &str); 60] = [
    ("Rahimi", "Rahimy"),
    ("Sahin", "Şahin"),
    ("Bah", "Baah"),
    ("Eze", "Eze"),
    ("Ghebremedhin", "Gebremedhin"),
    ("Bondar", "Bondarr"),
    ("Darwish", "Darwisch"),
    ("Habte", "Habtte"),
    ("Yilmaz", "Yılmaz"),
    ("Çelik", "Celik"),
    ("Munteanu", "Munteanu"),
    ("Shevchuk", "Schewtschuk"),
    ("Jafari", "Dschafari"),
    ("Moradi", "Muradi"),
    ("Jama", "Dschama"),
    ("Petrov", "Petrow"),
    ("Melnyk", "Melnik"),
    ("Hussein", "Hussain"),
    ("Farah", "Farrah"),
    ("Kovalenko", "Kowalenko"),
    ("Ahmadi", "Ahmady"),
    ("Rezaei", "Rezai"),
    ("Ionescu", "IONESCU"),
    ("Sow", "Sow"),
    ("Dimitrova", "Dimitrowa"),
    ("Okafor", "Okaphor"),
    ("Barry", "Bary"),
    ("Adeyemi", "Adeyemi"),
    ("Warsame", "Warsamme"),
    ("Al-Jubouri", "Aljubouri"),
    ("Tkachenko", "Tkatschenko"),
    ("Mansour", "Mansur"),
    ("Öztürk", "Oeztuerk"),
    ("Sultani", "Soltani"),
    ("Iliev", "Iliew"),
    ("Salman", "Salmann"),
    ("Mustafa", "Moustafa"),
    ("Diallo", "Dialo"),
    ("Demir", "Demir"),
    ("Aziz", "Asis"),
    ("Noori", "Nouri"),
    ("Popescu", "Popesku"),
    ("Karimi", "Kharimi"),
    ("Hosseini", "Husseini"),
    ("Al-Hamwi", "Al Hamwi"),
    ("Sabbagh", "Sabagh"),
    ("Haddad", "Hadad"),
    ("Tesfay", "Tesfai"),
    ("Qasim", "Kasim"),
    ("Hassan", "Hasan"),
    ("Khalil", "Chalil"),
    ("Nowak", "Nowack"),
    ("Kowalczyk", "Kowaltschyk"),
    ("Yildirim", "Yıldırım"),
    ("Aydin", "Aydın"),
    ("Müller", "Mueller"),
    ("García", "Garcia"),
    ("Nguyen", "Nguyen"),
    ("Stojanović", "Stojanovic"),
    ("Berisha", "Berischa"),
];
const GIVEN: [(&str, &str); 60] = [
    ("Reza", "Resa"),
    ("Zeynep", "Zeineb"),
    ("Aissatou", "Aïssatou"),
    ("Emeka", "Emeka"),
    ("Filmon", "Filimon"),
    ("Iryna", "Irina"),
    ("Lina", "Leena"),
    ("Elif", "Elif"),
    ("Ion", "Ion"),
    ("Dmytro", "Dmitri"),
    ("Sara", "Sarah"),
    ("Navid", "Nawid"),
    ("Yonas", "Jonas"),
    ("Hodan", "Hodann"),
    ("Emre", "Emre"),
    ("Desislava", "Desislawa"),
    ("Taras", "Tarass"),
    ("Zainab", "Seinab"),
    ("Abdi", "Abdi"),
    ("Olena", "Olena"),
    ("Samir", "Sameer"),
    ("Amir", "Ameer"),
    ("Elena", "Helena"),
    ("Ibrahima", "Ibrahima"),
    ("Georgi", "Georgij"),
    ("Mamadou", "Mamadu"),
    ("Fadumo", "Faduma"),
    ("Chidi", "Chidi"),
    ("Fatoumata", "Fatumata"),
    ("Feven", "Fewen"),
    ("Blessing", "Blessing"),
    ("Oksana", "Oxana"),
    ("Ngozi", "Ngosi"),
    ("Ioana", "Joana"),
    ("Nilofar", "Nilufar"),
    ("Mina", "Meena"),
    ("Karrar", "Karar"),
    ("Maria", "Mariya"),
    ("Ivan", "Iwan"),
    ("Andrij", "Andriy"),
    ("Yara", "Jara"),
    ("Stefan", "Stephan"),
    ("Selam", "Sellam"),
    ("Mehmet", "Mehmed"),
    ("Hawra", "Haura"),
    ("Kateryna", "Katerina"),
    ("Jawad", "Dschawad"),
    ("Zahra", "Sahra"),
    ("Parisa", "Parissa"),
    ("Ayse", "Ayşe"),
    ("Rasha", "Rascha"),
    ("Rami", "Ramy"),
    ("Farid", "Fareed"),
    ("Ali", "Aly"),
    ("Omar", "Umar"),
    ("Mohammad", "Muhammed"),
    ("Ahmad", "Ahmed"),
    ("Yusuf", "Youssef"),
    ("Hussein", "Husain"),
    ("Amina", "Aminah"),
];

#[derive(Clone, Debug)]
struct File {
    family: String,
    given: String,
    born: NaiveDate,
    phone: String,
}

/// SplitMix64 (Steele, Lea and Flood): the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).expect("a small number")
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A birth date. One in eight is 1 January, as offices enter it if the day is unknown.
    fn born(&mut self) -> NaiveDate {
        let year = 1980 + i32::try_from(self.below(28)).expect("a year");
        if self.chance(12) {
            return NaiveDate::from_ymd_opt(year, 1, 1).expect("a day");
        }
        let day = u32::try_from(self.below(365)).expect("a day") + 1;
        NaiveDate::from_yo_opt(year, day).expect("a day")
    }

    fn phone(&mut self) -> String {
        format!("0221 555{:05}", self.below(100_000))
    }

    fn person(&mut self) -> File {
        let family = FAMILY[self.below(FAMILY.len())].0.to_owned();
        let mut given = GIVEN[self.below(GIVEN.len())].0.to_owned();
        if self.chance(10) {
            given = format!("{given} {}", GIVEN[self.below(GIVEN.len())].0);
        }
        File { family, given, born: self.born(), phone: self.phone() }
    }

    /// The same person in another office's file, with one or two differences.
    fn varied(&mut self, person: &File) -> File {
        let mut file = person.clone();
        if self.chance(40) {
            file.phone = self.phone();
        }
        for _ in 0..=self.below(2) {
            match self.below(10) {
                0 => std::mem::swap(&mut file.family, &mut file.given),
                1 | 2 => file.family = transliterated(&file.family, &FAMILY),
                3 | 4 => file.given = transliterated(&file.given, &GIVEN),
                5 => file.family = format!("{}-{}", file.family, FAMILY[self.below(FAMILY.len())].0),
                6 => file.family = self.with_typo(&file.family),
                7 => file.given = self.with_typo(&file.given),
                8 => {
                    let swapped = NaiveDate::from_ymd_opt(file.born.year(), file.born.day(), file.born.month());
                    file.born = swapped.unwrap_or(file.born);
                }
                _ => {
                    let ending = u32::try_from(self.below(28)).expect("a day") + 1;
                    file.born = file.born.with_day(ending).expect("a day");
                }
            }
        }
        file
    }

    fn with_typo(&mut self, name: &str) -> String {
        let mut letters: Vec<char> = name.chars().collect();
        let place = 1 + self.below(letters.len() - 1);
        match self.below(3) {
            0 => _ = letters.remove(place),
            1 => letters[place] = char::from(b'a' + u8::try_from(self.below(26)).expect("a letter")),
            _ => letters.swap(place - 1, place),
        }
        letters.into_iter().collect()
    }

    /// A different but similar person: a sibling, sometimes a twin, with the family's telephone; or a namesake with
    /// another birth date.
    fn similar_person(&mut self, person: &File) -> File {
        let mut other = self.person();
        if self.chance(70) {
            (other.family, other.phone) = (person.family.clone(), person.phone.clone());
            if self.chance(20) && other.given != person.given {
                other.born = person.born;
            }
        } else {
            (other.family, other.given) = (person.family.clone(), person.given.clone());
        }
        other
    }
}

fn transliterated(name: &str, table: &[(&str, &str)]) -> String {
    name.split(' ')
        .map(|part| table.iter().find(|(usual, _)| *usual == part).map_or(part, |(_, other)| other))
        .collect::<Vec<_>>()
        .join(" ")
}

fn fingerprints_of(key: &FingerprintKey, file: &File) -> BTreeSet<(MatchKind, String)> {
    let person = Person {
        family_name: &file.family,
        given_name: &file.given,
        birth_date: file.born.into(),
        phone: Some(&file.phone),
        email: None,
    };
    fingerprints(key, &person)
}

#[test]
fn of_500_people_known_elsewhere_at_least_86_percent_are_found_with_98_percent_precision() {
    let key = FingerprintKey::new([7; 32]);
    let mut random = Random(20_261_120);
    let here: Vec<File> = (0..2_000).map(|_| random.person()).collect();
    let again = 500;
    let mut there: Vec<File> = here[..again].iter().map(|person| random.varied(person)).collect();
    there.extend(here[again..again + 500].iter().map(|person| random.similar_person(person)));
    there.extend((0..1_000).map(|_| random.person()));

    let mut index: HashMap<(MatchKind, String), Vec<usize>> = HashMap::new();
    for (place, file) in there.iter().enumerate() {
        for fingerprint in fingerprints_of(&key, file) {
            index.entry(fingerprint).or_default().push(place);
        }
    }
    let (mut right, mut wrong) = (0_u32, 0_u32);
    for (place, file) in here.iter().enumerate() {
        let mut common: HashMap<usize, BTreeSet<MatchKind>> = HashMap::new();
        for fingerprint in fingerprints_of(&key, file) {
            for &other in index.get(&fingerprint).into_iter().flatten() {
                common.entry(other).or_default().insert(fingerprint.0);
            }
        }
        for other in common.into_iter().filter(|(_, kinds)| probable(kinds.iter().copied())).map(|(other, _)| other) {
            if other == place && place < again {
                right += 1;
            } else {
                wrong += 1;
            }
        }
    }
    let precision = f64::from(right) / f64::from(right + wrong);
    let recall = f64::from(right) / 500.0;
    println!("precision {precision:.3}, recall {recall:.3}: {right} found, {wrong} wrong matches");
    assert!(precision >= 0.98, "precision {precision:.3}: {wrong} wrong");
    assert!(recall >= 0.86, "recall {recall:.3}: {right} right");
}
