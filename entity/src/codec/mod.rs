//! The tables that hold a person's data, one codec each: every value of theirs goes in and out here and nowhere else. Their
//! row types are what goes in and out; they have no model.

pub mod case_file;
pub mod handover;
pub mod household_member;
pub mod message;
pub mod note;
pub mod person;
pub mod values;
