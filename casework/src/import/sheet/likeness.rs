//! Whether a heading means a known column although it is written differently.

use unicode_normalization::UnicodeNormalization;

use crate::import::spelling::fold;

/// Words about consents and other permissions, folded. A column with such a word may say that a permission ended.
pub(super) const PERMISSION: &[&str] = &[
    "einwilligung",
    "eingewilligt",
    "einverstaendnis",
    "einverstanden",
    "zustimmung",
    "zugestimmt",
    "freigabe",
    "datenschutz",
    "dsgvo",
    "schweigepflicht",
    "entbindung",
    "entbunden",
    "widerruf",
    "rueckmeldung",
    "zurueckgezogen",
    "ruecknahme",
    "weitergabe",
    "uebermittlung",
    "sperrvermerk",
    "vollmacht",
    "consent",
    "revoked",
    "valid_until",
    "narrow",
];
/// Words that look like one of them and are about something else, such as a benefit.
const OTHER: &[&str] = &["bewillig", "verbindung", "entbindungstermin"];
/// Words with which one of them begins and that are no abbreviation of it.
const NO_ABBREVIATION: &[&str] = &["daten", "frei", "rueck", "wider"];
/// Letters of a word's abbreviation, such as `Einw.`.
const ABBREVIATION: usize = 4;

/// Whether two headings differ by one letter, also where an umlaut has one letter.
pub(super) fn is_nearly(written: &str, known: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect::<String>();
    is_near(&folded(written), &folded(known)) || is_near(&plain(written), &plain(known))
}

/// Whether a heading is about a permission, also with typing errors or abbreviated: `Ende der Einwilligung`,
/// `Einwilligug biß`, `Einw. bis`.
pub(super) fn is_about_permission(written: &str) -> bool {
    let mut rest = folded(written);
    for other in OTHER {
        rest = rest.replace(other, " ");
    }
    let is_shortened = |part: &str| {
        let part = folded(part);
        let is_long = part.chars().count() >= ABBREVIATION && !NO_ABBREVIATION.contains(&part.as_str());
        is_long && PERMISSION.iter().any(|word| word.starts_with(&part))
    };
    PERMISSION.iter().any(|word| contains_nearly(&rest, word))
        || written.split(|letter: char| !letter.is_alphanumeric()).any(is_shortened)
}

/// A heading as it is compared. Full-width letters and ligatures are the letters that they stand for.
pub(super) fn folded(heading: &str) -> String {
    fold(&heading.nfkc().collect::<String>())
}

/// Whether one letter is added, missing or changed, or two neighbours are swapped.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let begin = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[begin..], &other[begin..]);
    let end = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&one[..one.len() - end], &other[..other.len() - end]) {
        ([], []) | ([_], []) | ([], [_]) | ([_], [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// Whether a text contains a word with a typing error, or with two if the word is long (Sellers' algorithm).
fn contains_nearly(text: &str, word: &str) -> bool {
    let word: Vec<char> = word.chars().collect();
    let errors = match word.len() {
        0..=6 => 0,
        7..=10 => 1,
        _ => 2,
    };
    // Errors of the best match that ends here, for each beginning of the word.
    let mut costs: Vec<usize> = (0..=word.len()).collect();
    for letter in text.chars() {
        let mut diagonal = 0;
        for (place, &expected) in word.iter().enumerate() {
            let cost = (diagonal + usize::from(expected != letter)).min(costs[place] + 1).min(costs[place + 1] + 1);
            diagonal = std::mem::replace(&mut costs[place + 1], cost);
        }
        if costs[word.len()] <= errors {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_about_a_permission_is_recognised() {
        for heading in [
            "Einwilligung",
            "Ende der Einwilligung",
            "Einwilligungsende",
            "Einw. bis",
            "Einw bis",
            "Einwill. gültig bis",
            "Einwiligung bs",
            "Einwilligug biß",
            "Einwlligng",
            "Einverständnis bis",
            "Einverständniss",
            "Einverst. bis",
            "einverstanden am",
            "Zustimmung bis",
            "Datenschutz bis",
            "Datenschutzerklärung vom",
            "DSGVO",
            "Schweigepflichtentbindung v.",
            "Schweigepfl.entb.",
            "Entbindung von der Schweigepflicht",
            "Widerruf",
            "Wiederruf am",
            "Einwilligung widerrufen am",
            "widerrufen",
            "Freigabe",
            "Rückmeldung erlaubt",
            "Ｅｉｎｗｉｌｌｉｇｕｎｇ ｅｎｄｅｔ",
            "Consent until",
            "eingewilligt in",
        ] {
            assert!(is_about_permission(heading), "{heading}");
        }
    }

    #[test]
    fn other_headings_are_not() {
        for heading in [
            "Straße",
            "Notiz",
            "Bewilligung bis",
            "Leistungsbewilligung",
            "bewilligt am",
            "Bankverbindung",
            "Entbindungstermin",
            "Einwohnermeldeamt",
            "Einwanderung",
            "Einweisung",
            "Anmerkung",
            "Letzte Beratung",
            "Abstimmung",
            "Meldung",
            "Rückgabe",
            "Aufgabe",
            "Mutterschutz",
            "Eingliederung",
            "Gültig bis",
            "Datum",
            "Daten",
            "Nationalität",
            "Ein",
            "Wunschberuf",
            "Sachbearbeitung",
            "Wiedervorlage",
            "Deutschkurs bis",
            "Kontakt",
        ] {
            assert!(!is_about_permission(heading), "{heading}");
        }
    }

    #[test]
    fn one_typing_error_is_near() {
        for (written, known) in [
            ("Ubergabe an", "Übergabe an"),
            ("Übergabe am", "Übergabe an"),
            ("Strase", "Straße"),
            ("Nmae", "Name"),
            ("Straßen", "Straße"),
            ("Ｓｔｒａßen", "Straße"),
        ] {
            assert!(is_nearly(written, known), "{written}");
        }
        for (written, known) in [("Ort", "Name"), ("Notiz", "Ort"), ("Telefon mobil", "Telefon")] {
            assert!(!is_nearly(written, known), "{written}");
        }
    }
}
