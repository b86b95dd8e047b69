//! Estimates the cost of a selection, with all fragments expanded and all pages full.

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;

use crate::document::inputs::{Inputs, VariableInputs};
use crate::error::{Code, with_code};
use crate::run::page::{DEFAULT_ROWS, MAX_IDS, MAX_ROWS};
use crate::schema::declaration::Weight;
use crate::schema::visible_schema::{VisibleFields, VisibleSchema};

/// The cost of a selection. Sums saturate: a saturated sum exceeds every limit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Fields and fragment spreads. A chain of empty fragments takes as long to validate as fields.
    pub(crate) fields: u64,
    pub(crate) depth: u64,
    pub(crate) aliases: u64,
    pub(crate) directives: u64,
    /// Fields on the first level of the selection.
    pub(crate) top: u64,
    /// Rows of lists, if every page is full.
    pub(crate) rows: u64,
    /// Values in the response, if every list has its declared length.
    pub(crate) values: u64,
    /// Fields that read many rows for statistics.
    pub(crate) statistics: u64,
    /// Values in arguments.
    pub(crate) inputs: Inputs,
}

impl Cost {
    /// The cost of two selections side by side.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            top: self.top.saturating_add(other.top),
            rows: self.rows.saturating_add(other.rows),
            values: self.values.saturating_add(other.values),
            statistics: self.statistics.saturating_add(other.statistics),
            inputs: self.inputs.plus(other.inputs),
        }
    }

    /// The cost of this selection in a fragment. A fragment counts as a field and a level, because the engine walks
    /// both in the same way.
    fn in_fragment(self) -> Self {
        Self { fields: self.fields.saturating_add(1), depth: self.depth.saturating_add(1), ..self }
    }

    /// The cost of a field with this selection.
    fn in_field(self, field: &Field, length: u64, is_rows: bool) -> Self {
        Self {
            fields: self.fields.saturating_add(1),
            depth: self.depth.saturating_add(1),
            aliases: self.aliases.saturating_add(field.alias.is_some().into()),
            top: 1,
            rows: self.rows.saturating_add(is_rows.into()).saturating_mul(length),
            // Scalars have no values below them.
            values: if self.values == 0 { length } else { self.values.saturating_mul(length).saturating_add(1) },
            directives: self.directives,
            statistics: self.statistics,
            inputs: self.inputs,
        }
    }
}

/// Measures the selections of a document. Each fragment is measured once.
pub(crate) struct Measure<'d> {
    /// An unknown field counts as one value. Validation refuses it later.
    schema: &'d VisibleSchema,
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'d Variables,
    variable_inputs: VariableInputs<'d>,
    /// Default values of variables.
    defaults: HashMap<&'d str, &'d ConstValue>,
    /// Costs of fragments. `None` while the fragment is being measured: it must not spread itself.
    measured: HashMap<&'d Name, Option<Cost>>,
}

impl<'d> Measure<'d> {
    pub(crate) fn new(document: &'d ExecutableDocument, variables: &'d Variables, schema: &'d VisibleSchema) -> Self {
        let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
        let defaults = definitions
            .filter_map(|one| Some((one.node.name.node.as_str(), &one.node.default_value.as_ref()?.node)))
            .collect();
        let variable_inputs = VariableInputs::new(document, variables);
        let fragments = &document.fragments;
        Self { schema, fragments, variables, variable_inputs, defaults, measured: HashMap::new() }
    }

    /// The values of all variables, including unused ones.
    pub(crate) fn variables(&self) -> Inputs {
        self.variable_inputs.total()
    }

    /// The cost of an operation.
    pub(crate) fn operation(&mut self, operation: &'d OperationDefinition) -> Result<Cost, ServerError> {
        let root = self.schema.root(operation.ty).and_then(|root| self.schema.fields_of(root.name()));
        Ok(self.selection(&operation.selection_set.node, root)?.plus(self.directives(&operation.directives)))
    }

    /// The cost of a selection on a type with these fields. The depth of the recursion is bounded by the brackets of
    /// the text, which were counted before parsing.
    fn selection(&mut self, selection: &'d SelectionSet, of: Option<&'d VisibleFields>) -> Result<Cost, ServerError> {
        let mut cost = Cost::default();
        for item in &selection.items {
            let (inner, directives) = match &item.node {
                Selection::Field(field) => {
                    let visible = of.and_then(|fields| fields.get(field.node.name.node.as_str()));
                    let below_of = visible.and_then(|visible| self.schema.fields_of(&visible.type_name));
                    let below = self.selection(&field.node.selection_set.node, below_of)?;
                    let weight = visible.map_or(Weight::One, |visible| visible.declared.weight);
                    let (length, is_rows) = self.length(&field.node, weight);
                    let own = Cost {
                        inputs: self.variable_inputs.arguments(&field.node.arguments),
                        statistics: visible.is_some_and(|visible| visible.declared.is_statistics).into(),
                        ..Cost::default()
                    };
                    (below.in_field(&field.node, length, is_rows).plus(own), &field.node.directives)
                }
                Selection::InlineFragment(inline) => {
                    let on = match &inline.node.type_condition {
                        Some(condition) => self.schema.fields_of(&condition.node.on.node),
                        None => of,
                    };
                    let inner = self.selection(&inline.node.selection_set.node, on)?;
                    (inner.in_fragment(), &inline.node.directives)
                }
                Selection::FragmentSpread(spread) => {
                    let name = self.fragments.get_key_value(&spread.node.fragment_name.node).map(|(name, _)| name);
                    // Validation refuses unknown fragments.
                    let inner = name.map_or(Ok(Cost::default()), |name| self.fragment(name))?;
                    (inner.in_fragment(), &spread.node.directives)
                }
            };
            cost = cost.plus(inner).plus(self.directives(directives));
        }
        Ok(cost)
    }

