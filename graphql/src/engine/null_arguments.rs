//! Gap: a variable that is null refuses the whole request if a default allows its use where null is not allowed
//! (specification 5.8.5). It is an error of the field that uses it (6.4.1). No upstream issue found.
//!
//! The engine gets a document in which such a field is a `__typename`. After the execution it is null, with an error.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::registry::{MetaInputValue, MetaType};
use async_graphql::{Name, PathSegment, Pos, Positioned, Response, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;

use crate::engine::partial_document::{On, change};
use crate::engine::typename;
use crate::engine::usage::item_type;
use crate::schema::visible_schema::VisibleSchema;

/// The variables that are null in a request, and are used where null is not allowed.
pub(crate) struct NullArguments<'s> {
    nulls: Vec<Name>,
    schema: &'s VisibleSchema,
}

impl<'s> NullArguments<'s> {
    /// `sensitive`: the nullable variables that are used where null is not allowed.
    pub(crate) fn of(sensitive: &[Name], given: &Variables, schema: &'s VisibleSchema) -> Self {
        let nulls = sensitive.iter().filter(|name| given.get(*name) == Some(&ConstValue::Null));
        Self { nulls: nulls.cloned().collect(), schema }
    }

    /// Replaces the fields that have such an argument.
    pub(crate) fn replace(&self, document: &mut ExecutableDocument, operation_name: Option<&str>) {
        if self.nulls.is_empty() {
            return;
        }
        change(document, operation_name, |on, set| {
            let of = match on {
                On::Operation(ty) => self.schema.root(ty),
                On::Type(name) => self.schema.named(name),
            };
            self.replace_in(set, of);
        });
    }

    /// The depth of the recursion is bounded by the brackets of the document, which were counted before parsing.
    fn replace_in(&self, set: &mut SelectionSet, of: Option<&MetaType>) {
        for item in &mut set.items {
            match &mut item.node {
                Selection::Field(field) => {
                    let Some(found) = VisibleSchema::field(of, &field.node.name.node) else { continue };
                    if self.null_argument(&field.node, &found.args).is_some() {
                        field.node.alias = Some(field.node.response_key().clone());
                        field.node.name.node = Name::new(typename::FIELD);
                        field.node.arguments.clear();
                        field.node.selection_set.node.items.clear();
                    } else {
                        self.replace_in(&mut field.node.selection_set.node, self.schema.named(&found.ty));
                    }
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map_or(of, |condition| self.schema.named(&condition.node.on.node));
                    self.replace_in(&mut inline.node.selection_set.node, on);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// The argument of a field that is null, or has a null inside, where null is not allowed.
    fn null_argument<'f>(
        &self,
        field: &'f Field,
        defined: &IndexMap<String, MetaInputValue>,
    ) -> Option<(&'f Name, Pos)> {
        let is_null = |(name, value): &&(Positioned<Name>, Positioned<Value>)| {
            defined.get(name.node.as_str()).is_some_and(|expected| self.has_null(&value.node, &expected.ty))
        };
        field.arguments.iter().find(is_null).map(|(name, value)| (&name.node, value.pos))
    }

    fn has_null(&self, value: &Value, expects: &str) -> bool {
        match value {
            Value::Variable(name) => expects.ends_with('!') && self.nulls.contains(name),
            Value::List(items) => {
                item_type(expects).is_some_and(|item| items.iter().any(|one| self.has_null(one, item)))
            }
            Value::Object(fields) => {
                let Some(MetaType::InputObject { input_fields, .. }) = self.schema.named(expects) else { return false };
                fields.iter().any(|(name, value)| {
                    input_fields.get(name.as_str()).is_some_and(|field| self.has_null(value, &field.ty))
                })
            }
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::Enum(_) => false,
        }
    }

    /// Adds the errors of the replaced fields. They are null. If one of them must not be null, the response has no data.
    pub(crate) fn report(&self, response: &mut Response, document: &ExecutableDocument, of: &OperationDefinition) {
        if self.nulls.is_empty() || response.data == ConstValue::Null {
            return;
        }
        let mut found = Found { of: self, document, errors: Vec::new(), is_null: false };
        let ty = self.schema.root(of.ty).map(MetaType::name).unwrap_or_default();
        found.value(&of.selection_set.node, ty, &mut response.data, &mut Vec::new());
        if found.is_null {
            response.data = ConstValue::Null;
        }
        response.errors.append(&mut found.errors);
    }
}

struct Found<'d> {
    of: &'d NullArguments<'d>,
    document: &'d ExecutableDocument,
    errors: Vec<ServerError>,
    /// Whether a field that must not be null is null.
    is_null: bool,
}

impl Found<'_> {
    fn value(&mut self, set: &SelectionSet, ty: &str, value: &mut ConstValue, path: &mut Vec<PathSegment>) {
        if let ConstValue::Binary(written) = value {
            *value = serde_json::from_slice(written).unwrap_or_default();
        }
        match value {
            ConstValue::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    path.push(PathSegment::Index(index));
                    self.value(set, ty, item, path);
                    path.pop();
                }
            }
            ConstValue::Object(fields) => self.selection(set, self.of.schema.named(ty), fields, path),
            ConstValue::Null
            | ConstValue::Number(_)
            | ConstValue::String(_)
            | ConstValue::Boolean(_)
            | ConstValue::Binary(_)
            | ConstValue::Enum(_) => {}
        }
    }

    fn selection(
        &mut self,
        set: &SelectionSet,
        of: Option<&MetaType>,
        object: &mut IndexMap<Name, ConstValue>,
        path: &mut Vec<PathSegment>,
    ) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    let defined = VisibleSchema::field(of, &field.node.name.node);
                    // Skipped fields, and fields of fragments on other types, are missing.
                    let (Some(value), Some(defined)) = (object.get_mut(key), defined) else { continue };
                    path.push(PathSegment::Field(key.to_string()));
                    match self.of.null_argument(&field.node, &defined.args) {
                        Some((name, pos)) => {
                            *value = ConstValue::Null;
                            self.is_null |= defined.ty.ends_with('!');
                            let text = format!("„{name}“ darf nicht null sein, auch nicht durch eine Variable.");
                            self.errors.push(ServerError { path: path.clone(), ..ServerError::new(text, Some(pos)) });
                        }
                        None => self.value(&field.node.selection_set.node, &defined.ty, value, path),
                    }
                    path.pop();
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map_or(of, |condition| self.of.schema.named(&condition.node.on.node));
                    self.selection(&inline.node.selection_set.node, on, object, path);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let on = self.of.schema.named(&fragment.node.type_condition.node.on.node);
                        self.selection(&fragment.node.selection_set.node, on, object, path);
                    }
                }
            }
        }
    }
}
