//! Which code page a file that is not UTF-8 was probably written in.
//!
//! The code pages of Windows share the German letters and differ in those of other languages, so a file in a wrong one
//! looks right except for names: `Yıldız` becomes `Yýldýz`, `Kovačić` becomes `Kovaèiæ`. Each rule below names letters that
//! no language with Windows-1252 writes in that place.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, WINDOWS_1252, WINDOWS_1257};

/// A code page that is not Windows-1252.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CodePage {
    CentralEuropean,
    Turkish,
    /// ISO-8859-15, which has the euro sign and `Š` in other places than Windows-1252.
    Latin9,
    Dos,
    Macintosh,
    MacintoshTurkish,
    /// One that a detector for all scripts recognises.
    Detected(&'static Encoding),
}

impl CodePage {
    /// The name for users.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CentralEuropean => "windows-1250",
            Self::Turkish => "windows-1254",
            Self::Latin9 => "iso-8859-15",
            Self::Dos => "cp850 oder cp852 (MS-DOS)",
            Self::Macintosh => "macintosh",
            Self::MacintoshTurkish => "macintosh (Türkisch)",
            Self::Detected(encoding) => encoding.name(),
        }
    }

    /// Whether `--encoding` reads it.
    pub(super) const fn is_readable(self) -> bool {
        !matches!(self, Self::Dos | Self::MacintoshTurkish)
    }
}

/// The probable code page of a file that is not UTF-8; `None` for Windows-1252.
///
/// Words are looked at one by one, because one name among many German words does not change the count of letters by which a
/// detector decides. It finds other scripts, in which nearly every letter is beyond ASCII.
pub(super) fn other_than_western(file: &[u8]) -> Option<CodePage> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(file, true);
    let detected = detector.guess(None, Utf8Detection::Deny);
    let has_script = || file.windows(3).any(|bytes| bytes.iter().all(|byte| !byte.is_ascii()));
    match of_words(file) {
        _ if !is_latin(detected) && has_script() => Some(CodePage::Detected(detected)),
        Some(_) if detected == WINDOWS_1257 => Some(CodePage::Detected(detected)),
        page => page,
    }
}

/// Whether an encoding has Latin letters beyond ASCII.
fn is_latin(encoding: &'static Encoding) -> bool {
    let (letters, _) = encoding.decode_without_bom_handling(b"\xc0\xc9\xd6\xe0\xe9\xf6");
    letters.chars().filter(|letter| matches!(letter, '\u{c0}'..='\u{17f}')).count() > 3
}

/// The code page to which most of the conspicuous words point.
fn of_words(file: &[u8]) -> Option<CodePage> {
    use CodePage::{CentralEuropean, Dos, Latin9, Macintosh, Turkish};
    let mut found = Vec::new();
    let mut mac_turkish = false;
    let is_part = |byte: &u8| !byte.is_ascii() || byte.is_ascii_alphabetic();
    for word in file.split(|byte| !is_part(byte)).filter(|word| !word.is_ascii()) {
        let (text, _) = WINDOWS_1252.decode_without_bom_handling(word);
        let letters: Vec<char> = text.chars().collect();
        found.extend((0..letters.len()).filter_map(|place| of_letter(&letters, place, *word.get(place)?)));
        // `Ğ`, `ğ`, `İ`, `ı`, `Ş`, `ş`; elsewhere a Macintosh has signs there.
        mac_turkish |= word.iter().any(|byte| matches!(byte, 0xDA..=0xDF)) && word.len() > 1;
    }
    let count = |page: CodePage| found.iter().filter(|one| **one == page).count();
    let most = [CentralEuropean, Turkish, Macintosh, Dos, Latin9].into_iter().rev().max_by_key(|page| count(*page))?;
    if count(most) == 0 {
        return None;
    }
    let is_mac_turkish = mac_turkish && matches!(most, Macintosh | Turkish) && count(Macintosh) > 0;
    Some(if is_mac_turkish { CodePage::MacintoshTurkish } else { most })
}

fn is_vowel(letter: char) -> bool {
    "aeiouyäöüáéíóúýàèìòùâêîôûãõåæøı".contains(lower(letter))
}

