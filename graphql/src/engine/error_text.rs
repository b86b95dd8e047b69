//! How a refusal is worded: short, with a hint where there is one, and never repeating a value that came with the
//! request. The engine's own texts repeat what they refuse, whatever its size.

use async_graphql::ServerError;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::registry::MetaType;

use crate::engine::conflicting_arguments as conflict;
use crate::error::{Code, coded};
use crate::vocabulary::Vocabulary;

/// Bytes of a message.
const LONGEST: usize = 300;
/// So many errors of an answer get a suggestion: each compares the name with every name of its type.
const SUGGESTIONS: usize = 5;
/// Longer names are no misspelling of ours.
const LONGEST_NAME: usize = 60;

/// A document that cannot be read. What parses and contradicts itself is validation's to refuse.
#[must_use]
pub fn unreadable(mut error: ServerError) -> ServerError {
    let text = &error.message;
    // The parser shows the whole line, which may be the whole document; line and column are told apart from it.
    let code = if let Some((_, expected)) = text.rsplit_once("\n  = ") {
        error.message = format!("Syntax error: {expected}");
        Code::ParseFailed
    } else if text.ends_with(" is defined twice") || text == "document contains multiple operations" {
        Code::ValidationFailed
    } else {
        Code::ParseFailed
    };
    shorten(&mut error.message);
    coded(error, code)
}

/// Words the errors of an answer.
pub(crate) fn word(errors: &mut [ServerError], document: &ExecutableDocument, known: &Vocabulary) {
    let mut suggestions = SUGGESTIONS;
    for error in errors {
        if let Some((before, value)) = error.message.split_once(" does not contain the value \"") {
            let hint = hint(value.strip_suffix('"').unwrap_or(value), before, known, &mut suggestions);
            error.message = format!("{before} does not contain this value.{hint}");
        } else if error.message.starts_with("Unknown field ") || error.message.starts_with("Unknown argument ") {
            error.message.push_str(&misspelt(&error.message, known, &mut suggestions));
        } else if error.message.ends_with(
            "differing arguments. Use different aliases on the fields to fetch both if this was intentional.",
        ) {
            conflict::name_the_field(error, document);
        } else if let Some((before, _)) = error.message.split_once(", found ") {
            error.message = format!("{before}.");
        }
        for (scalar, written) in
            [("Date", "a day is written 2026-11-20"), ("DateTime", "an instant is written 2026-11-20T11:00:00Z")]
        {
            if error.message.ends_with(&format!("expected type \"{scalar}\"")) {
                error.message.push_str(": ");
                error.message.push_str(written);
            }
        }
        shorten(&mut error.message);
    }
}

/// Cuts a message to its length, between two characters.
pub(crate) fn shorten(message: &mut String) {
    if message.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
}

/// For a value that an enumeration does not have: the nearest of its values.
fn hint(value: &str, before: &str, known: &Vocabulary, left: &mut usize) -> String {
    let named = before.rsplit('"').nth(1).and_then(|name| known.named(name));
    match named {
        Some(MetaType::Enum { enum_values, .. }) => suggest(value, enum_values.keys(), left),
        Some(_) | None => String::new(),
    }
}

/// For a field or an argument that does not exist: the nearest that does. The engine writes
/// `Unknown field "a" on type "T".` and `Unknown argument "a" on field "f" of type "T".`
fn misspelt(message: &str, known: &Vocabulary, left: &mut usize) -> String {
    let names: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    match names.as_slice() {
        [name, of] => known.named(of).and_then(MetaType::fields).map(|fields| suggest(name, fields.keys(), left)),
        [name, field, of] => {
            Vocabulary::field(known.named(of), field).map(|field| suggest(name, field.args.keys(), left))
        }
        _ => None,
    }
    .unwrap_or_default()
}

/// The nearest three names that are near.
fn suggest<'n>(wrong: &str, names: impl Iterator<Item = &'n String>, left: &mut usize) -> String {
    if *left == 0 || wrong.len() > LONGEST_NAME {
        return String::new();
    }
    *left -= 1;
    let near = |name: &'n String| (distance(wrong, name), name);
    let mut near: Vec<(usize, &String)> =
        names.map(near).filter(|(far, name)| *far <= name.len().max(wrong.len()).div_ceil(3)).collect();
    near.sort_unstable();
    match near.as_slice() {
        [] => String::new(),
        near => {
            let names: Vec<String> = near.iter().take(3).map(|(_, name)| format!("\"{name}\"")).collect();
            format!(" Did you mean {}?", names.join(" or "))
        }
    }
}

/// Insertions, deletions and changes from one name to the other, upper and lower case alike (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (x, one) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], x + 1);
        for (y, other) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(!one.eq_ignore_ascii_case(&other));
            diagonal = row[y + 1];
            row[y + 1] = changed.min(diagonal + 1).min(row[y] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_or_far() {
        for (a, b, far) in
            [("", "", 0), ("role", "rolle", 1), ("dueon", "dueOn", 0), ("frist", "first", 2), ("", "ab", 2)]
        {
            assert_eq!(distance(a, b), far, "{a} {b}");
        }
    }

    #[test]
    fn a_message_ends_between_two_characters() {
        for padding in 0..4 {
            let mut message = "x".repeat(padding) + &"ä€".repeat(10_000);
            shorten(&mut message);
            assert!(message.len() <= LONGEST + '…'.len_utf8() && message.ends_with('…'));
        }
    }

    #[test]
    fn a_syntax_error_says_what_was_expected_and_not_what_was_there() {
        for (document, expected, code) in [
            (
                "{ canary(b: \"canary\") }}",
                "Syntax error: expected EOI or executable_definition",
                "GRAPHQL_PARSE_FAILED",
            ),
            ("query A { a } query A { b }", "operation A is defined twice", "GRAPHQL_VALIDATION_FAILED"),
            ("{ a } { b }", "document contains multiple operations", "GRAPHQL_VALIDATION_FAILED"),
            (
                "{ a } fragment F on Q { a } fragment F on Q { a }",
                "fragment F is defined twice",
                "GRAPHQL_VALIDATION_FAILED",
            ),
        ] {
            let error = async_graphql::parser::parse_query(document).expect_err("refused");
            let told = unreadable(error.into());
            assert_eq!(told.message, expected);
            assert_eq!(told.extensions.expect("a code").get("code"), Some(&code.into()));
        }
    }
}
