//! The root of the schema: all queries and mutations together, and the schema that each viewer has of them.

pub(crate) mod mutation;
pub(crate) mod node;
pub(crate) mod query;
pub(crate) mod schemas;