fn is_acute(letter: char) -> bool {
    "áéíóúý".contains(lower(letter))
}

fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

/// The code page to which a letter of a word points, as it would be read in Windows-1252.
fn of_letter(word: &[char], place: usize, byte: u8) -> Option<CodePage> {
    use CodePage::{CentralEuropean, Dos, Latin9, Macintosh, Turkish};
    let letter_at =
        |place: Option<usize>| place.and_then(|place| word.get(place)).copied().filter(|c| c.is_alphabetic());
    let (before, after) = (letter_at(place.checked_sub(1)), letter_at(Some(place + 1)));
    let (earlier, then) = (letter_at(place.checked_sub(2)), letter_at(Some(place + 2)));
    let inside = before.is_some() && after.is_some();
    let is_after_vowel = before.is_some_and(is_vowel);
    let is_before_vowel = after.is_some_and(is_vowel);
    // Whether consonants and another syllable follow, as after no accent of Vietnamese or at the end of Italian words.
    let later_vowel = word.iter().skip(place + 1).find(|c| !c.is_alphabetic() || is_vowel(**c));
    let goes_on = after.is_some() && !is_before_vowel && later_vowel.is_some_and(|vowel| is_vowel(*vowel));
    let between_small = before.is_some() && after.is_some_and(char::is_lowercase);
    let when = |is: bool, page| is.then_some(page);
    match byte {
        // `ü`, `ä`, `ö` of MS-DOS are a control character and quotation marks.
        0x81 => when(before.is_some() || after.is_some(), Dos),
        0x84 | 0x94 => when(inside, Dos),
        // `ä` of a Macintosh is a capital letter.
        0x8A => when(between_small, Macintosh),
        0xA7 => when(between_small, Macintosh),
        // `Ť`, `Ź`, `ť` are undefined; `ź` and `ś` are letters of French.
        0x8D | 0x8F | 0x9D => when(before.is_some() || after.is_some(), CentralEuropean),
        0x9F => when(between_small, if is_umlaut_place(word, place) { Macintosh } else { CentralEuropean }),
        0x8C | 0x9C => {
            let is_french = match before {
                Some(before) => "hfHF".contains(before) || after.is_some_and(|next| "uU".contains(next)),
                None => after.is_some_and(|next| "uidnUIDN".contains(next)),
            };
            when(!is_french, CentralEuropean)
        }
        // `Ł`, `Ą`, `Ş`, `Ż`, `ł`, `ą`, `ş` are no letters, and may follow one as in `m³`.
        0xA3 | 0xA5 | 0xAF => when(after.is_some(), CentralEuropean),
        0xAA | 0xB3 | 0xB9 | 0xBA | 0xBC | 0xBE => {
            when(after.is_some() || (byte != 0xB9 && place >= 3 && before.is_some()), CentralEuropean)
        }
        // The euro sign, `Š`, `š`, `ž`, `œ` are signs that nobody writes beside a letter; an acute stands for an apostrophe.
        0xA4 => Some(Latin9),
        0xA6 | 0xA8 | 0xB8 => when(before.is_some() || after.is_some(), Latin9),
        0xB4 => when(before.is_none() && after.is_some_and(is_vowel), Latin9),
        0xBD => when(after.is_some() && before.is_some(), Latin9),
        0xBF => when(before.is_some(), CentralEuropean),
        // `ğ`, `Ğ` follow a vowel; `đ`, `Đ` begin a word or follow a consonant.
        0xF0 | 0xD0 => Some(if is_after_vowel { Turkish } else { CentralEuropean }),
        // `ş`, `Ş`
        0xFE | 0xDE => Some(Turkish),
        // `ı`, `İ`; the `ý` of Czech ends a name in `ný`, `ský` or `cký`.
        0xFD => {
            let is_turkish = before.is_some_and(|c| "bcdglmprtyzþ".contains(lower(c)))
                || (before.is_some_and(|c| lower(c) == 'k') && !earlier.is_some_and(|c| "sc".contains(lower(c))));
            when(after.is_some() || is_turkish, Turkish)
        }
        0xDD => when(after.is_some_and(|next| !is_vowel(next)) || (after.is_none() && before.is_some()), Turkish),
        // `č`: the `è` of French stands before a consonant and an `e`.
        0xE8 | 0xC8 => {
            let is_french = match (after, then) {
                (Some(_), _) if is_before_vowel => false,
                (Some(_), Some(then)) => !"aiouyáíúýAIOUY".contains(then) || "lrnLRN".contains(after.unwrap_or('x')),
                (Some(_), None) => true,
                (None, _) => !before.is_some_and(|before| "aiAI".contains(before)),
            };
            when(!is_french || before.is_some_and(|before| "aA".contains(before)), CentralEuropean)
        }
        // `ć`: the `æ` of Danish stands between consonants.
        0xE6 | 0xC6 => when(is_after_vowel || is_before_vowel, CentralEuropean),
        // `ń`: `ñ` stands before a vowel.
        0xF1 | 0xD1 => when(!is_before_vowel, CentralEuropean),
        // `ř`
        0xF8 | 0xD8 => {
            let is_rzh = is_after_vowel
                || after.is_some_and(is_acute)
                || (after == Some('e')
                    && (then == Some('j') || (before.is_none() && then.is_some() && word.len() > 4)))
                || (after == Some('i') && before.is_some_and(|c| "ptk".contains(lower(c))));
            when(is_rzh, CentralEuropean)
        }
        // `ě`, `ů`, `ň`: Vietnamese ends a word with such a syllable, and Italian with the letter.
        0xEC | 0xCC => {
            let ends_vietnamese = after.is_none_or(|next| is_vowel(next) || "cmnpt".contains(lower(next)));
            when(goes_on || !(ends_vietnamese || before.is_none()), CentralEuropean)
        }
        0xF9 | 0xD9 | 0xF2 | 0xD2 => when(goes_on, CentralEuropean),
        // `Ď`
        0xCF => when(before.is_none() && is_before_vowel, CentralEuropean),
        // `ę`: after the `ê` of French follows an `e` without sound.
        0xEA | 0xCA => {
            let is_after_i =
                before.is_some_and(|c| lower(c) == 'i') && after.is_some_and(|next| !"nmuptc".contains(lower(next)));
            let is_polish = goes_on && later_vowel.is_some_and(|vowel| !"eéè".contains(lower(*vowel)));
            when(is_polish || is_after_i, CentralEuropean)
        }
        // `ă`
        0xE3 | 0xC3 => when(
            after.is_some_and(|next| "bcdfglmrtvz".contains(lower(next)) || (lower(next) == 'n' && goes_on)),
            CentralEuropean,
        ),
        // `ő`
        0xF5 | 0xD5 => {
            let is_final = after.is_none() && place >= 3;
            let begins = before.is_none() && after.is_some_and(|next| "rszRSZ".contains(next));
            when(
                is_final || begins || after == Some('s') || before.is_some_and(|c| "yzYZ".contains(c)),
                CentralEuropean,
            )
        }
        _ => None,
    }
}

