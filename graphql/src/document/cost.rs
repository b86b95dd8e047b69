//! What a selection costs once every fragment is put in its place and every page is full.

use std::collections::HashMap;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;

use crate::document::inputs::{Given, Inputs};
use crate::error::{Code, coded};
use crate::run::page::{DEFAULT, MAX_IDS, MOST};
use crate::schema::declaration::Weight;
use crate::schema::visible_schema::{KnownFields, VisibleSchema};

/// The cost of a selection. Sums saturate: what is beyond counting is beyond the limits.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Fields, and spreads too: a chain of fragments that ends in none costs as much to walk.
    pub(crate) fields: u64,
    pub(crate) depth: u64,
    pub(crate) aliases: u64,
    pub(crate) directives: u64,
    /// Fields at the top of the selection.
    pub(crate) top: u64,
    /// Rows of lists, if every page is as full as it may be.
    pub(crate) rows: u64,
    /// Values in the answer, if every list is as long as it usually is at the most.
    pub(crate) values: u64,
    /// What arguments hold.
    pub(crate) inputs: Inputs,
}

impl Cost {
    /// Both side by side.
    pub(crate) fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            top: self.top.saturating_add(other.top),
            rows: self.rows.saturating_add(other.rows),
            values: self.values.saturating_add(other.values),
            inputs: self.inputs.and(other.inputs),
        }
    }

    /// This selection in a fragment, which costs a step and a level as a field does: the engine walks both alike.
    fn inside_a_fragment(self) -> Self {
        Self { fields: self.fields.saturating_add(1), depth: self.depth.saturating_add(1), ..self }
    }

    /// A field over this selection.
    fn under(self, field: &Field, length: u64, is_rows: bool) -> Self {
        Self {
            fields: self.fields.saturating_add(1),
            depth: self.depth.saturating_add(1),
            aliases: self.aliases.saturating_add(field.alias.is_some().into()),
            top: 1,
            rows: self.rows.saturating_add(is_rows.into()).saturating_mul(length),
            // A list of values without fields has no values below it.
            values: if self.values == 0 { length } else { self.values.saturating_mul(length).saturating_add(1) },
            directives: self.directives,
            inputs: self.inputs,
        }
    }
}

/// Measures the selections of a document, each fragment once.
pub(crate) struct Measure<'d> {
    /// The fields of the viewer's schema. A name that is not there is validation's to refuse, and weighs as one value.
    fields: &'d VisibleSchema,
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'d Variables,
    given: Given<'d>,
    /// What operations give variables that the request does not.
    defaults: HashMap<&'d str, &'d ConstValue>,
    /// `None` while a fragment is being measured: to meet it again is a circle.
    known: HashMap<&'d Name, Option<Cost>>,
}

impl<'d> Measure<'d> {
    pub(crate) fn new(document: &'d ExecutableDocument, variables: &'d Variables, known: &'d VisibleSchema) -> Self {
        let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
        let defaults = definitions
            .filter_map(|one| Some((one.node.name.node.as_str(), &one.node.default_value.as_ref()?.node)))
            .collect();
        let given = Given::new(document, variables);
        let fragments = &document.fragments;
        Self { fields: known, fragments, variables, given, defaults, known: HashMap::new() }
    }

    /// What the request's variables hold, used or not.
    pub(crate) fn variables(&self) -> Inputs {
        self.given.together()
    }

    /// The selection of an operation.
    pub(crate) fn operation(&mut self, operation: &'d OperationDefinition) -> Result<Cost, ServerError> {
        let root = self.fields.root(operation.ty).and_then(|root| self.fields.fields_of(root.name()));
        Ok(self.selection(&operation.selection_set.node, root)?.beside(self.directives(&operation.directives)))
    }

    /// A selection on a type with these fields. Selections nest no deeper than the brackets of the text, which were counted
    /// before it was parsed.
    fn selection(&mut self, selection: &'d SelectionSet, of: Option<&'d KnownFields>) -> Result<Cost, ServerError> {
        let mut cost = Cost::default();
        for item in &selection.items {
            let (inner, directives) = match &item.node {
                Selection::Field(field) => {
                    let known = of.and_then(|fields| fields.get(field.node.name.node.as_str()));
                    let below_of = known.and_then(|known| self.fields.fields_of(&known.leads_to));
                    let below = self.selection(&field.node.selection_set.node, below_of)?;
                    let (length, is_rows) =
                        self.length(&field.node, known.map_or(Weight::One, |known| known.declared.weight));
                    let own = Cost { inputs: self.given.arguments(&field.node.arguments), ..Cost::default() };
                    (below.under(&field.node, length, is_rows).beside(own), &field.node.directives)
                }
                Selection::InlineFragment(inline) => {
                    let on = match &inline.node.type_condition {
                        Some(condition) => self.fields.fields_of(&condition.node.on.node),
                        None => of,
                    };
                    let inner = self.selection(&inline.node.selection_set.node, on)?;
                    (inner.inside_a_fragment(), &inline.node.directives)
                }
                Selection::FragmentSpread(spread) => {
                    let name = self.fragments.get_key_value(&spread.node.fragment_name.node).map(|(name, _)| name);
                    // A fragment that is not there is validation's to refuse.
                    let inner = name.map_or(Ok(Cost::default()), |name| self.fragment(name))?;
                    (inner.inside_a_fragment(), &spread.node.directives)
                }
            };
            cost = cost.beside(inner).beside(self.directives(directives));
        }
        Ok(cost)
    }

