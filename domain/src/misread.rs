//! Texts that were written in one encoding and read in another.

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
