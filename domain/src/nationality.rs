//! nationality
