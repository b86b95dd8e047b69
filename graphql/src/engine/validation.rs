//! Does the checks that are missing in the engine's validation, in one walk over the document. Each check is in the
//! file of its gap.

use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::registry::{MetaInputValue, MetaType};
use async_graphql::{Name, Positioned, ServerError, Variables};
use async_graphql_value::Value;

use crate::engine::input_objects::{self, ObjectVariable};
use crate::engine::usage::{Usage, item_type};
use crate::engine::variable_positions::Mismatches;
use crate::engine::{enum_literals, typename, variable_directives, variable_types};
use crate::schema::visible_schema::VisibleSchema;

/// Errors and open checks of one operation of a document.
#[derive(Debug)]
pub(crate) struct Findings {
    all: Vec<Finding>,
    /// The nullable variables of the executed operation that are used where null is not allowed.
    pub(crate) not_null: Vec<Name>,
}

#[derive(Debug)]
enum Finding {
    /// An error that does not depend on variables.
    Error(ServerError),
    /// A check that depends on the value of a variable.
    Variable(ObjectVariable),
}

impl Findings {
    /// The errors in the document and in the variables of a request.
    pub(crate) fn errors(&self, given: &Variables, schema: &VisibleSchema) -> Vec<ServerError> {
        let error = |finding: &Finding| match finding {
            Finding::Error(error) => Some(error.clone()),
            Finding::Variable(variable) => variable.check(given, schema),
        };
        self.all.iter().filter_map(error).collect()
    }
}

/// Walks the whole document. `operation` is the operation that is executed. Each fragment is walked once, and the depth
/// of the recursion is bounded by the brackets of the document, which were counted before parsing.
pub(crate) fn find(
    document: &ExecutableDocument,
    operation: &Positioned<OperationDefinition>,
    schema: &VisibleSchema,
) -> Findings {
    let fragments = document.fragments.iter().map(|(name, fragment)| {
        let of = schema.named(&fragment.node.type_condition.node.on.node);
        (name, Scope::of(&fragment.node.directives, &fragment.node.selection_set.node, of, schema))
    });
    let mut fragments: HashMap<&Name, Scope<'_>> = fragments.collect();
    let (mut of_operations, mut executed, mut not_null) = (Vec::new(), HashSet::new(), Vec::new());
    for (_, one) in document.operations.iter() {
        for definition in &one.node.variable_definitions {
            of_operations.extend(variable_types::check(definition, schema).map(Finding::Error));
            of_operations.extend(variable_directives::check(definition, schema).map(Finding::Error));
        }
        let root = schema.root(one.node.ty);
        let mut own = Scope::of(&one.node.directives, &one.node.selection_set.node, root, schema);
        let is_executed = std::ptr::eq(one, operation);
        of_operations.extend(own.take(is_executed));
        let mut seen: HashSet<&Name> = HashSet::new();
        let (mut scopes, mut mismatches) = (vec![&own], Mismatches::of(&one.node));
        let nullable = |name: &Name| {
            one.node
                .variable_definitions
                .iter()
                .any(|has| has.node.name.node == *name && has.node.var_type.node.nullable)
        };
        while let Some(scope) = scopes.pop() {
            if is_executed {
                let used = scope.usages.iter().filter(|usage| usage.expects.ends_with('!') && nullable(usage.variable));
                not_null.extend(used.map(|usage| usage.variable.clone()));
            }
            of_operations.extend(scope.usages.iter().filter_map(|usage| mismatches.check(usage)).map(Finding::Error));
            let next = scope.spreads.iter().filter(|name| seen.insert(name));
            scopes.extend(next.filter_map(|name| fragments.get(name)));
        }
        if is_executed {
            executed = seen;
        }
    }
    let of_fragments = fragments.iter_mut().flat_map(|(name, scope)| scope.take(executed.contains(name)));
    Findings { all: of_fragments.chain(of_operations).collect(), not_null }
}

/// The findings in one operation or fragment, without the fragments that it spreads.
struct Scope<'d> {
    schema: &'d VisibleSchema,
    findings: Vec<Finding>,
    usages: Vec<Usage<'d>>,
    spreads: Vec<&'d Name>,
}

impl<'d> Scope<'d> {
    /// `of` is `None` if the type is unknown; the engine reports that.
    fn of(
        directives: &'d [Positioned<Directive>],
        selection: &'d SelectionSet,
        of: Option<&'d MetaType>,
        schema: &'d VisibleSchema,
    ) -> Self {
        let mut scope = Self { schema, findings: Vec::new(), usages: Vec::new(), spreads: Vec::new() };
        scope.directives(directives);
        scope.selection(selection, of);
        scope
    }

    /// Takes the findings. If the scope is not executed, the checks of variables are dropped, because the variables of
    /// the request belong to another operation.
    fn take(&mut self, is_executed: bool) -> impl Iterator<Item = Finding> + use<> {
        let all = std::mem::take(&mut self.findings).into_iter();
        all.filter(move |finding| is_executed || matches!(finding, Finding::Error(_)))
    }

    /// `of` is `None` if the type or a field is unknown; the engine reports that.
    fn selection(&mut self, set: &'d SelectionSet, of: Option<&'d MetaType>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if field.node.name.node == typename::FIELD => {
                    self.findings.extend(typename::check(&field.node, of).map(Finding::Error));
                }
                Selection::Field(field) => {
                    let found = VisibleSchema::field(of, &field.node.name.node);
                    if let Some(found) = found {
                        self.arguments(&field.node.arguments, &found.args);
                    }
                    self.directives(&field.node.directives);
                    let below = found.and_then(|found| self.schema.named(&found.ty));
                    self.selection(&field.node.selection_set.node, below);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives);
                    let on = match &inline.node.type_condition {
                        Some(condition) => self.schema.named(&condition.node.on.node),
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
            if let Some(arguments) = self.schema.directive(&directive.node.name.node) {
                self.arguments(&directive.node.arguments, arguments);
            }
        }
    }

    fn arguments(
        &mut self,
        arguments: &'d [(Positioned<Name>, Positioned<Value>)],
        defined: &'d IndexMap<String, MetaInputValue>,
    ) {
        for (argument, value) in arguments {
            if let Some(expected) = defined.get(argument.node.as_str()) {
                self.value(&value.node, &expected.ty, expected.default_value.is_some(), argument);
            }
        }
    }

    fn value(&mut self, value: &'d Value, expects: &'d str, has_default: bool, argument: &'d Positioned<Name>) {
        if let Value::Variable(variable) = value {
            let usage = Usage { variable, argument, expects, has_default };
            self.findings.extend(ObjectVariable::of(&usage, self.schema).map(Finding::Variable));
            self.usages.push(usage);
            return;
        }
        if let (Value::List(items), Some(item)) = (value, item_type(expects)) {
            return items.iter().for_each(|one| self.value(one, item, false, argument));
        }
        let ty = self.schema.named(expects);
        self.findings.extend(enum_literals::check(value, ty, argument).map(Finding::Error));
        self.findings.extend(input_objects::check(value, ty, expects, argument).map(Finding::Error));
        if let (Some(MetaType::InputObject { input_fields, .. }), Value::Object(fields)) = (ty, value) {
            for (name, value) in fields {
                if let Some(field) = input_fields.get(name.as_str()) {
                    self.value(value, &field.ty, field.default_value.is_some(), argument);
                }
            }
        }
    }
}
