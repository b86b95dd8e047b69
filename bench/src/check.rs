//! Checks before the measurement: all subjects must give the same answer, and each must write one log row.

use std::collections::BTreeMap;

use kim_entity::database::Database;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::fixture::Fixture;
use crate::postgres::logged;
use crate::subject::{Running, Subject};
use crate::task::Task;

/// Compares the subjects' answers to each task for the first clerk.
pub(crate) async fn check_same_answers(running: &[Running], tasks: &[Task], fixture: &Fixture) -> Result<(), Failure> {
    for &task in tasks.iter().filter(|&&task| task != Task::Accept) {
        let mut first: Option<(&str, Value)> = None;
        for one in running {
            // Building the requests may read pages to find a cursor. Those reads are logged too, so they happen before
            // counting.
            let requests = one.requests(task, fixture).await?;
            let before = log_rows(one, fixture).await?;
            let answer = one.answer(task, &requests).await?;
            let rows = log_rows(one, fixture).await? - before;
            if task.discloses() && rows != 1 {
                let words = format!("{} wrote {rows} log rows for {} instead of one", one.label, task.title());
                return Err(Failure::new(words));
            }
            let normalized = normalize(answer.get("data").and_then(only_value).unwrap_or(&answer));
            if normalized.is_null() || normalized.as_array().is_some_and(Vec::is_empty) {
                return Err(Failure::new(format!("{} has nothing to answer to {}", one.label, task.title())));
            }
            match &first {
                None => first = Some((&one.label, normalized)),
                Some((label, expected)) => {
                    if let Some(place) = difference(expected, &normalized, "") {
                        let words = format!("{label} and {} answer {} differently: {place}", one.label, task.title());
                        return Err(Failure::new(words));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Lets each subject accept one referral, taken from the end of the queue because the measurement starts at its
/// beginning. Bare SQL is skipped, because its answer does not tell what it did.
pub(crate) async fn check_accept(running: &[Running], fixture: &Fixture) -> Result<(), Failure> {
    for (place, one) in running.iter().filter(|one| one.subject != Subject::Sql).enumerate() {
        let requests = one.requests(Task::Accept, fixture).await?;
        let mine = requests.len().checked_sub(place + 1).and_then(|last| requests.get(last..));
        let mine = mine.ok_or_else(|| Failure::new("nothing is waiting to be accepted"))?;
        let before = logged(&fixture.url).await?;
        let answer = one.answer(Task::Accept, mine).await?;
        if !answer.to_string().contains("\"ACCEPTED\"") {
            return Err(Failure::new(format!("{} did not accept: {}", one.label, truncated(&answer))));
        }
        // kim writes the change into the histories and feeds of both sides; its answer contains no handover value, so
        // nothing is disclosed. A peer may read the row again for its answer, and log that too.
        if one.subject != Subject::Kim && logged(&fixture.url).await? == before {
            return Err(Failure::new(format!("{} did not log that it accepted", one.label)));
        }
    }
    Ok(())
}

/// Number of rows in the subject's log. kim's own log is counted where it is in the same database.
async fn log_rows(one: &Running, fixture: &Fixture) -> Result<i64, Failure> {
    match one.subject {
        Subject::Kim => {
            let database = Database::open(&fixture.url).await?;
            let sql = sea_orm::Statement::from_string(database.backend(), "SELECT count(*) FROM disclosure_log");
            let row = sea_orm::ConnectionTrait::query_one_raw(database.raw_log(), sql).await?;
            database.close().await?;
            row.map_or(Ok(0), |row| Ok(row.try_get_by_index(0)?))
        }
        Subject::Sql | Subject::Postgraphile | Subject::Postrust => logged(&fixture.url).await,
    }
}

/// Normalises an answer of any dialect to kim's names and nesting, with ids as in the database.
fn normalize(value: &Value) -> Value {
    match value {
        Value::Array(rows) => normalize_counts(rows.iter().map(normalize).collect()),
        Value::Object(object) => match (object.len(), only_value(value), object.keys().next().map(String::as_str)) {
            (1, Some(inner), Some("nodes" | "name" | "code" | "aggregate" | "count" | "totalCount" | "referral")) => {
                normalize(inner)
            }
            _ => normalize_object(object),
        },
        Value::String(text) => match kim_domain::id::decode(text) {
            Ok((_, id)) => json!(id),
            Err(_) => json!(text),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn normalize_object(object: &Map<String, Value>) -> Value {
    let mut normalized = Map::new();
    for (key, value) in object {
        let key = camel_case(key);
        let (key, mut value) = match key.as_str() {
            "rowId" => ("id", normalize(value)),
            "agencyBySenderId" => ("sender", normalize(value)),
            // In Hasura's dialect a relation has the name of its table: a message's `agency` is its author.
            "agency" if object.contains_key("body") => ("author", normalize(value)),
            "agency" => ("sender", normalize(value)),
            "agencyByAuthorId" => ("author", normalize(value)),
            "messagesByReferralId" => ("messages", normalize(value)),
            "body" => ("text", normalize(value)),
            "sentAt" => ("sentAt", instant(value)),
            "handover" => {
                if let Value::Object(fields) = normalize(value) {
                    normalized.extend(fields);
                }
                continue;
            }
            other => (other, normalize(value)),
        };
        // The order of these lists differs between the dialects.
        if let (true, Value::Array(rows)) = (matches!(key, "messages" | "byStatus"), &mut value) {
            rows.sort_by_key(ToString::to_string);
        }
        normalized.insert(key.to_owned(), value);
    }
    Value::Object(normalized)
}

/// Normalises the dashboard's numbers: the peers return them by status, kim also returns the sums.
fn normalize_counts(rows: Vec<Value>) -> Value {
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

/// The place and the values of the first difference between two answers.
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
        _ => Some(format!("{place}: {} and {}", truncated(a), truncated(b))),
    }
}

fn truncated(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_row_is_equal_in_every_dialect() {
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
        assert_eq!(difference(&normalize(&kim), &normalize(&postgraphile), ""), None);
        assert_eq!(difference(&normalize(&kim), &normalize(&postrust), ""), None);
    }

    #[test]
    fn a_difference_is_reported_with_its_place() {
        let place = difference(&json!([{"a": {"b": 1}}]), &json!([{"a": {"b": 2}}]), "");
        assert_eq!(place.as_deref(), Some("[0].a.b: 1 and 2"));
        assert!(difference(&json!({"a": null}), &json!({}), "").is_some(), "a missing key is not null");
    }
}
