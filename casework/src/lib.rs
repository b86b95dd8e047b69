//! What happens: one use case, one function, one transaction.

pub mod agreement;
pub mod case;
pub mod clock;
pub mod consent;
pub mod disclose;
pub mod import;
pub mod list_length;
mod matching;
pub mod once;
pub mod referral;
pub mod refusal;
pub mod statistics;
pub mod support;
mod text;
pub mod work;
