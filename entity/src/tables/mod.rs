//! The tables, one file each, except those that hold a person's data: their files are the codecs. A word is a
//! [`code::Code`], a set of fields an `i64` (`FieldSet::to_i64`), an instant an `i64` of microseconds since 1970, a day a
//! `DATE`, an id a UUIDv7. [`classification`] says of each column of the database whether it may leave the server.

pub mod agency;
pub mod agency_change;
pub mod agreement;
pub mod agreement_opinion;
pub mod agreement_proposal;
pub mod agreement_signature;
pub mod agreement_termination;
pub mod appointment;
pub mod browser_session;
pub mod change;
pub mod classification;
pub mod code;
pub mod consent;
pub mod consent_event;
pub mod correction;
pub mod correction_notice;
pub mod disclosed;
pub mod disclosure_log;
pub mod district;
pub mod eligibility_decision;
pub mod feed;
pub mod idempotency;
pub mod municipality;
pub mod person_fingerprint;
pub mod referral;
pub mod referral_event;
pub mod reminder;
pub mod setting;
pub mod statistics_log;
pub mod support_check;
pub mod support_consent;
pub mod support_notice;
pub mod talk;
