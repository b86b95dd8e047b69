//! Says once what a document says several times, and writes down what the engine overlooks so that it sees it.
//!
//! The engine resolves a field as often as it is written, and merges the answers: a list that stands there ten times is
//! read ten times. It never looks at the directives of `__typename`; those of a fragment around it, it does. And where nothing
//! of an object is left to answer, because all of it is skipped or of other types, it answers null, as if there were none.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, InlineFragment, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};

/// Fragments in fragments are followed so far, and so many keys are looked at: a document can be made to have millions.
const DEEPEST: usize = 32;
const MOST_KEYS: usize = 20_000;

/// The key of a `__typename` that keeps an object from being empty. No client can ask for it, and it is never written.
pub(crate) const KEPT: &str = "";

/// Rewrites a document whose brackets were counted: this recurses as deeply as they nest.
pub(crate) fn once(document: &mut ExecutableDocument) {
    use async_graphql::parser::types::DocumentOperations::{Multiple, Single};
    match &mut document.operations {
        Single(operation) => object(&mut operation.node.selection_set.node),
        Multiple(all) => all.values_mut().for_each(|operation| object(&mut operation.node.selection_set.node)),
    }
    document.fragments.values_mut().for_each(|fragment| selection(&mut fragment.node.selection_set.node));
}

/// The selection of a field or an operation, of which something is left in any case.
fn object(set: &mut SelectionSet) {
    selection(set);
    let stays = |item: &Positioned<Selection>| matches!(&item.node, Selection::Field(field) if field.node.directives.is_empty());
    let Some(pos) = set.items.first().map(|item| item.pos).filter(|_| !set.items.iter().any(stays)) else { return };
    let named = |name| Positioned::new(Name::new(name), pos);
    let kept = Field {
        alias: Some(named(KEPT)),
        name: named("__typename"),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::new(SelectionSet::default(), pos),
    };
    set.items.push(Positioned::new(Selection::Field(Positioned::new(kept, pos)), pos));
}

