//! What happens: one use case, one function, one transaction.

pub mod disclose;
pub mod import;
pub mod once;
pub mod refusal;
pub mod work;
