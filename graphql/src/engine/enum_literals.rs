//! Gap: a string literal is accepted as an enum value. No upstream issue found.

use async_graphql::registry::MetaType;
use async_graphql::{Name, Positioned, ServerError};
use async_graphql_value::Value;

use crate::error::invalid;

/// Refuses a string literal where an enum value is expected. In variables strings are correct, because JSON has no enum
/// values.
pub(crate) fn check(value: &Value, expects: Option<&MetaType>, argument: &Positioned<Name>) -> Option<ServerError> {
    let (Some(MetaType::Enum { name, .. }), Value::String(_)) = (expects, value) else { return None };
    let text = format!(
        "Invalid value for argument \"{}\", a value of enumeration type \"{name}\" stands without quotes",
        argument.node
    );
    Some(invalid(text, argument.pos))
}
