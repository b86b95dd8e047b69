//! Gap: the types of variables are not compared with the types of the arguments where they are used. No upstream issue
//! found.
//!
//! The engine has the rule `VariableInAllowedPosition`, but it is never called, because `VisitorCons` does not forward
//! `enter_input_value`.

use std::collections::HashSet;

use async_graphql::parser::types::{OperationDefinition, VariableDefinition};
use async_graphql::{Positioned, ServerError, Value};

use crate::engine::usage::Usage;
use crate::error::invalid;

/// Finds uses of an operation's variables that do not match their types.
pub(crate) struct Mismatches<'d> {
    operation: &'d OperationDefinition,
    /// Variables and expected types that were reported.
    reported: HashSet<(&'d str, &'d str)>,
}

impl<'d> Mismatches<'d> {
    pub(crate) fn of(operation: &'d OperationDefinition) -> Self {
        Self { operation, reported: HashSet::new() }
    }

    /// The error if the usage does not match the variable's type. Each mismatch is reported once. The engine refuses
    /// undefined variables.
    pub(crate) fn check(&mut self, usage: &Usage<'d>) -> Option<ServerError> {
        let Usage { variable, expects, .. } = *usage;
        let defined = self.operation.variable_definitions.iter().find(|one| one.node.name.node == *variable)?;
        if is_allowed(defined, usage) || !self.reported.insert((variable, expects)) {
            return None;
        }
        let has = &defined.node.var_type.node;
        let text = format!("Variable \"${variable}\" of type \"{has}\" used in position expecting type \"{expects}\"");
        let mut error = invalid(text, usage.argument.pos);
        error.locations.insert(0, defined.pos);
        Some(error)
    }
}

/// `IsVariableUsageAllowed` of the specification (5.8.5).
fn is_allowed(defined: &Positioned<VariableDefinition>, usage: &Usage<'_>) -> bool {
    let has = defined.node.var_type.node.to_string();
    let own_default = defined.node.default_value.as_ref().is_some_and(|default| default.node != Value::Null);
    match usage.expects.strip_suffix('!') {
        Some(expects) if own_default || usage.has_default => is_compatible(&has, expects),
        Some(_) | None => is_compatible(&has, usage.expects),
    }
}

/// `AreTypesCompatible` of the specification, on the names of the types.
fn is_compatible(has: &str, expects: &str) -> bool {
    let item = |name: &str| name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::to_owned);
    match (has.strip_suffix('!'), expects.strip_suffix('!')) {
        (Some(has), Some(expects)) => is_compatible(has, expects),
        (Some(has), None) => is_compatible(has, expects),
        (None, Some(_)) => false,
        (None, None) => match (item(has), item(expects)) {
            (Some(has), Some(expects)) => is_compatible(&has, &expects),
            (None, None) => has == expects,
            (Some(_), None) | (None, Some(_)) => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_compatible_if_all_its_values_are_allowed() {
        for (has, expects) in [("Int", "Int"), ("Int!", "Int"), ("[Int!]!", "[Int]"), ("[[A!]]", "[[A]]")] {
            assert!(is_compatible(has, expects), "{has} in {expects}");
        }
        for (has, expects) in [("Int", "Int!"), ("Int", "[Int]"), ("[Int]", "Int"), ("[A]", "[A!]"), ("A", "B")] {
            assert!(!is_compatible(has, expects), "{has} in {expects}");
        }
    }
}
