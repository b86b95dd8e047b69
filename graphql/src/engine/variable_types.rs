//! Gap: a default value in a list of an unknown type panics. Upstream: PR #795 fixed it for other types only.
//!
//! The types of variables are checked before the engine checks their defaults.

use async_graphql::parser::types::VariableDefinition;
use async_graphql::registry::MetaTypeName;
use async_graphql::{Positioned, ServerError};

use crate::error::invalid;
use crate::schema::visible_schema::VisibleSchema;

/// Refuses a variable of an unknown type or of an output type.
pub(crate) fn check(definition: &Positioned<VariableDefinition>, schema: &VisibleSchema) -> Option<ServerError> {
    let (name, type_name) = (&definition.node.name.node, definition.node.var_type.node.to_string());
    let type_name = MetaTypeName::concrete_typename(&type_name);
    let text = match schema.named(type_name) {
        None => format!("Unknown type \"{type_name}\""),
        Some(found) if !found.is_input() => format!("Variable \"${name}\" cannot be of non-input type \"{type_name}\""),
        Some(_) => return None,
    };
    Some(invalid(text, definition.pos))
}
