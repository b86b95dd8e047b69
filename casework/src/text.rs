//! Checks free texts, because they can contain data that must not be passed on.

use kim_domain::damage::{Damage, damage, damage_of_line};
use kim_domain::person_name::{NotAName, person_name, person_or_office};
use kim_domain::placeholder::is_placeholder;
use kim_domain::reference::looks_like_foreign_number;
use kim_domain::value::{nfc, office_number};

use crate::refusal::WorkError;

/// Maximum length of a text, in characters.
pub(crate) const MAX_TEXT_LENGTH: usize = 4_000;
/// Maximum length of a line, in characters.
pub(crate) const MAX_LINE_LENGTH: usize = 200;

/// Checks a text with one or more lines. `name` is the name of the input.
pub(crate) fn text(name: &str, text: &str) -> Result<String, WorkError> {
    let text = checked(name, text, MAX_TEXT_LENGTH, |letter| matches!(letter, '\n' | '\t'))?;
    undamaged(name, text, damage)
}

/// Checks a text of one line.
pub(crate) fn line(name: &str, text: &str) -> Result<String, WorkError> {
    let text = checked(name, text, MAX_LINE_LENGTH, |_| false)?;
    undamaged(name, text, damage_of_line)
}

/// Checks the place of a residence obligation. A place in doubt (`Köln?`) is none.
pub(crate) fn place(name: &str, text: &str) -> Result<String, WorkError> {
    let text = line(name, text)?;
    let mut words = text.split(|sign: char| !sign.is_alphabetic()).map(str::to_lowercase);
    let is_doubtful = words.any(|word| NO_PLACE.contains(&word.as_str()));
    if text.contains('?') || is_doubtful || is_placeholder(&text) || !text.contains(char::is_alphabetic) {
        return Err(WorkError::bad_input(format!(
            "„{name}“ braucht einen Ort und sonst nichts. Gibt es keine Auflage (mehr) oder ist sie unklar: bitte leer lassen."
        )));
    }
    Ok(text)
}

/// Words of a no, of an end or of a doubt. With one of them a text names no place where somebody must live today.
const NO_PLACE: &[&str] = &[
    "ja",
    "j",
    "nein",
    "n",
    "x",
    "wahr",
    "falsch",
    "true",
    "false",
    "yes",
    "no",
    "kein",
    "keine",
    "keiner",
    "ohne",
    "nicht",
    "besteht",
    "aufgehoben",
    "aufhebung",
    "entfallen",
    "entfällt",
    "erloschen",
    "abgelaufen",
    "beendet",
    "beantragt",
    "geprüft",
    "prüfen",
    "wird",
    "vermutlich",
    "wohl",
    "evtl",
    "eventuell",
    "vielleicht",
    "ggf",
    "unklar",
    "ungeklärt",
    "unbekannt",
    "offen",
    "ob",
    "siehe",
    "titel",
    "akte",
    "auflage",
    "bis",
    "seit",
    "war",
    "früher",
    "ehemals",
];

/// The text, unless it was damaged before it was entered.
fn undamaged(name: &str, text: String, find: fn(&str) -> Option<Damage>) -> Result<String, WorkError> {
    let why = match find(&text) {
        None => return Ok(text),
        Some(Damage::Lost) => "hat beim Umkodieren Buchstaben verloren: bitte neu eingeben",
        Some(Damage::Twice) => "ist beim Umkodieren beschädigt worden, etwa „Ã¼“ statt „ü“: bitte neu eingeben",
        Some(Damage::Replaced) => {
            "enthält ein Zeichen, wo ein Buchstabe stehen müsste, etwa „?“ statt „ü“: bitte neu eingeben"
        }
        Some(Damage::CellError) => {
            "enthält den Fehler einer Tabelle und keinen Wert: bitte neu eingeben oder leer lassen"
        }
        Some(Damage::Formula) => "enthält eine Formel und keinen Wert: bitte neu eingeben oder leer lassen",
        Some(Damage::Empty) => "enthält weder Buchstaben noch Ziffern: bitte neu eingeben oder leer lassen",
    };
    Err(WorkError::bad_input(format!("„{name}“ {why}.")))
}

/// Checks a number that an office gives, such as a case number or its own reference.
pub(crate) fn number(name: &str, text: &str) -> Result<String, WorkError> {
    line(name, text).map(|text| office_number(&text))
}

/// Checks an optional number. An empty one is treated as absent.
pub(crate) fn optional_number(name: &str, text: Option<&str>) -> Result<Option<String>, WorkError> {
    optional_line(name, text).map(|text| text.map(|text| office_number(&text)))
}

/// Checks an optional line. An empty line is treated as absent.
pub(crate) fn optional_line(name: &str, text: Option<&str>) -> Result<Option<String>, WorkError> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => line(name, text).map(Some),
    }
}

/// Checks the name of a natural person.
pub(crate) fn person(name: &str, text: &str) -> Result<String, WorkError> {
    named(name, text, person_name)
}

/// Checks the name of a person or an office, such as a guardian or a contact.
pub(crate) fn office(name: &str, text: &str) -> Result<String, WorkError> {
    named(name, &line(name, text)?, person_or_office)
}

