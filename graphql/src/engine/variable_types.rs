//! Gap: a default value in a list of a type that does not exist panics. Upstream: PR #795 mended it for other types only.
//!
//! So the types of variables are looked up before the engine looks at their defaults.

use async_graphql::parser::types::VariableDefinition;
use async_graphql::registry::MetaTypeName;
use async_graphql::{Positioned, ServerError};

use crate::engine::validation::invalid;
use crate::schema::visible_schema::VisibleSchema;

/// What is wrong with the type of a variable by itself.
pub(crate) fn check(definition: &Positioned<VariableDefinition>, known: &VisibleSchema) -> Option<ServerError> {
    let (name, wanted) = (&definition.node.name.node, definition.node.var_type.node.to_string());
    let wanted = MetaTypeName::concrete_typename(&wanted);
    let text = match known.named(wanted) {
        None => format!("Unknown type \"{wanted}\""),
        Some(found) if !found.is_input() => format!("Variable \"${name}\" cannot be of non-input type \"{wanted}\""),
        Some(_) => return None,
    };
    Some(invalid(text, definition.pos))
}