    pub(crate) fn fragment(&mut self, name: &'d Name) -> Result<Cost, ServerError> {
        match self.measured.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => {
                let at = self.fragments.get(name).map(|fragment| fragment.pos);
                let error = ServerError::new("Fragmente dürfen sich nicht im Kreis verwenden.", at);
                return Err(with_code(error, Code::ValidationFailed));
            }
            None => {}
        }
        let Some(fragment) = self.fragments.get(name) else { return Ok(Cost::default()) };
        self.measured.insert(name, None);
        let own = self.directives(&fragment.node.directives);
        let on = self.schema.fields_of(&fragment.node.type_condition.node.on.node);
        let cost = self.selection(&fragment.node.selection_set.node, on)?.plus(own);
        self.measured.insert(name, Some(cost));
        Ok(cost)
    }

    /// The cost of directives and their arguments.
    fn directives(&self, directives: &[Positioned<Directive>]) -> Cost {
        let inputs = self.variable_inputs.directives(directives);
        Cost { directives: directives.len() as u64, inputs, ..Cost::default() }
    }

    /// How many items a field can have, and whether they are rows of the database.
    fn length(&self, field: &Field, weight: Weight) -> (u64, bool) {
        match weight {
            Weight::One | Weight::InPage => (1, false),
            Weight::List(most) => (most, false),
            Weight::Rows(most) => (most, true),
            // The resolver refuses a list of ids that is too long.
            Weight::ByIds => {
                (field.get_argument("ids").map_or(1, |ids| self.items(&ids.node)).min(MAX_IDS as u64), true)
            }
            Weight::Page => {
                let sizes = ["first", "last"].into_iter().filter_map(|argument| field.get_argument(argument));
                // The resolver refuses a page that is too large.
                let length = sizes.filter_map(|value| self.number(&value.node)).max().unwrap_or(DEFAULT_ROWS);
                (length.min(MAX_ROWS), true)
            }
        }
    }

    fn number(&self, value: &Value) -> Option<u64> {
        if let Value::Variable(name) = value {
            return if let ConstValue::Number(number) = self.variable(name)? { number.as_u64() } else { None };
        }
        if let Value::Number(number) = value { number.as_u64() } else { None }
    }

    /// The length of a list. Single values and empty lists count as one item: the cost of a variable must grow with the
    /// number of its values, and for both this number is one.
    fn items(&self, value: &Value) -> u64 {
        let length = match value {
            Value::Variable(name) => match self.variable(name) {
                Some(ConstValue::List(items)) => items.len(),
                Some(_) | None => 1,
            },
            Value::List(items) => items.len(),
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::Enum(_)
            | Value::Object(_) => 1,
        };
        length.max(1) as u64
    }

    fn variable(&self, name: &Name) -> Option<&'d ConstValue> {
        self.variables.get(name).or_else(|| self.defaults.get(name.as_str()).copied())
    }
}

#[cfg(test)]
mod tests {
    use kim_domain::agency::{AgencyKind, Role};

    use super::*;
    use crate::root::schemas;

    /// The estimated values and rows of a case manager's document.
    fn estimate(document: &str) -> (u64, u64) {
        let document = async_graphql::parser::parse_query(document).expect("a document");
        let variables = Variables::default();
        let schema = schemas::visible(schemas::of(AgencyKind::Traeger, Role::CaseManager));
        let mut measure = Measure::new(&document, &variables, schema);
        let operation = document.operations.iter().next().expect("an operation").1;
        let cost = measure.operation(&operation.node).expect("no circle");
        (cost.values, cost.rows)
    }

    #[test]
    fn the_weight_of_a_field_depends_on_its_type_and_not_only_on_its_name() {
        let agreements = |fields: &str| estimate(&format!("{{ agreements(first: 10) {{ nodes {{ {fields} }} }} }}")).0;
        assert_eq!(agreements("fields { label }") - agreements("version"), 10 * 20);
        assert_eq!(estimate("{ __type(name: \"A\") { fields { name } } }").0, 8 + 2);
        // `referrals` is a page on the root and a list of rows in a case.
        assert_eq!(estimate("{ referrals(first: 7) { nodes { id } } }").1, 7);
        assert_eq!(estimate("{ case(id: \"A\") { referrals { id } } }").1, 20);
        // One row for each id.
        let by_ids = |ids: &str| {
            estimate(&format!("{{ referralsById(ids: {ids}) {{ messages(last: 3) {{ nodes {{ id }} }} }} }}")).1
        };
        assert_eq!((by_ids(r#"["A", "B"]"#), by_ids(r#""A""#), by_ids("[]")), (2 * 4, 4, 4));
        assert_eq!(estimate("{ case(id: \"A\") { referrals { messages(last: 3) { nodes { id } } } } }").1, 20 * 4);
        assert_eq!(estimate("{ case(id: \"A\") { eligibilityDecisions { groups } } }").0, 3 * 3 + 2);
    }

    #[test]
    fn the_weight_of_a_field_in_a_fragment_depends_on_the_type_of_the_fragment() {
        let whole = estimate("{ case(id: \"A\") { referrals { id } } }").1;
        for document in [
            "{ node(id: \"A\") { ... on Case { referrals { id } } } }",
            "{ node(id: \"A\") { ... { ...F } } } fragment F on Case { referrals { id } }",
        ] {
            assert_eq!(estimate(document).1, whole, "{document}");
        }
        // Neither `Node` nor `Agency` has the field `referrals`.
        assert_eq!(estimate("{ node(id: \"A\") { referrals { id } ... on Agency { referrals { id } } } }").1, 0);
    }
}
