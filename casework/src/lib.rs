//! The use cases. Each is one function that runs in one transaction.

pub mod agency;
pub mod agreement;
pub mod case;
pub mod consent;
pub mod disclose;
pub mod import;
pub mod list_length;
mod matching;
pub mod normalise;
pub mod once;
pub mod referral;
pub mod refusal;
pub mod statistics;
pub mod support;
mod telephone;
mod text;
pub mod timer;
pub mod work;
