//! Persons: clients of one Träger, never shared with another.
//!
//! This file is the table's codec: every value is written and read here, by the column of its field. Each value is nullable text
//! in the encoding that [`kim_domain::field::ValueType`] documents, so that it can be encrypted. The parts of a double name are rows
//! of [`name_part`].

use kim_domain::field::{Block, FieldSet, HandoverField};
use kim_domain::fingerprint::ClientFingerprints;
use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use super::name_part::{self, Named};
use super::values::{self, Changes, Values};
use crate::sql::batch::Stored;
use crate::sql::{Columns, Sql};

/// One person.
#[derive(Clone, Debug, Default)]
pub struct PersonRow {
    /// UUIDv7.
    pub id: Uuid,
    /// The Träger.
    pub agency_id: Uuid,
    /// Fingerprints for finding the client.
    pub fingerprints: Option<Fingerprints>,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// The values; those of a case's fields are not written.
    pub values: Values,
}

/// Keyed fingerprints of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprints {
    /// Of the family name and the birth date.
    pub exact: ClientFingerprints,
    /// Of the names' sound (Kölner Phonetik) and the birth date: possible duplicates.
    pub phonetic: Option<String>,
}

/// The fields for which the table has a column: those that do not depend on the case. The age is computed, and the household has
/// its own table.
pub(crate) const FIELDS: FieldSet = {
    let mut fields = FieldSet::EMPTY;
    let mut all = HandoverField::ALL;
    while let [field, rest @ ..] = all {
        if !matches!(field.block(), Block::Request | Block::Sensitive | Block::Notes) {
            fields.insert(*field);
        }
        all = rest;
    }
    fields.without(FieldSet::of(&[HandoverField::Age, HandoverField::HouseholdMembers]))
};

/// The condition that `o` is the client `p`, or another record of the same agency with the same fingerprint.
pub(crate) const IS_SAME_CLIENT: &str = "o.agency_id = p.agency_id AND (o.id = p.id OR o.fingerprint = p.fingerprint)";

impl Stored for PersonRow {
    fn table() -> &'static str {
        "person"
    }

    fn columns() -> Vec<&'static str> {
        ["id", "agency_id", "fingerprint", "phonetic_fingerprint", "created_at", "updated_at"]
            .into_iter()
            .chain(FIELDS.iter().map(HandoverField::column))
            .collect()
    }

    fn cells(&self) -> Vec<Value> {
        let (exact, phonetic) = match self.fingerprints.clone() {
            Some(Fingerprints { exact, phonetic }) => (Some(exact.whole), phonetic),
            None => (None, None),
        };
        let mut cells = vec![self.id.into(), self.agency_id.into(), exact.into(), phonetic.into()];
        cells.extend([self.created_at.into(), self.created_at.into()]);
        cells.extend(self.values.cells(FIELDS));
        cells
    }
}

impl Named for PersonRow {
    const PARTS: &'static str = "person_name_part";
    const OWNER: &'static str = "person_id";

    fn owner(&self) -> Uuid {
        self.id
    }

    fn client(&self) -> Option<&ClientFingerprints> {
        self.fingerprints.as_ref().map(|fingerprints| &fingerprints.exact)
    }
}

/// Appends the columns of those of these fields that a person `p` has.
pub(crate) fn push_columns(sql: &mut Sql, fields: FieldSet) {
    values::push_columns(sql, "p", fields.and(FIELDS));
}

/// Reads what [`push_columns`] appended.
pub(crate) fn read(columns: &mut Columns<'_>, fields: FieldSet) -> Result<Values, DbErr> {
    Values::read(columns, fields.and(FIELDS))
}

/// Appends the fingerprints of the name of a person `p`. [`name_part::read`] reads them.
pub(crate) fn push_name(sql: &mut Sql) {
    sql.push("p.fingerprint, ");
    name_part::push_parts::<PersonRow>(sql, "p.id");
}

/// Appends the phonetic fingerprint of a person `p`.
pub(crate) fn push_phonetic_fingerprint(sql: &mut Sql) {
    sql.push("p.phonetic_fingerprint");
}

