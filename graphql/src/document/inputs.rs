//! Measures the values in arguments: their number, the longest text, and characters that no database stores.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_graphql::parser::types::{Directive, ExecutableDocument};
use async_graphql::{Name, Positioned, Value as ConstValue, Variables};
use async_graphql_value::Value;

/// The measure of values, with variables replaced by their values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Inputs {
    /// Number of values. A variable counts at each use, because the engine copies its value for each.
    pub(crate) values: u64,
    /// Bytes of the longest text.
    pub(crate) longest: u64,
    /// Whether a text contains U+0000: PostgreSQL refuses this character, and SQLite ends the text there.
    pub(crate) nul: bool,
}

impl Inputs {
    /// The measure of both together.
    pub(crate) fn plus(self, other: Self) -> Self {
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

    /// The depth of the recursion is bounded: the nesting of the JSON and the brackets of the document were counted.
    fn of(value: &ConstValue) -> Self {
        match value {
            ConstValue::String(text) => Self::text(text),
            ConstValue::List(items) => items.iter().map(Self::of).fold(Self::one(), Self::plus),
            ConstValue::Object(fields) => fields.values().map(Self::of).fold(Self::one(), Self::plus),
            ConstValue::Null
            | ConstValue::Number(_)
            | ConstValue::Boolean(_)
            | ConstValue::Binary(_)
            | ConstValue::Enum(_) => Self::one(),
        }
    }
}

/// The size of each variable of a request, on which the cost of its document depends.
#[derive(Debug, Default)]
pub(crate) struct VariableSizes(HashMap<String, (Option<u64>, Inputs)>);

impl VariableSizes {
    /// The sizes of these variables. Numbers are included, because a number may be the size of a page.
    pub(crate) fn of(variables: &Variables) -> Self {
        let number = |value: &ConstValue| if let ConstValue::Number(number) = value { number.as_u64() } else { None };
        Self(variables.iter().map(|(name, value)| (name.to_string(), (number(value), Inputs::of(value)))).collect())
    }

    /// Whether a document costs at most as much with these variables as with the others. The cost grows with each size,
    /// so it is enough that the same variables are given and none of them is larger.
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

/// The sizes of variables with which a document was measured and within the limits.
#[derive(Debug)]
pub(crate) struct CheckedSizes(Mutex<Vec<VariableSizes>>);

impl CheckedSizes {
    /// More sizes, of which none is within another, are measured again. Programs use few page sizes.
    const MAX: usize = 8;

    pub(crate) fn new(first: VariableSizes) -> Self {
        Self(Mutex::new(vec![first]))
    }

    /// Whether a document costs at most as much with these variables as in a measurement.
    pub(crate) fn contain(&self, sizes: &VariableSizes) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|checked| sizes.is_within(checked))
    }

    /// Adds the sizes of a measurement, in place of those within them.
    pub(crate) fn add(&self, sizes: VariableSizes) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|checked| !checked.is_within(&sizes));
        if all.len() == Self::MAX {
            all.remove(0);
        }
        all.push(sizes);
    }
}

/// The measures of a request's variables, each measured once.
pub(crate) struct VariableInputs<'d>(HashMap<&'d str, Inputs>);

impl<'d> VariableInputs<'d> {
    /// Measures the variables of the request, and the defaults of those that are not given.
    pub(crate) fn new(document: &'d ExecutableDocument, variables: &'d Variables) -> Self {
        let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
        let defaults = definitions
            .filter_map(|one| Some((one.node.name.node.as_str(), Inputs::of(&one.node.default_value.as_ref()?.node))));
        let mut all: HashMap<&str, Inputs> = defaults.collect();
        all.extend(variables.iter().map(|(name, value)| (name.as_str(), Inputs::of(value))));
        Self(all)
    }

    /// The measure of all variables together, used or not.
    pub(crate) fn total(&self) -> Inputs {
        self.0.values().copied().fold(Inputs::default(), Inputs::plus)
    }

    pub(crate) fn arguments(&self, arguments: &[(Positioned<Name>, Positioned<Value>)]) -> Inputs {
        arguments.iter().map(|(_, value)| self.value(&value.node)).fold(Inputs::default(), Inputs::plus)
    }

    pub(crate) fn directives(&self, directives: &[Positioned<Directive>]) -> Inputs {
        directives.iter().map(|one| self.arguments(&one.node.arguments)).fold(Inputs::default(), Inputs::plus)
    }

    fn value(&self, value: &Value) -> Inputs {
        match value {
            Value::Variable(name) => self.0.get(name.as_str()).copied().unwrap_or_else(Inputs::one),
            Value::String(text) => Inputs::text(text),
            Value::List(items) => items.iter().map(|one| self.value(one)).fold(Inputs::one(), Inputs::plus),
            Value::Object(fields) => fields.values().map(|one| self.value(one)).fold(Inputs::one(), Inputs::plus),
            Value::Null | Value::Number(_) | Value::Boolean(_) | Value::Binary(_) | Value::Enum(_) => Inputs::one(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn sizes_that_were_measured_stay_known() {
        let sizes =
            |outer: u64, inner: u64| VariableSizes::of(&Variables::from_json(json!({ "o": outer, "i": inner })));
        let checked = CheckedSizes::new(sizes(100, 10));
        checked.add(sizes(10, 100));
        for (outer, inner, expected) in [(100, 10, true), (10, 100, true), (9, 9, true), (11, 11, false)] {
            let known = checked.contain(&sizes(outer, inner));
            assert_eq!(known, expected, "{outer} {inner}");
        }
        for more in 0..2 * CheckedSizes::MAX as u64 {
            checked.add(sizes(1_000 + more, 9 - more.min(9)));
        }
        assert!(checked.0.lock().expect("sizes").len() <= CheckedSizes::MAX);
        checked.add(sizes(10_000, 10_000));
        assert_eq!(checked.0.lock().expect("sizes").len(), 1);
    }

    #[test]
    fn variables_are_within_other_variables_if_none_is_larger() {
        let is_within = |these: Json, others: Json| {
            let sizes = |given: Json| VariableSizes::of(&Variables::from_json(given));
            sizes(these).is_within(&sizes(others))
        };
        let checked = json!({"first": 20, "after": "abc", "filter": {"status": ["OFFERED", "ACCEPTED"]}, "last": null});
        for (name, value, expected) in [
            ("first", json!(20), true),
            ("first", json!(3), true),
            ("first", json!(21), false),
            // Null means the default page size, which may be larger.
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
        // A missing variable has its default value, which may be larger.
        assert!(!is_within(json!({}), json!({"first": 20})));
        assert!(!is_within(json!({"first": 20}), json!({})));
        assert!(is_within(json!({}), json!({})));
    }
}
