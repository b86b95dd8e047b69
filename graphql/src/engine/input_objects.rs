//! Gap: a list or a plain value passes for an input object until a field reads it. Upstream: issue #1261.

use async_graphql::registry::MetaType;
use async_graphql::{Name, Positioned, ServerError, Value as ConstValue, Variables};
use async_graphql_value::Value;

use crate::engine::validation::{Usage, invalid, item_of};
use crate::schema::visible_schema::VisibleSchema;

/// Refuses a literal that is no object.
pub(crate) fn check(
    value: &Value,
    expects: Option<&MetaType>,
    type_name: &str,
    argument: &Positioned<Name>,
) -> Option<ServerError> {
    let expects_object = matches!(expects, Some(MetaType::InputObject { .. }));
    let refused = expects_object && !matches!(value, Value::Object(_) | Value::Null);
    refused.then(|| no_object(type_name, argument))
}

/// A place for an input object, or a list of them, where a variable stands.
#[derive(Debug)]
pub(crate) struct Place {
    variable: Name,
    argument: Positioned<Name>,
    expects: String,
}

impl Place {
    /// `None` where none is expected.
    pub(crate) fn of(usage: &Usage<'_>, known: &VisibleSchema) -> Option<Self> {
        let Usage { variable, argument, expects, .. } = *usage;
        matches!(known.named(expects), Some(MetaType::InputObject { .. })).then(|| Self {
            variable: variable.clone(),
            argument: argument.clone(),
            expects: expects.to_owned(),
        })
    }

    /// Refuses a value of the variable that is no object.
    pub(crate) fn check(&self, given: &Variables, known: &VisibleSchema) -> Option<ServerError> {
        let value = given.get(&self.variable)?;
        is_no_object(value, &self.expects, known).then(|| no_object(&self.expects, &self.argument))
    }
}

/// Whether a list or a plain value comes where an object is expected, here or below.
fn is_no_object(given: &ConstValue, expects: &str, known: &VisibleSchema) -> bool {
    if let (ConstValue::List(items), Some(item)) = (given, item_of(expects)) {
        return items.iter().any(|one| is_no_object(one, item, known));
    }
    let Some(MetaType::InputObject { input_fields, .. }) = known.named(expects) else { return false };
    if let ConstValue::Object(fields) = given {
        let wrong = |(name, value): (&Name, &ConstValue)| {
            input_fields.get(name.as_str()).is_some_and(|field| is_no_object(value, &field.ty, known))
        };
        return fields.iter().any(wrong);
    }
    *given != ConstValue::Null
}

fn no_object(expects: &str, argument: &Positioned<Name>) -> ServerError {
    invalid(format!("Invalid value for argument \"{}\", expected type \"{expects}\"", argument.node), argument.pos)
}
