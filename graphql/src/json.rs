//! An answer as JSON. What is answered in place is written at once, and carried through the engine in one piece.

use async_graphql::{PathSegment, Value};
use chrono::{Datelike as _, NaiveDate};
use serde::Serialize;

/// The key of a `__typename` that keeps an object from being empty. No client can ask for it, and it is never written.
pub(crate) const KEPT: &str = "";

/// A piece of an answer that is written already. The engine has a value for bytes, which no type of the schema answers.
pub(crate) fn written(json: Vec<u8>) -> Value {
    Value::Binary(json.into())
}

/// Writes a piece of an answer, or all of it.
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
            for (name, value) in fields.iter().filter(|(name, _)| *name != KEPT) {
                key(name, json);
                write(value, json);
            }
            json.push(b'}');
        }
    }
}

/// Begins the next member of the list or object that was begun last.
pub(crate) fn next(json: &mut Vec<u8>) {
    // No value ends with an opening bracket.
    if !matches!(json.last(), Some(b'[' | b'{')) {
        json.push(b',');
    }
}

/// Begins the next member of the object that was begun last.
pub(crate) fn key(name: &str, json: &mut Vec<u8>) {
    next(json);
    text(name, json);
    json.push(b':');
}

/// Writes null.
pub(crate) fn null(json: &mut Vec<u8>) {
    json.extend_from_slice(b"null");
}

/// Writes a text.
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
    // Text and numbers can always be written, and memory takes them.
    if serde_json::to_writer(&mut *json, value).is_err() {
        json.truncate(from);
        null(json);
    }
}

/// Whether the answer says null at this very place.
pub(crate) fn is_null_at(data: &Value, path: &[PathSegment]) -> bool {
    match (data, path) {
        // Read again only where something went wrong.
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
    fn what_is_written_already_goes_out_as_it_is_and_is_looked_into() {
        let piece = br#"[{"a":null,"b":[true,"\u00e4"]}]"#;
        let list = written(piece.to_vec());
        let answer = Value::Object([(Name::new("list"), list)].into_iter().collect());
        let mut json = Vec::new();
        write(&answer, &mut json);
        assert_eq!(json, [br#"{"list":"#, &piece[..], b"}"].concat());
        let path =
            |last: &str| [PathSegment::Field("list".into()), PathSegment::Index(0), PathSegment::Field(last.into())];
        assert!(
            is_null_at(&answer, &path("a")) && !is_null_at(&answer, &path("b")) && !is_null_at(&answer, &path("c"))
        );
    }

    #[test]
    fn what_keeps_an_object_is_not_written() {
        let answer = serde_json::json!({"a": {"": "A"}, "": "Query", "b": [{"": "B", "c": 1}]});
        let mut json = Vec::new();
        write(&Value::from_json(answer).expect("a value"), &mut json);
        assert_eq!(String::from_utf8(json).expect("text"), r#"{"a":{},"b":[{"c":1}]}"#);
    }

    #[test]
    fn an_answer_is_the_json_that_serde_would_write() {
        let value =
            serde_json::json!({"a": [], "b": {}, "c": [1, -2.5, "\"\n\u{1}ä", true, null, {"d": "E"}], "f": [[]]});
        let answer = Value::from_json(value.clone()).expect("a value");
        let mut json = Vec::new();
        write(&answer, &mut json);
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).expect("JSON"), value);
    }
}
