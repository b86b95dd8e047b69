//! Counselling notes of a case: written once, never changed, and never leaving their Träger (§ 203 StGB, § 65 SGB VIII).
//!
//! This file is the table's codec: the text is written and read here.

use sea_orm::{DbErr, Value};
use uuid::Uuid;

use crate::sql::batch::Stored;
use crate::sql::{Columns, Sql};

/// A counselling note.
#[derive(Clone, Debug)]
pub struct NoteRow {
    /// Id.
    pub id: Uuid,
    /// Microseconds.
    pub at: i64,
    /// The author.
    pub staff: Option<String>,
    /// For whom a service wrote.
    pub acting_for: Option<String>,
    /// The text.
    pub body: String,
}

/// A new note.
#[derive(Clone, Debug)]
pub struct NewNote {
    /// UUIDv7.
    pub id: Uuid,
    /// The case.
    pub case_id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// Subject of the token that wrote it.
    pub staff: Option<String>,
    /// For whom a service wrote.
    pub acting_for: Option<String>,
    /// Microseconds since 1970.
    pub at: i64,
    /// The text.
    pub body: String,
}

impl Stored for NewNote {
    fn table() -> &'static str {
        "note"
    }

    fn columns() -> Vec<&'static str> {
        vec!["id", "case_id", "agency_id", "staff", "acting_for", "at", "body"]
    }

    fn cells(&self) -> Vec<Value> {
        let NewNote { id, case_id, agency_id, staff, acting_for, at, body } = self.clone();
        let whose = [id.into(), case_id.into(), agency_id.into()];
        whose.into_iter().chain([staff.into(), acting_for.into(), at.into(), body.into()]).collect()
    }
}

/// Appends the columns of a note `q`.
pub(crate) fn push_columns(sql: &mut Sql) {
    sql.push(", q.id, q.at, q.staff, q.acting_for, q.body");
}

impl NoteRow {
    /// Reads what [`push_columns`] appended.
    pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: columns.next()?,
            at: columns.next()?,
            staff: columns.next()?,
            acting_for: columns.next()?,
            body: columns.next()?,
        })
    }
}
