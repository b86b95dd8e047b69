//! What happens: one use case, one function, one transaction.

pub mod agreement;
pub mod consent;
pub mod disclose;
pub mod import;
pub mod once;
pub mod referral;
pub mod refusal;
mod text;
pub mod work;
