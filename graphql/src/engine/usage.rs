//! Uses of variables, and the types that are expected there.

use async_graphql::{Name, Positioned};

/// A use of a variable.
pub(crate) struct Usage<'d> {
    pub(crate) variable: &'d Name,
    pub(crate) argument: &'d Positioned<Name>,
    /// The expected type.
    pub(crate) expects: &'d str,
    /// Whether the argument or input field has a default value.
    pub(crate) has_default: bool,
}

/// The type of a list's items. `None` if the type is not a list.
pub(crate) fn item_type(expects: &str) -> Option<&str> {
    let expects = expects.strip_suffix('!').unwrap_or(expects);
    expects.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
}
