//! Gap: suggestions are made for every unknown name of a document, and for none of an unknown value of an enum. Upstream:
//! issue #1101, which brought the switch that turns them off.

use async_graphql::registry::MetaType;

use crate::schema::visible_schema::VisibleSchema;

/// So many errors of an answer get a suggestion: each compares the name with every name of its type.
const MOST: usize = 5;
/// Longer names are no misspelling of ours.
const MAX_NAME_LENGTH: usize = 60;

/// The suggestions of an answer: no more than a viewer's schema has, and no more than the bound.
pub(crate) struct Suggestions<'k> {
    known: &'k VisibleSchema,
    left: usize,
}

impl<'k> Suggestions<'k> {
    pub(crate) const fn of(known: &'k VisibleSchema) -> Self {
        Self { known, left: MOST }
    }

    /// For a value that an enum does not have, the nearest of its values: `before` is the message before the value.
    pub(crate) fn value(&mut self, value: &str, before: &str) -> String {
        match before.rsplit('"').nth(1).and_then(|name| self.known.named(name)) {
            Some(MetaType::Enum { enum_values, .. }) => self.suggest(value, enum_values.keys()),
            Some(_) | None => String::new(),
        }
    }

    /// For a field or an argument that does not exist, the nearest that does. The engine writes
    /// `Unknown field "a" on type "T".` and `Unknown argument "a" on field "f" of type "T".`
    pub(crate) fn name(&mut self, message: &str) -> String {
        let names: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
        match names.as_slice() {
            [name, of] => {
                self.known.named(of).and_then(MetaType::fields).map(|fields| self.suggest(name, fields.keys()))
            }
            [name, field, of] => {
                VisibleSchema::field(self.known.named(of), field).map(|field| self.suggest(name, field.args.keys()))
            }
            _ => None,
        }
        .unwrap_or_default()
    }

    /// The nearest three names that are near.
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
}
