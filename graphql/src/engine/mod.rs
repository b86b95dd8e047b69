//! What async-graphql 7.2.1 leaves out or gets wrong, in one place.

pub(crate) mod conflicting_arguments;
pub(crate) mod error_text;
pub(crate) mod repeated_fields;
pub(crate) mod root_order;
pub(crate) mod validation;
pub(crate) mod variables;
