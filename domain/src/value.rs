//! Values of handover fields: closed lists, objects, and their encoding as text.

mod check;
mod objects;
mod title;
mod words;

use unicode_normalization::UnicodeNormalization as _;

pub use check::{Value, as_text, is_valid};
pub use objects::{
    Document, GermanCertificate, HouseholdMember, IntegrationAchievement, LegalRepresentative, PlanStep,
    Wohnsitzauflage,
};
pub use title::Aufenthaltstitel;
pub use words::{
    Accommodation, AnerkennungState, Benefit, CasePhase, ContactRestriction, Employment, Gender, GermanLevel,
    IntegrationskursState, Language, MaritalStatus, Procedure, Relation, SchoolDegree, TargetGroup, WorkPermission,
};

/// The only stored form of a text: NFC (Unicode Normalization Form C). macOS writes `u` and a diaeresis for `ü`, which looks
/// the same, but is another text for every comparison, index and hash.
#[must_use]
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// The only stored form of a number that an office gives, such as a case number: NFC, with the hyphen of a keyboard and single
/// blanks. `K‑2026` with the hyphen of a word processor is the same number.
#[must_use]
pub fn office_number(text: &str) -> String {
    let plain = |sign: char| match sign {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
        _ => sign,
    };
    let number: String = nfc(text).chars().map(plain).collect();
    number.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::office_number;

    #[test]
    fn a_number_has_one_form_whatever_wrote_its_hyphens_and_blanks() {
        for text in ["K-2026 0001", " K\u{2011}2026\u{a0}0001", "K–2026  0001", "K−2026\u{2009}0001 "] {
            assert_eq!(office_number(text), "K-2026 0001", "{text:?}");
        }
        assert_eq!(office_number("O\u{308}-1"), "Ö-1");
        assert_ne!(office_number("K/2026"), office_number("K-2026"));
    }
}
