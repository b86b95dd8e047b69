//! Cells that are refused.

use super::*;

#[test]
fn numbers_of_other_registers_are_refused_in_all_free_texts() {
    for column in [
        "Fallnummer",
        "Nachname",
        "Vorname",
        "Straße",
        "Ort",
        "Wohnsitzauflage",
        "Berufsabschluss",
        "Behinderung",
        "Anliegen",
        "Notiz",
    ] {
        for number in ["12345BG0123456", "x 123D123456", "AZR 010125 123456"] {
            let row = with(&[(column, number)]);
            assert_eq!(refused(&row), [(column, RefusalCode::UnknownCode)], "{number}");
            assert!(row.refused[0].hint.is_some());
            assert!(!row.values.values().any(|value| value.contains(number)));
        }
    }
    assert_eq!(refused(&with(&[("Telefon", "0203 28398765")])), []);
}

#[test]
fn a_line_is_short_and_has_no_invisible_characters() {
    let columns = [
        "Fallnummer",
        "Träger",
        "Stadtbezirk",
        "Nachname",
        "Vorname",
        "Geburtsdatum",
        "Geschlecht",
        "Staatsangehörigkeit",
        "Aufenthaltstitel",
        "Wohnsitzauflage",
        "Berufsabschluss",
        "Straße",
        "PLZ",
        "Ort",
        "Telefon",
        "E-Mail",
        "Zielgruppe",
        "Behinderung",
        "Phase",
        "Übergabe an",
    ];
    for column in columns {
        for hidden in ["\n", "\r\n", "\t", "\u{1b}", "\u{7f}", "\u{85}", "\u{2028}", "\u{202e}", "\u{2066}", "\u{2069}"]
        {
            let row = with(&[(column, &format!("\"a{hidden}b\""))]);
            assert_eq!(refused(&row), [(column, RefusalCode::UnknownCode)], "{hidden:?}");
            assert!(row.refused[0].hint.as_deref().is_some_and(|hint| hint.contains("Steuerzeichen")), "{hidden:?}");
        }
    }
    for column in ["Nachname", "Vorname", "Straße", "Ort", "Wohnsitzauflage", "Berufsabschluss", "Behinderung"] {
        assert_eq!(refused(&with(&[(column, &"ä".repeat(200))])), []);
        let row = with(&[(column, &"ä".repeat(201))]);
        assert_eq!(refused(&row), [(column, RefusalCode::UnknownCode)]);
        assert!(row.refused[0].hint.as_deref().is_some_and(|hint| hint.contains("200")));
    }
    let text = format!("\"a\nb {}\"", "c".repeat(300));
    assert_eq!(refused(&with(&[("Anliegen", &text), ("Notiz", &text)])), []);
    // People of all languages: what their scripts need is not hidden.
    assert_eq!(refused(&with(&[("Vorname", "زهراء\u{200c}"), ("Nachname", "O’Néill-Ng\u{a0}Đỗ")])), []);
}

#[test]
fn a_postal_code_is_checked() {
    assert_eq!(with(&[("PLZ", "01067")]).values[&F::PostalCode], "01067");
    let row = with(&[("PLZ", "5066")]);
    assert_eq!(refused(&row), [("PLZ", RefusalCode::UnknownCode)]);
    assert!(row.refused[0].hint.as_deref().is_some_and(|hint| hint.contains("fünf Ziffern")));
}

#[test]
fn a_due_date_before_the_offer_is_refused() {
    let due = |day| {
        let offered =
            [("Übergabe an", "a"), ("Zweck", "Berufsberatung"), ("Übergeben am", "2.2.2026"), ("Status", "offen")];
        with(&[&offered[..], &[("Frist", day)]].concat())
    };
    assert_eq!(refused(&due("2.2.2026")), []);
    assert_eq!(refused(&due("1.2.2026")), [("Frist", RefusalCode::InvalidDate)]);
}