/// Reads what [`push_phonetic_fingerprint`] appended, of a person who has one.
pub(crate) fn read_phonetic_fingerprint(columns: &mut Columns<'_>) -> Result<String, DbErr> {
    columns.next()
}

/// Appends the condition that `p` has one of these phonetic fingerprints.
pub(crate) fn push_sounds_like(sql: &mut Sql, sounds: &[String]) {
    sql.push("p.phonetic_fingerprint IN ").rows([sounds.iter().map(Value::from).collect()]);
}

/// Appends the condition that `p`, a client of this agency, is found by this name and birth date.
pub(crate) fn push_is_client(sql: &mut Sql, agency: Uuid, client: &ClientFingerprints) {
    sql.push("p.id IN (SELECT w.id FROM person w WHERE w.agency_id = ").bind(agency);
    sql.push(" AND w.fingerprint IN ").rows([client.whole_names().map(Value::from).collect()]).push(" UNION ");
    name_part::push_owners::<PersonRow>(sql, client);
    sql.push(")");
}

/// Reads these fields of an agency's client, and locks the row if asked to.
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    id: Uuid,
    agency: Uuid,
    fields: FieldSet,
    is_locked: bool,
) -> Result<Option<Values>, DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("SELECT p.id");
    push_columns(&mut sql, fields);
    sql.push(" FROM person p WHERE p.id = ").bind(id).push(" AND p.agency_id = ").bind(agency);
    if is_locked {
        sql.lock("NO KEY UPDATE");
    }
    let Some(row) = sql.one(connection).await? else { return Ok(None) };
    let mut columns = Columns::of(&row);
    columns.next::<Uuid>()?;
    read(&mut columns, fields).map(Some)
}

/// Writes the value of one field that a person has.
pub(crate) async fn write(
    connection: &impl ConnectionTrait,
    id: Uuid,
    field: HandoverField,
    value: &str,
) -> Result<(), DbErr> {
    values::write(connection, "person", id, field, value).await
}

/// Writes those of these values that a person has, and the fingerprints if they change.
pub(crate) async fn update(
    connection: &impl ConnectionTrait,
    id: Uuid,
    agency: Uuid,
    changes: &Changes,
    fingerprints: Option<Fingerprints>,
    now: i64,
) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("UPDATE person SET updated_at = ").bind(now);
    values::push_changes(&mut sql, changes, FIELDS);
    if let Some(Fingerprints { exact, phonetic }) = &fingerprints {
        sql.push(", fingerprint = ").bind(exact.whole.as_str());
        sql.push(", phonetic_fingerprint = ").bind(phonetic.clone());
    }
    sql.push(" WHERE id = ").bind(id).push(" AND agency_id = ").bind(agency);
    let is_there = sql.run(connection).await? > 0;
    match fingerprints {
        Some(renamed) if is_there => name_part::replace::<PersonRow>(connection, id, Some(&renamed.exact)).await,
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_the_fields_that_do_not_depend_on_the_case() {
        for &field in HandoverField::ALL {
            let kept = match field.block() {
                Block::Request | Block::Sensitive | Block::Notes => false,
                Block::Identity => field != HandoverField::Age,
                Block::Household => field != HandoverField::HouseholdMembers,
                Block::Contact
                | Block::Residence
                | Block::Language
                | Block::Education
                | Block::Work
                | Block::Livelihood
                | Block::Achievements
                | Block::Health => true,
            };
            assert_eq!(FIELDS.contains(field), kept, "{field:?}");
        }
    }

    #[test]
    fn a_value_is_in_the_column_of_its_field_and_a_value_of_a_case_is_not_written() {
        let values = [(HandoverField::City, "Köln".to_owned()), (HandoverField::Concern, "canary".to_owned())];
        let person = PersonRow { values: values.into_iter().collect(), ..Default::default() };
        let (columns, cells) = (PersonRow::columns(), person.cells());
        assert_eq!(cells.len(), columns.len());
        let place = columns.iter().position(|&column| column == HandoverField::City.column()).expect("a column");
        assert_eq!(cells[place], Value::from("Köln"));
        assert!(!cells.contains(&Value::from("canary")));
    }
}
