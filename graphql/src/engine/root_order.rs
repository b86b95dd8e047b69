//! Puts the fields of an answer in the order of the selection. Below the root nothing waits, and the engine keeps it.

use async_graphql::Positioned;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Value};

/// The operation that runs: the named one, or the only one, which may have a name as well. `None` if the document does
/// not say which that is.
pub(crate) fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Option<&'d Positioned<OperationDefinition>> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        // One without a name cannot be asked for by name.
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(_), None) => None,
    }
}

/// The response keys of its fields, in the order in which it selects them.
pub(crate) fn root_keys(document: &ExecutableDocument, name: Option<&str>) -> Vec<Name> {
    let mut keys = Vec::new();
    if let Some(operation) = operation(document, name) {
        collect(document, &operation.node.selection_set.node, &mut keys);
    }
    keys
}

/// Fragments that go round in circles were refused before.
fn collect(document: &ExecutableDocument, selection: &SelectionSet, keys: &mut Vec<Name>) {
    for item in &selection.items {
        match &item.node {
            Selection::Field(field) => {
                let key = &field.node.response_key().node;
                if !keys.contains(key) {
                    keys.push(key.clone());
                }
            }
            Selection::InlineFragment(inline) => collect(document, &inline.node.selection_set.node, keys),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(document, &fragment.node.selection_set.node, keys);
                }
            }
        }
    }
}

/// Orders the root of an answer.
pub(crate) fn restore(data: &mut Value, keys: &[Name]) {
    if let Value::Object(fields) = data
        && fields.len() > 1
    {
        let place = |key: &Name| keys.iter().position(|has| has == key);
        fields.sort_by(|a, _, b, _| place(a).cmp(&place(b)));
    }
}
