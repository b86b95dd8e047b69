//! Whether the request brings every variable that its operation needs, and whether each is of the type that its places
//! expect. The engine finds the first out too late, while it executes, and the second never: its rule
//! `VariableInAllowedPosition` is written, but no value ever reaches it (7.2.1 does not hand `enter_input_value` on).

use std::collections::HashSet;

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, VariableDefinition};
use async_graphql::registry::MetaTypeName;
use async_graphql::{Pos, Positioned, ServerError, Value, Variables};

use crate::engine::root_order as order;
use crate::error::{Code, coded};
use crate::vocabulary::Vocabulary;

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

/// A place where a variable stands.
pub(crate) struct Usage<'d> {
    pub(crate) name: &'d str,
    pub(crate) at: Pos,
    /// What the place expects.
    pub(crate) expects: &'d str,
    /// Whether the place has a default of its own.
    pub(crate) has_default: bool,
}

/// What is wrong with the definitions of an operation by themselves.
pub(crate) fn of_definitions(operation: &OperationDefinition, known: &Vocabulary, wrong: &mut Vec<ServerError>) {
    for definition in &operation.variable_definitions {
        let (name, wanted) = (&definition.node.name.node, definition.node.var_type.node.to_string());
        let wanted = MetaTypeName::concrete_typename(&wanted);
        match known.named(wanted) {
            None => wrong.push(invalid(format!("Unknown type \"{wanted}\""), definition.pos)),
            Some(found) if !found.is_input() => {
                let text = format!("Variable \"${name}\" cannot be of non-input type \"{wanted}\"");
                wrong.push(invalid(text, definition.pos));
            }
            Some(_) => {}
        }
        for directive in &definition.node.directives {
            let name = &directive.node.name.node;
            let text = match known.directive(name) {
                None => format!("Unknown directive \"{name}\""),
                Some(_) => format!("Directive \"{name}\" may not be used on \"VARIABLE_DEFINITION\""),
            };
            wrong.push(invalid(text, directive.pos));
        }
    }
}

/// What is wrong with the places of an operation's variables; one that is not defined is the engine's to refuse.
pub(crate) fn of_usages<'d>(
    operation: &OperationDefinition,
    usages: impl Iterator<Item = &'d Usage<'d>>,
    wrong: &mut Vec<ServerError>,
) {
    let mut told = HashSet::new();
    for usage in usages {
        let defined = operation.variable_definitions.iter().find(|one| one.node.name.node == usage.name);
        if let Some(defined) = defined
            && !is_allowed(defined, usage)
            && told.insert((usage.name, usage.expects))
        {
            let (name, has) = (usage.name, &defined.node.var_type.node);
            let text =
                format!("Variable \"${name}\" of type \"{has}\" used in position expecting type \"{}\"", usage.expects);
            let mut error = invalid(text, usage.at);
            error.locations.insert(0, defined.pos);
            wrong.push(error);
        }
    }
}

/// IsVariableUsageAllowed of the specification (5.8.5).
fn is_allowed(defined: &Positioned<VariableDefinition>, usage: &Usage<'_>) -> bool {
    let has = defined.node.var_type.node.to_string();
    let own_default = defined.node.default_value.as_ref().is_some_and(|default| default.node != Value::Null);
    match usage.expects.strip_suffix('!') {
        Some(expects) if own_default || usage.has_default => fits(&has, expects),
        Some(_) | None => fits(&has, usage.expects),
    }
}

/// Whether every value of one type is a value of another, by their names.
fn fits(has: &str, expects: &str) -> bool {
    let item = |name: &str| name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::to_owned);
    match (has.strip_suffix('!'), expects.strip_suffix('!')) {
        (Some(has), Some(expects)) => fits(has, expects),
        (Some(has), None) => fits(has, expects),
        (None, Some(_)) => false,
        (None, None) => match (item(has), item(expects)) {
            (Some(has), Some(expects)) => fits(&has, &expects),
            (None, None) => has == expects,
            (Some(_), None) | (None, Some(_)) => false,
        },
    }
}

pub(crate) fn invalid(text: String, at: Pos) -> ServerError {
    coded(ServerError::new(text, Some(at)), Code::ValidationFailed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_fits_where_each_of_its_values_does() {
        for (has, expects) in [("Int", "Int"), ("Int!", "Int"), ("[Int!]!", "[Int]"), ("[[A!]]", "[[A]]")] {
            assert!(fits(has, expects), "{has} in {expects}");
        }
        for (has, expects) in [("Int", "Int!"), ("Int", "[Int]"), ("[Int]", "Int"), ("[A]", "[A!]"), ("A", "B")] {
            assert!(!fits(has, expects), "{has} in {expects}");
        }
    }
}