#[test]
fn a_consent_is_checked_with_and_without_a_referral() {
    let referral = [
        ("Übergabe an", "a"),
        ("Zweck", "Berufsberatung"),
        ("Übergeben am", "2.2.2026"),
        ("Frist", "2.3.2026"),
        ("Status", "offen"),
    ];
    for cells in [&[][..], &referral[..]] {
        let row = |more: &[(&'static str, &'static str)]| with(&[cells, more].concat());
        assert_eq!(refused(&row(&[("Einwilligung vom", "1.2.2026"), ("Einwilligung bis", "1.3.2026")])), []);
        for (column, value) in [
            ("Einwilligung vom", "01.02.2026?"),
            ("Einwilligung vom", "2025"),
            ("Einwilligung bis", "01.03.2026?"),
            ("Einwilligung bis", "unbefristet"),
            ("Schweigepflichtentbindung vom", "ja"),
            ("Zusätzlich eingewilligt", "Telefon?"),
            ("Rückmeldung", "~ja"),
        ] {
            let others = [("Einwilligung vom", "1.2.2026")].into_iter().filter(|other| other.0 != column);
            let row = row(&others.chain([(column, value)]).collect::<Vec<_>>());
            assert_eq!(row.refused[0].column, column, "{value}: {:?}", row.refused);
        }
        assert_eq!(
            refused(&row(&[("Einwilligung bis", "1.3.2026")])),
            [("Einwilligung vom", RefusalCode::MissingRequired)]
        );
    }
    assert!(with(&[("Einwilligung vom", "1.2.2026")]).referral.is_none());
}

#[test]
fn a_residence_obligation_names_a_place() {
    for place in ["?", "unklar", "keine Ahnung", "Köln?", "nein?", "k. A.", "vielleicht?", "ja", "50667", "N.N."] {
        assert_eq!(
            refused(&with(&[("Wohnsitzauflage", place)])),
            [("Wohnsitzauflage", RefusalCode::UnknownCode)],
            "{place}"
        );
    }
    for place in ["Köln", "NRW", "Kreis Düren", "50667 Köln"] {
        assert!(with(&[("Wohnsitzauflage", place)]).values.contains_key(&F::Wohnsitzauflage), "{place}");
    }
}

#[test]
fn an_end_beside_a_status_that_is_none_is_refused() {
    let with_status = |status| {
        with(&[
            ("Übergabe an", "a"),
            ("Zweck", "Berufsberatung"),
            ("Übergeben am", "2.2.2026"),
            ("Frist", "2.3.2026"),
            ("Status", status),
            ("Erledigt am", "1.4.2026"),
        ])
    };
    for status in ["offen", "angenommen", "in Bearbeitung", "Entwurf", "Rückfrage"] {
        assert_eq!(refused(&with_status(status)), [("Erledigt am", RefusalCode::UnknownCode)], "{status}");
    }
    for status in ["erledigt", "gescheitert"] {
        assert_eq!(refused(&with_status(status)), [], "{status}");
    }
}

#[test]
fn an_address_is_checked_like_one_that_is_entered() {
    for wrong in ["m?ller@web.de", "=a@b.de", "m¸ller@web.de", "mailto:a@b.de", "a@b..de", "a..b@web.de", "#NV@b.de"] {
        assert_eq!(refused(&with(&[("E-Mail", wrong)])), [("E-Mail", RefusalCode::UnknownCode)], "{wrong}");
    }
    for address in ["reza.rahimi@example.org", "m.o'neill+kim@example.co.uk", "müller@web.de", "a_b-c@x-y.de"] {
        assert_eq!(with(&[("E-Mail", address)]).values[&F::Email], address);
    }
}

#[test]
fn damaged_text_is_refused_in_every_column_of_own_words() {
    for column in ["Fallnummer", "Straße", "Ort", "Wohnsitzauflage", "Berufsabschluss", "Behinderung"] {
        for value in ["K?ln", "#REF!", "#NV", "K¶ln", "=1+1", ".", "M?llerstr. 5"] {
            assert_eq!(refused(&with(&[(column, value)])), [(column, RefusalCode::UnknownCode)], "{value}");
        }
    }
    assert_eq!(refused(&with(&[("Anliegen", "Wo? Hier?oder da. =1+1"), ("Notiz", "#NV")])), []);
}
