//! The tables that hold a person's data, one codec each: their values are written and read only here, also those by which a row
//! is found, such as a case's number or a client's fingerprint. They have row types and no models.
//!
//! Statements elsewhere name of these tables only ids, who wrote a row and when, and the first and last day of a case, by which
//! lists are ordered and open cases found.

pub mod case_file;
pub mod handover;
pub mod household_member;
pub mod message;
pub mod name_part;
pub mod note;
pub mod person;
pub mod values;
