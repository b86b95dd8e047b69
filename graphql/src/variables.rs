//! Whether the request brings every variable that its operation needs: the engine finds out too late, while it executes.

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ServerError, Value, Variables};

use crate::error::{Code, coded};
use crate::order;

/// Refuses a request without a variable that cannot be null and has no default.
pub(crate) fn check(
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    variables: &Variables,
) -> Result<(), ServerError> {
    let operation = order::operation(document, operation_name);
    let definitions = operation.into_iter().flat_map(|operation| &operation.node.variable_definitions);
    let missing = definitions.into_iter().find(|one| {
        let given =
            variables.get(&one.node.name.node).or_else(|| one.node.default_value.as_ref().map(|value| &value.node));
        !one.node.var_type.node.nullable && matches!(given, None | Some(Value::Null))
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
