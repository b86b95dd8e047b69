//! Random arguments: enum values, ids of visible, hidden and missing rows, pages, days, inputs.

use serde_json::{Map, Value, json};

use super::canaries::EXAMPLE;
use super::document::Given;
use super::generator::{Generator, Room};
use super::schema::{Argument, Field, Kind, Type};
use crate::support::world::in_days;

/// Ids of missing rows, and texts that are not ids.
const NONSENSE: [&str; 6] =
    ["", "referral_", "xyz", EXAMPLE, "person_01h455vb4pex5vsknk084sn02q", "nichts_01h455vb4pex5vsknk084sn02q"];
const PAGE: [&str; 4] = ["first", "after", "last", "before"];
/// No row has this version, so a mutation that expects it is refused.
const NO_VERSION: i64 = 4_711;

/// The list of a cursor: name, filter and order.
pub(crate) fn list_of(name: &str, arguments: &[Given]) -> String {
    let others = arguments.iter().filter(|given| !PAGE.contains(&given.name.as_str()));
    others.fold(name.to_owned(), |list, given| format!("{list} {}={}", given.name, given.value))
}

impl Generator<'_> {
    /// Arguments of a field, and its maximum number of rows.
    pub(super) fn arguments(&mut self, field: &Field, room: Room) -> (Vec<Given>, usize) {
        let (page, others): (Vec<&Argument>, Vec<&Argument>) =
            field.arguments.iter().partition(|argument| PAGE.contains(&argument.name.as_str()));
        let mut given = Vec::new();
        for argument in others {
            if let Some(value) = self.argument(argument, &field.name) {
                given.push(self.given(argument, value));
            }
        }
        if page.is_empty() {
            return (given, 1);
        }
        let list = list_of(&field.name, &given);
        let (values, length) = self.page(&list, &page, room);
        for argument in page {
            if let Some(value) = values.get(&argument.name) {
                given.push(self.given(argument, value.clone()));
            }
        }
        (given, length)
    }

    /// The arguments of a page, and its maximum number of rows.
    fn page(&mut self, list: &str, arguments: &[&Argument], room: Room) -> (Map<String, Value>, usize) {
        let (mut values, mut length) = (Map::new(), 20);
        let most = (60 / room.rows).clamp(1, 12);
        if room.rows > 2 || self.random.percent(80) {
            let from_end = arguments.len() > 2 && self.random.percent(30);
            let size = match self.random.below(60) {
                0 => -1,
                1 => 101,
                2 => 0,
                3..8 if room.rows == 1 => 40,
                _ => 1 + i64::try_from(self.random.below(most)).expect("a small page"),
            };
            length = usize::try_from(size.clamp(1, 100)).expect("a small page");
            values.insert(if from_end { "last" } else { "first" }.to_owned(), json!(size));
        }
        let cursors = self.cursors.get(list).map_or(&[][..], Vec::as_slice);
        if !cursors.is_empty() && self.random.percent(15) {
            let before = arguments.len() > 2 && self.random.percent(40);
            values.insert(if before { "before" } else { "after" }.to_owned(), json!(self.random.pick(cursors)));
        } else if self.random.percent(1) {
            values.insert("after".to_owned(), json!("bm90aGluZw"));
        }
        (values, length)
    }

    /// A value of an argument or of a member of an input object; none if it is omitted.
    fn argument(&mut self, argument: &Argument, of: &str) -> Option<Value> {
        let out = match (argument.ty.is_required(), argument.has_default) {
            (true, false) => 0,
            (true, true) => 40,
            (false, _) if argument.name == "filter" => 50,
            (false, _) => 65,
        };
        match self.random.percent(out) {
            true => None,
            false if !argument.ty.is_required() && self.random.percent(3) => Some(Value::Null),
            false => Some(self.value(&argument.ty, &argument.name, of)),
        }
    }

    fn value(&mut self, ty: &Type, name: &str, of: &str) -> Value {
        match ty {
            Type::Required(inner) => self.value(inner, name, of),
            Type::List(inner) => {
                let length = 1 + self.random.below(3);
                (0..length).map(|_| self.value(inner, name, of)).collect()
            }
            Type::Named(type_name) => match self.schema.kind(type_name) {
                Kind::Enum(words) => json!(self.random.pick(words)),
                Kind::Input { .. } if type_name == "ClientInput" => self.random.pick(&self.pool.clients).clone(),
                Kind::Input { members, one_of } => {
                    // The test knows the answer to a filter with one member.
                    if *one_of || type_name.ends_with("Filter") && self.random.percent(60) {
                        let member = self.random.pick(members);
                        return json!({&member.name: self.value(&member.ty, &member.name, type_name)});
                    }
                    let value = |member: &Argument| Some((member.name.clone(), self.argument(member, type_name)?));
                    Value::Object(members.iter().filter_map(value).collect())
                }
                Kind::Scalar | Kind::Object(_) | Kind::Interface { .. } => self.scalar(type_name, name, of),
            },
        }
    }

    fn scalar(&mut self, ty: &str, name: &str, of: &str) -> Value {
        match ty {
            "ID" => json!(self.id(name, of)),
            "Int" if name == "expectedVersion" => json!(NO_VERSION),
            "Int" => json!(self.random.below(40)),
            "Boolean" => json!(self.random.percent(50)),
            "Date" => json!(self.day().to_string()),
            "BirthDatePart" => json!(*self.random.pick(&["1990", "1990-05"])),
            "DateTime" => json!(format!("{}T10:00:00Z", self.day())),
            "Month" => json!(self.day().format("%Y-%m").to_string()),
            "Period" => json!(*self.random.pick(&["2026-09", "2026-Q3", "2026-10", "2025-Q4"])),
            "String" if name == "idempotencyKey" => {
                let key = self.random.below(usize::MAX);
                json!(format!("random-{key}"))
            }
            "String" => {
                let known = self.of_pool(name);
                json!(known.unwrap_or_else(|| "ein Text".to_owned()))
            }
            other => panic!("the generator knows no scalar {other}"),
        }
    }

    fn day(&mut self) -> chrono::NaiveDate {
        let days = self.random.below(120);
        in_days(60 - i64::try_from(days).expect("few days"))
    }

    /// An id of the type that an argument of this name expects, in most cases.
    fn id(&mut self, name: &str, of: &str) -> String {
        const ANY: [&str; 12] = [
            "referral",
            "referral",
            "referral",
            "referral",
            "case",
            "consent",
            "agency",
            "agreement",
            "proposal",
            "message",
            "event",
            "correction",
        ];
        let kind = match (name, of) {
            ("id", "referral" | "case") => of,
            ("ids", _) => "referral",
            ("from" | "to", _) => "agreement",
            ("receiverId" | "toAgencyId" | "agency", _) => "agency",
            _ => name.strip_suffix("Id").unwrap_or_else(|| *self.random.pick(&ANY)),
        };
        let kind = if self.random.percent(5) { *self.random.pick(&ANY) } else { kind };
        let known = if self.random.percent(92) { self.of_pool(kind) } else { None };
        known.unwrap_or_else(|| (*self.random.pick(&NONSENSE)).to_owned())
    }

    /// A value for this name, in two of three cases of a row that the viewer sees.
    fn of_pool(&mut self, name: &str) -> Option<String> {
        let own = self.pool.own.get(name).filter(|_| self.random.percent(65));
        let from = own.or_else(|| self.pool.all.get(name)).filter(|all| !all.is_empty())?;
        Some(self.random.pick(from).clone())
    }

    /// Writes an argument as a variable, or as a literal that may contain variables.
    pub(super) fn given(&mut self, argument: &Argument, value: Value) -> Given {
        let text = self.written(&argument.ty, &value, 35);
        Given { name: argument.name.clone(), text, value }
    }

    fn written(&mut self, ty: &Type, value: &Value, variables: usize) -> String {
        if self.random.percent(variables) {
            let text = self.variable(&ty.to_string(), value);
            if self.random.percent(15) {
                let default = self.literal(ty, value, 0);
                let variable = self.variables.last_mut().expect("it was added");
                (variable.default, variable.given) = (Some(default), None);
            }
            return text;
        }
        self.literal(ty, value, variables.min(15))
    }

    fn literal(&mut self, ty: &Type, value: &Value, variables: usize) -> String {
        match (ty, value) {
            (_, Value::Null) => "null".to_owned(),
            (Type::Required(inner), value) => self.literal(inner, value, variables),
            (Type::List(inner), Value::Array(all)) => {
                let all: Vec<String> = all.iter().map(|one| self.written(inner, one, variables)).collect();
                format!("[{}]", all.join(", "))
            }
            (Type::List(inner), one) => self.literal(inner, one, variables),
            (Type::Named(name), Value::Object(members)) => {
                let schema = self.schema;
                let Kind::Input { members: known, .. } = schema.kind(name) else { panic!("{name} is no input") };
                let member = |(name, value): (&String, &Value)| {
                    let member = known.iter().find(|member| member.name == *name).expect("a member");
                    format!("{name}: {}", self.written(&member.ty, value, variables))
                };
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{{}}}", members.join(", "))
            }
            (Type::Named(name), Value::String(word)) if matches!(self.schema.kind(name), Kind::Enum(_)) => word.clone(),
            (Type::Named(_), value) => value.to_string(),
        }
    }
}
