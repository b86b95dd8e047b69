//! Writes responses as JSON. Objects that are written in place pass through the engine as one piece of finished JSON.

use async_graphql::{PathSegment, Value};
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

/// The key of the `__typename` that is added to an object so that it is never empty. No client can select this key, and
/// the key is never written.
pub(crate) const PLACEHOLDER: &str = "";

/// Finished JSON as a value of the engine. No type of the schema resolves to `Value::Binary`, so the variant is free
/// for this use.
pub(crate) fn written(json: Vec<u8>) -> Value {
    Value::Binary(json.into())
}

/// Writes a value of a response, or the whole response.
pub fn write(value: &Value, json: &mut Vec<u8>) {
    match value {
        Value::Null => null(json),
        Value::Boolean(yes) => json.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::Number(number) => plain(number, json),
        Value::String(text) => self::text(text, json),
        Value::Enum(name) => text(name, json),
        Value::Binary(written) => json.extend_from_slice(written),
        Value::List(items) => list(items, write, json),
        Value::Object(fields) => {
            json.push(b'{');
            for (name, value) in fields.iter().filter(|(name, _)| *name != PLACEHOLDER) {
                key(name, json);
                write(value, json);
            }
            json.push(b'}');
        }
    }
}

/// Begins the next item or member of the innermost open list or object.
pub(crate) fn next(json: &mut Vec<u8>) {
    // No value ends with an opening bracket.
    if !matches!(json.last(), Some(b'[' | b'{')) {
        json.push(b',');
    }
}

/// Begins the next member of the innermost open object.
pub(crate) fn key(name: &str, json: &mut Vec<u8>) {
    next(json);
    text(name, json);
    json.push(b':');
}

/// Writes null.
pub(crate) fn null(json: &mut Vec<u8>) {
    json.extend_from_slice(b"null");
}

/// Writes a string.
pub(crate) fn text(text: &str, json: &mut Vec<u8>) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        json.push(b'"');
        json.extend_from_slice(text.as_bytes());
        json.push(b'"');
    } else {
        plain(text, json);
    }
}

/// Writes a day (ISO 8601).
pub(crate) fn day(day: NaiveDate, json: &mut Vec<u8>) {
    let Ok(year @ 0..=9_999) = u32::try_from(day.year()) else { return text(&day.to_string(), json) };
    json.push(b'"');
    digits(year, 4, json);
    json.push(b'-');
    digits(day.month(), 2, json);
    json.push(b'-');
    digits(day.day(), 2, json);
    json.push(b'"');
}

fn digits(number: u32, count: u32, json: &mut Vec<u8>) {
    let digit = |place| b"0123456789"[(number / 10_u32.pow(place) % 10) as usize];
    json.extend((0..count).rev().map(digit));
}

/// Writes a list.
pub(crate) fn list<T>(items: &[T], item: impl Fn(&T, &mut Vec<u8>), json: &mut Vec<u8>) {
    json.push(b'[');
    for one in items {
        next(json);
        item(one, json);
    }
    json.push(b']');
}

fn plain<T: Serialize + ?Sized>(value: &T, json: &mut Vec<u8>) {
    let from = json.len();
    // Strings and numbers always serialize, and writing to memory cannot fail.
    if serde_json::to_writer(&mut *json, value).is_err() {
        json.truncate(from);
        null(json);
    }
}

/// Whether the response has a null at exactly this path.
pub(crate) fn is_null_at(data: &Value, path: &[PathSegment]) -> bool {
    match (data, path) {
        // Parsing the JSON again is slow, but this function is called only for errors.
        (Value::Binary(written), _) => serde_json::from_slice(written).is_ok_and(|read: Value| is_null_at(&read, path)),
        (value, []) => *value == Value::Null,
        (Value::Object(fields), [PathSegment::Field(name), rest @ ..]) => {
            fields.get(name.as_str()).is_some_and(|value| is_null_at(value, rest))
        }
        (Value::List(items), [PathSegment::Index(index), rest @ ..]) => {
            items.get(*index).is_some_and(|value| is_null_at(value, rest))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Name;

    use super::*;

    #[test]
    fn a_day_is_written_as_chrono_writes_it() {
        for (year, month, date) in [(2026, 11, 6), (1950, 1, 31), (7, 2, 3), (-5, 1, 1), (12_026, 12, 24)] {
            let (of, mut json) = (NaiveDate::from_ymd_opt(year, month, date).expect("a day"), Vec::new());
            day(of, &mut json);
            assert_eq!(String::from_utf8(json).expect("text"), format!("\"{of}\""));
        }
    }

    #[test]
    fn finished_json_is_written_unchanged_and_searched_for_nulls() {
        let piece = br#"[{"a":null,"b":[true,"\u00e4"]}]"#;
        let list = written(piece.to_vec());
        let response = Value::Object([(Name::new("list"), list)].into_iter().collect());
        let mut json = Vec::new();
        write(&response, &mut json);
        assert_eq!(json, [br#"{"list":"#, &piece[..], b"}"].concat());
        let path =
            |last: &str| [PathSegment::Field("list".into()), PathSegment::Index(0), PathSegment::Field(last.into())];
        assert!(
            is_null_at(&response, &path("a"))
                && !is_null_at(&response, &path("b"))
                && !is_null_at(&response, &path("c"))
        );
    }

    #[test]
    fn the_placeholder_key_is_not_written() {
        let response = serde_json::json!({"a": {"": "A"}, "": "Query", "b": [{"": "B", "c": 1}]});
        let mut json = Vec::new();
        write(&Value::from_json(response).expect("a value"), &mut json);
        assert_eq!(String::from_utf8(json).expect("text"), r#"{"a":{},"b":[{"c":1}]}"#);
    }

    #[test]
    fn a_response_is_the_json_that_serde_would_write() {
        let value =
            serde_json::json!({"a": [], "b": {}, "c": [1, -2.5, "\"\n\u{1}ä", true, null, {"d": "E"}], "f": [[]]});
        let response = Value::from_json(value.clone()).expect("a value");
        let mut json = Vec::new();
        write(&response, &mut json);
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).expect("JSON"), value);
    }
}
