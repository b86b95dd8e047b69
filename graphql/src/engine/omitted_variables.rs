//! Gap: an omitted variable is null at the argument or input field where it is used, instead of absent (specification
//! 6.4.1): defaults do not count, and a value that the client leaves out is deleted. No upstream issue found.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet, VariableDefinition};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::Value;

use crate::engine::partial_document::change;

/// The variables of an operation that have no value. The defaults must have been added to the variables.
pub(crate) fn of(definitions: &[Positioned<VariableDefinition>], given: &Variables) -> Vec<Name> {
    let names = definitions.iter().map(|one| &one.node.name.node);
    names.filter(|name| !given.contains_key(*name)).cloned().collect()
}

/// Removes the arguments and input fields whose values are omitted variables. In a list such a variable is null.
pub(crate) fn remove(document: &mut ExecutableDocument, operation_name: Option<&str>, omitted: &[Name]) {
    if !omitted.is_empty() {
        change(document, operation_name, |_, set| remove_in(set, omitted));
    }
}

/// The depth of the recursion is bounded by the brackets of the document, which were counted before parsing.
fn remove_in(set: &mut SelectionSet, omitted: &[Name]) {
    for item in &mut set.items {
        match &mut item.node {
            Selection::Field(field) => {
                field.node.arguments.retain_mut(|(_, value)| is_present(&mut value.node, omitted));
                remove_in(&mut field.node.selection_set.node, omitted);
            }
            Selection::InlineFragment(inline) => remove_in(&mut inline.node.selection_set.node, omitted),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Whether the value is not an omitted variable. Removes those inside it.
fn is_present(value: &mut Value, omitted: &[Name]) -> bool {
    match value {
        Value::Variable(name) => return !omitted.contains(name),
        Value::List(items) => {
            for item in items.iter_mut() {
                if !is_present(item, omitted) {
                    *item = Value::Null;
                }
            }
        }
        Value::Object(fields) => fields.retain(|_, value| is_present(value, omitted)),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => {}
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The document without the omitted variables `a` and `b`, as the parser prints it for debugging.
    fn without(text: &str) -> (String, Vec<String>) {
        let mut document = async_graphql::parser::parse_query(text).expect("a document");
        remove(&mut document, Some("Q"), &[Name::new("a"), Name::new("b")]);
        let operation = document.operations.iter().next().expect("an operation").1;
        let defined = operation.node.variable_definitions.iter().map(|one| one.node.name.node.to_string());
        let mut defined: Vec<String> = defined.collect();
        let mut fragments: Vec<String> = document.fragments.keys().map(ToString::to_string).collect();
        defined.sort();
        fragments.sort();
        defined.extend(fragments);
        let Some(Selection::Field(field)) = operation.node.selection_set.node.items.first().map(|item| &item.node)
        else {
            return (String::new(), defined);
        };
        let arguments = field.node.arguments.iter().map(|(name, value)| format!("{}: {}", name.node, value.node));
        (arguments.collect::<Vec<_>>().join(", "), defined)
    }

    #[test]
    fn arguments_input_fields_and_items_are_removed() {
        let (arguments, defined) = without(
            "query Q($a: Int, $b: Int, $c: Int) { f(x: $a, y: {k: $b, l: {m: $a, n: 1}}, z: [$a, $c, {o: $b}]) }",
        );
        assert_eq!(arguments, "y: {l: {n: 1}}, z: [null, $c, {}]");
        assert_eq!(defined, ["c"]);
    }

    #[test]
    fn only_what_the_removal_made_unused_is_removed_from_the_document() {
        // `$b` is not used at all, and `Lost` is a fragment that is not used: the engine must refuse both.
        let (_, left) = without(
            "query Q($a: Int, $b: Int) { f(x: $a) ...F } query R($a: Int!) { f(x: $a) ...G }
             fragment F on Q { f(x: $a) } fragment G on Q { f(x: $a) } fragment Lost on Q { f }",
        );
        assert_eq!(left, ["b", "F", "Lost"]);
    }
}
