//! Says once what a document says several times, and writes down what the engine overlooks so that it sees it.
//!
//! The engine resolves a field as often as it is written, and merges the answers: a list that stands there ten times is
//! read ten times. And it never looks at the directives of `__typename`; those of a fragment around it, it does.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{ExecutableDocument, Field, InlineFragment, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

/// Rewrites a document whose brackets were counted: this recurses as deeply as they nest.
pub(crate) fn once(document: &mut ExecutableDocument) {
    use async_graphql::parser::types::DocumentOperations::{Multiple, Single};
    match &mut document.operations {
        Single(operation) => selection(&mut operation.node.selection_set.node),
        Multiple(all) => all.values_mut().for_each(|operation| selection(&mut operation.node.selection_set.node)),
    }
    document.fragments.values_mut().for_each(|fragment| selection(&mut fragment.node.selection_set.node));
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
            Selection::Field(field) => selection(&mut field.node.selection_set.node),
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
    a.name.node == b.name.node
        && a.arguments == b.arguments
        && a.selection_set.node.items.is_empty() == b.selection_set.node.items.is_empty()
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
    fn directives_of_typename_stand_where_the_engine_sees_them() {
        assert_eq!(merged("{ __typename @skip(if: true) a: __typename }"), "...{__typename} a");
    }
}
