//! What the engine's validation leaves out (7.2.1): types of variables in their places, everything about `__typename`,
//! strings for enums in literals, and lists for input objects.

use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::registry::{MetaInputValue, MetaType};
use async_graphql::{Name, Pos, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;

use crate::engine::variables::{self, Usage, invalid};
use crate::vocabulary::Vocabulary;

/// What is wrong with a document and the variables that come with it, beside what the engine finds. Each fragment is
/// looked at once; selections nest no deeper than brackets may.
pub(crate) fn find(document: &ExecutableDocument, given: &Variables, known: &Vocabulary) -> Vec<ServerError> {
    let mut wrong = Vec::new();
    let mut fragments: HashMap<&Name, Scope<'_>> = HashMap::new();
    for (name, fragment) in &document.fragments {
        let of = known.named(&fragment.node.type_condition.node.on.node);
        let mut walk = Walk { known, given, wrong: &mut wrong, scope: Scope::default() };
        walk.directives(&fragment.node.directives);
        walk.selection(&fragment.node.selection_set.node, of);
        fragments.insert(name, walk.scope);
    }
    for (_, operation) in document.operations.iter() {
        variables::of_definitions(&operation.node, known, &mut wrong);
        let mut walk = Walk { known, given, wrong: &mut wrong, scope: Scope::default() };
        walk.directives(&operation.node.directives);
        walk.selection(&operation.node.selection_set.node, known.root(operation.node.ty));
        let own = walk.scope;
        let mut seen: HashSet<&Name> = HashSet::new();
        let mut scopes = vec![&own];
        while let Some(scope) = scopes.pop() {
            variables::of_usages(&operation.node, scope.usages.iter(), &mut wrong);
            let next = scope.spreads.iter().filter(|name| seen.insert(name));
            scopes.extend(next.filter_map(|name| fragments.get(name)));
        }
    }
    wrong
}

/// What an operation or a fragment says by itself.
#[derive(Default)]
struct Scope<'d> {
    usages: Vec<Usage<'d>>,
    spreads: Vec<&'d Name>,
}

struct Walk<'d, 'w> {
    known: &'d Vocabulary,
    given: &'d Variables,
    wrong: &'w mut Vec<ServerError>,
    scope: Scope<'d>,
}

impl<'d> Walk<'d, '_> {
    /// `of` is `None` where the engine finds a type or a field unknown.
    fn selection(&mut self, set: &'d SelectionSet, of: Option<&'d MetaType>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if field.node.name.node == "__typename" => self.typename(&field.node, of),
                Selection::Field(field) => {
                    let found = Vocabulary::field(of, &field.node.name.node);
                    if let Some(found) = found {
                        self.arguments(&field.node.arguments, &found.args);
                    }
                    self.directives(&field.node.directives);
                    let below = found.and_then(|found| self.known.named(&found.ty));
                    self.selection(&field.node.selection_set.node, below);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives);
                    let on = match &inline.node.type_condition {
                        Some(condition) => self.known.named(&condition.node.on.node),
                        None => of,
                    };
                    self.selection(&inline.node.selection_set.node, on);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives);
                    self.scope.spreads.push(&spread.node.fragment_name.node);
                }
            }
        }
    }

    /// Its directives were moved to where the engine looks at them (`merge.rs`).
    fn typename(&mut self, field: &Field, of: Option<&MetaType>) {
        let on = of.map_or("", MetaType::name);
        for (name, _) in &field.arguments {
            let text = format!("Unknown argument \"{}\" on field \"__typename\" of type \"{on}\".", name.node);
            self.wrong.push(invalid(text, name.pos));
        }
        if !field.selection_set.node.items.is_empty() {
            let text = "Field \"__typename\" must not have a selection since type \"String!\" has no subfields";
            self.wrong.push(invalid(text.to_owned(), field.name.pos));
        }
    }

    fn directives(&mut self, directives: &'d [Positioned<Directive>]) {
        for directive in directives {
            if let Some(arguments) = self.known.directive(&directive.node.name.node) {
                self.arguments(&directive.node.arguments, arguments);
            }
        }
    }

    fn arguments(
        &mut self,
        arguments: &'d [(Positioned<Name>, Positioned<Value>)],
        known: &'d IndexMap<String, MetaInputValue>,
    ) {
        for (name, value) in arguments {
            if let Some(expected) = known.get(name.node.as_str()) {
                self.value(&value.node, &expected.ty, expected.default_value.is_some(), (&name.node, name.pos));
            }
        }
    }

    fn value(&mut self, value: &'d Value, expects: &'d str, has_default: bool, place: (&str, Pos)) {
        if let Value::Variable(name) = value {
            self.scope.usages.push(Usage { name, at: place.1, expects, has_default });
            if let Some(given) = self.given.get(name)
                && self.is_no_object(given, expects)
            {
                self.wrong.push(no_object(expects, place));
            }
            return;
        }
        if let (Value::List(items), Some(item)) = (value, item_of(expects)) {
            return items.iter().for_each(|one| self.value(one, item, false, place));
        }
        match (self.known.named(expects), value) {
            (Some(MetaType::Enum { name, .. }), Value::String(_)) => {
                let text = format!(
                    "Invalid value for argument \"{}\", a value of enumeration type \"{name}\" stands without quotes",
                    place.0
                );
                self.wrong.push(invalid(text, place.1));
            }
            (Some(MetaType::InputObject { input_fields, .. }), Value::Object(fields)) => {
                for (name, value) in fields {
                    if let Some(field) = input_fields.get(name.as_str()) {
                        self.value(value, &field.ty, field.default_value.is_some(), place);
                    }
                }
            }
            (Some(MetaType::InputObject { .. }), other) if *other != Value::Null => {
                self.wrong.push(no_object(expects, place));
            }
            (_, _) => {}
        }
    }

    /// Whether a list or a plain value comes where an object is expected.
    fn is_no_object(&self, given: &ConstValue, expects: &str) -> bool {
        if let (ConstValue::List(items), Some(item)) = (given, item_of(expects)) {
            return items.iter().any(|one| self.is_no_object(one, item));
        }
        let Some(MetaType::InputObject { input_fields, .. }) = self.known.named(expects) else { return false };
        if let ConstValue::Object(fields) = given {
            let wrong = |(name, value): (&Name, &ConstValue)| {
                input_fields.get(name.as_str()).is_some_and(|field| self.is_no_object(value, &field.ty))
            };
            return fields.iter().any(wrong);
        }
        *given != ConstValue::Null
    }
}

fn no_object(expects: &str, (name, at): (&str, Pos)) -> ServerError {
    invalid(format!("Invalid value for argument \"{name}\", expected type \"{expects}\""), at)
}

/// The type of a list's items; `None` if it is none.
fn item_of(expects: &str) -> Option<&str> {
    let expects = expects.strip_suffix('!').unwrap_or(expects);
    expects.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
}
