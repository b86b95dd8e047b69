//! Whether a value in an answer is the stored one.

use kim_domain::field::{BIRTH_DATE_PART, HandoverField};
use serde_json::Value;

use super::answer::{Checked, is};
use super::document::{Node, asked};
use super::schema::Schema;
use crate::support::world::value_or_part as stored_value;

/// Compares a handover field with the stored value of this number.
pub(crate) fn check(number: u32, node: &Node, value: &Value, schema: &Schema) -> Checked {
    if [BIRTH_DATE_PART, HandoverField::BirthDate.name()].contains(&&*node.name) {
        return is(value, &birth_date(number, &node.name));
    }
    let stored = stored_value(number, HandoverField::from_name(&node.name).expect("a field"));
    // Numbers, lists and objects are stored as JSON; texts, enum values and days as text.
    let is_json = matches!(&*node.ty, "Int" | "Boolean") || stored.starts_with(['[', '{']);
    let stored = if is_json { serde_json::from_str(&stored).expect("JSON") } else { Value::String(stored) };
    if node.inner.is_empty() { is(value, &stored) } else { object(&stored, node, value, schema) }
}

/// What one of the two fields of a birth date has: the day, or what is known of it.
fn birth_date(number: u32, name: &str) -> Value {
    let stored = stored_value(number, HandoverField::BirthDate);
    let is_known_in_part = stored.len() < "1990-05-17".len();
    if is_known_in_part == (name == BIRTH_DATE_PART) { Value::String(stored) } else { Value::Null }
}

/// Compares the selected fields of an object, or of each object in a list.
fn object(stored: &Value, node: &Node, value: &Value, schema: &Schema) -> Checked {
    if let Some(stored) = stored.as_array() {
        let list = value.as_array().map_or(&[][..], Vec::as_slice);
        if stored.len() != list.len() {
            return Err(format!("it should have {} rows", stored.len()));
        }
        return stored.iter().zip(list).try_for_each(|(stored, value)| object(stored, node, value, schema));
    }
    for part in asked(&node.inner, &node.ty, schema) {
        let value = &value[&part.key];
        match (&*part.name, stored) {
            ("__typename", _) => is(value, &node.ty.as_str().into())?,
            // A nationality is stored by its code.
            ("code", stored @ Value::String(_)) => is(value, stored)?,
            (name, stored) if stored.is_object() => is(value, &stored[name])?,
            _ => {}
        }
    }
    Ok(())
}
