//! Texts that are recognised as a title, and texts that are refused as ambiguous.

use super::*;
use proptest::prelude::*;

#[test]
fn a_title_is_read_however_it_is_written() {
    for (text, expected) in [
        ("§ 25 Abs. 2 AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§25 II AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§ 25II AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("25 (2)", T::Aufenthaltserlaubnis25Abs2),
        ("§ 25(2)", T::Aufenthaltserlaubnis25Abs2),
        ("25.2", T::Aufenthaltserlaubnis25Abs2),
        ("§ 25 abs 2 satz 1 alt. 2 aufenthg", T::Aufenthaltserlaubnis25Abs2),
        ("AE nach § 25 Absatz 2 Aufenthaltsgesetz", T::Aufenthaltserlaubnis25Abs2),
        ("Aufenthaltserlaubnis §25 Abs.2", T::Aufenthaltserlaubnis25Abs2),
        ("§\u{a0}25 Abs.\u{a0}3 AufenthG", T::Aufenthaltserlaubnis25Abs3),
        ("§ 25 IVa AufenthG", T::Aufenthaltserlaubnis25Abs4a),
        ("§ 25 Abs. 4b", T::Aufenthaltserlaubnis25Abs4b),
        ("§ 25 V", T::Aufenthaltserlaubnis25Abs5),
        ("§ 25a AufenthG", T::Aufenthaltserlaubnis25a),
        ("§ 25 a AufenthG", T::Aufenthaltserlaubnis25a),
        ("25B", T::Aufenthaltserlaubnis25b),
        ("§ 24 AufenthG", T::Aufenthaltserlaubnis24),
        ("§ 30 Abs. 1 AufenthG", T::Aufenthaltserlaubnis30),
        ("§ 104c AufenthG", T::Aufenthaltserlaubnis104c),
        ("Chancen-Aufenthaltsrecht § 104c", T::Aufenthaltserlaubnis104c),
        ("§ 9 AufenthG", T::Niederlassungserlaubnis9),
        ("NE § 26 Abs. 3", T::Niederlassungserlaubnis26Abs3),
        ("§ 28 Abs. 2 AufenthG", T::Niederlassungserlaubnis28Abs2),
        ("§ 28 AufenthG", T::Aufenthaltserlaubnis28),
        ("Par. 25 Abs. 2", T::Aufenthaltserlaubnis25Abs2),
        ("par 25 II", T::Aufenthaltserlaubnis25Abs2),
        ("Paragraf 25 Absatz 2 AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("Paragraph 25 Absatz 2 Aufenthaltsgesetz", T::Aufenthaltserlaubnis25Abs2),
        ("§ 25 Abs. 2 S. 1, 2. Alt. AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§ 25 Abs. 2 Satz 1 2. Alternative", T::Aufenthaltserlaubnis25Abs2),
        ("§ 25 II 1 Alt. 2 AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§ 25 II 1. Alt. AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("Duldung § 60a II 3 Alt. 1", T::Duldung60aAbs2Satz3),
        ("§ 25 IV 2 AufenthG", T::Aufenthaltserlaubnis25Abs4),
        ("§ 25 Abs-2", T::Aufenthaltserlaubnis25Abs2),
        ("§ 28 I 1 Nr. 1 AufenthG", T::Aufenthaltserlaubnis28),
        ("§28I 1 Nr.1 AufenthG", T::Aufenthaltserlaubnis28),
        ("§ 28 Abs. 1 S. 1 Nr. 3 AufenthG", T::Aufenthaltserlaubnis28),
        ("§ 28 Abs. 1 Satz 1 Nr3", T::Aufenthaltserlaubnis28),
        ("§ 28 II 1 AufenthG", T::Niederlassungserlaubnis28Abs2),
        ("§ 30 Abs. 1 S. 1 Nr. 3 lit. e AufenthG", T::Aufenthaltserlaubnis30),
        ("§ 30 I Nr. 3a AufenthG", T::Aufenthaltserlaubnis30),
        ("§ 26 III 3 AufenthG", T::Niederlassungserlaubnis26Abs3),
        ("Duldung § 60a II 3", T::Duldung60aAbs2Satz3),
        ("§25Abs.2", T::Aufenthaltserlaubnis25Abs2),
        ("§25Abs2", T::Aufenthaltserlaubnis25Abs2),
        ("§ 25 Abs.2S.1", T::Aufenthaltserlaubnis25Abs2),
        ("§25Abs.2AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§25Abs2S1AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§25Absatz2Satz1Aufenthaltsgesetz", T::Aufenthaltserlaubnis25Abs2),
        ("AE§25Abs.2", T::Aufenthaltserlaubnis25Abs2),
        ("§25(2)AufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§25IIAufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§25AbsIIAufenthG", T::Aufenthaltserlaubnis25Abs2),
        ("§25IVaS.1AufenthG", T::Aufenthaltserlaubnis25Abs4a),
        ("§25Abs.4aAufenthG", T::Aufenthaltserlaubnis25Abs4a),
        ("§25Abs.2S.1Alt.2", T::Aufenthaltserlaubnis25Abs2),
        ("§25aAufenthG", T::Aufenthaltserlaubnis25a),
        ("§25aAbs.1AufenthG", T::Aufenthaltserlaubnis25a),
        ("§104cAufenthG", T::Aufenthaltserlaubnis104c),
        ("§28Abs.1S.1Nr.3AufenthG", T::Aufenthaltserlaubnis28),
        ("§28INr.1", T::Aufenthaltserlaubnis28),
        ("Duldung§60aAbs.2S.3", T::Duldung60aAbs2Satz3),
        ("§55AsylG", T::Aufenthaltsgestattung),
        ("§ 9a AufenthG", T::DaueraufenthaltEu),
        ("EU-Daueraufenthalt", T::DaueraufenthaltEu),
        ("EU-Daueraufenthalt § 9a", T::DaueraufenthaltEu),
        ("Daueraufenthalt EU", T::DaueraufenthaltEu),
        ("Blaue Karte EU", T::BlaueKarteEu),
        ("§ 18g AufenthG", T::BlaueKarteEu),
        ("Aufenthaltsgestattung § 55 AsylG", T::Aufenthaltsgestattung),
        ("Gestattung", T::Aufenthaltsgestattung),
        ("§ 55", T::Aufenthaltsgestattung),
        ("Duldung § 60a", T::Duldung60a),
        ("Duldung §60a Abs. 2 S. 3", T::Duldung60aAbs2Satz3),
        ("Duldung § 60a Abs. 2 Satz 2", T::Duldung60a),
        ("§ 60b", T::Duldung60b),
        ("Duldung § 60c", T::Ausbildungsduldung60c),
        ("Freizügigkeit EU", T::FreizuegigEu),
        ("§ 2 FreizügG/EU", T::FreizuegigEu),
        ("§ 5 Abs. 5 FreizügG/EU", T::Daueraufenthaltskarte),
        ("FreizügG/EU § 2", T::FreizuegigEu),
        ("FreizügG/EU § 4a", T::DaueraufenthaltEuBuerger),
        ("FreizügG/EU § 5 Abs. 1", T::Aufenthaltskarte),
        ("FreizügG/EU§5Abs.5", T::Daueraufenthaltskarte),
        ("§5Abs.5FreizügG/EU", T::Daueraufenthaltskarte),
        ("FreizügG-EU § 5 V", T::Daueraufenthaltskarte),
        ("Fiktionsbescheinigung § 81 Abs. 4", T::Fiktionsbescheinigung81Abs4),
        ("Fiktionsbescheinigung", T::Fiktionsbescheinigung),
        ("Aufenthaltserlaubnis: § 25 Abs. 2", T::Aufenthaltserlaubnis25Abs2),
        ("AUFENTHALTSERLAUBNIS_25_2", T::Aufenthaltserlaubnis25Abs2),
    ] {
        assert_eq!(title(text), Some(expected), "{text}");
    }
}

#[test]
fn an_unknown_or_ambiguous_text_is_no_title() {
    for text in [
        "",
        "§ 99z AufenthG",
        "§ 25 AufenthG",
        "§ 25 Abs. 9 AufenthG",
        "§ 25 AsylG",
        "§25AufenthG",
        "§25Satz1",
        "§25Abs.9AufenthG",
        "§25Abs.1Abs.2",
        "§25Abs.1S.1S.2",
        "§25Abs.2X",
        "§25abgelehnt",
        "§25Absatzweise2",
        "252AufenthG",
        "§25Abs.AufenthG",
        // Aufenthaltskarte or Daueraufenthaltskarte.
        "FreizügG/EU § 5",
        "FreizügG/EU",
        "EU-Daueraufenthalt § 5",
        "Par. 25",
        "§ 25 Nr. 2 AufenthG",
        "§ 25 Abs. 1, 2 AufenthG",
        "§ 25 Abs. 1/2",
        "§ 25 Abs. 1 / Abs. 2",
        "§ 25 Abs. 1-3",
        "§ 25 I, 2",
        "§ 25 I/II",
        "§ 25 I II",
        "§ 25 1 2",
        "§ 60a Abs. 2 S. 1, S. 3",
        "§ 28 I 1 Nr.",
        "§ 28 I 1 Nr. 100",
        "Nr. 1 § 25a",
        "§ 55 AufenthG",
        "§ 2",
        "kein Titel nach § 25a",
        "Antrag § 25a",
        "§ 25a abgelehnt",
        "Duldung § 25 Abs. 2",
        "Aufenthaltserlaubnis § 60a",
        "Niederlassungserlaubnis § 25a",
        "keiner",
        "ohne",
        "illegal",
        "Niederlassungserlaubnis",
        "25 26",
        "§",
        "§ 25a?",
        "§ 25 Abs. 2 (?)",
        "<§ 25a",
        "!§ 25a",
        "§ 25a *",
        "§ 25a + § 25b",
        "~ § 25 Abs. 2",
        "„§ 25a“",
        "deutsch?",
        "Duldung?",
        "-Duldung",
        "(Duldung)",
        "Gestattung/",
    ] {
        assert_eq!(title(text), None, "{text}");
    }
}

#[test]
fn every_title_is_found_by_its_label_its_code_and_its_paragraph_alone() {
    for &expected in T::ALL {
        assert_eq!(title(expected.label()), Some(expected));
        assert_eq!(title(expected.code()), Some(expected));
        if let Some(place) = expected.label().find('§') {
            assert_eq!(title(&expected.label()[place..]), Some(expected), "{}", expected.label());
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,40}") {
        let _ = title(&text);
    }
    #[test]
    fn a_paragraph_needs_no_blanks(
        section in "[1-9][0-9]{0,2}[a-h]?", absatz in "[1-9][ab]?", satz in "[1-9]",
        law in proptest::sample::select(&["AufenthG", "AsylG", "FreizügG/EU"][..]),
    ) {
        let spaced = format!("§ {section} Abs. {absatz} S. {satz} {law}");
        for written in [spaced.replace(' ', ""), spaced.replace([' ', '.'], "")] {
            prop_assert_eq!(title(&written), title(&spaced), "{}", written);
        }
    }
    #[test]
    fn a_long_or_repetitive_text_terminates(part in "[0-9a-z]{1,4}", times in 1usize..20_000) {
        let _ = title(&part.repeat(times));
    }
    #[test]
    fn nothing_that_looks_like_a_paragraph_panics(text in "(§|abs|satz|[0-9]{1,4}|[ivx]{1,4}|[a-c]| |\\(|\\)|\\.){0,12}") {
        let _ = title(&text);
    }
}
