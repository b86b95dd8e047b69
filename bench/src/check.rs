//! Whether all subjects give the same answer, and whether each leaves one log row behind it. Nothing is measured before.

use std::collections::BTreeMap;

use kim_entity::database::Database;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::postgres::logged;
use crate::stage::Stage;
use crate::subject::{Running, Subject};
use crate::task::Task;

/// Asks each for the first clerk's answer to every task, and compares.
pub(crate) async fn same_answers(running: &[Running], tasks: &[Task], stage: &Stage) -> Result<(), Failure> {
    for &task in tasks.iter().filter(|&&task| task != Task::Accept) {
        let mut first: Option<(&str, Value)> = None;
        for one in running {
            // A cursor is found by reading what lies before it: that is logged too, and not counted.
            let asks = one.asks(task, stage).await?;
            let before = log_rows(one, stage).await?;
            let answer = one.answer(task, &asks).await?;
            let rows = log_rows(one, stage).await? - before;
            if task.discloses() && rows != 1 {
                let words = format!("{} left {rows} log rows behind for {}, not one", one.label, task.title());
                return Err(Failure::new(words));
            }
            let plain = plain(answer.get("data").and_then(only_value).unwrap_or(&answer));
            if plain.is_null() || plain.as_array().is_some_and(Vec::is_empty) {
                return Err(Failure::new(format!("{} has nothing to answer to {}", one.label, task.title())));
            }
            match &first {
                None => first = Some((&one.label, plain)),
                Some((label, expected)) => {
                    if let Some(place) = difference(expected, &plain, "") {
                        let words = format!("{label} and {} answer {} differently: {place}", one.label, task.title());
                        return Err(Failure::new(words));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Lets each accept a referral, of the last that wait: measured are the first ones. Bare SQL says nothing of what it did.
pub(crate) async fn accepts(running: &[Running], stage: &Stage) -> Result<(), Failure> {
    for (place, one) in running.iter().filter(|one| one.subject != Subject::Sql).enumerate() {
        let asks = one.asks(Task::Accept, stage).await?;
        let mine = asks.len().checked_sub(place + 1).and_then(|last| asks.get(last..));
        let mine = mine.ok_or_else(|| Failure::new("nothing is waiting to be accepted"))?;
        let before = logged(&stage.url).await?;
        let answer = one.answer(Task::Accept, mine).await?;
        if !answer.to_string().contains("\"ACCEPTED\"") {
            return Err(Failure::new(format!("{} did not accept: {}", one.label, short(&answer))));
        }
        // kim writes the change itself, in the histories and feeds of both sides; nothing of a handover is in its answer.
        // A peer may read the row once more for its answer, and log that too.
        if one.subject != Subject::Kim && logged(&stage.url).await? == before {
            return Err(Failure::new(format!("{} did not log that it accepted", one.label)));
        }
    }
    Ok(())
}

/// How many rows its log has. kim's own is counted where it is in the same database.
async fn log_rows(one: &Running, stage: &Stage) -> Result<i64, Failure> {
    match one.subject {
        Subject::Kim => {
            let database = Database::open(&stage.url).await?;
            let sql = sea_orm::Statement::from_string(database.backend(), "SELECT count(*) FROM disclosure_log");
            let row = sea_orm::ConnectionTrait::query_one_raw(database.raw_log(), sql).await?;
            database.close().await?;
            row.map_or(Ok(0), |row| Ok(row.try_get_by_index(0)?))
        }
        Subject::Sql | Subject::Postgraphile | Subject::Postrust => logged(&stage.url).await,
    }
}

/// What an answer says, whatever the dialect: names and nesting of kim's, ids as in the database.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(rows) => tally(rows.iter().map(plain).collect()),
        Value::Object(object) => match (object.len(), only_value(value), object.keys().next().map(String::as_str)) {
            (1, Some(inner), Some("nodes" | "name" | "code" | "aggregate" | "count" | "totalCount" | "referral")) => {
                plain(inner)
            }
            _ => named(object),
        },
        Value::String(text) => match kim_domain::id::decode(text) {
            Ok((_, id)) => json!(id),
            Err(_) => json!(text),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn named(object: &Map<String, Value>) -> Value {
    let mut named = Map::new();
    for (key, value) in object {
        let key = camel_case(key);
        let (key, mut value) = match key.as_str() {
            "rowId" => ("id", plain(value)),
            "agencyBySenderId" => ("sender", plain(value)),
            // In Hasura's dialect a relation is called like its table: a message's is its author.
            "agency" if object.contains_key("body") => ("author", plain(value)),
            "agency" => ("sender", plain(value)),
            "agencyByAuthorId" => ("author", plain(value)),
            "messagesByReferralId" => ("messages", plain(value)),
            "body" => ("text", plain(value)),
            "sentAt" => ("sentAt", instant(value)),
            "handover" => {
                if let Value::Object(fields) = plain(value) {
                    named.extend(fields);
                }
                continue;
            }
            other => (other, plain(value)),
        };
        // The last three are asked for in one order or the other.
        if let (true, Value::Array(rows)) = (matches!(key, "messages" | "byStatus"), &mut value) {
            rows.sort_by_key(ToString::to_string);
        }
        named.insert(key.to_owned(), value);
    }
    Value::Object(named)
}

/// A dashboard's numbers: the peers have them by status, kim their sums as well.
fn tally(rows: Vec<Value>) -> Value {
    let numbers = rows.first().is_some_and(|row| row.get("overdue").is_some() && row.get("status").is_some());
    if !numbers {
        return Value::Array(rows);
    }
    let sum = |key: &str| rows.iter().filter_map(|row| row[key].as_i64()).sum::<i64>();
    let mut by_status: Vec<Value> =
        rows.iter().map(|row| json!({"status": row["status"], "count": row["count"]})).collect();
    by_status.sort_by_key(ToString::to_string);
    json!({"total": sum("count"), "pending": sum("pending"), "overdue": sum("overdue"), "byStatus": by_status})
}

fn instant(value: &Value) -> Value {
    let text = value.as_str().unwrap_or_default();
    chrono::DateTime::parse_from_rfc3339(text).map_or_else(|_| value.clone(), |at| json!(at.timestamp_micros()))
}

fn only_value(value: &Value) -> Option<&Value> {
    value.as_object().filter(|object| object.len() == 1)?.values().next()
}

fn camel_case(name: &str) -> String {
    let mut upper = false;
    let letters = name.chars().filter_map(|letter| {
        if letter == '_' {
            upper = true;
            return None;
        }
        Some(if std::mem::take(&mut upper) { letter.to_ascii_uppercase() } else { letter })
    });
    letters.collect()
}

/// Where two answers differ first, and how.
fn difference(a: &Value, b: &Value, place: &str) -> Option<String> {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(n, (a, b))| difference(a, b, &format!("{place}[{n}]")))
        }
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeMap<&String, ()> = a.keys().chain(b.keys()).map(|key| (key, ())).collect();
            let missing = Value::String("(nothing)".into());
            let at = |object: &Map<String, Value>, key: &str| object.get(key).unwrap_or(&missing).clone();
            keys.keys().find_map(|key| difference(&at(a, key), &at(b, key), &format!("{place}.{key}")))
        }
        _ if a == b => None,
        _ => Some(format!("{place}: {} and {}", short(a), short(b))),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_row_is_the_same_in_every_dialect() {
        let id = uuid::Uuid::from_u128(7);
        let type_id = kim_domain::id::encode(kim_domain::id::Kind::Referral, id);
        let kim = json!({"nodes": [{"id": type_id, "dueOn": "2026-01-02", "sender": {"name": "T"},
            "handover": {"city": "Köln", "nationalities": [{"code": "SY"}]},
            "messages": {"nodes": [{"text": "a", "sentAt": "2026-01-01T00:00:00Z", "author": {"name": "T"}}]}}]});
        let postgraphile = json!({"nodes": [{"rowId": id, "dueOn": "2026-01-02", "agencyBySenderId": {"name": "T"},
            "city": "Köln", "nationalities": ["SY"], "messagesByReferralId": {"nodes": [
            {"body": "a", "sentAt": "2026-01-01T00:00:00.000000+00:00", "agencyByAuthorId": {"name": "T"}}]}}]});
        let postrust = json!([{"id": id, "due_on": "2026-01-02", "agency": {"name": "T"}, "city": "Köln",
            "nationalities": ["SY"], "messages": [
            {"body": "a", "sent_at": "2026-01-01T01:00:00+01:00", "agency": {"name": "T"}}]}]);
        assert_eq!(difference(&plain(&kim), &plain(&postgraphile), ""), None);
        assert_eq!(difference(&plain(&kim), &plain(&postrust), ""), None);
    }

    #[test]
    fn a_difference_is_named_by_its_place() {
        let place = difference(&json!([{"a": {"b": 1}}]), &json!([{"a": {"b": 2}}]), "");
        assert_eq!(place.as_deref(), Some("[0].a.b: 1 and 2"));
        assert!(difference(&json!({"a": null}), &json!({}), "").is_some(), "a missing key is no null");
    }
}
