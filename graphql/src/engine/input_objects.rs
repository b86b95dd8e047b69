//! Gap: a list or a scalar is accepted as an input object until a field reads the argument. Upstream: issue #1261.

use async_graphql::registry::MetaType;
use async_graphql::{Name, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;

use crate::engine::usage::{Usage, item_type};
use crate::error::invalid;
use crate::schema::visible_schema::VisibleSchema;

/// Refuses a literal that is not an object where an input object is expected.
pub(crate) fn check(
    value: &Value,
    expects: Option<&MetaType>,
    type_name: &str,
    argument: &Positioned<Name>,
) -> Option<ServerError> {
    let expects_object = matches!(expects, Some(MetaType::InputObject { .. }));
    let refused = expects_object && !matches!(value, Value::Object(_) | Value::Null);
    refused.then(|| not_an_object(type_name, argument))
}

/// A variable that is used as an input object or as a list of them.
#[derive(Debug)]
pub(crate) struct ObjectVariable {
    variable: Name,
    argument: Positioned<Name>,
    expects: String,
}

impl ObjectVariable {
    /// `None` if no input object is expected.
    pub(crate) fn of(usage: &Usage<'_>, schema: &VisibleSchema) -> Option<Self> {
        let Usage { variable, argument, expects, .. } = *usage;
        matches!(schema.named(expects), Some(MetaType::InputObject { .. })).then(|| Self {
            variable: variable.clone(),
            argument: argument.clone(),
            expects: expects.to_owned(),
        })
    }

    /// Refuses a value of the variable that is not an object.
    pub(crate) fn check(&self, given: &Variables, schema: &VisibleSchema) -> Option<ServerError> {
        let value = given.get(&self.variable)?;
        is_mismatch(value, &self.expects, schema).then(|| not_an_object(&self.expects, &self.argument))
    }
}

/// Whether the value, or a value inside it, is a list or a scalar where an input object is expected.
fn is_mismatch(given: &ConstValue, expects: &str, schema: &VisibleSchema) -> bool {
    if let (ConstValue::List(items), Some(item)) = (given, item_type(expects)) {
        return items.iter().any(|one| is_mismatch(one, item, schema));
    }
    let Some(MetaType::InputObject { input_fields, .. }) = schema.named(expects) else { return false };
    if let ConstValue::Object(fields) = given {
        let wrong = |(name, value): (&Name, &ConstValue)| {
            input_fields.get(name.as_str()).is_some_and(|field| is_mismatch(value, &field.ty, schema))
        };
        return fields.iter().any(wrong);
    }
    *given != ConstValue::Null
}

fn not_an_object(expects: &str, argument: &Positioned<Name>) -> ServerError {
    invalid(format!("Invalid value for argument \"{}\", expected type \"{expects}\"", argument.node), argument.pos)
}
