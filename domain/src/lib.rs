//! Words and rules of `kim`. This crate does no I/O.
//!
//! Start with [`disclosure`]: who sees which field.

pub mod agency;
pub mod agreement;
pub mod audience;
pub mod birth_date;
pub mod bulk;
pub mod calendar;
pub mod case_closing;
pub mod change;
pub mod consent;
pub mod correction;
pub mod damage;
pub mod deadline;
pub mod disclosure;
pub mod eligibility;
pub mod field;
pub mod fingerprint;
pub mod id;
pub mod life;
pub mod matching;
pub mod nationality;
pub mod period;
pub mod person_name;
pub mod placeholder;
pub mod plain;
pub mod purpose;
pub mod reason;
pub mod receipt;
pub mod reference;
pub mod referral;
pub mod statistics;
pub mod support_plan;
pub mod timer;
pub mod token;
pub mod upcoming;
pub mod value;
pub mod visibility;
pub mod word;

/// Used by the code that [`words!`] generates in other crates.
#[doc(hidden)]
pub use serde;
pub use word::Word;
