//! Texts that lost letters, or were written in one encoding and read in another.

/// How a text was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It contains the sign for a lost letter, U+FFFD.
    Lost,
    /// UTF-8 was read as another code page and saved as UTF-8 (`MÃ¼ller`).
    Twice,
    /// A question mark or another sign stands in a word for a letter that a code page lacks (`M?ller`).
    Replaced,
    /// The error of a spreadsheet instead of a value (`#NV`).
    CellError,
    /// A formula (`=1+1`).
    Formula,
    /// Neither a letter nor a digit.
    Empty,
}

/// The first damage of a value of one line, such as a city. Free texts may have questions and formulas.
#[must_use]
pub fn damage_of_line(line: &str) -> Option<Damage> {
    if let Some(damage) = damage(line) {
        return Some(damage);
    }
    let line = line.trim();
    if is_cell_error(line) {
        return Some(Damage::CellError);
    }
    if line.starts_with('=') {
        return Some(Damage::Formula);
    }
    if has_replaced_letter(line) {
        return Some(Damage::Replaced);
    }
    (!line.chars().any(char::is_alphanumeric)).then_some(Damage::Empty)
}

/// The errors that spreadsheets show in cells, in German and in English.
fn is_cell_error(line: &str) -> bool {
    let Some(rest) = line.strip_prefix('#') else {
        return line.strip_prefix("Err:").is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()));
    };
    let is_spelled = |sign: char| sign.is_uppercase() || sign.is_ascii_digit() || matches!(sign, '/' | '_');
    let (name, mark) = match rest.strip_suffix(['!', '?']) {
        Some(name) => (name, true),
        None => (rest, false),
    };
    let is_name = !name.is_empty() && name.chars().all(is_spelled);
    (is_name && mark) || matches!(rest, "NV" | "N/A" | "NA" | "N/V") || rest.bytes().all(|sign| sign == b'#')
}

/// Whether a sign that is no letter stands between letters or before a small one. Addresses of the web may have one.
fn has_replaced_letter(line: &str) -> bool {
    let is_address = line.contains("://") || line.contains("www.");
    let signs: Vec<char> = line.chars().collect();
    !is_address
        && (0..signs.len()).any(|place| {
            let before = place.checked_sub(1).and_then(|before| signs.get(before)).copied();
            let after = signs.get(place + 1).copied();
            let is_between = before.is_some_and(char::is_alphabetic) && after.is_some_and(char::is_alphabetic);
            let begins_word = before.is_none_or(char::is_whitespace) && after.is_some_and(char::is_lowercase);
            match signs[place] {
                '?' => is_between || begins_word,
                '¶' | '¿' | '¤' | '¦' | '\u{25a1}' | '\u{25a0}' => is_between,
                _ => false,
            }
        })
}

/// The first damage of a text.
#[must_use]
pub fn damage(text: &str) -> Option<Damage> {
    if text.is_ascii() {
        return None;
    }
    if text.contains('\u{fffd}') {
        return Some(Damage::Lost);
    }
    let mut rest = text;
    while let Some(begin) = rest.find(|letter: char| !letter.is_ascii()) {
        let end = rest[begin..].find(|letter: char| letter.is_ascii()).map_or(rest.len(), |end| begin + end);
        let before = rest[..begin].chars().next_back();
        if is_twice(&rest[begin..end], before, rest[end..].chars().next()) {
            return Some(Damage::Twice);
        }
        rest = &rest[end..];
    }
    None
}

/// Whether signs beyond ASCII are UTF-8 that was read as Windows-1252, or as the code page of MS-DOS or a Macintosh.
fn is_twice(run: &str, before: Option<char>, after: Option<char>) -> bool {
    let beside_letter = [before, after].iter().flatten().any(char::is_ascii_alphabetic);
    let mut signs = run.chars();
    if let (Some('├' | '┬' | '√'), Some(_)) = (signs.next(), signs.next()) {
        return beside_letter;
    }
    // Nearly every run is one umlaut.
    if run.chars().nth(1).is_none() {
        return false;
    }
    let Some(bytes) = run.chars().map(byte_1252).collect::<Option<Vec<u8>>>() else { return false };
    let mut sequences = 0;
    for chunk in bytes.utf8_chunks() {
        for (letter, place) in chunk.valid().chars().zip(0..) {
            sequences += 1;
            // A quotation mark or dash after an umlaut is usual: `„MENÜ“`, `BÄ–`.
            let continued = if letter.len_utf8() == 2 { letter as u32 & 0x3f | 0x80 } else { 0 };
            let is_quote =
                matches!(continued, 0x82 | 0x84 | 0x85 | 0x8b | 0x91..=0x97 | 0x9b | 0xab | 0xbb | 0xb4 | 0xa0);
            let certain = match letter {
                // `Ã` or `Â`, and any sign.
                '\u{80}'..='\u{ff}' => true,
                // `Ä` or `Å`: letters of Turkish and of Central Europe.
                '\u{100}'..='\u{17f}' => !is_quote,
                // `â€`, `â‚¬`
                '\u{2010}'..='\u{20bf}' => true,
                _ => false,
            };
            if certain || (place > 0 && sequences > 1 && !is_quote) {
                return true;
            }
        }
    }
    false
}