fn selection(set: &mut SelectionSet) {
    if set.items.len() > 1 {
        merge(set);
    }
    for item in &mut set.items {
        match &mut item.node {
            Selection::Field(field) if field.node.name.node == "__typename" && !field.node.directives.is_empty() => {
                item.node = wrapped(field.clone());
            }
            Selection::Field(field) => object(&mut field.node.selection_set.node),
            Selection::InlineFragment(inline) => selection(&mut inline.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn merge(set: &mut SelectionSet) {
    let mut kept: Vec<Positioned<Selection>> = Vec::with_capacity(set.items.len());
    let mut places: HashMap<Name, usize> = HashMap::new();
    let mut spread: HashSet<Name> = HashSet::new();
    for item in std::mem::take(&mut set.items) {
        match &item.node {
            Selection::Field(field) if field.node.directives.is_empty() => {
                let key = &field.node.response_key().node;
                match places.get(key).and_then(|place| kept.get_mut(*place)) {
                    Some(Positioned { node: Selection::Field(has), .. }) if is_same(&has.node, &field.node) => {
                        has.node.selection_set.node.items.extend(field.node.selection_set.node.items.iter().cloned());
                        continue;
                    }
                    Some(_) => {}
                    None => drop(places.insert(key.clone(), kept.len())),
                }
            }
            Selection::FragmentSpread(one) if one.node.directives.is_empty() => {
                if !spread.insert(one.node.fragment_name.node.clone()) {
                    continue;
                }
            }
            Selection::Field(_) | Selection::FragmentSpread(_) | Selection::InlineFragment(_) => {}
        }
        kept.push(item);
    }
    set.items = kept;
}

/// Whether two fields of one key are one. Those that differ are validation's to refuse.
fn is_same(a: &Field, b: &Field) -> bool {
    let given = |(name, value): &(Positioned<Name>, _)| {
        b.arguments.iter().any(|(other, same)| other.node == name.node && same == value)
    };
    a.name.node == b.name.node
        && a.arguments.len() == b.arguments.len()
        && a.arguments.iter().all(given)
        && a.selection_set.node.items.is_empty() == b.selection_set.node.items.is_empty()
}

/// Whether an object may be answered in pieces that the engine has to put together: it is asked for under one key in several
/// fragments, or with and without a directive. Also true for what is too large to tell.
pub(crate) fn in_pieces(document: &ExecutableDocument) -> bool {
    let mut search = Search { fragments: &document.fragments, known: HashMap::new(), keys: MOST_KEYS };
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

fn wrapped(mut field: Positioned<Field>) -> Selection {
    let (pos, directives) = (field.pos, std::mem::take(&mut field.node.directives));
    let selection_set = SelectionSet { items: vec![Positioned::new(Selection::Field(field), pos)] };
    let inline =
        InlineFragment { type_condition: None, directives, selection_set: Positioned::new(selection_set, pos) };
    Selection::InlineFragment(Positioned::new(inline, pos))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The selection of a document's only operation after merging, as text.
    fn merged(document: &str) -> String {
        let mut document = async_graphql::parser::parse_query(document).expect("a document");
        once(&mut document);
        let operation = document.operations.iter().next().expect("an operation").1;
        text(&operation.node.selection_set.node)
    }

    fn text(set: &SelectionSet) -> String {
        let below =
            |set: &SelectionSet| if set.items.is_empty() { String::new() } else { format!("{{{}}}", text(set)) };
        let items = set.items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                format!("{}{}", field.node.response_key().node, below(&field.node.selection_set.node))
            }
            Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
            Selection::InlineFragment(inline) => format!("...{}", below(&inline.node.selection_set.node)),
        });
        items.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_said_twice_is_asked_once() {
        assert_eq!(merged("{ a { b } a { c b } a { d } }"), "a{b c d}");
        assert_eq!(merged("{ a(b: $c) { d } x a(b: $c) { e } }"), "a{d e} x");
        assert_eq!(merged("{ ...A ...A b } fragment A on Query { b }"), "...A b");
    }

    #[test]
    fn what_differs_is_left_for_validation() {
        for document in ["a{b} a", "a(b: 1){c} a(b: 2){c}", "a: b{c} a: d{c}", "a{b} a @skip(if: $c){b}", "a a(b: 1)"] {
            assert_eq!(merged(&format!("{{ {document} }}")).split('a').count(), 3, "{document}");
        }
    }

    #[test]
    fn something_of_an_object_is_left() {
        let kept = |document: &str| {
            let mut document = async_graphql::parser::parse_query(document).expect("a document");
            once(&mut document);
            let of_operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
            of_operations.map(|set| format!("{set:?}").matches("__typename").count()).sum::<usize>()
        };
        for (document, times) in [
            ("{ a { b c @skip(if: true) } }", 0),
            ("{ a { b @skip(if: true) } }", 1),
            ("{ a { ... on B { c } } }", 1),
            ("{ ...A }", 1),
            ("{ ... { a { ... { b } } } }", 2),
        ] {
            assert_eq!(kept(document), times, "{document}");
        }
    }

    #[test]
    fn what_is_asked_for_in_pieces_is_found() {
        let in_pieces = |text: &str| {
            let mut document = async_graphql::parser::parse_query(text).expect("a document");
            once(&mut document);
            in_pieces(&document)
        };
        for whole in [
            "{ a { b { c } } d { b { c } } }",
            "{ a { b } a { c } }",
            "{ a(b: 1, c: 2) { d } a(c: 2, b: 1) { e } }",
            "{ ...A ...B } fragment A on Q { id a { b } } fragment B on Q { id c { b } }",
            "{ a { ...A } c { ...A } } fragment A on Q { id b { c } }",
        ] {
            assert!(!in_pieces(whole), "{whole}");
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
            assert!(in_pieces(&pieces), "{pieces}");
        }
        assert!(!in_pieces(&format!("{{ ...F0 }} {}", doubling.join(" "))), "each fragment is searched once");
    }

    #[test]
    fn directives_of_typename_stand_where_the_engine_sees_them() {
        assert_eq!(merged("{ __typename @skip(if: true) a: __typename }"), "...{__typename} a");
    }
}
