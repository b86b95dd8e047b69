//! Messages between the two sides of a referral.
//!
//! This file is the table's codec: the text goes in and out here.

use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use crate::sql::{Columns, Sql};
use crate::write::batch::rows_at_once;

/// One message as a side of its referral may know it.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Id.
    pub id: Uuid,
    /// Microseconds since 1970.
    pub sent_at: i64,
    /// The side that wrote it.
    pub agency_id: Uuid,
    /// Who wrote it; the viewer's own staff only.
    pub staff: Option<String>,
    /// The text.
    pub body: String,
}

/// A new message.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// UUIDv7.
    pub id: Uuid,
    /// The referral.
    pub referral_id: Uuid,
    /// Microseconds since 1970.
    pub sent_at: i64,
    /// Who wrote it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    pub staff: Option<String>,
    /// The text.
    pub body: String,
}

/// All columns, in the order of [`cells`].
pub(crate) const COLUMNS: [&str; 6] = ["id", "referral_id", "sent_at", "agency_id", "staff", "body"];

/// A row as it is stored.
pub(crate) fn cells(row: &NewMessage) -> Vec<Value> {
    let NewMessage { id, referral_id, sent_at, agency_id, staff, body } = row.clone();
    vec![id.into(), referral_id.into(), sent_at.into(), agency_id.into(), staff.into(), body.into()]
}

/// Appends the columns of a message `q` to a list of columns.
pub(crate) fn push_columns(sql: &mut Sql, viewer: Uuid) {
    sql.push(", q.id, q.sent_at, q.agency_id, CASE WHEN q.agency_id = ").bind(viewer).push(" THEN q.staff END, q.body");
}

impl MessageRow {
    /// Reads what [`push_columns`] appended.
    pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: columns.next()?,
            sent_at: columns.next()?,
            agency_id: columns.next()?,
            staff: columns.next()?,
            body: columns.next()?,
        })
    }
}

/// Inserts messages.
pub(crate) async fn insert(connection: &impl ConnectionTrait, rows: &[NewMessage]) -> Result<(), DbErr> {
    for some in rows.chunks(rows_at_once(COLUMNS.len())) {
        let mut sql = Sql::new(connection.get_database_backend());
        sql.push("INSERT INTO message (").push(&COLUMNS.join(", ")).push(") VALUES ").rows(some.iter().map(cells));
        sql.run(connection).await?;
    }
    Ok(())
}

/// All messages of all referrals.
#[cfg(feature = "raw")]
pub(crate) async fn all(connection: &impl ConnectionTrait) -> Result<Vec<NewMessage>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT ").push(&COLUMNS.join(", ")).push(" FROM message");
    let read = |row| {
        let mut columns = Columns::of(row);
        let (id, referral_id, sent_at) = (columns.next()?, columns.next()?, columns.next()?);
        let (agency_id, staff, body) = (columns.next()?, columns.next()?, columns.next()?);
        Ok(NewMessage { id, referral_id, sent_at, agency_id, staff, body })
    };
    sql.all(connection).await?.iter().map(read).collect()
}
