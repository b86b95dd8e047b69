//! Gap: a variable that the request lacks is found out where a field needs it, while other fields already run. No upstream
//! issue found.

use async_graphql::parser::types::VariableDefinition;
use async_graphql::{Positioned, ServerError, Value, Variables};

use crate::error::{Code, coded};

/// Refuses a request without a variable that cannot be null; defaults are among the variables by now.
pub(crate) fn check(definitions: &[Positioned<VariableDefinition>], given: &Variables) -> Result<(), ServerError> {
    let missing = definitions.iter().find(|one| {
        !one.node.var_type.node.nullable && matches!(given.get(&one.node.name.node), None | Some(Value::Null))
    });
    match missing {
        Some(one) => {
            let (name, wanted) = (&one.node.name.node, &one.node.var_type.node);
            let text = format!("Variable \"${name}\" of type \"{wanted}\" is required but not provided.");
            Err(coded(ServerError::new(text, Some(one.pos)), Code::BadInput))
        }
        None => Ok(()),
    }
}
