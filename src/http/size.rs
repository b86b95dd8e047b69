//! Limits the size of documents and JSON before they are parsed. Parsers recurse, and so do the checks of a parsed
//! document, which rely on the limit of its nesting. The checks here take linear time and do not recurse.

use kim_graphql::{ExceededLimit, Limit};

/// Maximum nesting of brackets in a document. The standard introspection query needs 15.
const MAX_NESTING: usize = 64;
/// Maximum number of tokens of a document. The standard introspection query has about 300.
const MAX_TOKENS: usize = 4_000;
/// Maximum length of a name or number in bytes.
const MAX_NAME: usize = 100;
/// Maximum total length of all names and numbers in bytes.
const MAX_NAMES: usize = 10_000;
/// Maximum size of a document in bytes, without variables. Strings and comments are parsed at 20 MB/s.
const MAX_DOCUMENT: usize = 32 * 1024;
/// Maximum nesting of JSON, including the request's own object.
const MAX_JSON_NESTING: usize = 32;
/// Maximum number of values in the JSON of a request. A list of 1,000 objects with three values each counts as 4,000.
const MAX_JSON_VALUES: usize = 8_000;
/// Maximum number of members of one JSON object. A value in an object is twice as expensive as a value in a list.
const MAX_JSON_MEMBERS: usize = 200;

/// Refuses a document with too many tokens, too deeply nested brackets or too long names. A string counts as one token,
/// a comment as none.
pub(super) fn check_document(document: &str) -> Result<(), ExceededLimit> {
    let (mut depth, mut tokens, mut name_bytes) = (0_usize, 0_usize, 0_usize);
    let mut rest = document.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        tokens += 1;
        rest = match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                after
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            b'#' => {
                tokens -= 1;
                after_comment(after)
            }
            b' ' | b',' | b'\t' | b'\r' | b'\n' => {
                tokens -= 1;
                after
            }
            b'"' => after_string(after),
            b'.' => after_run(after, |byte| byte == b'.'),
            b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                let end = after_run(after, |byte| byte == b'_' || byte.is_ascii_alphanumeric());
                let length = rest.len() - end.len();
                if length > MAX_NAME {
                    return Err(ExceededLimit { limit: Limit::Name, max: MAX_NAME as u64 });
                }
                name_bytes += length;
                end
            }
            _ => after,
        };
        if depth > MAX_NESTING {
            return Err(ExceededLimit { limit: Limit::Nesting, max: MAX_NESTING as u64 });
        }
        if tokens > MAX_TOKENS {
            return Err(ExceededLimit { limit: Limit::Tokens, max: MAX_TOKENS as u64 });
        }
        if name_bytes > MAX_NAMES {
            return Err(ExceededLimit { limit: Limit::Names, max: MAX_NAMES as u64 });
        }
    }
    if document.len() > MAX_DOCUMENT {
        return Err(ExceededLimit { limit: Limit::Document, max: MAX_DOCUMENT as u64 });
    }
    Ok(())
}

/// Refuses JSON with too deep nesting, too many values, or too many members in one object.
pub(super) fn check_json(json: &[u8]) -> Result<(), ExceededLimit> {
    let (mut depth, mut values) = (0_usize, 1_usize);
    // Number of members of the open objects, by depth; `None` for lists.
    let mut members: [Option<usize>; MAX_JSON_NESTING + 1] = [None; MAX_JSON_NESTING + 1];
    let mut rest = json;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => after_quote(after),
            b'{' | b'[' => {
                (depth, values) = (depth + 1, values + 1);
                if let Some(open) = members.get_mut(depth) {
                    *open = (byte == b'{').then_some(1);
                }
                after
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                after
            }
            b',' => {
                values += 1;
                if let Some(Some(open)) = members.get_mut(depth) {
                    *open += 1;
                    if *open > MAX_JSON_MEMBERS {
                        return Err(ExceededLimit { limit: Limit::JsonMembers, max: MAX_JSON_MEMBERS as u64 });
                    }
                }
                after
            }
            _ => after,
        };
        if depth > MAX_JSON_NESTING {
            return Err(ExceededLimit { limit: Limit::JsonNesting, max: MAX_JSON_NESTING as u64 });
        }
        if values > MAX_JSON_VALUES {
            return Err(ExceededLimit { limit: Limit::JsonValues, max: MAX_JSON_VALUES as u64 });
        }
    }
    Ok(())
}

fn after_run(text: &[u8], belongs: impl Fn(u8) -> bool) -> &[u8] {
    text.iter().position(|byte| !belongs(*byte)).map_or(&[], |end| &text[end..])
}

fn after_comment(text: &[u8]) -> &[u8] {
    after_run(text, |byte| !matches!(byte, b'\n' | b'\r'))
}

