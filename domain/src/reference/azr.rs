//! Numbers of the Ausländerzentralregister: twelve digits.

/// Signs that group the digits of a number.
const fn is_glue(sign: char) -> bool {
    matches!(sign, ' ' | '-' | '.' | '_' | '/' | ',' | ';')
}

/// Whether a text contains twelve digits that are called an AZR number, or that begin with a date, as AZR numbers do. Other
/// numbers can have the same digits: `0203 28398765` of Duisburg reads as 2 March 1928. Their groups and the words beside
/// them tell the difference.
pub(super) fn has_azr_number(text: &str) -> bool {
    let mut at = 0;
    while let Some(begin) = text[at..].find(|sign: char| sign.is_ascii_digit()).map(|begin| at + begin) {
        let end = text[begin..]
            .find(|sign: char| !sign.is_ascii_digit() && !is_glue(sign))
            .map_or(text.len(), |end| begin + end);
        let run = Run::new(&text[begin..end]);
        let (before, after) = (words(&text[..begin]), words(&text[end..]));
        let is_named = is_named(&before);
        let is_named_after = after.first().is_some_and(|word| word.starts_with("azr"));
        let is_other = run.is_telephone(&before) || run.is_dated(&after) || run.is_amount() || run.is_emergency();
        let is_whole = run.digits.len() == 12 && (is_named_after || begins_with_day(&run.digits)) && !is_other;
        let is_group = |group: &&str| group.len() == 12 && (is_named || begins_with_day(group));
        if (is_named && run.digits.len() >= 12) || is_whole || (run.groups.len() > 1 && run.groups.iter().any(is_group))
        {
            return true;
        }
        at = end;
    }
    is_divided_in_halves(text)
}

/// Words for a telephone.
const TELEPHONE: &[&str] = &[
    "tel",
    "telefon",
    "telefonnummer",
    "telefonisch",
    "fon",
    "phone",
    "mobil",
    "handy",
    "fax",
    "telefax",
    "rufnummer",
    "durchwahl",
    "anrufen",
    "anruf",
    "erreichbar",
    "erreichen",
    "rufen",
    "ruf",
    "whatsapp",
];
/// Words that may stand between such a word and its number.
const BETWEEN: &[&str] =
    &["nr", "nummer", "no", "ist", "lautet", "unter", "der", "die", "mich", "sie", "uns", "bitte", "an"];

/// The words of a text in lower case.
fn words(text: &str) -> Vec<String> {
    text.split(|sign: char| !sign.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Whether one of the last words names the register, and none behind it a telephone.
fn is_named(words: &[String]) -> bool {
    let says = |word: &&String| TELEPHONE.contains(&word.as_str()) || is_register(word);
    words.iter().rev().take(6).find(says).is_some_and(|word| is_register(word))
}

fn is_register(word: &str) -> bool {
    word.starts_with("azr") || word.starts_with("ausländerzentralregister")
}

/// Whether the last word of these that says something is one of the names.
fn is_called(words: &[String], names: &[&str]) -> bool {
    let says = |word: &&String| !BETWEEN.contains(&word.as_str());
    words.iter().rev().take(6).find(says).is_some_and(|word| names.contains(&word.as_str()))
}

/// Whether two groups of six digits are divided by one sign of any kind: `120590:123456`.
fn is_divided_in_halves(text: &str) -> bool {
    let signs: Vec<char> = text.chars().collect();
    signs.windows(13).enumerate().any(|(begin, window)| {
        let outside = [begin.checked_sub(1).and_then(|before| signs.get(before)), signs.get(begin + 13)];
        let (first, second) = (&window[..6], &window[7..]);
        let is_number = first.iter().chain(second).all(char::is_ascii_digit) && !window[6].is_alphanumeric();
        is_number
            && !outside.into_iter().flatten().any(char::is_ascii_digit)
            && begins_with_day(&first.iter().chain(second).collect::<String>())
    })
}

fn begins_with_day(digits: &str) -> bool {
    let two = |place: usize| digits.get(place..place + 2).and_then(|two| two.parse().ok()).unwrap_or(0);
    is_day(two(0), two(2)) || is_day(two(4), two(2))
}

fn is_day(day: u32, month: u32) -> bool {
    (1..=31).contains(&day) && (1..=12).contains(&month)
}

/// Digits in groups.
struct Run<'text> {
    text: &'text str,
    groups: Vec<&'text str>,
    digits: String,
}

impl<'text> Run<'text> {
    fn new(text: &'text str) -> Self {
        let groups: Vec<&str> = text.split(is_glue).filter(|group| !group.is_empty()).collect();
        Self { text, digits: groups.concat(), groups }
    }

    /// A number whose first group is an area code, or that follows a word for telephone.
    fn is_telephone(&self, before: &[String]) -> bool {
        let Some(first) = self.groups.first() else { return false };
        // Of the German area codes, these can be read as a day and a month. None begins with 01.
        let is_area_code = match first.len() {
            3 => matches!(*first, "030" | "040"),
            4 | 5 => first.starts_with('0') && !first.starts_with("00") && !first.starts_with("01"),
            _ => false,
        };
        (is_area_code && self.groups.len() > 1) || (first.starts_with('0') && is_called(before, TELEPHONE))
    }

    /// Several days (`01.02.26 - 31.03.26`), a day and a time (`05.06.26 10.00-11 Uhr`), or a file number or day with a year as a
    /// group of its own (`51-12-2026-0815`).
    fn is_dated(&self, after: &[String]) -> bool {
        let is_year = |group: &&str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
        let is_divided = self.text.contains(['-', '.', '_', '/']);
        let has_year = is_divided && self.groups.len() > 2 && self.groups.iter().any(is_year);
        let mut days = self.text.split([' ', '-', ',', ';']).filter(|day| !day.is_empty()).peekable();
        let is_written_day = |day: &str| {
            let mut parts = day.split(['.', '/']).map(|part| part.parse().ok().filter(|_| part.len() <= 2));
            matches!((parts.next(), parts.next()), (Some(Some(day)), Some(Some(month))) if is_day(day, month))
        };
        let is_time =
            after.first().is_some_and(|word| word == "uhr") && self.groups.iter().all(|group| group.len() <= 2);
        has_year
            || is_time
            || (days.next().is_some_and(is_written_day) && days.peek().is_some() && days.all(is_written_day))
    }

    /// Amounts with two decimals.
    fn is_amount(&self) -> bool {
        self.text.split([' ', ';', '/', '-']).any(|part| {
            part.trim_end_matches(['.', ','])
                .rsplit_once(',')
                .is_some_and(|(whole, cents)| cents.len() == 2 && !whole.is_empty())
        })
    }

    /// A list of the short numbers that everyone may call.
    fn is_emergency(&self) -> bool {
        self.groups.iter().all(|group| matches!(*group, "110" | "112" | "115" | "116117" | "116116" | "116111"))
    }
}
