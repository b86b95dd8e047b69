//! Gap: the types of variables are never compared with those of their places. No upstream issue found.
//!
//! The engine's rule `VariableInAllowedPosition` is written, but no value ever reaches it: `VisitorCons` does not hand on
//! `enter_input_value`.

use std::collections::HashSet;

use async_graphql::parser::types::{OperationDefinition, VariableDefinition};
use async_graphql::{Positioned, ServerError, Value};

use crate::engine::validation::{Usage, invalid};

/// Finds the places of an operation's variables that are not of their types.
pub(crate) struct Wrong<'d> {
    operation: &'d OperationDefinition,
    told: HashSet<(&'d str, &'d str)>,
}

impl<'d> Wrong<'d> {
    pub(crate) fn of(operation: &'d OperationDefinition) -> Self {
        Self { operation, told: HashSet::new() }
    }

    /// What is wrong with a place, if that was not said of another one. A variable that is not defined is the engine's to
    /// refuse.
    pub(crate) fn find(&mut self, usage: &Usage<'d>) -> Option<ServerError> {
        let Usage { variable, expects, .. } = *usage;
        let defined = self.operation.variable_definitions.iter().find(|one| one.node.name.node == *variable)?;
        if is_allowed(defined, usage) || !self.told.insert((variable, expects)) {
            return None;
        }
        let has = &defined.node.var_type.node;
        let text = format!("Variable \"${variable}\" of type \"{has}\" used in position expecting type \"{expects}\"");
        let mut error = invalid(text, usage.argument.pos);
        error.locations.insert(0, defined.pos);
        Some(error)
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
