//! What arguments hold: how many values, how long a text, and whether one has a character that no database takes.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument};
use async_graphql::{Name, Positioned, Value as ConstValue, Variables};
use async_graphql_value::Value;

/// The measure of some values, variables put in their places.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inputs {
    /// Values: the engine copies a variable for every place where it stands.
    pub(crate) values: u64,
    /// Bytes of the longest text.
    pub(crate) longest: u64,
    /// Whether a text has U+0000, which PostgreSQL refuses and SQLite ends a text at.
    pub(crate) nul: bool,
}

impl Inputs {
    /// Both of them.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            values: self.values.saturating_add(other.values),
            longest: self.longest.max(other.longest),
            nul: self.nul || other.nul,
        }
    }

    /// Whether each part is at most as large as the other's.
    fn is_within(&self, other: &Self) -> bool {
        self.values <= other.values && self.longest <= other.longest && (!self.nul || other.nul)
    }

    fn one() -> Self {
        Self { values: 1, ..Self::default() }
    }

    fn text(text: &str) -> Self {
        Self { values: 1, longest: text.len() as u64, nul: text.contains('\0') }
    }

    /// Nests no deeper than the JSON or the brackets, which were counted.
    fn of(value: &ConstValue) -> Self {
        match value {
            ConstValue::String(text) => Self::text(text),
            ConstValue::List(items) => items.iter().map(Self::of).fold(Self::one(), Self::and),
            ConstValue::Object(fields) => fields.values().map(Self::of).fold(Self::one(), Self::and),
            ConstValue::Null
            | ConstValue::Number(_)
            | ConstValue::Boolean(_)
            | ConstValue::Binary(_)
            | ConstValue::Enum(_) => Self::one(),
        }
    }
}

/// What each variable of a request can add to the cost of its document.
#[derive(Debug, Default)]
pub(crate) struct VariableSizes(HashMap<String, (Option<u64>, Inputs)>);

impl VariableSizes {
    /// The sizes of these variables. A number may be the size of a page.
    pub(crate) fn of(variables: &Variables) -> Self {
        let number = |value: &ConstValue| if let ConstValue::Number(number) = value { number.as_u64() } else { None };
        Self(variables.iter().map(|(name, value)| (name.to_string(), (number(value), Inputs::of(value)))).collect())
    }

    /// Whether a document with these variables costs at most as much as with the others. The cost grows with each size, so it
    /// is enough that the same variables are given and none of them is larger.
    pub(crate) fn is_within(&self, others: &Self) -> bool {
        let is_within = |(name, (number, holds)): (&String, &(Option<u64>, Inputs))| {
            others.0.get(name).is_some_and(|(most, may_hold)| {
                let same_kind = number.is_some() == most.is_some();
                same_kind && number <= most && holds.is_within(may_hold)
            })
        };
        self.0.len() == others.0.len() && self.0.iter().all(is_within)
    }
}

/// The variables of a request, each measured once.
pub(crate) struct Given<'d>(HashMap<&'d str, Inputs>);

impl<'d> Given<'d> {
    /// The request's, and the defaults of what it does not give.
    pub(crate) fn new(document: &'d ExecutableDocument, variables: &'d Variables) -> Self {
        let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
        let defaults = definitions
            .filter_map(|one| Some((one.node.name.node.as_str(), Inputs::of(&one.node.default_value.as_ref()?.node))));
        let mut all: HashMap<&str, Inputs> = defaults.collect();
        all.extend(variables.iter().map(|(name, value)| (name.as_str(), Inputs::of(value))));
        Self(all)
    }

    /// All of them, wherever they stand.
    pub(crate) fn together(&self) -> Inputs {
        self.0.values().copied().fold(Inputs::default(), Inputs::and)
    }

    pub(crate) fn arguments(&self, arguments: &[(Positioned<Name>, Positioned<Value>)]) -> Inputs {
        arguments.iter().map(|(_, value)| self.value(&value.node)).fold(Inputs::default(), Inputs::and)
    }

    pub(crate) fn directives(&self, directives: &[Positioned<Directive>]) -> Inputs {
        directives.iter().map(|one| self.arguments(&one.node.arguments)).fold(Inputs::default(), Inputs::and)
    }

    fn value(&self, value: &Value) -> Inputs {
        match value {
            Value::Variable(name) => self.0.get(name.as_str()).copied().unwrap_or_else(Inputs::one),
            Value::String(text) => Inputs::text(text),
            Value::List(items) => items.iter().map(|one| self.value(one)).fold(Inputs::one(), Inputs::and),
            Value::Object(fields) => fields.values().map(|one| self.value(one)).fold(Inputs::one(), Inputs::and),
            Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => Inputs::one(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn variables_are_within_others_if_none_is_larger() {
        let is_within = |these: Json, others: Json| {
            let sizes = |given: Json| VariableSizes::of(&Variables::from_json(given));
            sizes(these).is_within(&sizes(others))
        };
        let checked = json!({"first": 20, "after": "abc", "filter": {"status": ["OFFERED", "ACCEPTED"]}, "last": null});
        for (name, value, expected) in [
            ("first", json!(20), true),
            ("first", json!(3), true),
            ("first", json!(21), false),
            // Without a number the size of a page is the default.
            ("first", json!(null), false),
            ("last", json!(1), false),
            ("after", json!("abd"), true),
            ("after", json!("abcd"), false),
            ("after", json!("a\0"), false),
            ("filter", json!({"status": ["DECLINED"]}), true),
            ("filter", json!({"status": ["OFFERED", "ACCEPTED", "DECLINED"]}), false),
        ] {
            let mut given = checked.clone();
            given[name] = value;
            assert_eq!(is_within(given.clone(), checked.clone()), expected, "{given}");
        }
        // A variable that is not given has its default, which may be larger.
        assert!(!is_within(json!({}), json!({"first": 20})));
        assert!(!is_within(json!({"first": 20}), json!({})));
        assert!(is_within(json!({}), json!({})));
    }
}
