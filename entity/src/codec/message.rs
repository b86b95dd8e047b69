//! Messages between the two sides of a referral.
//!
//! This file is the table's codec: the text is written and read here.

use sea_orm::{DbErr, Value};
use uuid::Uuid;

use crate::sql::batch::Stored;
use crate::sql::{Columns, Sql};

/// One message, as a side of its referral sees it.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Id.
    pub id: Uuid,
    /// Microseconds since 1970.
    pub sent_at: i64,
    /// The side that wrote it.
    pub agency_id: Uuid,
    /// The author; only staff of the viewer's agency.
    pub staff: Option<String>,
    /// For whom a service wrote; only of the viewer's agency.
    pub acting_for: Option<String>,
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
    /// The agency that wrote it.
    pub agency_id: Uuid,
    /// Subject of the token; shown to their own agency only.
    pub staff: Option<String>,
    /// For whom a service wrote; shown to their own agency only.
    pub acting_for: Option<String>,
    /// The text.
    pub body: String,
}

impl Stored for NewMessage {
    fn table() -> &'static str {
        "message"
    }

    fn columns() -> Vec<&'static str> {
        vec!["id", "referral_id", "sent_at", "agency_id", "staff", "acting_for", "body"]
    }

    fn cells(&self) -> Vec<Value> {
        let NewMessage { id, referral_id, sent_at, agency_id, staff, acting_for, body } = self.clone();
        let whose = [id.into(), referral_id.into(), sent_at.into(), agency_id.into()];
        whose.into_iter().chain([staff.into(), acting_for.into(), body.into()]).collect()
    }
}

/// Appends the columns of a message `q`.
pub(crate) fn push_columns(sql: &mut Sql, viewer: Uuid) {
    sql.push(", q.id, q.sent_at, q.agency_id, ").only_where("q.agency_id =", viewer, ["q.staff", "q.acting_for"]);
    sql.push(", q.body");
}

impl MessageRow {
    /// Reads what [`push_columns`] appended.
    pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Self, DbErr> {
        Ok(Self {
            id: columns.next()?,
            sent_at: columns.next()?,
            agency_id: columns.next()?,
            staff: columns.next()?,
            acting_for: columns.next()?,
            body: columns.next()?,
        })
    }
}