/// The rest after a string whose first quote was read. An unterminated string must not hide the text after it from the
/// counters.
fn after_string(text: &[u8]) -> &[u8] {
    let Some(block) = text.strip_prefix(b"\"\"") else { return after_quote(text) };
    let mut rest = block;
    loop {
        if let Some(after) = rest.strip_prefix(b"\"\"\"") {
            return after;
        }
        if let Some(after) = rest.strip_prefix(b"\\\"\"\"") {
            rest = after;
            continue;
        }
        match rest.split_first() {
            Some((_, after)) => rest = after,
            // An unterminated block string is treated as an empty string, so that the text after it is counted.
            None => return block,
        }
    }
}

fn after_quote(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => return after,
            b'\\' => after.get(1..).unwrap_or(&[]),
            // An unterminated string ends with its line. The parser will refuse it, but the text after it is counted.
            b'\n' | b'\r' => return after,
            _ => after,
        };
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Option<Limit> {
        check_document(text).err().map(|refused| refused.limit)
    }

    fn json(text: &str) -> Option<Limit> {
        check_json(text.as_bytes()).err().map(|refused| refused.limit)
    }

    #[test]
    fn brackets_in_strings_and_comments_are_not_counted() {
        let deep = |open: &str, close: &str, n: usize| format!("{{a(b:{}1{})}}", open.repeat(n), close.repeat(n));
        assert_eq!(document(&deep("[", "]", MAX_NESTING - 2)), None);
        assert_eq!(document(&deep("[", "]", MAX_NESTING - 1)), Some(Limit::Nesting));
        assert_eq!(document(&deep("{a:", "}", 2_000)), Some(Limit::Nesting));
        let many = "[".repeat(1_000);
        assert_eq!(document(&format!("{{a(b:\"{many}\")}}")), None);
        assert_eq!(document(&format!("{{a(b:\"\\\"{many}\")}}")), None);
        assert_eq!(document(&format!("{{a(b:\"\"\"{many} \\\"\"\" \" {many}\"\"\")}}")), None);
        assert_eq!(document(&format!("{{a #{many}\n}}")), None);
        assert_eq!(document(&"[]".repeat(1_000)), None);
    }

    #[test]
    fn an_unterminated_string_hides_nothing() {
        let many = "[".repeat(1_000);
        for start in ["#\n", "#\r", "\"\n", "\"\\\"\n", "\"\" ", "\"\"\"\"\"\" ", "\"\"\"\\\"\"\"\"\"\" "] {
            assert_eq!(document(&format!("{{a(b:{start}{many}")), Some(Limit::Nesting), "{start}");
        }
    }

    #[test]
    fn tokens_are_counted_as_in_the_graphql_language() {
        assert_eq!(document(&"a, ".repeat(MAX_TOKENS)), None);
        for more in ["a ", "a: 1", "@a", "$a", "!", "... ", "\"a\"", "\u{e4}", "|", "-1"] {
            assert_eq!(document(&more.repeat(MAX_TOKENS + 1)), Some(Limit::Tokens), "{more}");
        }
        assert_eq!(document(&format!("{}{}", " ,\n\t\r\u{20}".repeat(2_000), "# a a a\n".repeat(2_000))), None);
    }

    #[test]
    fn a_too_long_name_or_number_is_refused() {
        assert_eq!(document(&format!("{{ {} }}", "a".repeat(MAX_NAME))), None);
        assert_eq!(document(&format!("{{ {} }}", "a".repeat(MAX_NAME + 1))), Some(Limit::Name));
        assert_eq!(document(&format!("{{ a(b: {}) }}", "9".repeat(MAX_NAME + 1))), Some(Limit::Name));
    }

    #[test]
    fn too_many_long_names_are_refused() {
        assert_eq!(document(&"abcdefghi ".repeat(1_111)), None);
        assert_eq!(document(&"abcdefghi ".repeat(1_112)), Some(Limit::Names));
        assert_eq!(document(&format!("{{ a(b: \"{}\") }}", "x".repeat(MAX_DOCUMENT))), Some(Limit::Document));
    }

    #[test]
    fn json_is_not_counted_inside_strings() {
        assert_eq!(json(&format!("{}{}", "[".repeat(MAX_JSON_NESTING), "]".repeat(MAX_JSON_NESTING))), None);
        assert_eq!(json(&"[".repeat(100_000)), Some(Limit::JsonNesting));
        assert_eq!(json(&"{\"a\":".repeat(33)), Some(Limit::JsonNesting));
        assert_eq!(json(&format!("[{}1]", "1,".repeat(MAX_JSON_VALUES))), Some(Limit::JsonValues));
        assert_eq!(json(&format!("[{}[]]", "[],".repeat(MAX_JSON_VALUES / 2))), Some(Limit::JsonValues));
        assert_eq!(json(&format!("{{\"query\":\"{}\\\"{}\"}}", "[,".repeat(9_000), "{,".repeat(9_000))), None);
        let object = |members: usize| format!("[{{{}\"z\":1}}]", "\"a\":[1,2],".repeat(members));
        assert_eq!((json(&object(199)), json(&object(200))), (None, Some(Limit::JsonMembers)));
        assert_eq!(json("[[[\"\\\\\", [[[["), None);
    }
}
