//! Gap: `@skip` and `@include` do not know the defaults of variables. Upstream: PR #1827, open.

use async_graphql::parser::types::VariableDefinition;
use async_graphql::{Positioned, Variables};

/// Writes the defaults of an operation's variables among the variables of a request: otherwise the engine would answer what the client asked
/// to leave out.
pub(crate) fn add(definitions: &[Positioned<VariableDefinition>], variables: &mut Variables) {
    for definition in definitions {
        if let Some(default) = &definition.node.default_value {
            variables.entry(definition.node.name.node.clone()).or_insert_with(|| default.node.clone());
        }
    }
}
