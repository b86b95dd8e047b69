//! The tables that hold a person's data, one codec each: their values are written and read only here. They
//! have row types and no models.

pub mod case_file;
pub mod handover;
pub mod household_member;
pub mod message;
pub mod note;
pub mod person;
pub mod values;
