//! Values in the database that this program cannot read: a code that it does not know, or a text that is no day.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Where a snapshot has values that cannot be read: tables and columns, never values.
#[derive(Debug, Default)]
pub struct Unreadable(Mutex<BTreeSet<&'static str>>);

impl Unreadable {
    /// Adds a table or column.
    pub fn note(&self, place: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
    }

    /// The tables and columns, in the order of their names.
    #[must_use]
    pub fn places(&self) -> Vec<&'static str> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}