/// The signs of Windows-1252 from 0x80 to 0x9f.
const SIGNS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Whether UTF-8 was read as Windows-1252 (`MÃ¼ller`, `YÄ±ldÄ±z`, `Oâ€™Neill`).
///
/// Two letters of a name can look like the bytes of another one (`KŘÍŽ`). `is_usual` tells which signs occur in such a text
/// anyway; a pair of them counts only if it means a letter of Latin-1 or Latin Extended-A, and is not between capitals.
pub(crate) fn is_misread(text: &str, is_usual: impl Fn(char) -> bool) -> bool {
    let letters: Vec<char> = text.chars().collect();
    (0..letters.len()).any(|place| is_sequence(&letters[place..], &is_usual))
}

/// Whether a text begins with the bytes of one letter in UTF-8.
fn is_sequence(letters: &[char], is_usual: impl Fn(char) -> bool) -> bool {
    let Some(lead) = letters.first().and_then(|&letter| byte_1252(letter)) else { return false };
    let length = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return false,
    };
    let Some(sequence) = letters.get(..length) else { return false };
    let Some(bytes) = sequence.iter().map(|&letter| byte_1252(letter)).collect::<Option<Vec<u8>>>() else {
        return false;
    };
    let Ok(meant) = std::str::from_utf8(&bytes) else { return false };
    if !sequence[1..].iter().all(|&letter| is_usual(letter)) {
        return true;
    }
    let is_in_capitals = sequence[1].is_uppercase() && letters.get(length).is_none_or(|next| !next.is_lowercase());
    meant.starts_with(|letter| matches!(letter, '\u{c0}'..='\u{17f}' | '\u{218}'..='\u{21b}'))
        && (!is_in_capitals || matches!(sequence[1], 'Œ' | 'Ÿ'))
}

fn byte_1252(letter: char) -> Option<u8> {
    match letter {
        '\u{a0}'..='\u{ff}' => u8::try_from(letter).ok(),
        _ => SIGNS_1252.iter().position(|&sign| sign == letter).and_then(|place| u8::try_from(0x80 + place).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// UTF-8 read as Windows-1252.
    fn read_wrongly(text: &str) -> String {
        let letter = |byte: u8| match byte {
            0x80..=0x9f => SIGNS_1252[usize::from(byte - 0x80)],
            _ => char::from(byte),
        };
        text.bytes().map(letter).collect()
    }

    #[test]
    fn a_line_is_no_error_formula_or_word_with_a_lost_letter() {
        for (line, damage) in [
            ("K?ln", Damage::Replaced),
            ("M?llerstr. 5", Damage::Replaced),
            ("Am Wei?en Stein", Damage::Replaced),
            ("?berlingen", Damage::Replaced),
            ("K¶ln", Damage::Replaced),
            ("K¿ln", Damage::Replaced),
            ("#NV", Damage::CellError),
            ("#REF!", Damage::CellError),
            ("#BEZUG!", Damage::CellError),
            ("#NAME?", Damage::CellError),
            ("#DIV/0!", Damage::CellError),
            ("#ÜBERLAUF!", Damage::CellError),
            ("#####", Damage::CellError),
            ("#", Damage::CellError),
            ("Err:502", Damage::CellError),
            ("=1+1", Damage::Formula),
            ("=SVERWEIS(A1;B:C;2)", Damage::Formula),
            (".", Damage::Empty),
            ("?", Damage::Empty),
            ("- / -", Damage::Empty),
            ("KÃ¶ln", Damage::Twice),
            ("K\u{fffd}ln", Damage::Lost),
        ] {
            assert_eq!(damage_of_line(line), Some(damage), "{line}");
        }
        for line in [
            "Köln",
            "Straße des 17. Juni 5",
            "Müllerstr. 5 #12",
            "#12",
            "Köln?",
            "https://example.org/raum?id=5",
            "Wo? Im Rathaus",
            "5",
            "北京",
            "C# und Java",
            "Deutsch: ja!",
            "(1. OG)",
            "a = b",
            "¿Qué",
        ] {
            assert_eq!(damage_of_line(line), None, "{line}");
        }
    }

    #[test]
    fn damaged_text_is_found_and_quotes_after_umlauts_are_not() {
        for text in ["M\u{fffd}ller", "\u{fffd}"] {
            assert_eq!(damage(text), Some(Damage::Lost), "{text}");
        }
        for text in [
            "Müller",
            "Köln",
            "Straße",
            "§ 25",
            "Yıldız",
            "Şahin",
            "Doğan",
            "Çelik",
            "Łukasz",
            "Ägypten",
            "Übergabe",
            "A – B",
            "Ж",
            "Анна",
            "رضا",
            "5 €",
        ] {
            assert_eq!(damage(text), None, "{text}");
            let twice = read_wrongly(text);
            assert_eq!(damage(&twice), (text != "Ж").then_some(Damage::Twice), "{twice}");
        }
        for text in [
            "Hélène",
            "Núñez",
            "João",
            "Guimarães",
            "Søren",
            "Forlì",
            "Bình",
            "Nhã",
            "Señor",
            "François",
            "Anaïs",
            "Œuvre",
            "50m²",
            "Nº",
            "½",
            "£5",
            "¿Qué",
            "Šarić",
            "Žana",
            "Conceição",
            "Öztürk",
            "Çelik",
            "Gümüş",
            "„MENÜ“",
            "„Spaß“",
            "»BÄ«",
            "Groß–Klein",
            "„BÄ“",
            "ÄÖÜ",
            "é“",
            "Übergrößenträger",
            "Nguyễn Thị",
            "زهراء\u{200c}",
            "Äß",
            "É…",
            "√2",
            "a├b",
        ] {
            assert_eq!(damage(text), None, "{text}");
        }
        for text in ["M├╝ller", "M√ºller"] {
            assert_eq!(damage(text), Some(Damage::Twice), "{text}");
        }
    }
}
