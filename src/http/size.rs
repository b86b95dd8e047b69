//! How large a text is, found without parsing it: parsers recurse, and a literal nested 2,000 lists deep overflows the
//! stack of GraphQL's and ends the process, whatever limits the schema has. Linear, and never recursive.

use kim_graphql::{Limit, TooMuch};

/// How deeply brackets of a document may nest. The standard introspection query needs 15.
const NESTING: usize = 64;
/// Names, values and marks of a document. The standard introspection query has some 300.
const TOKENS: usize = 4_000;
/// The longest name or number.
const WORD: usize = 100;
/// Letters of all names together.
const LETTERS: usize = 10_000;
/// Bytes of a document; variables have room beside it. Strings and comments are parsed at 20 MB/s.
const DOCUMENT: usize = 32 * 1024;
/// How deeply JSON may nest, the request's own object counted.
const JSON_NESTING: usize = 32;
/// Values in the JSON of a request: a list of 1,000 objects with three values each is 4,000.
const JSON_VALUES: usize = 8_000;
/// Members of one object in it. A value in an object is twice as dear as one in a list.
const JSON_MEMBERS: usize = 200;

/// Refuses a document with too many tokens, too deep brackets or too long names; strings count once, comments not.
pub(super) fn check_document(document: &str) -> Result<(), TooMuch> {
    let (mut depth, mut tokens, mut letters) = (0_usize, 0_usize, 0_usize);
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
                let word = rest.len() - end.len();
                if word > WORD {
                    return Err(TooMuch { limit: Limit::Name, most: WORD as u64 });
                }
                letters += word;
                end
            }
            _ => after,
        };
        if depth > NESTING {
            return Err(TooMuch { limit: Limit::Nesting, most: NESTING as u64 });
        }
        if tokens > TOKENS {
            return Err(TooMuch { limit: Limit::Tokens, most: TOKENS as u64 });
        }
        if letters > LETTERS {
            return Err(TooMuch { limit: Limit::Names, most: LETTERS as u64 });
        }
    }
    if document.len() > DOCUMENT {
        return Err(TooMuch { limit: Limit::Document, most: DOCUMENT as u64 });
    }
    Ok(())
}

/// Refuses JSON that nests too deeply or holds too many values, or too many in one object.
pub(super) fn check_json(json: &[u8]) -> Result<(), TooMuch> {
    let (mut depth, mut values) = (0_usize, 1_usize);
    // Members of the objects that are open, by their depth; of lists it is nothing.
    let mut members: [Option<usize>; JSON_NESTING + 1] = [None; JSON_NESTING + 1];
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
                    if *open > JSON_MEMBERS {
                        return Err(TooMuch { limit: Limit::JsonMembers, most: JSON_MEMBERS as u64 });
                    }
                }
                after
            }
            _ => after,
        };
        if depth > JSON_NESTING {
            return Err(TooMuch { limit: Limit::JsonNesting, most: JSON_NESTING as u64 });
        }
        if values > JSON_VALUES {
            return Err(TooMuch { limit: Limit::JsonValues, most: JSON_VALUES as u64 });
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

/// What follows a string whose first quote was read. One that does not end hides nothing: it cannot be parsed.
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
            // Not a block string then, but an empty one: what follows it counts.
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
            // A string ends with its line: the parser refuses it, and until then nothing after it may hide.
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
    fn brackets_count_and_what_is_in_strings_and_comments_does_not() {
        let deep = |open: &str, close: &str, n: usize| format!("{{a(b:{}1{})}}", open.repeat(n), close.repeat(n));
        assert_eq!(document(&deep("[", "]", NESTING - 2)), None);
        assert_eq!(document(&deep("[", "]", NESTING - 1)), Some(Limit::Nesting));
        assert_eq!(document(&deep("{a:", "}", 2_000)), Some(Limit::Nesting));
        let many = "[".repeat(1_000);
        assert_eq!(document(&format!("{{a(b:\"{many}\")}}")), None);
        assert_eq!(document(&format!("{{a(b:\"\\\"{many}\")}}")), None);
        assert_eq!(document(&format!("{{a(b:\"\"\"{many} \\\"\"\" \" {many}\"\"\")}}")), None);
        assert_eq!(document(&format!("{{a #{many}\n}}")), None);
        assert_eq!(document(&"[]".repeat(1_000)), None);
    }

    #[test]
    fn nothing_hides_behind_a_string_that_does_not_end() {
        let many = "[".repeat(1_000);
        for start in ["#\n", "#\r", "\"\n", "\"\\\"\n", "\"\" ", "\"\"\"\"\"\" ", "\"\"\"\\\"\"\"\"\"\" "] {
            assert_eq!(document(&format!("{{a(b:{start}{many}")), Some(Limit::Nesting), "{start}");
        }
    }

    #[test]
    fn tokens_are_counted_as_the_language_reads_them() {
        assert_eq!(document(&"a, ".repeat(TOKENS)), None);
        for more in ["a ", "a: 1", "@a", "$a", "!", "... ", "\"a\"", "\u{e4}", "|", "-1"] {
            assert_eq!(document(&more.repeat(TOKENS + 1)), Some(Limit::Tokens), "{more}");
        }
        assert_eq!(document(&format!("{}{}", " ,\n\t\r\u{20}".repeat(2_000), "# a a a\n".repeat(2_000))), None);
    }

    #[test]
    fn a_name_is_no_novel() {
        assert_eq!(document(&format!("{{ {} }}", "a".repeat(WORD))), None);
        assert_eq!(document(&format!("{{ {} }}", "a".repeat(WORD + 1))), Some(Limit::Name));
        assert_eq!(document(&format!("{{ a(b: {}) }}", "9".repeat(WORD + 1))), Some(Limit::Name));
    }

    #[test]
    fn many_long_names_are_too_many_letters() {
        assert_eq!(document(&"abcdefghi ".repeat(1_111)), None);
        assert_eq!(document(&"abcdefghi ".repeat(1_112)), Some(Limit::Names));
        assert_eq!(document(&format!("{{ a(b: \"{}\") }}", "x".repeat(DOCUMENT))), Some(Limit::Document));
    }

    #[test]
    fn json_is_counted_outside_its_strings() {
        assert_eq!(json(&format!("{}{}", "[".repeat(JSON_NESTING), "]".repeat(JSON_NESTING))), None);
        assert_eq!(json(&"[".repeat(100_000)), Some(Limit::JsonNesting));
        assert_eq!(json(&"{\"a\":".repeat(33)), Some(Limit::JsonNesting));
        assert_eq!(json(&format!("[{}1]", "1,".repeat(JSON_VALUES))), Some(Limit::JsonValues));
        assert_eq!(json(&format!("[{}[]]", "[],".repeat(JSON_VALUES / 2))), Some(Limit::JsonValues));
        assert_eq!(json(&format!("{{\"query\":\"{}\\\"{}\"}}", "[,".repeat(9_000), "{,".repeat(9_000))), None);
        let object = |members: usize| format!("[{{{}\"z\":1}}]", "\"a\":[1,2],".repeat(members));
        assert_eq!((json(&object(199)), json(&object(200))), (None, Some(Limit::JsonMembers)));
        assert_eq!(json("[[[\"\\\\\", [[[["), None);
    }
}