    pub(crate) fn fragment(&mut self, name: &'d Name) -> Result<Cost, ServerError> {
        match self.known.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => {
                let at = self.fragments.get(name).map(|fragment| fragment.pos);
                let error = ServerError::new("Fragmente dürfen sich nicht im Kreis verwenden.", at);
                return Err(coded(error, Code::ValidationFailed));
            }
            None => {}
        }
        let Some(fragment) = self.fragments.get(name) else { return Ok(Cost::default()) };
        self.known.insert(name, None);
        let own = self.directives(&fragment.node.directives);
        let on = self.fields.fields_of(&fragment.node.type_condition.node.on.node);
        let cost = self.selection(&fragment.node.selection_set.node, on)?.beside(own);
        self.known.insert(name, Some(cost));
        Ok(cost)
    }

    /// Directives, and what their arguments hold.
    fn directives(&self, directives: &[Positioned<Directive>]) -> Cost {
        let inputs = self.given.directives(directives);
        Cost { directives: directives.len() as u64, inputs, ..Cost::default() }
    }

    /// How many items a field may have, and whether they are rows of the database.
    fn length(&self, field: &Field, weight: Weight) -> (u64, bool) {
        match weight {
            Weight::One | Weight::InPage => (1, false),
            Weight::List(most) => (most, false),
            Weight::Rows(most) => (most, true),
            // A list that is too long is refused as such, by its resolver.
            Weight::ByIds => {
                (field.get_argument("ids").map_or(1, |ids| self.items(&ids.node)).min(MAX_IDS as u64), true)
            }
            Weight::Page => {
                let asked = ["first", "last"].into_iter().filter_map(|argument| field.get_argument(argument));
                // A page that is too large is refused as such, by its resolver.
                let length = asked.filter_map(|value| self.number(&value.node)).max().unwrap_or(DEFAULT);
                (length.min(MOST), true)
            }
        }
    }

    fn number(&self, value: &Value) -> Option<u64> {
        if let Value::Variable(name) = value {
            return if let ConstValue::Number(number) = self.variable(name)? { number.as_u64() } else { None };
        }
        if let Value::Number(number) = value { number.as_u64() } else { None }
    }

    /// The length of a list. What is no list counts as one item, and so does an empty one: the costs of variables grow with the
    /// number of their values, and both have one.
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

    /// Values and rows of a case manager's document.
    fn estimate(document: &str) -> (u64, u64) {
        let document = async_graphql::parser::parse_query(document).expect("a document");
        let (variables, known) =
            (Variables::default(), schemas::known(schemas::of(AgencyKind::Traeger, Role::CaseManager)));
        let mut measure = Measure::new(&document, &variables, known);
        let operation = document.operations.iter().next().expect("an operation").1;
        let cost = measure.operation(&operation.node).expect("no circle");
        (cost.values, cost.rows)
    }

    #[test]
    fn a_field_weighs_what_its_type_says_and_not_its_name() {
        let agreements = |fields: &str| estimate(&format!("{{ agreements(first: 10) {{ nodes {{ {fields} }} }} }}")).0;
        assert_eq!(agreements("fields { label }") - agreements("version"), 10 * 20);
        assert_eq!(estimate("{ __type(name: \"A\") { fields { name } } }").0, 8 + 2);
        // A page among the root's fields, a list of rows in a case.
        assert_eq!(estimate("{ referrals(first: 7) { nodes { id } } }").1, 7);
        assert_eq!(estimate("{ case(id: \"A\") { referrals { id } } }").1, 20);
        // As many rows as there are ids.
        let by_ids = |ids: &str| {
            estimate(&format!("{{ referralsById(ids: {ids}) {{ messages(last: 3) {{ nodes {{ id }} }} }} }}")).1
        };
        assert_eq!((by_ids(r#"["A", "B"]"#), by_ids(r#""A""#), by_ids("[]")), (2 * 4, 4, 4));
        assert_eq!(estimate("{ case(id: \"A\") { referrals { messages(last: 3) { nodes { id } } } } }").1, 20 * 4);
        assert_eq!(estimate("{ case(id: \"A\") { eligibilityDecisions { groups } } }").0, 3 * 3 + 2);
    }

    #[test]
    fn fragments_weigh_what_their_type_says() {
        let whole = estimate("{ case(id: \"A\") { referrals { id } } }").1;
        for document in [
            "{ node(id: \"A\") { ... on Case { referrals { id } } } }",
            "{ node(id: \"A\") { ... { ...F } } } fragment F on Case { referrals { id } }",
        ] {
            assert_eq!(estimate(document).1, whole, "{document}");
        }
        // Neither the type of the field nor that of the fragment has it.
        assert_eq!(estimate("{ node(id: \"A\") { referrals { id } ... on Agency { referrals { id } } } }").1, 0);
    }
}
