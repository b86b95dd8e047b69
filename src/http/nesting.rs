//! How deeply brackets nest in a document, found without parsing it: the parser recurses, and a literal nested 2,000
//! lists deep overflows its stack and ends the process, whatever limits the schema has.

/// Deeper documents are not parsed. The standard introspection query needs 15.
pub(super) const DEEPEST: usize = 64;

/// Whether brackets nest no deeper than [`DEEPEST`], strings and comments left out. Linear, and never recursive.
pub(super) fn is_shallow(document: &str) -> bool {
    let mut depth = 0_usize;
    let mut rest = document.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'{' | b'[' | b'(' => {
                depth += 1;
                if depth > DEEPEST {
                    return false;
                }
                after
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            b'#' => after_comment(after),
            b'"' => after_string(after),
            _ => after,
        };
    }
    true
}

fn after_comment(text: &[u8]) -> &[u8] {
    text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(&[], |end| &text[end..])
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

    #[test]
    fn brackets_count_and_what_is_in_strings_and_comments_does_not() {
        let deep = |open: &str, close: &str, n: usize| format!("{{a(b:{}1{})}}", open.repeat(n), close.repeat(n));
        assert!(is_shallow(&deep("[", "]", DEEPEST - 2)));
        assert!(!is_shallow(&deep("[", "]", DEEPEST - 1)));
        assert!(!is_shallow(&deep("{a:", "}", 2_000)));
        let many = "[".repeat(1_000);
        assert!(is_shallow(&format!("{{a(b:\"{many}\")}}")));
        assert!(is_shallow(&format!("{{a(b:\"\\\"{many}\")}}")));
        assert!(is_shallow(&format!("{{a(b:\"\"\"{many} \\\"\"\" \" {many}\"\"\")}}")));
        assert!(is_shallow(&format!("{{a #{many}\n}}")));
        assert!(is_shallow(&"[]".repeat(1_000)));
    }

    #[test]
    fn nothing_hides_behind_a_string_that_does_not_end() {
        let many = "[".repeat(1_000);
        for start in ["#\n", "#\r", "\"\n", "\"\\\"\n", "\"\" ", "\"\"\"\"\"\" ", "\"\"\"\\\"\"\"\"\"\" "] {
            assert!(!is_shallow(&format!("{{a(b:{start}{many}")), "{start}");
        }
    }
}
