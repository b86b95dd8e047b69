use super::*;

/// The letters of DIN 91379 with their search forms.
fn din() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../data/din_91379_search_forms.txt").lines().filter(|line| !line.starts_with('#')).map(|line| {
        let mut columns = line.split("; ").skip(1);
        (columns.next().expect("a letter"), columns.next().expect("a search form"))
    })
}

#[test]
fn every_letter_of_din_91379_is_stored_exactly_as_it_is() {
    assert_eq!(din().count(), 649);
    for (letter, _) in din() {
        let name = format!("A{letter}a-{letter}");
        assert_eq!(person_name(&name), Ok(name.clone()), "{letter}");
        assert_eq!(person_name(&name.nfd().collect::<String>()), Ok(name), "{letter}");
    }
}

#[test]
fn names_of_every_script_and_spelling_are_names() {
    for name in [
        "Müller",
        "Yıldız",
        "O'Neill",
        "O’Neill",
        "Solovʼov",
        "Saʿīd",
        "ʿAlī",
        "ʻAkahi",
        "'t Hooft",
        "van der Berg",
        "Al-Haddad",
        "Müller - Schmidt",
        "Müller–Schmidt",
        "Dr. Meier",
        "J. R. R.",
        "John Jr.",
        "Meier, geb. Schmidt",
        "Ng",
        "Ó",
        "Əliyev",
        "Nguyễn",
        "KŘÍŽ",
        "DÚŠEK",
        "RŮŽIČKA",
        "BÉŽ",
        "Strauß’",
        "McDonald",
        "Åžberg".trim_start_matches("Åž"),
        "D’Ángelo",
        "Saint-Exupéry",
        "Gal·la",
        "Solov'",
        "محمد",
        "علی\u{200c}رضا",
        "كريم الدين",
        "Иванов-Петров",
        "Ковальчук",
        "Παπαδόπουλος",
        "გიორგი",
        "Հովհաննես",
        "שרה׳לה",
        "हिन्दी",
        "சுப்பிரமணியன்",
        "ကိုကိုနိုင်ဝင်း",
        "ኃይለ",
        "王小明",
        "ジョン・スミス",
        "김철수",
        "ณัฐวุฒิ",
        "สมจำ",
        "Ŀarla",
        "Null",
        "Nan",
        "Ka",
        "O",
        "Anna Анна",
        "佐々木",
        "ローラ",
        "آءٌ",
        "Müller Ковальчук-Schmidt",
        "བསྐྱོངས",
    ] {
        assert_eq!(person_name(name).as_deref(), Ok(name));
    }
    for (typed, stored) in [
        ("  Anna \u{a0} Maria ", "Anna Maria"),
        ("Mu\u{308}ller", "Müller"),
        ("Ali\u{2003}Can", "Ali Can"),
        ("زهراء\u{200c} علی", "زهراء علی"),
    ] {
        assert_eq!(person_name(typed).as_deref(), Ok(stored));
    }
}

