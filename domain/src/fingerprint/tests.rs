use super::*;
use proptest::prelude::*;

#[test]
fn every_byte_is_two_digits() {
    assert_eq!(hex(&[0x00, 0x0a, 0xa0, 0xff]), "000aa0ff");
}

fn key() -> FingerprintKey {
    FingerprintKey::from_hex(&"0f".repeat(32)).expect("a key")
}
fn day(text: &str) -> BirthDate {
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
    for (written, typed) in [("Müller", "Mueller"), ("Öztürk", "Ozturk"), ("Öztürk", "Oeztuerk"), ("Jäger", "Jaeger")]
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

/// The letters of DIN 91379 with their search forms.
fn din() -> Vec<(&'static str, &'static str)> {
    let lines = include_str!("../../data/din_91379_search_forms.txt").lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| {
        let mut columns = line.split("; ").skip(1);
        (columns.next().expect("a letter"), columns.next().expect("a search form"))
    };
    lines.map(row).collect()
}

#[test]
fn every_letter_of_din_91379_is_found_by_its_search_form_and_the_reverse() {
    assert_eq!(din().len(), 649);
    for (letter, search_form) in din() {
        for (before, after) in
            [("", ""), ("A", "a"), ("O", "e"), ("ü", "Ö"), ("Kar", "mann"), ("Se", ""), ("", "-Haddad")]
        {
            for form in [search_form.to_owned(), search_form.to_lowercase()] {
                let (written, typed) = (format!("{before}{letter}{after}"), format!("{before}{form}{after}"));
                assert_eq!(normalise_name(&written), normalise_name(&typed), "{written} {typed}");
                assert_eq!(normalise_name(&written.nfd().to_string()), normalise_name(&typed), "{written} {typed}");
            }
        }
    }
}

#[test]
fn letters_that_no_search_form_equates_stay_different() {
    // The search form without the second letter of an umlaut is the third spelling.
    let short = |form: &str| match form {
        "AE" | "AA" => "A".to_owned(),
        "OE" => "O".to_owned(),
        "UE" => "U".to_owned(),
        _ => form.to_owned(),
    };
    let forms: std::collections::BTreeSet<String> = din().into_iter().map(|(_, form)| short(form)).collect();
    let normal: std::collections::BTreeSet<String> = forms.iter().map(|form| normalise_name(form)).collect();
    assert_eq!(forms.len(), normal.len());
    for (letter, form) in din() {
        assert_eq!(normalise_name(letter), short(form).to_lowercase(), "{letter}");
    }
    for (one, other) in [
        ("Demir", "Demirel"),
        ("Kaya", "Kay"),
        ("Meier", "Maier"),
        ("Schmidt", "Schmitt"),
        ("Əliyev", "Aliyev"),
        ("کریم", "کرم"),
        ("گل", "کل"),
        ("मीना", "मना"),
        ("Иванов", "Иванова"),
        ("สมชาย", "สมชย"),
        ("カナ", "ガナ"),
    ] {
        assert_ne!(normalise_name(one), normalise_name(other), "{one} {other}");
    }
}

#[test]
fn a_clerk_types_what_the_keyboard_has() {
    for (written, typed) in [
        ("Solovʼov", "Solov'ov"),
        ("Solovʼov", "Solovov"),
        ("Solov’ov", "Solovʼov"),
        ("Saʿīd", "Said"),
        ("ʿAlī", "Ali"),
        ("ʻAkahi", "Akahi"),
        ("ŉDiaye", "NDiaye"),
        ("Əliyev", "Eliyev"),
        ("Åberg", "Aaberg"),
        ("Åberg", "Aberg"),
        ("Aaberg", "Aberg"),
        ("Ŋaŋa", "NANA"),
        ("كريم", "کریم"),
        ("علي", "علی"),
        ("مصطفى", "مصطفي"),
        ("فاطمة", "فاطمه"),
        ("أحمد", "احمد"),
        ("إبراهيم", "ابراهیم"),
        ("آدم", "ادم"),
        ("ٱدم", "ادم"),
        ("رؤوف", "رووف"),
        ("هانئ", "هانی"),
        ("علاء", "علا"),
        ("مُحَمَّد", "محمد"),
        ("محـمد", "محمد"),
        ("علی\u{200c}رضا", "علیرضا"),
        ("Παπαδόπουλος", "ΠΑΠΑΔΟΠΟΥΛΟΣ"),
        ("Фёдоров", "ФЕДОРОВ"),
        ("שׁרה", "שרה"),
        ("Ŧŧ", "Tt"),
        ("Ħamrun", "Hamrun"),
    ] {
        assert_eq!(normalise_name(written), normalise_name(typed), "{written} {typed}");
    }
}

#[test]
fn a_name_without_letters_cannot_be_found() {
    for name in ["", ".", "-", "?", "ʼ", "'", "123", "\u{308}", "ء"] {
        assert!(!can_be_found(name), "{name}");
    }
    assert!(can_be_found("Ng") && can_be_found("王"));
}

#[test]
fn a_look_up_by_a_double_name_seeks_its_parts_as_whole_names() {
    let key = FingerprintKey::new([1; 32]);
    let born = day("1999-12-24");
    let sought =
        |name: &str| -> BTreeSet<String> { key.sought_client(name, born).whole_names().map(str::to_owned).collect() };
    let wholes = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| key.client(name, born)).collect() };
    for (name, found) in [
        ("Schmidt", &["Schmidt"][..]),
        ("Müller-Schmidt", &["Müller-Schmidt", "Mueller", "Schmidt"]),
        ("Müller Schmidt", &["Müller-Schmidt", "Müller", "Schmidt"]),
        ("al-Haddad", &["Alhaddad", "Haddad"]),
        ("García Márquez", &["Garcia Marquez", "Garcia", "Marquez"]),
        ("de la Cruz García", &["delacruzgarcia", "Cruz Garcia", "de la Cruz", "Cruz", "Garcia"]),
        ("von der Heide", &["vonderheide", "Heide"]),
        ("Al", &["Al"]),
        ("van de", &["vande"]),
        ("Li-Ng", &["Ling", "Li", "Ng"]),
        ("Li Ng Wu", &["Lingwu"]),
        // A list of guesses.
        ("Schmidt Weber Meier Fischer", &["SchmidtWeberMeierFischer"]),
    ] {
        assert_eq!(sought(name), wholes(found), "{name}");
    }
    assert!(!sought("Müller-Schmidt").contains(&key.client("Weber-Schmidt", born)));
    assert_ne!(key.sought_client("Schmidt", born), key.sought_client("Schmidt", day("1999-12-25")));
}

