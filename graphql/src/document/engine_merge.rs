//! Detects documents whose response the engine must merge. Objects that are written in place cannot be merged.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

/// Limits of the search. A crafted document can have millions of keys.
const MAX_DEPTH: usize = 32;
const MAX_KEYS: usize = 20_000;

/// Whether the engine may have to merge several selections of one object: selections under one key in several
/// fragments, or with and without a directive. Also true if the document exceeds the limits of the search.
pub(crate) fn needs_engine_merge(document: &ExecutableDocument) -> bool {
    let mut search = Search { fragments: &document.fragments, searched: HashMap::new(), keys: MAX_KEYS };
    !document.operations.iter().all(|(_, operation)| search.objects(&operation.node.selection_set.node, 0).is_some())
}

/// A search for objects that are selected several times under one key.
struct Search<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// The keys found in each fragment. `None` while the fragment is being searched: it must not spread itself.
    searched: HashMap<&'d Name, Option<HashSet<&'d Name>>>,
    /// How many more keys may be searched.
    keys: usize,
}

impl<'d> Search<'d> {
    /// The keys of the objects in a selection. `None` if an object must be merged, in this selection or below.
    fn objects(&mut self, set: &'d SelectionSet, depth: usize) -> Option<HashSet<&'d Name>> {
        let (mut objects, mut fields) = (HashSet::new(), HashSet::new());
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let (key, below) = (&field.node.response_key().node, &field.node.selection_set.node);
                    // The engine takes the first of duplicate scalars. Writing in place requires unique keys.
                    self.add(key, &mut fields)?;
                    if !below.items.is_empty() {
                        self.objects(below, depth)?;
                        self.add(key, &mut objects)?;
                    }
                }
                Selection::InlineFragment(inline) => {
                    for key in self.objects(&inline.node.selection_set.node, depth)? {
                        self.add(key, &mut objects)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    for key in self.of_fragment(&spread.node.fragment_name.node, depth + 1)? {
                        self.add(key, &mut objects)?;
                    }
                }
            }
        }
        Some(objects)
    }

    fn of_fragment(&mut self, name: &'d Name, depth: usize) -> Option<HashSet<&'d Name>> {
        if let Some(found) = self.searched.get(name) {
            return found.clone();
        }
        if depth > MAX_DEPTH {
            return None;
        }
        self.searched.insert(name, None);
        // Validation refuses unknown fragments.
        let found = match self.fragments.get(name) {
            Some(fragment) => self.objects(&fragment.node.selection_set.node, depth)?,
            None => HashSet::new(),
        };
        self.searched.insert(name, Some(found.clone()));
        Some(found)
    }

    /// Adds a key. `None` if the key is a duplicate, or if the limit of keys is reached.
    fn add(&mut self, key: &'d Name, to: &mut HashSet<&'d Name>) -> Option<()> {
        self.keys = self.keys.checked_sub(1)?;
        to.insert(key).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rewrite::rewrite;

    #[test]
    fn objects_that_must_be_merged_are_found() {
        let needs_engine_merge = |text: &str| {
            let mut document = async_graphql::parser::parse_query(text).expect("a document");
            rewrite(&mut document);
            needs_engine_merge(&document)
        };
        for unmerged in [
            "{ a { b { c } } d { b { c } } }",
            "{ a { b } a { c } }",
            "{ a(b: 1, c: 2) { d } a(c: 2, b: 1) { e } }",
            "{ ...A ...B } fragment A on Q { id a { b } } fragment B on Q { id c { b } }",
            "{ a { ...A } c { ...A } } fragment A on Q { id b { c } }",
        ] {
            assert!(!needs_engine_merge(unmerged), "{unmerged}");
        }
        let chain: Vec<String> =
            (0..1_000).map(|n| format!("fragment F{n} on Q {{ a{n} {{ ...F{} }} }}", n + 1)).collect();
        let doubling: Vec<String> =
            (0..24).map(|n| format!("fragment F{n} on Q {{ a {{ ...F{m} }} b {{ ...F{m} }} }}", m = n + 1)).collect();
        for merged in [
            "{ ...A ...B } fragment A on Q { a { b } } fragment B on Q { a { c } }".to_owned(),
            "{ a { b { c } ...A } } fragment A on Q { b { d } }".to_owned(),
            "{ ... { a { b } } ... on Q { a { c } } }".to_owned(),
            "{ a { b } a @include(if: true) { c } }".to_owned(),
            "{ a a @include(if: true) }".to_owned(),
            "{ ...A } fragment A on Q { a { ...A } }".to_owned(),
            format!("{{ ...F0 }} {}", chain.join(" ")),
            "{ a { ...A } ...B } fragment A on Q { b { c } } fragment B on Q { ...C } fragment C on Q { a { d } }"
                .to_owned(),
        ] {
            assert!(needs_engine_merge(&merged), "{merged}");
        }
        assert!(
            !needs_engine_merge(&format!("{{ ...F0 }} {}", doubling.join(" "))),
            "each fragment must be searched only once"
        );
    }
}
