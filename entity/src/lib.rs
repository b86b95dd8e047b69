//! The database of kim. Four types open the [`database`]: [`Reads`](read::Reads) and [`Writes`](write::Writes) need a
//! [`viewer`], [`Unscoped`](unscoped::Unscoped) is narrowed to nobody, [`Log`](log::Log) is the log of disclosures.
//!
//! A function that writes is one of `Writes` if the viewer is its author, and of `Unscoped` if it concerns rows of others. It
//! takes the row on which it acts, or its key ([`keys`]), a whole new row as the table's `Model`, and what changes as named
//! arguments. What a viewer's work and the timer's share is a function of [`Tx`](write::Tx), which opens nothing: it takes rows
//! that one of the two found.
//!
//! Modules import each other in one direction: sql and keys, then tables, codec and agency_directory, then database, then viewer,
//! disclosure_lock and log, then read, unscoped and write.

mod agency_directory;
mod codec;
pub mod database;
mod disclosure_lock;
pub mod keys;
pub mod log;
#[cfg(feature = "raw")]
pub mod raw;
pub mod read;
pub mod sessions;
mod sql;
mod tables;
pub mod unscoped;
pub mod viewer;
pub mod write;

pub use codec::{case_file, handover, household_member, message, name_part, note, person, values};
pub use tables::{
    agency, agency_change, agreement, agreement_opinion, agreement_proposal, agreement_signature,
    agreement_termination, appointment, browser_session, change, classification, code, consent, consent_event,
    correction, correction_notice, disclosed, disclosure_log, district, eligibility_decision, feed, idempotency,
    municipality, person_fingerprint, referral, referral_event, reminder, setting, statistics_log, support_check,
    support_consent, support_notice, talk,
};

/// An error of the database.
pub use sea_orm::DbErr;
