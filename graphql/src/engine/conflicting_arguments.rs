//! Gap: if one response key has fields with different arguments, the error message names the argument instead of the
//! field. Upstream: issue #943 shows the message; its fix kept the wrong name.

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Pos, ServerError};

/// Rewrites the engine's message about differing arguments.
pub(crate) fn name_the_field(error: &mut ServerError, document: &ExecutableDocument) {
    let Some(&at) = error.locations.first() else { return };
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    if let Some(key) = operations.chain(fragments).find_map(|set| key_at(set, at)) {
        error.message = format!(
            "Fields \"{key}\" conflict because they have differing arguments. \
             Use different aliases on the fields to fetch both if this was intentional."
        );
    }
}

/// The response key of the field at this position.
fn key_at(set: &SelectionSet, at: Pos) -> Option<&str> {
    set.items.iter().find_map(|item| match &item.node {
        Selection::Field(field) if field.pos == at => Some(field.node.response_key().node.as_str()),
        Selection::Field(field) => key_at(&field.node.selection_set.node, at),
        Selection::InlineFragment(inline) => key_at(&inline.node.selection_set.node, at),
        Selection::FragmentSpread(_) => None,
    })
}
