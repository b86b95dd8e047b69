//! Fingerprints of the parts of double names, beside the fingerprint of the whole name: rows of a table of their own for persons, and
//! for handovers.
//!
//! This file is the codec of both tables. They change together with the whole fingerprint, in the same transaction.

use std::collections::BTreeSet;
use std::marker::PhantomData;

use kim_domain::fingerprint::ClientFingerprints;
use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use crate::sql::batch::{Stored, insert_stored};
use crate::sql::{Columns, Sql};

/// A row by which a client is found at the desk.
pub trait Named: Stored {
    /// The table of the parts.
    const PARTS: &'static str;
    /// The column of the parts' table that names the row.
    const OWNER: &'static str;

    /// The id of the row.
    fn owner(&self) -> Uuid;

    /// The fingerprints of the client's name, if the row has any.
    fn client(&self) -> Option<&ClientFingerprints>;
}

/// One part of the name in a row of `R`.
#[derive(Debug)]
pub struct NamePart<R> {
    owner: Uuid,
    fingerprint: String,
    of: PhantomData<fn() -> R>,
}

impl<R: Named> NamePart<R> {
    /// The parts of the name in the row with this id.
    #[must_use]
    pub fn of(owner: Uuid, client: Option<&ClientFingerprints>) -> Vec<Self> {
        let parts = client.into_iter().flat_map(|client| &client.parts);
        parts.map(|part| Self { owner, fingerprint: part.clone(), of: PhantomData }).collect()
    }
}

impl<R: Named> Stored for NamePart<R> {
    fn table() -> &'static str {
        R::PARTS
    }

    fn columns() -> Vec<&'static str> {
        vec![R::OWNER, "fingerprint"]
    }

    fn cells(&self) -> Vec<Value> {
        vec![self.owner.into(), self.fingerprint.as_str().into()]
    }
}

/// Inserts rows in their order, and the parts of their names.
pub(crate) async fn insert_with_parts<R: Named>(connection: &impl ConnectionTrait, rows: &[R]) -> Result<(), DbErr> {
    insert_stored(connection, rows).await?;
    let parts: Vec<NamePart<R>> = rows.iter().flat_map(|row| NamePart::of(row.owner(), row.client())).collect();
    insert_stored(connection, &parts).await
}

/// Replaces the parts of a row's name. The row itself is changed first, so that it is locked.
pub(crate) async fn replace<R: Named>(
    connection: &impl ConnectionTrait,
    owner: Uuid,
    client: Option<&ClientFingerprints>,
) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("DELETE FROM ").push(R::PARTS).push(" WHERE ").push(R::OWNER).push(" = ").bind(owner);
    sql.run(connection).await?;
    insert_stored(connection, &NamePart::<R>::of(owner, client)).await
}

/// Appends the list of the parts of the row with this id.
pub(crate) fn push_parts<R: Named>(sql: &mut Sql, id: &str) {
    sql.push("(SELECT ").list_of(&["n.fingerprint"]);
    sql.push(" FROM ").push(R::PARTS).push(" n WHERE n.").push(R::OWNER).push(" = ").push(id).push(")");
}

/// Reads the fingerprint of a whole name, and what [`push_parts`] appended after it.
pub(crate) fn read(columns: &mut Columns<'_>) -> Result<Option<ClientFingerprints>, DbErr> {
    let whole: Option<String> = columns.next()?;
    let list = columns.text()?.unwrap_or_default();
    let parts: BTreeSet<String> = list.split_terminator(',').map(str::to_owned).collect();
    Ok(whole.map(|whole| ClientFingerprints { whole, parts }))
}

/// Appends a query for the rows that have this whole name as a part of theirs.
pub(crate) fn push_owners<R: Named>(sql: &mut Sql, client: &ClientFingerprints) {
    sql.push("SELECT n.").push(R::OWNER).push(" FROM ").push(R::PARTS).push(" n WHERE n.fingerprint = ");
    sql.bind(client.whole.as_str());
}
