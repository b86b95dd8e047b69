//! Changes a document for one request without leaving parts that the engine would refuse as unused. Shared by files of
//! the table.

use std::collections::HashSet;

use async_graphql::parser::types::DocumentOperations::{Multiple, Single};
use async_graphql::parser::types::{
    Directive, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value;

/// What a selection is on.
#[derive(Clone, Copy)]
pub(super) enum On<'d> {
    Operation(OperationType),
    Type(&'d Name),
}

/// Changes the selections of an operation and of all fragments, and removes the variables and fragments that are not
/// used any more. Those that were unused before are kept, so that the engine refuses them. Other operations are removed,
/// because the variables of the request are not theirs.
pub(super) fn change(
    document: &mut ExecutableDocument,
    operation_name: Option<&str>,
    mut change: impl FnMut(On<'_>, &mut SelectionSet),
) {
    let spread_before = Uses::of(document).fragments;
    if let (Multiple(all), Some(name)) = (&mut document.operations, operation_name) {
        all.retain(|has, _| has == name);
    }
    let used_before = Uses::of(document).variables;
    let mut of_operation = |operation: &mut Positioned<OperationDefinition>| {
        change(On::Operation(operation.node.ty), &mut operation.node.selection_set.node);
    };
    match &mut document.operations {
        Single(operation) => of_operation(operation),
        Multiple(all) => all.values_mut().for_each(of_operation),
    }
    for fragment in document.fragments.values_mut() {
        change(On::Type(&fragment.node.type_condition.node.on.node), &mut fragment.node.selection_set.node);
    }
    let after = Uses::of(document);
    document.fragments.retain(|name, _| after.fragments.contains(name) || !spread_before.contains(name));
    let retain = |operation: &mut Positioned<OperationDefinition>| {
        operation.node.variable_definitions.retain(|one| {
            let name = &one.node.name.node;
            after.variables.contains(name) || !used_before.contains(name)
        });
    };
    match &mut document.operations {
        Single(operation) => retain(operation),
        Multiple(all) => all.values_mut().for_each(retain),
    }
}

/// What the operations of a document use, also by fragments.
#[derive(Default)]
struct Uses {
    fragments: HashSet<Name>,
    variables: HashSet<Name>,
}

impl Uses {
    fn of(document: &ExecutableDocument) -> Self {
        let mut uses = Self::default();
        for (_, operation) in document.operations.iter() {
            uses.directives(&operation.node.directives);
            uses.selection(document, &operation.node.selection_set.node);
        }
        uses
    }

    /// Each fragment is walked once. The depth of the recursion is bounded by the brackets of the document and the
    /// number of its definitions.
    fn selection(&mut self, document: &ExecutableDocument, set: &SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    field.node.arguments.iter().for_each(|(_, value)| self.value(&value.node));
                    self.directives(&field.node.directives);
                    self.selection(document, &field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives);
                    self.selection(document, &inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives);
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = document.fragments.get(name)
                        && self.fragments.insert(name.clone())
                    {
                        self.directives(&fragment.node.directives);
                        self.selection(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        let arguments = directives.iter().flat_map(|one| &one.node.arguments);
        arguments.for_each(|(_, value)| self.value(&value.node));
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => drop(self.variables.insert(name.clone())),
            Value::List(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.value(field)),
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::Enum(_) => {}
        }
    }
}
