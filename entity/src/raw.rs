//! Raw connections and the codecs' rows for tests and the benchmark, by the feature `raw`. The program is built without it.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityName as _, EntityTrait,
    IdenStatic as _, Iterable as _, Value,
};
use uuid::Uuid;

use crate::database::Database;
use crate::handover::{self, HandoverRow};
use crate::log::Held;
use crate::message::NewMessage;
use crate::note::NewNote;
use crate::sql::{Columns, Sql};
use crate::tx::Tx;
use crate::write::batch::insert_stored;

pub use crate::write::Stored;

impl Database {
    /// The main database.
    #[must_use]
    pub fn raw(&self) -> &DatabaseConnection {
        &self.main
    }

    /// The log's; on PostgreSQL the main database.
    #[must_use]
    pub fn raw_log(&self) -> &DatabaseConnection {
        &self.log
    }

    /// A snapshot, as [`Reads`](crate::read::Reads) begin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn raw_read(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_reading().await
    }

    /// A transaction that writes, as [`Writes`](crate::write::Writes) begin.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn raw_write(&self) -> Result<DatabaseTransaction, DbErr> {
        self.begin_writing().await
    }

    /// A closing for these agencies that has still to commit: disclosures to them wait until it is dropped.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn raw_closing(&self, agencies: &BTreeSet<Uuid>) -> Result<Closing, DbErr> {
        let closing = Tx::write(self).await?;
        Ok(Closing { held: Held::back(&closing, agencies).await?, closing })
    }
}

/// A closing that has still to commit.
#[derive(Debug)]
pub struct Closing {
    held: Held,
    closing: Tx,
}

impl Closing {
    /// Makes it last.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.held.commit(self.closing).await
    }
}

impl<A: ActiveModelTrait> Stored for A {
    fn table() -> &'static str {
        A::Entity::default().table_name()
    }

    fn columns() -> Vec<&'static str> {
        <A::Entity as EntityTrait>::Column::iter().map(|column| column.as_str()).collect()
    }

    fn cells(&self) -> Vec<Value> {
        let cell = |column| self.get(column).into_value().unwrap_or(Value::String(None));
        <A::Entity as EntityTrait>::Column::iter().map(cell).collect()
    }
}

/// Inserts rows in their order.
///
/// # Errors
/// The database does not answer.
pub async fn insert<S: Stored>(connection: &impl ConnectionTrait, rows: &[S]) -> Result<(), DbErr> {
    insert_stored(connection, rows).await
}

/// The handover of a referral.
///
/// # Errors
/// The database does not answer.
pub async fn handover(connection: &impl ConnectionTrait, referral: Uuid) -> Result<Option<HandoverRow>, DbErr> {
    Ok(handover::find(connection, &[referral], handover::fields()).await?.pop())
}

/// Replaces what is in a referral's handover.
///
/// # Errors
/// The database does not answer.
pub async fn update_handover(connection: &impl ConnectionTrait, row: &HandoverRow) -> Result<(), DbErr> {
    handover::update(connection, row).await
}

/// All notes.
///
/// # Errors
/// The database does not answer.
pub async fn notes(connection: &impl ConnectionTrait) -> Result<Vec<NewNote>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT ").push(&NewNote::columns().join(", ")).push(" FROM note");
    let read = |row| {
        let mut columns = Columns::of(row);
        let (id, case_id, agency_id) = (columns.next()?, columns.next()?, columns.next()?);
        let (staff, at, body) = (columns.next()?, columns.next()?, columns.next()?);
        Ok(NewNote { id, case_id, agency_id, staff, at, body })
    };
    sql.all(connection).await?.iter().map(read).collect()
}

/// All messages.
///
/// # Errors
/// The database does not answer.
pub async fn messages(connection: &impl ConnectionTrait) -> Result<Vec<NewMessage>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT ").push(&NewMessage::columns().join(", ")).push(" FROM message");
    let read = |row| {
        let mut columns = Columns::of(row);
        let (id, referral_id, sent_at) = (columns.next()?, columns.next()?, columns.next()?);
        let (agency_id, staff, body) = (columns.next()?, columns.next()?, columns.next()?);
        Ok(NewMessage { id, referral_id, sent_at, agency_id, staff, body })
    };
    sql.all(connection).await?.iter().map(read).collect()
}
