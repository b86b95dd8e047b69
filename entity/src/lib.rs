//! Tables of kim, one file each. Four types open the [`database`]: [`Reads`](read::Reads) and [`Writes`](write::Writes) need
//! a [`viewer`], [`Unscoped`](unscoped::Unscoped) is narrowed to nobody, [`Log`](log::Log) is the log of disclosures.
//!
//! A function that writes is one of `Writes` if the viewer is its author, of `Unscoped` if it concerns rows of others, and of
//! [`Tx`](write::Tx) if both need it. It takes a whole new row as the table's `Model`, or what changes as named arguments. The
//! tables that hold a person's data have no model: their file is the codec, and its row type is what goes in and out.
//!
//! A word is a [`code::Code`], a set of fields an `i64` (`FieldSet::to_i64`), an instant an `i64` of microseconds since
//! 1970, a day a `DATE`, an id a UUIDv7. May a column leave the server? [`classification`] says.

pub mod agency;
pub mod agreement;
pub mod agreement_opinion;
pub mod agreement_proposal;
pub mod agreement_signature;
pub mod agreement_termination;
pub mod appointment;
pub mod case_file;
pub mod change;
pub mod classification;
pub mod code;
pub mod consent;
pub mod consent_event;
pub mod correction;
pub mod correction_notice;
pub mod database;
mod directory;
pub mod disclosed;
pub mod disclosure_log;
pub mod district;
pub mod eligibility_decision;
pub mod feed;
pub mod handover;
pub mod household_member;
pub mod idempotency;
pub mod log;
mod loss;
pub mod message;
pub mod municipality;
pub mod note;
pub mod person;
pub mod person_fingerprint;
#[cfg(feature = "raw")]
pub mod raw;
pub mod read;
pub mod referral;
pub mod referral_event;
pub mod reminder;
pub mod setting;
mod sql;
pub mod statistics_log;
pub mod support_check;
pub mod support_consent;
pub mod support_notice;
pub mod talk;
mod tx;
pub mod unscoped;
pub mod values;
pub mod viewer;
pub mod write;

/// Whatever the database said.
pub use sea_orm::DbErr;
