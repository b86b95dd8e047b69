//! One walk that rewrites a document so that the engine answers it rightly; each change is in the file of its gap.

use async_graphql::parser::types::DocumentOperations::{Multiple, Single};
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use crate::engine::{empty_objects, repeated_fields, typename};

/// Rewrites a document whose brackets were counted: this recurses as deeply as they nest.
pub(crate) fn rewrite(document: &mut ExecutableDocument) {
    match &mut document.operations {
        Single(operation) => object(&mut operation.node.selection_set.node),
        Multiple(all) => all.values_mut().for_each(|operation| object(&mut operation.node.selection_set.node)),
    }
    document.fragments.values_mut().for_each(|fragment| selection(&mut fragment.node.selection_set.node));
}

/// The selection of a field or an operation.
fn object(set: &mut SelectionSet) {
    selection(set);
    empty_objects::keep(set);
}

fn selection(set: &mut SelectionSet) {
    repeated_fields::merge(set);
    for item in &mut set.items {
        typename::wrap(&mut item.node);
        match &mut item.node {
            Selection::Field(field) => object(&mut field.node.selection_set.node),
            Selection::InlineFragment(inline) => selection(&mut inline.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The selection of a document's only operation after rewriting, as text.
    fn rewritten(document: &str) -> String {
        let mut document = async_graphql::parser::parse_query(document).expect("a document");
        rewrite(&mut document);
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
        assert_eq!(rewritten("{ a { b } a { c b } a { d } }"), "a{b c d}");
        assert_eq!(rewritten("{ a(b: $c) { d } x a(b: $c) { e } }"), "a{d e} x");
        assert_eq!(rewritten("{ ...A ...A b } fragment A on Query { b }"), "...A b");
    }

    #[test]
    fn what_differs_is_left_for_validation() {
        for document in ["a{b} a", "a(b: 1){c} a(b: 2){c}", "a: b{c} a: d{c}", "a{b} a @skip(if: $c){b}", "a a(b: 1)"] {
            assert_eq!(rewritten(&format!("{{ {document} }}")).split('a').count(), 3, "{document}");
        }
    }

    #[test]
    fn something_of_an_object_is_left() {
        let kept = |document: &str| {
            let mut document = async_graphql::parser::parse_query(document).expect("a document");
            rewrite(&mut document);
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
    fn directives_of_typename_stand_where_the_engine_sees_them() {
        assert_eq!(rewritten("{ __typename @skip(if: true) a: __typename }"), "...{__typename} a");
    }
}