/// Whether `ü` is more probable here than `ź`, which Polish has before few consonants.
fn is_umlaut_place(word: &[char], place: usize) -> bool {
    !word.get(place + 1).is_some_and(|next| "nldbwmc".contains(*next)) || word.get(place + 2) == word.get(place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{
        BIG5, EUC_KR, GBK, IBM866, ISO_8859_15, KOI8_U, MACINTOSH, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1253,
        WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
    };

    const WESTERN: &str = "Müller Weiß Ägypten Groß „Käthe“ Hélène Müller-Lüdenscheidt Muñoz Peña Núñez João Guimarães Søren Jørgensen \
        Bjørn Møller Åse Kjær Thérèse Lumière Brière Gisèle Adèle Eugène Noè Nicolò Forlì Bình Tình Trì Võ Forlì Gesù Perù Hùng Hòa Kiên Hùng Nhã \
        Ñico Señor François Garçon Anaïs Zoë Cœur Œuvre Novotný Nový Nguyễn 50m² 3m³ Nº ½ § 25 £5 ¿Qué Hæggström Šarić Žana \
        Ibáñez Conceição Inês Möbius Über Straße Röed Bøe Öztürk Çelik Gümüş";

    fn page(encoding: &'static Encoding, text: &str) -> Option<CodePage> {
        // What the code page does not have stays out, as a program would leave it out.
        let bytes: Vec<u8> = text
            .chars()
            .flat_map(|c| {
                let letter = c.to_string();
                let (bytes, _, lossy) = encoding.encode(&letter);
                if lossy { Vec::new() } else { bytes.into_owned() }
            })
            .collect();
        other_than_western(&bytes)
    }

    #[test]
    fn western_names_are_western() {
        let wrong = |name: &&str| page(WINDOWS_1252, name).is_some();
        assert_eq!(WESTERN.split_whitespace().filter(wrong).collect::<Vec<_>>(), [""; 0]);
        assert_eq!(page(WINDOWS_1252, WESTERN), None);
    }

    #[test]
    fn names_of_another_code_page_name_it() {
        for name in [
            "Yıldız", "Yılmaz", "Aydın", "Şahin", "Doğan", "Işık", "Kılıç", "İbrahim", "Erdoğan", "Güneş", "Çağlar",
            "BARIŞ", "Balcı", "Ayşe", "Oğuz", "Aslıhan", "Sarı", "Aslı", "Hakkı",
        ] {
            assert_eq!(page(WINDOWS_1254, name), Some(CodePage::Turkish), "{name}");
        }
        for name in [
            "Kovačić",
            "Jovanović",
            "Petrović",
            "Dvořák",
            "Černý",
            "Wałęsa",
            "Łukasz",
            "Kamiński",
            "Świątek",
            "Woźniak",
            "Zięba",
            "Kędzierski",
            "Dąbrowski",
            "Jiří",
            "Němec",
            "Zdeněk",
            "Vlček",
            "Kučera",
            "Hrdlička",
            "Đorđe",
            "Żak",
            "Gołąb",
            "Rădulescu",
            "Erdős",
            "Győri",
            "Gergő",
            "Kovač",
            "Ondřej",
            "Ćosić",
            "Poznań",
        ] {
            assert_eq!(page(WINDOWS_1250, name), Some(CodePage::CentralEuropean), "{name}");
        }
        for name in ["Őry", "Őri", "Ősz"] {
            assert_eq!(page(WINDOWS_1250, name), Some(CodePage::CentralEuropean), "{name}");
        }
        for name in ["Šarić", "Žana", "Aleš", "Beneš", "100 €", "Cœur"] {
            assert_eq!(page(ISO_8859_15, &format!("Müller {name} Köln")), Some(CodePage::Latin9), "{name}");
        }
        for (encoding, names) in [
            (WINDOWS_1251, "Иванов Анна"),
            (WINDOWS_1251, "Ковальчук Олена"),
            (KOI8_U, "Ковальчук Олена"),
            (IBM866, "Иванов Анна"),
            (WINDOWS_1253, "Παπαδόπουλος Γιώργος"),
            (WINDOWS_1255, "שרה כהן"),
            (WINDOWS_1256, "محمد علي سعيد"),
            (WINDOWS_1257, "Žukauskas Šarūnas Jānis Bērziņš"),
            (SHIFT_JIS, "佐々木 太郎"),
            (GBK, "王小明 李四"),
            (BIG5, "王小明 陳大文"),
            (EUC_KR, "김철수 이영희"),
        ] {
            assert_eq!(page(encoding, names), Some(CodePage::Detected(encoding)), "{names}");
        }
        let mac_turkish = b"M\x9fller;K\x9aln;Y\xddld\xddz";
        assert_eq!(other_than_western(mac_turkish), Some(CodePage::MacintoshTurkish));
        for name in ["Träger", "Müller", "Fußgänger"] {
            assert_eq!(page(MACINTOSH, name), Some(CodePage::Macintosh), "{name}");
        }
        assert_eq!(other_than_western(b"Tr\x84ger;K\x94ln;M\x81ller"), Some(CodePage::Dos));
    }
}
