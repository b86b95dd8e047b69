//! What a selection costs once every fragment is put in its place and every page is full.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;
use kim_domain::bulk::MOST_ROWS;

use crate::error::{Code, coded};
use crate::inputs::{Given, Inputs};
use crate::page::{DEFAULT, MOST};

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
    fn under(self, field: &Field, length: u64, is_page: bool) -> Self {
        let rows = if is_page { self.rows.saturating_add(1).saturating_mul(length) } else { self.rows };
        Self {
            fields: self.fields.saturating_add(1),
            depth: self.depth.saturating_add(1),
            aliases: self.aliases.saturating_add(field.alias.is_some().into()),
            top: 1,
            rows,
            values: self.values.saturating_mul(length).saturating_add(1),
            directives: self.directives,
            inputs: self.inputs,
        }
    }
}

/// Lists with pages.
const PAGED: [&str; 13] = [
    "agencies",
    "referrals",
    "agreements",
    "agreementProposals",
    "cases",
    "messages",
    "events",
    "changes",
    "consentFacts",
    "notes",
    "upcomingDeadlines",
    "corrections",
    "supportNotices",
];
/// Lists without: a case's referrals, and what the schema tells of itself, where a type leads to its fields, and each to
/// its type, and so on: sixteen levels of that would be an answer without end.
const LISTS: [(&str, u64); 28] = [
    ("byMonth", 36),
    ("byAgency", 40),
    ("cells", 100),
    ("timeInState", 40),
    ("purposes", 20),
    ("entries", 49),
    ("withheld", 20),
    ("told", 5),
    ("disputed", 5),
    ("consents", 10),
    ("history", 4),
    ("ticked", 10),
    ("permits", 10),
    ("items", 20),
    ("goals", 5),
    ("steps", 5),
    ("eligibilityDecisions", 3),
    ("eligibilityRules", 3),
    ("findings", 6),
    ("groups", 6),
    ("types", 70),
    ("fields", 8),
    ("args", 2),
    ("enumValues", 8),
    ("inputFields", 3),
    ("possibleTypes", 3),
    ("interfaces", 2),
    ("directives", 4),
];

/// Measures the selections of a document, each fragment once.
pub(crate) struct Measure<'d> {
    fragments: &'d HashMap<Name, Positioned<FragmentDefinition>>,
    variables: &'d Variables,
    given: Given<'d>,
    /// What operations give variables that the request does not.
    defaults: HashMap<&'d str, &'d ConstValue>,
    /// `None` while a fragment is being measured: to meet it again is a circle.
    known: HashMap<&'d Name, Option<Cost>>,
}

impl<'d> Measure<'d> {
    pub(crate) fn new(document: &'d ExecutableDocument, variables: &'d Variables) -> Self {
        let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
        let defaults = definitions
            .filter_map(|one| Some((one.node.name.node.as_str(), &one.node.default_value.as_ref()?.node)))
            .collect();
        let given = Given::new(document, variables);
        Self { fragments: &document.fragments, variables, given, defaults, known: HashMap::new() }
    }

    /// What the request's variables hold, used or not.
    pub(crate) fn variables(&self) -> Inputs {
        self.given.together()
    }

    /// Selections nest no deeper than the brackets of the text, which were counted before it was parsed.
    pub(crate) fn selection(&mut self, selection: &'d SelectionSet) -> Result<Cost, ServerError> {
        let mut cost = Cost::default();
        for item in &selection.items {
            let (inner, directives) = match &item.node {
                Selection::Field(field) => {
                    let below = self.selection(&field.node.selection_set.node)?;
                    let (length, is_page) = self.length(&field.node);
                    let own = Cost { inputs: self.given.arguments(&field.node.arguments), ..Cost::default() };
                    (below.under(&field.node, length, is_page).beside(own), &field.node.directives)
                }
                Selection::InlineFragment(inline) => {
                    let inner = self.selection(&inline.node.selection_set.node)?;
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
        let cost = self.selection(&fragment.node.selection_set.node)?.beside(own);
        self.known.insert(name, Some(cost));
        Ok(cost)
    }

    /// Directives, and what their arguments hold.
    pub(crate) fn directives(&self, directives: &[Positioned<Directive>]) -> Cost {
        let inputs = self.given.directives(directives);
        Cost { directives: directives.len() as u64, inputs, ..Cost::default() }
    }

    /// How many rows a field may have, and whether they come in pages.
    fn length(&self, field: &Field) -> (u64, bool) {
        let name = field.name.node.as_str();
        if PAGED.contains(&name) {
            let asked = ["first", "last"].into_iter().filter_map(|argument| field.get_argument(argument));
            // A page that is too large is refused as such, by its resolver.
            let length = asked.filter_map(|value| self.number(&value.node)).max().unwrap_or(DEFAULT);
            return (length.min(MOST), true);
        }
        // As many rows as a bulk may bring: each was locked, decided and written.
        if name == "results" {
            return (MOST_ROWS as u64, true);
        }
        (LISTS.iter().find(|(list, _)| *list == name).map_or(1, |(_, length)| *length), false)
    }

    fn number(&self, value: &Value) -> Option<u64> {
        if let Value::Variable(name) = value {
            let given = self.variables.get(name).or_else(|| self.defaults.get(name.as_str()).copied());
            return if let ConstValue::Number(number) = given? { number.as_u64() } else { None };
        }
        if let Value::Number(number) = value { number.as_u64() } else { None }
    }
}
