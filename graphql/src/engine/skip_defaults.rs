//! Gap: `@skip` and `@include` ignore the defaults of variables. Upstream: PR #1827, open.

use async_graphql::parser::types::VariableDefinition;
use async_graphql::{Positioned, Variables};

/// Adds the defaults of an operation's variables to the variables of a request. Otherwise the engine would resolve
/// fields that the client skips by default.
pub(crate) fn add(definitions: &[Positioned<VariableDefinition>], variables: &mut Variables) {
    for definition in definitions {
        if let Some(default) = &definition.node.default_value {
            variables.entry(definition.node.name.node.clone()).or_insert_with(|| default.node.clone());
        }
    }
}
