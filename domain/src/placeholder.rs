//! Words that people write where a value is unknown.

/// Whether a text stands for a missing value, such as `unbekannt` or `k. A.`. Names that sound like one (`Null`, `Nan`, `Ka`)
/// are names.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    let text = text.trim();
    // A short one is one only as it is usually written, because `Na` and `Ka` are names.
    if matches!(text, "NaN" | "undefined" | "(null)" | "NULL" | "None" | "<NA>") {
        return true;
    }
    let compact: String = text.to_lowercase().chars().filter(|sign| !sign.is_whitespace()).collect();
    if SHORT.contains(&compact.as_str()) {
        return true;
    }
    // `Unbekannt Müller`, `Vorname unbekannt`.
    let is_unknown = |word: &str| matches!(word.to_lowercase().as_str(), "unbekannt" | "unbekannte" | "unbekannter");
    if text.split(|sign: char| !sign.is_alphabetic()).any(is_unknown) {
        return true;
    }
    let letters: String = compact.chars().filter(|sign| sign.is_alphanumeric()).collect();
    let is_repeated = letters.len() > 2 && letters.bytes().all(|letter| letter == b'x');
    is_repeated || LONG.contains(&letters.as_str())
}

/// Abbreviations with their signs.
const SHORT: &[&str] = &["k.a.", "k.a", "n.n.", "n.n", "n.a.", "n.b.", "n/a", "n.v.", "s.a.", "s.o.", "o.a.", "o.n."];

/// Words and sentences without their signs.
const LONG: &[&str] = &[
    "unbekannt",
    "nichtbekannt",
    "unbekanntervorname",
    "unbekannternachname",
    "unbek",
    "unklar",
    "ungeklärt",
    "offen",
    "keineangabe",
    "keineangaben",
    "ohneangabe",
    "ohneangaben",
    "nichtangegeben",
    "nichtvorhanden",
    "keinname",
    "keinvorname",
    "keinnachname",
    "ohnename",
    "ohnevorname",
    "ohnenachname",
    "sieheakte",
    "sieheanlage",
    "sieheantrag",
    "siehenotiz",
    "sieheoben",
    "sieheunten",
    "keineahnung",
    "weißnicht",
    "weissnicht",
    "fehlt",
    "folgt",
    "entfällt",
    "wirdnachgereicht",
    "nochoffen",
    "nochunbekannt",
    "nomenestnomen",
    "nomennescio",
    "unknown",
    "ohne",
    "keine",
    "keiner",
    "kein",
    "keinnamebekannt",
    "gesperrt",
    "auskunftssperre",
    "anonym",
    "dito",
    "wahr",
    "falsch",
    "tbd",
    "nichtbek",
    "notknown",
];

#[cfg(test)]
mod tests {
    use super::is_placeholder;

    #[test]
    fn placeholders_are_known() {
        for text in [
            "unbekannt",
            "Unbekannt.",
            "UNBEKANNT",
            "k.A.",
            "k. A.",
            "K.A",
            "N.N.",
            "n. n.",
            "keine Angabe",
            "Keine Angaben",
            "siehe Akte",
            "(siehe Akte)",
            "xxx",
            "XXXX",
            "x x x",
            "NaN",
            "undefined",
            "NULL",
            "?unklar?",
            "keine Ahnung",
            "weiß nicht",
            "n/a",
            "unknown",
            "ohne",
            "keine",
            "Unbekannt Müller",
            "Vorname unbekannt",
            "WAHR",
            "anonym",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn names_are_names() {
        for text in [
            "Null",
            "Nan",
            "Na",
            "Ka",
            "Xu",
            "Xx",
            "Nn",
            "Offenbach",
            "Köln",
            "Unbekan",
            "Fehlt-Meyer",
            "Test",
            "O",
            "N",
            "True",
            "Folgta",
            "Sa",
            "So",
            "Va",
            "",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }
}
