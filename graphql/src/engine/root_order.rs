//! Gap: asynchronous fields are in the response in the order of completion, not in the order of the selection.
//! Upstream: issue #612; since PR #1746 (7.1.0), undone by PR #1806 (8.0.0-rc.3).
//!
//! Only root fields wait for the database. The fields below them complete in order.

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Value};

/// The response keys of an operation's root fields, in the order of the selection.
pub(crate) fn root_keys(document: &ExecutableDocument, operation: &OperationDefinition) -> Vec<Name> {
    let mut keys = Vec::new();
    collect(document, &operation.selection_set.node, &mut keys);
    keys
}

/// Recursive fragments must have been refused before.
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

/// Sorts the root fields of a response.
pub(crate) fn restore(data: &mut Value, keys: &[Name]) {
    if let Value::Object(fields) = data
        && fields.len() > 1
    {
        let place = |key: &Name| keys.iter().position(|has| has == key);
        fields.sort_by(|a, _, b, _| place(a).cmp(&place(b)));
    }
}
