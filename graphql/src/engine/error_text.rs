//! Gap: the engine's error messages repeat the refused input in full length. No upstream issue found.
//!
//! The messages are rewritten: short, with a suggestion if there is one, and without values from the request.

use async_graphql::ServerError;
use async_graphql::parser::types::ExecutableDocument;

use crate::engine::conflicting_arguments;
use crate::engine::suggestions::Suggestions;
use crate::error::{Code, with_code};
use crate::schema::scalar::HINTS;
use crate::schema::visible_schema::VisibleSchema;

/// Maximum size of a message in bytes.
const MAX_LENGTH: usize = 300;

/// The error for a document that cannot be parsed. Duplicate definitions are validation errors, though the parser finds
/// them.
#[must_use]
pub fn unreadable(mut error: ServerError) -> ServerError {
    let text = &error.message;
    // The parser quotes the whole line, which may be the whole document. The locations of the error have line and
    // column.
    let code = if let Some((_, expected)) = text.rsplit_once("\n  = ") {
        error.message = format!("Syntax error: {expected}");
        Code::ParseFailed
    } else if text.ends_with(" is defined twice") || text == "document contains multiple operations" {
        Code::ValidationFailed
    } else {
        Code::ParseFailed
    };
    shorten(&mut error.message);
    with_code(error, code)
}

/// Rewrites the error messages of a response.
pub(crate) fn rewrite(errors: &mut [ServerError], document: &ExecutableDocument, schema: &VisibleSchema) {
    let mut suggestions = Suggestions::of(schema);
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
        for (scalar, written) in HINTS {
            if error.message.ends_with(&format!("expected type \"{scalar}\"")) {
                error.message.push_str(": ");
                error.message.push_str(written);
            }
        }
        shorten(&mut error.message);
    }
}

/// Truncates a message to the maximum size, at a character boundary.
pub(crate) fn shorten(message: &mut String) {
    if message.len() > MAX_LENGTH {
        let end = (0..=MAX_LENGTH).rev().find(|end| message.is_char_boundary(*end)).unwrap_or(0);
        message.truncate(end);
        message.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_truncated_at_a_character_boundary() {
        for padding in 0..4 {
            let mut message = "x".repeat(padding) + &"ä€".repeat(10_000);
            shorten(&mut message);
            assert!(message.len() <= MAX_LENGTH + '…'.len_utf8() && message.ends_with('…'));
        }
    }

    #[test]
    fn a_syntax_error_names_the_expected_syntax_and_does_not_quote_the_document() {
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
            let rewritten = unreadable(error.into());
            assert_eq!(rewritten.message, expected);
            assert_eq!(rewritten.extensions.expect("a code").get("code"), Some(&code.into()));
        }
    }
}
