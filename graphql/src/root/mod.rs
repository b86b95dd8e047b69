//! The root of the schema: all queries and mutations, and the schema of each viewer.

pub(crate) mod mutation;
pub(crate) mod node;
pub(crate) mod query;
pub(crate) mod schemas;
