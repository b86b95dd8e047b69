//! Rewrites a document in one walk, so that the engine executes it correctly. Each change is in the file of its gap.

use async_graphql::parser::types::DocumentOperations::{Multiple, Single};
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use crate::engine::{empty_objects, repeated_fields, typename};

/// Rewrites a document. The depth of the recursion is bounded by its brackets, which were counted before parsing.
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
    empty_objects::add_placeholder(set);
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

    /// The text of the rewritten selection of a document's first operation.
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
    fn repeated_fields_and_spreads_are_merged() {
        assert_eq!(rewritten("{ a { b } a { c b } a { d } }"), "a{b c d}");
        assert_eq!(rewritten("{ a(b: $c) { d } x a(b: $c) { e } }"), "a{d e} x");
        assert_eq!(rewritten("{ ...A ...A b } fragment A on Query { b }"), "...A b");
    }

    #[test]
    fn fields_that_differ_are_not_merged() {
        for document in ["a{b} a", "a(b: 1){c} a(b: 2){c}", "a: b{c} a: d{c}", "a{b} a @skip(if: $c){b}", "a a(b: 1)"] {
            assert_eq!(rewritten(&format!("{{ {document} }}")).split('a').count(), 3, "{document}");
        }
    }

    #[test]
    fn an_object_that_may_be_empty_gets_a_placeholder() {
        let placeholders = |document: &str| {
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
            assert_eq!(placeholders(document), times, "{document}");
        }
    }

    #[test]
    fn directives_of_typename_are_moved_to_a_fragment() {
        assert_eq!(rewritten("{ __typename @skip(if: true) a: __typename }"), "...{__typename} a");
    }
}