#[test]
fn what_is_no_name_is_refused() {
    use NotAName::{Misread, NoLetter, Placeholder, Scripts, Sign};
    for (text, why) in [
        ("", NoLetter),
        (".", NoLetter),
        ("-", NoLetter),
        ("...", NoLetter),
        ("?", NoLetter),
        ("'", NoLetter),
        ("ʼ", NoLetter),
        ("123", NoLetter),
        ("—", NoLetter),
        ("\u{308}", NoLetter),
        ("\u{3164}", NoLetter),
        ("😀", NoLetter),
        ("\u{200b}", NoLetter),
        ("ء", NoLetter),
        ("\u{640}", NoLetter),
        ("ー", NoLetter),
        ("々", NoLetter),
        ("ˊ ʻ", NoLetter),
        ("N\u{303}\u{304}\u{303}\u{304}\u{303}\u{304}\u{303}", Sign),
        ("Keine Angabe", Placeholder),
        ("siehe Akte", Placeholder),
        ("k. A.", Placeholder),
        ("N.N.", Placeholder),
        ("xxx", Placeholder),
        ("NaN", Placeholder),
        ("undefined", Placeholder),
        ("unbekannt", Placeholder),
        ("Аhmad", Scripts),
        ("Ahmаd Ali", Scripts),
        ("Αli", Scripts),
        ("Ali-Аliса", Scripts),
        ("Y?ld?z", Sign),
        ("#NV", Sign),
        ("#NAME?", Sign),
        ("=1+1", NoLetter),
        ("=A1", Sign),
        ("+Ali", Sign),
        ("-Ali", Sign),
        ("@Ali", Sign),
        ("Ali2", Sign),
        ("Ali٣", Sign),
        ("Ali_Can", Sign),
        ("Ali/Can", Sign),
        ("Ali (Can)", Sign),
        ("Ali;Can", Sign),
        ("Ali:", Sign),
        ("Ali!", Sign),
        ("\"Ali\"", Sign),
        ("<b>Ali</b>", Sign),
        ("Ali & Can", Sign),
        ("Ali|Can", Sign),
        ("Ali\\Can", Sign),
        ("Ali*", Sign),
        ("5 Kinder", Sign),
        (".Ali", Sign),
        ("Ali..", Sign),
        (",Ali", Sign),
        ("Ali,", Sign),
        ("Ali-", Sign),
        ("Ali--Can", Sign),
        ("Ali . Can", Sign),
        ("Ali\u{200b}", Sign),
        ("Ali\u{ad}Can", Sign),
        ("Ali\u{200d}Can", Sign),
        ("\u{202e}Ali", Sign),
        ("Ali\u{feff}", Sign),
        ("Ali\u{fe0f}", Sign),
        ("Ali\u{34f}", Sign),
        ("Ali\nCan", Sign),
        ("Ali\tCan", Sign),
        ("Ali\0", Sign),
        ("Ali\u{2028}Can", Sign),
        ("Ali😀", Sign),
        ("Aliⓐ", Sign),
        ("Ａli", Sign),
        ("𝐀li", Sign),
        ("Ali\u{ff11}", Sign),
        ("Ⅳ. Ali", Sign),
        ("Aliª", Sign),
        ("Ali\u{1f170}", Sign),
        ("A\u{20dd}li", Sign),
        ("Ali \u{308}", Sign),
        ("\u{308}Ali", Sign),
        ("Ali\u{64b}", Sign),
        ("Ali€", Sign),
        ("Aliʰ", Sign),
        ("M\u{fffd}ller", Misread),
        ("MÃ¼ller", Misread),
        ("YÄ±ldÄ±z", Misread),
        ("Oâ€™Neill", Misread),
        ("GroÃŸ", Misread),
        ("GROÃŸ", Misread),
        ("Ãœnal", Misread),
        ("Ã–zil", Misread),
        ("Åžahin", Misread),
        ("ErdoÄŸan", Misread),
        ("Ã‡elik", Misread),
        ("MladiÄ‡", Misread),
        ("ÄŒerny", Misread),
        ("Äurica".replace('Ä', "ÄŽ").leak(), Misread),
        ("Å afak".replace(' ', "\u{a0}").leak(), Misread),
        ("HÃ´", Misread),
        ("Mariè".replace('è', "Ã¨").leak(), Misread),
        ("Ð\u{98}ван", Sign),
        ("ÐŸÐµÑ‚Ñ€Ð¾Ð²", Misread),
        ("Ù…Ø\u{ad}Ù…Ø¯", Misread),
        ("Nguyá»…n", Misread),
        ("ï»¿Ali", Misread),
        ("Ã\u{81}ngel", Misread),
    ] {
        assert_eq!(person_name(text), Err(why), "{text}");
    }
}

#[test]
fn a_guardian_can_be_an_office() {
    for name in [
        "Jugendamt Köln, Team 3",
        "Kanzlei Meyer & Partner",
        "Betreuungsverein e. V. (Köln)",
        "Omar Moradi",
        "51/2 Vormundschaften",
    ] {
        assert_eq!(person_or_office(name).as_deref(), Ok(name));
    }
    for text in ["Y?ld?z", "#NV", "=1+1", ".", "0221 55505712", "MÃ¼ller", "Ali\u{200b}", "Ali*", "-Ali"] {
        assert!(person_or_office(text).is_err(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn a_stored_name_is_its_own_stored_form(text in "\\PC{0,12}") {
        if let Ok(name) = person_name(&text) {
            proptest::prop_assert_eq!(person_name(&name), Ok(name));
        }
    }
}
