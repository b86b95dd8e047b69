//! Shared parts of all resolvers: the session of a request, plans, reads by id, pages, changes, and writing JSON.

pub(crate) mod by_id;
pub(crate) mod change;
pub(crate) mod connection;
pub(crate) mod history;
pub(crate) mod inputs;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod planned;
pub(crate) mod session;
pub(crate) mod write_object;
