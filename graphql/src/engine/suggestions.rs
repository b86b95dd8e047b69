//! Gap: the engine makes a suggestion for every unknown name of a document, and none for unknown enum values. Upstream:
//! issue #1101, which added the option to disable suggestions.

use async_graphql::registry::MetaType;

use crate::schema::visible_schema::VisibleSchema;

/// Maximum number of suggestions in a response. Each compares the unknown name with every name of the type.
const MAX_SUGGESTIONS: usize = 5;
/// No name of the schema is similar to a longer one.
const MAX_NAME_LENGTH: usize = 60;

/// Makes the suggestions of a response, from the names in the viewer's schema.
pub(crate) struct Suggestions<'k> {
    schema: &'k VisibleSchema,
    left: usize,
}

impl<'k> Suggestions<'k> {
    pub(crate) const fn of(schema: &'k VisibleSchema) -> Self {
        Self { schema, left: MAX_SUGGESTIONS }
    }

    /// A suggestion for an unknown enum value. `before` is the part of the message before the value.
    pub(crate) fn value(&mut self, value: &str, before: &str) -> String {
        match before.rsplit('"').nth(1).and_then(|name| self.schema.named(name)) {
            Some(MetaType::Enum { enum_values, .. }) => self.suggest(value, enum_values.keys()),
            Some(_) | None => String::new(),
        }
    }

    /// A suggestion for an unknown field or argument. The engine's messages are `Unknown field "a" on type "T".` and
    /// `Unknown argument "a" on field "f" of type "T".`
    pub(crate) fn name(&mut self, message: &str) -> String {
        let names: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
        match names.as_slice() {
            [name, of] => {
                self.schema.named(of).and_then(MetaType::fields).map(|fields| self.suggest(name, fields.keys()))
            }
            [name, field, of] => {
                VisibleSchema::field(self.schema.named(of), field).map(|field| self.suggest(name, field.args.keys()))
            }
            _ => None,
        }
        .unwrap_or_default()
    }

    /// Suggests up to three similar names.
    fn suggest<'n>(&mut self, wrong: &str, names: impl Iterator<Item = &'n String>) -> String {
        if self.left == 0 || wrong.len() > MAX_NAME_LENGTH {
            return String::new();
        }
        self.left -= 1;
        let near = |name: &'n String| (distance(wrong, name), name);
        let mut near: Vec<(usize, &String)> =
            names.map(near).filter(|(far, name)| *far <= name.len().max(wrong.len()).div_ceil(3)).collect();
        near.sort_unstable();
        let names: Vec<String> = near.iter().take(3).map(|(_, name)| format!("\"{name}\"")).collect();
        if names.is_empty() { String::new() } else { format!(" Did you mean {}?", names.join(" or ")) }
    }
}

/// The Levenshtein distance of two names, ignoring case.
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
    fn the_distance_counts_insertions_deletions_and_substitutions() {
        for (a, b, far) in
            [("", "", 0), ("role", "rolle", 1), ("dueon", "dueOn", 0), ("frist", "first", 2), ("", "ab", 2)]
        {
            assert_eq!(distance(a, b), far, "{a} {b}");
        }
    }
}
