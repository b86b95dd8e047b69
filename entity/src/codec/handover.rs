//! Handovers: the copy of the offered values, one row per referral. A receiver's queries read values only from here.
//!
//! This file is the table's codec: every value is written and read here, by the column of its field. The table has the columns
//! `referral_id` and `client_fingerprint`, and a nullable text column for each field except the notes. The parts of a double name are
//! rows of [`name_part`].

use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::fingerprint::ClientFingerprints;
use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use super::name_part::{self, Named};
use super::values::Values;
use crate::sql::batch::Stored;
use crate::sql::{Columns, Sql};

/// One handover.
#[derive(Clone, Debug, Default)]
pub struct HandoverRow {
    /// The referral.
    pub referral_id: Uuid,
    /// Keyed fingerprints of name and birth date, if both were offered, for finding the client at the desk.
    pub client: Option<ClientFingerprints>,
    /// The values.
    pub values: Values,
}

impl HandoverRow {
    /// A new handover, in which no field has a value yet.
    #[must_use]
    pub fn blank(referral_id: Uuid) -> Self {
        Self { referral_id, client: None, values: Values::blank() }
    }
}

/// The fields for which the table has a column: all except the notes, which never leave the Träger.
pub(crate) const fn fields() -> FieldSet {
    FieldSet::ALL.without(FieldSet::of(&[HandoverField::CounsellingNotes]))
}

impl Stored for HandoverRow {
    fn table() -> &'static str {
        "handover"
    }

    fn columns() -> Vec<&'static str> {
        ["referral_id", "client_fingerprint"].into_iter().chain(fields().iter().map(HandoverField::column)).collect()
    }

    fn cells(&self) -> Vec<Value> {
        let whole = self.client.as_ref().map(|client| client.whole.as_str());
        let mut cells = vec![Value::from(self.referral_id), Value::from(whole)];
        cells.extend(self.values.cells(fields()));
        cells
    }
}

impl Named for HandoverRow {
    const PARTS: &'static str = "handover_name_part";
    const OWNER: &'static str = "referral_id";

    fn owner(&self) -> Uuid {
        self.referral_id
    }

    fn client(&self) -> Option<&ClientFingerprints> {
        self.client.as_ref()
    }
}

/// Appends the columns of these fields of `h`. A column whose bit is not in `m.mask` is not read.
pub(crate) fn push_masked(sql: &mut Sql, fields: FieldSet) {
    for field in fields.iter() {
        let bit = FieldSet::of(&[field]).to_i64();
        sql.push(&format!(", CASE WHEN m.mask & {bit} <> 0 THEN h.{} END", field.column()));
    }
}

/// Reads what [`push_masked`] appended, for a row with this mask.
pub(crate) fn read_masked(columns: &mut Columns<'_>, fields: FieldSet, mask: FieldSet) -> Result<Values, DbErr> {
    Ok(Values::read(columns, fields)?.masked(mask))
}

/// Appends a query for the referrals whose handover has this client.
pub(crate) fn push_referrals_of_client(sql: &mut Sql, client: &ClientFingerprints) {
    sql.push("SELECT h.referral_id FROM handover h WHERE h.client_fingerprint IN ");
    sql.rows([client.whole_names().map(Value::from).collect()]).push(" UNION ");
    name_part::push_owners::<HandoverRow>(sql, client);
}

/// These fields of the handovers of referrals, in no particular order.
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    referrals: &[Uuid],
    fields: FieldSet,
) -> Result<Vec<HandoverRow>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT h.referral_id, h.client_fingerprint, ");
    name_part::push_parts::<HandoverRow>(&mut sql, "h.referral_id");
    for field in fields.iter() {
        sql.push(", h.").push(field.column());
    }
    sql.push(" FROM handover h WHERE ").is_one_of("h.referral_id", referrals);
    let rows = sql.all(connection).await?;
    let read = |row| {
        let mut columns = Columns::of(row);
        let (referral_id, client) = (columns.next()?, name_part::read(&mut columns)?);
        Ok(HandoverRow { referral_id, client, values: Values::read(&mut columns, fields)? })
    };
    rows.iter().map(read).collect()
}

/// Replaces all values of a referral's handover, and the fingerprints of the client.
pub(crate) async fn update(connection: &impl ConnectionTrait, row: &HandoverRow) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("UPDATE handover SET ");
    for (place, (name, cell)) in HandoverRow::columns().into_iter().zip(row.cells()).skip(1).enumerate() {
        sql.push(if place > 0 { ", " } else { "" }).push(name).push(" = ").bind(cell);
    }
    sql.push(" WHERE referral_id = ").bind(row.referral_id);
    sql.run(connection).await?;
    name_part::replace::<HandoverRow>(connection, row.referral_id, row.client.as_ref()).await
}

/// Deletes the handovers of referrals, with the parts of the clients' names.
pub(crate) async fn delete(connection: &impl ConnectionTrait, referrals: &[Uuid]) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("DELETE FROM handover WHERE ").is_one_of("referral_id", referrals);
    sql.run(connection).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use HandoverField as F;

    #[test]
    fn every_field_but_the_notes_has_its_column() {
        let columns = HandoverRow::columns();
        let fields: Vec<_> = F::ALL.iter().filter(|&&field| field != F::CounsellingNotes).collect();
        assert_eq!(columns[2..], fields.iter().map(|field| field.column()).collect::<Vec<_>>());
    }

    #[test]
    fn a_value_is_in_the_column_of_its_field_and_the_notes_are_in_none() {
        let values = [(F::FamilyName, "Rahimi".to_owned()), (F::CounsellingNotes, "canary".to_owned())];
        let row = HandoverRow { values: values.into_iter().collect(), ..Default::default() };
        let (columns, cells) = (HandoverRow::columns(), row.cells());
        assert_eq!(cells.len(), columns.len());
        let place = columns.iter().position(|&column| column == F::FamilyName.column()).expect("a column");
        assert_eq!(cells[place], Value::from("Rahimi"));
        assert!(!cells.contains(&Value::from("canary")));
    }
}
