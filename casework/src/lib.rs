//! What happens: one use case, one function, one transaction.

pub mod disclose;
pub mod import;
