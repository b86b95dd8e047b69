//! Values of handover fields, as text. The codecs read and write them by the name of the field's column.

use std::ops::Range;

use kim_domain::field::{FieldSet, HandoverField};
use sea_orm::{ConnectionTrait, DbErr, Value};
use uuid::Uuid;

use crate::sql::{Columns, Sql};

/// Fields and their new values; `None` removes a value. Each codec writes the fields that its table has.
pub type Changes = [(HandoverField, Option<String>)];

/// Values of a handover or a record, in the text form of [`kim_domain::field::ValueType`]. By default nothing was read, so that
/// no field can be taken for an empty one.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// The fields whose columns were read; all fields if the values were not read but set.
    read: FieldSet,
    /// All values in one text, because a list has hundreds of them.
    text: String,
    places: Vec<(HandoverField, Range<usize>)>,
}

impl Values {
    /// Values to write: every field is empty until it is set.
    #[must_use]
    pub fn blank() -> Self {
        Self { read: FieldSet::ALL, ..Self::default() }
    }

    /// The value of a field.
    ///
    /// # Panics
    /// Panics if the field's column was not read, because it is not known whether it is empty.
    #[must_use]
    pub fn get(&self, field: HandoverField) -> Option<&str> {
        assert!(self.read.contains(field), "{field:?} was not read");
        let (_, place) = self.places.iter().find(|(has, _)| *has == field)?;
        self.text.get(place.clone())
    }

    /// The fields that were read or set: all others are unknown here.
    #[must_use]
    pub fn known(&self) -> FieldSet {
        self.read
    }

    /// The same, of which only these fields count as read: the others were masked in the statement.
    pub(crate) fn masked(mut self, mask: FieldSet) -> Self {
        self.read = self.read.and(mask);
        self
    }

    /// Sets the value of a field, or removes it.
    pub fn set(&mut self, field: HandoverField, value: Option<&str>) {
        self.places.retain(|(has, _)| *has != field);
        self.push(field, value);
    }

    /// Adds the value of a field that has none yet.
    pub(crate) fn push(&mut self, field: HandoverField, value: Option<&str>) {
        self.read.insert(field);
        if let Some(value) = value {
            let from = self.text.len();
            self.text.push_str(value);
            self.places.push((field, from..self.text.len()));
        }
    }

    /// Reads these fields from the next columns, in the order of the set.
    pub(crate) fn read(columns: &mut Columns<'_>, fields: FieldSet) -> Result<Self, DbErr> {
        let (text, places) = (String::with_capacity(fields.len() * 16), Vec::with_capacity(fields.len()));
        let mut values = Self { read: FieldSet::EMPTY, text, places };
        values.read_more(columns, fields)?;
        Ok(values)
    }

    /// Reads these fields in addition, which have no value yet.
    pub(crate) fn read_more(&mut self, columns: &mut Columns<'_>, fields: FieldSet) -> Result<(), DbErr> {
        for field in fields.iter() {
            self.push(field, columns.text()?);
        }
        Ok(())
    }

    /// The cells of these fields, in the order of the set.
    pub(crate) fn cells(&self, fields: FieldSet) -> impl Iterator<Item = Value> {
        fields.iter().map(|field| Value::from(self.get(field).map(str::to_owned)))
    }
}

/// Appends the columns of these fields.
pub(crate) fn push_columns(sql: &mut Sql, table: &str, fields: FieldSet) {
    for field in fields.iter() {
        sql.push(", ").push(table).push(".").push(field.column());
    }
}

/// Appends those of these changes that concern the table's fields to the list of an UPDATE.
pub(crate) fn push_changes(sql: &mut Sql, changes: &Changes, fields: FieldSet) {
    for (field, value) in changes.iter().filter(|(field, _)| fields.contains(*field)) {
        sql.push(", ").push(field.column()).push(" = ").bind(value.clone());
    }
}

/// Writes the value of one field of a row.
pub(crate) async fn write(
    connection: &impl ConnectionTrait,
    table: &str,
    id: Uuid,
    field: HandoverField,
    value: &str,
) -> Result<(), DbErr> {
    let mut sql = Sql::new(connection.get_database_backend());
    sql.push("UPDATE ").push(table).push(" SET ").push(field.column()).push(" = ").bind(value);
    sql.push(" WHERE id = ").bind(id);
    sql.run(connection).await.map(drop)
}

impl FromIterator<(HandoverField, String)> for Values {
    fn from_iter<I: IntoIterator<Item = (HandoverField, String)>>(values: I) -> Self {
        let mut all = Self::blank();
        for (field, value) in values {
            all.set(field, Some(&value));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kim_domain::field::HandoverField as F;

    #[test]
    fn a_value_is_what_was_set_last() {
        let mut values = Values::blank();
        values.set(F::City, Some("Köln"));
        values.set(F::Phone, Some("0221 1"));
        values.set(F::City, Some("Bonn"));
        values.set(F::Phone, None);
        assert_eq!((values.get(F::City), values.get(F::Phone)), (Some("Bonn"), None));
        let cells: Vec<_> = values.cells(FieldSet::of(&[F::City, F::Phone])).collect();
        assert!(cells.contains(&Value::from("Bonn")) && cells.contains(&Value::String(None)), "{cells:?}");
    }

    #[test]
    fn a_field_outside_the_mask_was_not_read() {
        let both = FieldSet::of(&[F::City, F::Phone]);
        let values = Values { read: both, ..Values::default() }.masked(FieldSet::of(&[F::City, F::Street]));
        assert_eq!(values.known(), FieldSet::of(&[F::City]));
        assert_eq!(values.get(F::City), None);
    }

    #[test]
    #[should_panic(expected = "Phone was not read")]
    fn a_field_that_was_not_read_is_not_treated_as_empty() {
        let mut values = Values::default();
        values.set(F::City, None);
        assert_eq!(values.get(F::City), None);
        _ = values.get(F::Phone);
    }
}
