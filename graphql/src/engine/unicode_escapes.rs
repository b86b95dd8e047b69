//! Gap: a surrogate pair (`\uD83D\uDE00`) and an escape of any length (`\u{1F600}`) are refused in string literals
//! (specification 2.9.4, September 2025). No upstream issue found.
//!
//! They are replaced before the document is parsed. Invalid ones stay as they are, and the parser refuses them. Spaces after
//! the string keep the columns of what follows.

use std::borrow::Cow;

/// Replaces these escapes by their characters, outside of block strings and comments.
pub(crate) fn replace(document: &str) -> Cow<'_, str> {
    if !document.contains("\\u") {
        return Cow::Borrowed(document);
    }
    let (mut written, mut rest) = (String::with_capacity(document.len()), document);
    while let Some(start) = rest.find(['"', '#']) {
        written.push_str(&rest[..start]);
        let after;
        (rest, after) = rest[start..].split_at(end_of_token(&rest[start..]));
        match rest.starts_with('"') && !rest.starts_with("\"\"\"") {
            true => push_string(rest, &mut written),
            false => written.push_str(rest),
        }
        rest = after;
    }
    written.push_str(rest);
    Cow::Owned(written)
}

/// The length of the string, block string or comment at the beginning of the text.
fn end_of_token(text: &str) -> usize {
    if text.starts_with('#') {
        return text.find(['\n', '\r']).unwrap_or(text.len());
    }
    let (quote, escape) = if text.starts_with("\"\"\"") { ("\"\"\"", "\\\"\"\"") } else { ("\"", "\\") };
    let mut place = quote.len();
    while let Some(rest) = text.get(place..) {
        if rest.starts_with(escape) {
            // In a string, an escape has at least one more character.
            place += escape.len() + usize::from(escape.len() == 1);
        } else if rest.starts_with(quote) {
            return place + quote.len();
        } else if rest.is_empty() || (quote.len() == 1 && rest.starts_with(['\n', '\r'])) {
            // The parser refuses an unterminated string.
            return place;
        } else {
            place += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

fn push_string(string: &str, written: &mut String) {
    let (mut rest, mut shorter) = (string, 0);
    while let Some(start) = rest.find('\\') {
        written.push_str(&rest[..start]);
        rest = &rest[start..];
        let length = match escaped(rest) {
            Some((character, length)) => {
                let before = written.len();
                match character {
                    '"' => written.push_str("\\\""),
                    '\\' => written.push_str("\\\\"),
                    '\n' => written.push_str("\\n"),
                    '\r' => written.push_str("\\r"),
                    other => written.push(other),
                }
                shorter += length - written[before..].chars().count();
                length
            }
            None => {
                let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                written.push_str(&rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    written.push_str(rest);
    written.extend(std::iter::repeat_n(' ', shorter));
}

/// The character and the length of a surrogate pair or an escape with braces at the beginning of the text.
fn escaped(text: &str) -> Option<(char, usize)> {
    let code = text.strip_prefix("\\u")?;
    if let Some(braced) = code.strip_prefix('{') {
        let (digits, _) = braced.split_once('}')?;
        let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let significant = digits.trim_start_matches('0');
        let value = if significant.is_empty() { 0 } else { u32::from_str_radix(significant, 16).ok()? };
        return char::from_u32(value).filter(|_| is_hex).map(|character| (character, digits.len() + 4));
    }
    let (high, low) = (unit(code)?, unit(code.get(4..)?.strip_prefix("\\u")?)?);
    let is_pair = (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&low);
    let character = char::decode_utf16([high, low]).next()?.ok()?;
    is_pair.then_some((character, 12))
}

fn unit(text: &str) -> Option<u16> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::Selection;
    use async_graphql_value::Value;

    use super::*;

    /// The value of the argument `b` and the column of the field after it, or `None` if the document is refused.
    fn parsed(literal: &str) -> Option<(String, usize)> {
        let document = parse_query(replace(&format!("{{ a(b: {literal}) c }}"))).ok()?;
        let items = &document.operations.iter().next()?.1.node.selection_set.node.items;
        let Selection::Field(field) = &items.first()?.node else { return None };
        let Value::String(text) = &field.node.get_argument("b")?.node else { return None };
        Some((text.clone(), items.get(1)?.pos.column))
    }

    #[test]
    fn pairs_and_escapes_of_any_length_are_characters() {
        for (literal, value) in [
            (r#""\uD83D\uDE00""#, "😀"),
            (r#""\ud83d\ude00 \u00e4 \u{E4}""#, "😀 ä ä"),
            (r#""\u{1F600}\u{1f600}""#, "😀😀"),
            (r#""\u{0}\u{1}\u{22}\u{5C}\u{A}\u{d}""#, "\0\u{1}\"\\\n\r"),
            (r#""\u{000000000000000041}\u{10FFFF}\u{FFFF}""#, "A\u{10FFFF}\u{FFFF}"),
            (r#""\\u{41}\\uD83D\\uDE00\"\uD83D\uDE00\"""#, "\\u{41}\\uD83D\\uDE00\"😀\""),
            (r#""\uD7FF\uE000""#, "\u{D7FF}\u{E000}"),
            (r#""😀\u{1F600}""#, "😀😀"),
            (r#""""#, ""),
            (r#""""\uD83D\uDE00 "b" \u{41}""""#, "\\uD83D\\uDE00 \"b\" \\u{41}"),
        ] {
            let column = format!("{{ a(b: {literal}) ").chars().count() + 1;
            assert_eq!(parsed(literal), Some((value.to_owned(), column)), "{literal}");
        }
    }

    #[test]
    fn lone_surrogates_and_values_out_of_range_are_refused() {
        for literal in [
            r"\uD83D",
            r"\uDE00",
            r"\uDE00\uD83D",
            r"\uD83D\u0041",
            r"\uD83D\uD83D",
            r"\uD83D \uDE00",
            r"\uD83D\n",
            r"\u{D83D}",
            r"\u{D83D}\u{DE00}",
            r"\uD83D\u{DE00}",
            r"\u{110000}",
            r"\u{FFFFFFFFFFFFFFFF}",
            r"\u{}",
            r"\u{+41}",
            r"\u{4 1}",
            r"\u{41",
            r"\u{G}",
            r"\u41",
            r"\u",
            r"\u+041",
            r"\U{41}",
        ] {
            assert_eq!(parsed(&format!("\"{literal}\"")), None, "{literal}");
        }
    }

    #[test]
    fn comments_and_unterminated_strings_are_left_unchanged() {
        for document in
            ["{ a } # \"\\u{41}", "{ a(b: \"\\", "{ a(b: \"\\u{4", "{ a(b: \"\"\"\\u{41}", "\"", "\"\"\"\\\"\"\""]
        {
            assert_eq!(replace(document), document);
        }
        assert_eq!(replace("# \"\n\"\\u{41}\""), "# \"\n\"A\"     ");
        assert_eq!(
            replace("\"\\u{41}\n\"\\u{42}\""),
            "\"A     \n\"B\"     ",
            "an unterminated string ends with its line"
        );
    }
}
