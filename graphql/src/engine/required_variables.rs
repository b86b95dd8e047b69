//! Gap: a missing variable is detected when a field reads it, after other fields were resolved. No upstream issue
//! found.

use async_graphql::parser::types::VariableDefinition;
use async_graphql::{Positioned, ServerError, Value, Variables};

use crate::error::{Code, with_code};

/// Refuses a request in which a non-null variable is missing. The defaults must have been added to the variables.
pub(crate) fn check(definitions: &[Positioned<VariableDefinition>], given: &Variables) -> Result<(), ServerError> {
    let missing = definitions.iter().find(|one| {
        !one.node.var_type.node.nullable && matches!(given.get(&one.node.name.node), None | Some(Value::Null))
    });
    match missing {
        Some(one) => {
            let (name, ty) = (&one.node.name.node, &one.node.var_type.node);
            let text = format!("Variable \"${name}\" of type \"{ty}\" is required but not provided.");
            Err(with_code(ServerError::new(text, Some(one.pos)), Code::BadInput))
        }
        None => Ok(()),
    }
}
