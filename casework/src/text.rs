//! What people write to each other, checked: free texts are data too.

use kim_domain::reference::looks_like_foreign_number;

use crate::refusal::Refusal;

/// The longest text, in characters.
pub(crate) const LONGEST_TEXT: usize = 4_000;
/// The longest line, in characters.
pub(crate) const LONGEST_LINE: usize = 200;

/// A text of one line or several; `name` is the input's.
pub(crate) fn text(name: &str, text: &str) -> Result<String, Refusal> {
    checked(name, text, LONGEST_TEXT, |letter| matches!(letter, '\n' | '\t'))
}

/// A text of one line.
pub(crate) fn line(name: &str, text: &str) -> Result<String, Refusal> {
    checked(name, text, LONGEST_LINE, |_| false)
}

/// A line that may be left out; an empty one is left out.
pub(crate) fn optional_line(name: &str, text: Option<&str>) -> Result<Option<String>, Refusal> {
    match text.map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => line(name, text).map(Some),
    }
}

fn checked(name: &str, text: &str, longest: usize, permitted: impl Fn(char) -> bool) -> Result<String, Refusal> {
    let text = text.trim().replace("\r\n", "\n");
    if text.is_empty() {
        return Err(Refusal::bad_input(format!("„{name}“ ist leer.")));
    }
    if text.chars().count() > longest {
        return Err(Refusal::bad_input(format!("„{name}“ ist zu lang: höchstens {longest} Zeichen.")));
    }
    if text.chars().any(|letter| letter.is_control() && !permitted(letter)) {
        return Err(Refusal::bad_input(format!("„{name}“ enthält Zeichen, die nicht in einen Text gehören.")));
    }
    // § 51a SGB II, § 10(4) AZRG.
    if looks_like_foreign_number(&text) {
        return Err(Refusal::bad_input(format!(
            "„{name}“ enthält etwas, das wie eine BG-, Kunden- oder AZR-Nummer aussieht. Bitte weglassen."
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_free_of_other_registers_numbers() {
        assert_eq!(text("text", " Guten Tag\r\nund Dank ").expect("a text"), "Guten Tag\nund Dank");
        for wrong in ["", "  ", "a\0b", "Die Nummer ist 12345BG0123456.", &"x".repeat(LONGEST_TEXT + 1)] {
            assert!(text("text", wrong).is_err(), "{wrong}");
        }
        assert!(line("line", "two\nlines").is_err());
        assert_eq!(optional_line("line", Some(" ")).expect("nothing"), None);
    }
}
