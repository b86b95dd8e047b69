//! One walk over a document for all that the engine's validation leaves out; each check is in the file of its gap.

use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::registry::{MetaInputValue, MetaType};
use async_graphql::{Name, Pos, Positioned, ServerError, Variables};
use async_graphql_value::Value;

use crate::engine::input_objects::{self, Place};
use crate::engine::{enum_literals, typename, variable_directives, variable_positions, variable_types};
use crate::error::{Code, coded};
use crate::schema::visible_schema::VisibleSchema;

/// What the walk found in a document, for one of its operations.
#[derive(Debug)]
pub(crate) struct Findings(Vec<Finding>);

#[derive(Debug)]
enum Finding {
    /// It is wrong, whatever the variables hold.
    Wrong(ServerError),
    /// What the operation's variable holds decides.
    Variable(Place),
}

impl Findings {
    /// What is wrong with the document and the variables of a request.
    pub(crate) fn errors(&self, given: &Variables, known: &VisibleSchema) -> Vec<ServerError> {
        let error = |finding: &Finding| match finding {
            Finding::Wrong(error) => Some(error.clone()),
            Finding::Variable(place) => place.check(given, known),
        };
        self.0.iter().filter_map(error).collect()
    }
}

/// Walks all of a document; `operation`, one of its operations, is the one that runs. Each fragment is looked at once, and
/// selections nest no deeper than brackets may.
pub(crate) fn find(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    known: &VisibleSchema,
) -> Findings {
    let fragments = document.fragments.iter().map(|(name, fragment)| {
        let of = known.named(&fragment.node.type_condition.node.on.node);
        (name, Scope::of(&fragment.node.directives, &fragment.node.selection_set.node, of, known))
    });
    let mut fragments: HashMap<&Name, Scope<'_>> = fragments.collect();
    let (mut of_operations, mut run) = (Vec::new(), HashSet::new());
    for (_, one) in document.operations.iter() {
        for definition in &one.node.variable_definitions {
            of_operations.extend(variable_types::check(definition, known).map(Finding::Wrong));
            of_operations.extend(variable_directives::check(definition, known).map(Finding::Wrong));
        }
        let root = known.root(one.node.ty);
        let mut own = Scope::of(&one.node.directives, &one.node.selection_set.node, root, known);
        let runs = std::ptr::eq(one, operation);
        of_operations.extend(own.take(runs));
        let mut seen: HashSet<&Name> = HashSet::new();
        let (mut scopes, mut wrong) = (vec![&own], variable_positions::Wrong::of(&one.node));
        while let Some(scope) = scopes.pop() {
            of_operations.extend(scope.usages.iter().filter_map(|usage| wrong.find(usage)).map(Finding::Wrong));
            let next = scope.spreads.iter().filter(|name| seen.insert(name));
            scopes.extend(next.filter_map(|name| fragments.get(name)));
        }
        if runs {
            run = seen;
        }
    }
    let of_fragments = fragments.iter_mut().flat_map(|(name, scope)| scope.take(run.contains(name)));
    Findings(of_fragments.chain(of_operations).collect())
}

/// A place where a variable stands.
pub(crate) struct Usage<'d> {
    pub(crate) variable: &'d Name,
    pub(crate) argument: &'d Positioned<Name>,
    /// The type that the place expects.
    pub(crate) expects: &'d str,
    /// Whether the place has a default of its own.
    pub(crate) has_default: bool,
}

/// What an operation or a fragment says by itself.
struct Scope<'d> {
    known: &'d VisibleSchema,
    findings: Vec<Finding>,
    usages: Vec<Usage<'d>>,
    spreads: Vec<&'d Name>,
}

impl<'d> Scope<'d> {
    /// `of` is `None` where the engine finds the type unknown.
    fn of(
        directives: &'d [Positioned<Directive>],
        selection: &'d SelectionSet,
        of: Option<&'d MetaType>,
        known: &'d VisibleSchema,
    ) -> Self {
        let mut scope = Self { known, findings: Vec::new(), usages: Vec::new(), spreads: Vec::new() };
        scope.directives(directives);
        scope.selection(selection, of);
        scope
    }

    /// The findings; where it does not run, the request's variables are not meant for it.
    fn take(&mut self, runs: bool) -> impl Iterator<Item = Finding> + use<> {
        let all = std::mem::take(&mut self.findings).into_iter();
        all.filter(move |finding| runs || matches!(finding, Finding::Wrong(_)))
    }

    /// `of` is `None` where the engine finds a type or a field unknown.
    fn selection(&mut self, set: &'d SelectionSet, of: Option<&'d MetaType>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if field.node.name.node == typename::FIELD => {
                    self.findings.extend(typename::check(&field.node, of).map(Finding::Wrong));
                }
                Selection::Field(field) => {
                    let found = VisibleSchema::field(of, &field.node.name.node);
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
                    self.spreads.push(&spread.node.fragment_name.node);
                }
            }
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
        for (argument, value) in arguments {
            if let Some(expected) = known.get(argument.node.as_str()) {
                self.value(&value.node, &expected.ty, expected.default_value.is_some(), argument);
            }
        }
    }

    fn value(&mut self, value: &'d Value, expects: &'d str, has_default: bool, argument: &'d Positioned<Name>) {
        if let Value::Variable(variable) = value {
            let usage = Usage { variable, argument, expects, has_default };
            self.findings.extend(Place::of(&usage, self.known).map(Finding::Variable));
            self.usages.push(usage);
            return;
        }
        if let (Value::List(items), Some(item)) = (value, item_of(expects)) {
            return items.iter().for_each(|one| self.value(one, item, false, argument));
        }
        let ty = self.known.named(expects);
        self.findings.extend(enum_literals::check(value, ty, argument).map(Finding::Wrong));
        self.findings.extend(input_objects::check(value, ty, expects, argument).map(Finding::Wrong));
        if let (Some(MetaType::InputObject { input_fields, .. }), Value::Object(fields)) = (ty, value) {
            for (name, value) in fields {
                if let Some(field) = input_fields.get(name.as_str()) {
                    self.value(value, &field.ty, field.default_value.is_some(), argument);
                }
            }
        }
    }
}

/// The type of a list's items; `None` if it is no list.
pub(crate) fn item_of(expects: &str) -> Option<&str> {
    let expects = expects.strip_suffix('!').unwrap_or(expects);
    expects.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))
}

/// An error of the validation.
pub(crate) fn invalid(text: String, at: Pos) -> ServerError {
    coded(ServerError::new(text, Some(at)), Code::ValidationFailed)
}
