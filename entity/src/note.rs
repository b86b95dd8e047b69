//! Counselling notes of a case: written once, never changed, and never leaving their Träger (§ 203 StGB, § 65 SGB VIII).
//!
//! This file is the table's codec: the text goes in and out here.

use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use crate::sql::{Columns, Sql};
use crate::write::batch::rows_at_once;

/// A counselling note.
#[derive(Clone, Debug)]
pub struct NoteRow {
    /// Id.
    pub id: Uuid,
    /// Microseconds.
    pub at: i64,
    /// Who wrote it.
    pub staff: Option<String>,
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
    /// Microseconds since 1970.
    pub at: i64,
    /// The text.
    pub body: String,
}

/// All columns, in the order of [`cells`].
pub(crate) const COLUMNS: [&str; 6] = ["id", "case_id", "agency_id", "staff", "at", "body"];

/// A row as it is stored.
pub(crate) fn cells(row: &NewNote) -> Vec<Value> {
    let NewNote { id, case_id, agency_id, staff, at, body } = row.clone();
    vec![id.into(), case_id.into(), agency_id.into(), staff.into(), at.into(), body.into()]
}

/// Appends the columns of a note `q` to a list of columns.
pub(crate) fn push_columns(sql: &mut Sql) {
    sql.push(", q.id, q.at, q.staff, q.body");
}

impl NoteRow {
    /// Reads what [`push_columns`] appended.
    pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self { id: columns.next()?, at: columns.next()?, staff: columns.next()?, body: columns.next()? })
    }
}

/// Inserts notes.
pub(crate) async fn insert(connection: &impl ConnectionTrait, rows: &[NewNote]) -> Result<(), DbErr> {
    for some in rows.chunks(rows_at_once(COLUMNS.len())) {
        let mut sql = Sql::new(connection.get_database_backend());
        sql.push("INSERT INTO note (").push(&COLUMNS.join(", ")).push(") VALUES ").rows(some.iter().map(cells));
        sql.run(connection).await?;
    }
    Ok(())
}

/// All notes of all cases.
#[cfg(feature = "raw")]
pub(crate) async fn all(connection: &impl ConnectionTrait) -> Result<Vec<NewNote>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT ").push(&COLUMNS.join(", ")).push(" FROM note");
    let read = |row| {
        let mut columns = Columns::of(row);
        let (id, case_id, agency_id) = (columns.next()?, columns.next()?, columns.next()?);
        let (staff, at, body) = (columns.next()?, columns.next()?, columns.next()?);
        Ok(NewNote { id, case_id, agency_id, staff, at, body })
    };
    sql.all(connection).await?.iter().map(read).collect()
}
