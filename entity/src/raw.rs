//! Raw connections and the codecs' rows for tests and the benchmark, by the feature `raw`. The program is built without it.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityName as _, EntityTrait,
    IdenStatic as _, Iterable as _, Value,
};
use uuid::Uuid;

use crate::case_file::{self, NewCase};
use crate::database::Database;
use crate::handover::{self, HandoverRow};
use crate::log::Held;
use crate::message::{self, NewMessage};
use crate::note::{self, NewNote};
use crate::person::{self, PersonRow};
use crate::tx::Tx;

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

/// A row as it is stored: what fills a table by COPY.
pub trait Stored {
    /// The table.
    fn table() -> String;

    /// The columns.
    fn columns() -> Vec<&'static str>;

    /// The cells, in the order of the columns. A column that the row does not speak of is null.
    fn cells(&self) -> Vec<Value>;
}

impl<A: ActiveModelTrait> Stored for A {
    fn table() -> String {
        A::Entity::default().table_name().to_owned()
    }

    fn columns() -> Vec<&'static str> {
        <A::Entity as EntityTrait>::Column::iter().map(|column| column.as_str()).collect()
    }

    fn cells(&self) -> Vec<Value> {
        let cell = |column| self.get(column).into_value().unwrap_or(Value::String(None));
        <A::Entity as EntityTrait>::Column::iter().map(cell).collect()
    }
}

impl Stored for HandoverRow {
    fn table() -> String {
        "handover".to_owned()
    }

    fn columns() -> Vec<&'static str> {
        handover::columns().collect()
    }

    fn cells(&self) -> Vec<Value> {
        handover::cells(self)
    }
}

impl Stored for NewMessage {
    fn table() -> String {
        "message".to_owned()
    }

    fn columns() -> Vec<&'static str> {
        message::COLUMNS.to_vec()
    }

    fn cells(&self) -> Vec<Value> {
        message::cells(self)
    }
}

impl Stored for PersonRow {
    fn table() -> String {
        "person".to_owned()
    }

    fn columns() -> Vec<&'static str> {
        person::columns().collect()
    }

    fn cells(&self) -> Vec<Value> {
        person::cells(self)
    }
}

impl Stored for NewCase {
    fn table() -> String {
        "case".to_owned()
    }

    fn columns() -> Vec<&'static str> {
        case_file::columns().collect()
    }

    fn cells(&self) -> Vec<Value> {
        case_file::cells(self)
    }
}

impl Stored for NewNote {
    fn table() -> String {
        "note".to_owned()
    }

    fn columns() -> Vec<&'static str> {
        note::COLUMNS.to_vec()
    }

    fn cells(&self) -> Vec<Value> {
        note::cells(self)
    }
}

/// Inserts persons.
///
/// # Errors
/// The database does not answer.
pub async fn insert_persons(connection: &impl ConnectionTrait, rows: &[PersonRow]) -> Result<(), DbErr> {
    person::insert(connection, rows).await
}

/// Inserts cases.
///
/// # Errors
/// The database does not answer.
pub async fn insert_cases(connection: &impl ConnectionTrait, rows: &[NewCase]) -> Result<(), DbErr> {
    case_file::insert(connection, rows).await
}

/// Inserts handovers.
///
/// # Errors
/// The database does not answer.
pub async fn insert_handovers(connection: &impl ConnectionTrait, rows: &[HandoverRow]) -> Result<(), DbErr> {
    handover::insert(connection, rows).await
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

/// Inserts notes.
///
/// # Errors
/// The database does not answer.
pub async fn insert_notes(connection: &impl ConnectionTrait, rows: &[NewNote]) -> Result<(), DbErr> {
    note::insert(connection, rows).await
}

/// All notes.
///
/// # Errors
/// The database does not answer.
pub async fn notes(connection: &impl ConnectionTrait) -> Result<Vec<NewNote>, DbErr> {
    note::all(connection).await
}

/// Inserts messages.
///
/// # Errors
/// The database does not answer.
pub async fn insert_messages(connection: &impl ConnectionTrait, rows: &[NewMessage]) -> Result<(), DbErr> {
    message::insert(connection, rows).await
}

/// All messages.
///
/// # Errors
/// The database does not answer.
pub async fn messages(connection: &impl ConnectionTrait) -> Result<Vec<NewMessage>, DbErr> {
    message::all(connection).await
}
