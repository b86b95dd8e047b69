//! Whether an answer needs the engine to merge objects: what is written in place cannot be merged.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

/// Fragments in fragments are followed so far, and so many keys are looked at: a document can be made to have millions.
const DEEPEST: usize = 32;
const MAX_KEYS: usize = 20_000;

/// Whether an object may be answered in pieces that the engine has to put together: it is asked for under one key in several
/// fragments, or with and without a directive. Also true for what is too large to tell.
pub(crate) fn needs_engine_merge(document: &ExecutableDocument) -> bool {
    let mut search = Search { fragments: &document.fragments, known: HashMap::new(), keys: MAX_KEYS };
    !document.operations.iter().all(|(_, operation)| search.objects(&operation.node.selection_set.node, 0).is_some())
}

/// A search for objects that are asked for in pieces.
struct Search<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    /// What was found in each fragment; `None` also while it is searched: it must not spread itself.
    known: HashMap<&'d Name, Option<HashSet<&'d Name>>>,
    /// How many keys may still be looked at.
    keys: usize,
}

impl<'d> Search<'d> {
    /// The keys of the objects that a selection asks for; `None` if one is asked for in pieces, here or below.
    fn objects(&mut self, set: &'d SelectionSet, depth: usize) -> Option<HashSet<&'d Name>> {
        let (mut objects, mut fields) = (HashSet::new(), HashSet::new());
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let (key, below) = (&field.node.response_key().node, &field.node.selection_set.node);
                    // Of what has no fields of its own the engine takes the first; what is written in place has no keys twice.
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
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        if depth > DEEPEST {
            return None;
        }
        self.known.insert(name, None);
        // One that is not there is validation's to refuse.
        let found = match self.fragments.get(name) {
            Some(fragment) => self.objects(&fragment.node.selection_set.node, depth)?,
            None => HashSet::new(),
        };
        self.known.insert(name, Some(found.clone()));
        Some(found)
    }

    /// Adds a key that must not be there yet.
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
    fn what_is_asked_for_in_pieces_is_found() {
        let needs_engine_merge = |text: &str| {
            let mut document = async_graphql::parser::parse_query(text).expect("a document");
            rewrite(&mut document);
            needs_engine_merge(&document)
        };
        for whole in [
            "{ a { b { c } } d { b { c } } }",
            "{ a { b } a { c } }",
            "{ a(b: 1, c: 2) { d } a(c: 2, b: 1) { e } }",
            "{ ...A ...B } fragment A on Q { id a { b } } fragment B on Q { id c { b } }",
            "{ a { ...A } c { ...A } } fragment A on Q { id b { c } }",
        ] {
            assert!(!needs_engine_merge(whole), "{whole}");
        }
        let chain: Vec<String> =
            (0..1_000).map(|n| format!("fragment F{n} on Q {{ a{n} {{ ...F{} }} }}", n + 1)).collect();
        let doubling: Vec<String> =
            (0..24).map(|n| format!("fragment F{n} on Q {{ a {{ ...F{m} }} b {{ ...F{m} }} }}", m = n + 1)).collect();
        for pieces in [
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
            assert!(needs_engine_merge(&pieces), "{pieces}");
        }
        assert!(!needs_engine_merge(&format!("{{ ...F0 }} {}", doubling.join(" "))), "each fragment is searched once");
    }
}