fn named(name: &str, text: &str, read: fn(&str) -> Result<String, NotAName>) -> Result<String, WorkError> {
    if text.trim().is_empty() {
        return Err(WorkError::bad_input(format!("„{name}“ ist leer.")));
    }
    // The name as typed first, because its length limits the time of reading it.
    if text.chars().count() > MAX_LINE_LENGTH {
        return Err(WorkError::bad_input(format!("„{name}“ ist zu lang: höchstens {MAX_LINE_LENGTH} Zeichen.")));
    }
    read(text).map_err(|why| WorkError::bad_input(format!("„{name}“ {why}.")))
}

/// Checks an optional name. An empty one is treated as absent.
pub(crate) fn optional(
    text: Option<&str>,
    read: impl Fn(&str) -> Result<String, WorkError>,
) -> Result<Option<String>, WorkError> {
    text.filter(|text| !text.trim().is_empty()).map(read).transpose()
}

fn checked(name: &str, text: &str, longest: usize, permitted: impl Fn(char) -> bool) -> Result<String, WorkError> {
    // A text that is refused for its length is not normalised: NFC makes few texts shorter than a third.
    let is_endless = text.len() > 16 * longest;
    let text = if is_endless { text.to_owned() } else { nfc(text.trim()).replace("\r\n", "\n") };
    if text.is_empty() {
        return Err(WorkError::bad_input(format!("„{name}“ ist leer.")));
    }
    if text.chars().count() > longest {
        return Err(WorkError::bad_input(format!("„{name}“ ist zu lang: höchstens {longest} Zeichen.")));
    }
    if text.chars().any(|letter| (letter.is_control() && !permitted(letter)) || is_hidden(letter)) {
        return Err(WorkError::bad_input(format!("„{name}“ enthält Zeichen, die nicht in einen Text gehören.")));
    }
    // § 51a SGB II, § 10(4) AZRG.
    if looks_like_foreign_number(&text) {
        return Err(WorkError::bad_input(format!(
            "„{name}“ enthält etwas, das wie eine BG-, Kunden- oder AZR-Nummer aussieht. Bitte weglassen; \
             eine Telefonnummer bitte mit Leerzeichen hinter der Vorwahl."
        )));
    }
    Ok(text)
}

/// Invisible characters that change the direction of a text, break its lines, or address only machines. The joiners
/// that Persian and Hindi need are allowed.
fn is_hidden(letter: char) -> bool {
    matches!(
        letter,
        '\u{200b}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_free_of_other_registers_numbers() {
        assert_eq!(text("text", " Guten Tag\r\nund Dank ").expect("a text"), "Guten Tag\nund Dank");
        for wrong in ["", "  ", "a\0b", "Die Nummer ist 12345BG0123456.", &"x".repeat(MAX_TEXT_LENGTH + 1)] {
            assert!(text("text", wrong).is_err(), "{wrong}");
        }
        assert!(line("line", "two\nlines").is_err());
        for hidden in ["JC-\u{202e}7", "a\u{2066}b\u{2069}", "a\u{2028}b", "\u{feff}a", "a\u{e0041}"] {
            assert!(line("line", hidden).is_err() && text("text", hidden).is_err(), "{hidden:?}");
        }
        // macOS decomposes.
        assert_eq!(line("line", "Ko\u{308}ln").expect("a line"), "Köln");
        assert_eq!(text("text", "e\u{301}te\u{301}").expect("a text"), "été");
        assert_eq!(office("name", "Ju\u{308}rgen").expect("a name"), "Jürgen");
        assert!(
            line("line", &"u\u{308}".repeat(MAX_LINE_LENGTH)).is_ok() && text("text", &"a".repeat(1_000_000)).is_err()
        );
        assert!(text("text", "می\u{200c}خواهم, क्\u{200d}ष, \u{200f}سلام").is_ok());
        assert_eq!(optional_line("line", Some(" ")).expect("nothing"), None);
    }

    #[test]
    fn a_damaged_text_is_refused_and_says_how() {
        let why = |result: Result<String, WorkError>| match result {
            Err(WorkError::Refused(refused)) => refused.text,
            other => panic!("{other:?}"),
        };
        for (wrong, reason) in [
            ("KÃ¶ln", "„Ã¼“ statt „ü“"),
            ("K\u{fffd}ln", "verloren"),
            ("K?ln", "„?“ statt „ü“"),
            ("#NV", "Tabelle"),
            ("=1+1", "Formel"),
            (".", "weder Buchstaben noch Ziffern"),
        ] {
            assert!(why(line("city", wrong)).contains(reason), "{wrong}");
        }
        for wrong in ["MÃ¼ller kommt morgen.", "M\u{fffd}ller kommt."] {
            assert!(text("text", wrong).is_err(), "{wrong}");
        }
        for fine in ["Wo?Hier.", "=1+1", "?", "#NV steht in der Liste."] {
            assert!(text("text", fine).is_ok(), "{fine}");
        }
        for wrong in [
            "Köln?",
            "unklar",
            "nein",
            "50667",
            "k. A.",
            "?",
            "keine",
            "aufgehoben",
            "Köln (aufgehoben)",
            "nicht Köln",
            "vermutlich Köln",
            "Aufhebung beantragt",
            "nein (seit 2024)",
            "ja, Köln",
            "x",
            "siehe Titel",
            "Köln bis 2027",
        ] {
            assert!(place("place", wrong).is_err(), "{wrong}");
        }
        assert_eq!(place("place", " Köln ").expect("a place"), "Köln");
    }
}