#[test]
fn each_part_of_a_stored_double_name_finds_its_bearer() {
    let key = FingerprintKey::new([1; 32]);
    let born = day("1999-12-24");
    let finds = |sought: &str, stored: &str| {
        let (sought, stored) = (key.sought_client(sought, born), key.client_name(stored, born));
        sought.whole_names().any(|whole| whole == stored.whole) || stored.parts.contains(&sought.whole)
    };
    for (stored, part) in [
        ("Müller-Schmidt", "MUELLER"),
        ("Müller Schmidt", "Schmidt"),
        ("al-Haddad Nasser", "Haddad"),
        ("al-Haddad Nasser", "al Haddad"),
        ("da Eira Souza", "da Eira"),
        ("García-de la Cruz", "de la Cruz"),
        ("Ng-Schmidt", "Schmidt"),
        ("Ng-Schmidt", "Ng"),
        ("da Silva Quintas", "Silva Quintas"),
        ("al Khatib Wahab", "Khatib Wahab"),
        ("כהן\u{5be}לוי", "כהן"),
        ("王\u{30fb}小明", "小明"),
    ] {
        assert!(finds(part, stored) && finds(stored, part), "{part} {stored}");
    }
    // All parts, also of a name that is not sought by its parts.
    for part in ["Sousa", "Braga", "Costa", "Lopes"] {
        assert!(finds(part, "Sousa Braga Costa Lopes") && !finds("Sousa Braga Costa Lopes", part), "{part}");
    }
    for (stored, other) in [
        ("Müller-Schmidt", "Schmid"),
        ("Müller-Schmidt", "Weber-Schmidt"),
        ("Müller-Schmidt", "von Schmidt"),
        ("Ng Tran Schmidt", "Ng"),
        ("von der Heide-Li", "von der"),
        ("Müllerschmidt", "Müller"),
    ] {
        assert!(!finds(other, stored), "{other} {stored}");
    }
}
