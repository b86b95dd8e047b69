//! Gap: the engine's messages repeat what they refuse, whatever its size. No upstream issue found.
//!
//! So a refusal is worded here: short, with a hint where there is one, and without any value that came with the request.

use async_graphql::ServerError;
use async_graphql::parser::types::ExecutableDocument;

use crate::engine::conflicting_arguments;
use crate::engine::suggestions::Suggestions;
use crate::error::{Code, coded};
use crate::schema::visible_schema::VisibleSchema;

/// Bytes of a message.
const LONGEST: usize = 300;

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
pub(crate) fn word(errors: &mut [ServerError], document: &ExecutableDocument, known: &VisibleSchema) {
    let mut suggestions = Suggestions::of(known);
    for error in errors {
        if let Some((before, value)) = error.message.split_once(" does not contain the value \"") {
            let hint = suggestions.value(value.strip_suffix('"').unwrap_or(value), before);
            error.message = format!("{before} does not contain this value.{hint}");
        } else if error.message.starts_with("Unknown field ") || error.message.starts_with("Unknown argument ") {
            error.message.push_str(&suggestions.name(&error.message));
        } else if error.message.ends_with(
            "differing arguments. Use different aliases on the fields to fetch both if this was intentional.",
        ) {
            conflicting_arguments::name_the_field(error, document);
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

#[cfg(test)]
mod tests {
    use super::*;

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
