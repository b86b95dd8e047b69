//! Gap: in a literal a string passes for a value of an enum. No upstream issue found.

use async_graphql::registry::MetaType;
use async_graphql::{Name, Positioned, ServerError};
use async_graphql_value::Value;

use crate::engine::validation::invalid;

/// Refuses a string where an enum is expected. In a variable it is one: JSON has no other way to write it.
pub(crate) fn check(value: &Value, expects: Option<&MetaType>, argument: &Positioned<Name>) -> Option<ServerError> {
    let (Some(MetaType::Enum { name, .. }), Value::String(_)) = (expects, value) else { return None };
    let text = format!(
        "Invalid value for argument \"{}\", a value of enumeration type \"{name}\" stands without quotes",
        argument.node
    );
    Some(invalid(text, argument.pos))
}
