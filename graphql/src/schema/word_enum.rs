//! GraphQL enums of domain words: one implementation for all closed lists, with their German labels.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::Field;
use async_graphql::registry::{Deprecation, MetaEnumValue, MetaType, MetaTypeId, Registry};
use async_graphql::{
    ContextSelectionSet, InputType, InputValueError, InputValueResult, Name, OutputType, Positioned, ServerResult,
    Value,
};
use kim_domain::Word;

use crate::error::unreadable;
use crate::schema::declaration::tags;

/// A domain word as an enum value, for input and output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct WordEnum<W>(pub(crate) W);

fn meta<W: Word>() -> MetaType {
    let values: IndexMap<String, MetaEnumValue> = W::ALL
        .iter()
        .map(|word| {
            let value = MetaEnumValue {
                name: word.code().to_owned(),
                description: Some(word.label().to_owned()),
                deprecation: Deprecation::NoDeprecated,
                visible: None,
                inaccessible: false,
                tags: tags(&word.audiences()),
                directive_invocations: Vec::new(),
            };
            (word.code().to_owned(), value)
        })
        .collect();
    MetaType::Enum {
        name: W::NAME.to_owned(),
        description: Some(W::ABOUT.to_owned()),
        enum_values: values,
        visible: None,
        inaccessible: false,
        tags: tags(W::AUDIENCES),
        rust_typename: Some(std::any::type_name::<WordEnum<W>>()),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

impl<W: Word> OutputType for WordEnum<W> {
    fn type_name() -> Cow<'static, str> {
        W::NAME.into()
    }
    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Enum, |_| meta::<W>())
    }
    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Enum(Name::new(self.0.code())))
    }
}

impl<W: Word> InputType for WordEnum<W> {
    type RawValueType = Self;
    fn type_name() -> Cow<'static, str> {
        W::NAME.into()
    }
    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_input_type::<Self, _>(MetaTypeId::Enum, |_| meta::<W>())
    }
    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let value = value.unwrap_or_default();
        let code = match &value {
            Value::Enum(name) => name.as_str(),
            Value::String(text) => text,
            Value::Null
            | Value::Number(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::List(_)
            | Value::Object(_) => {
                return Err(InputValueError::expected_type(value));
            }
        };
        W::from_code(code).map(Self).ok_or_else(|| InputValueError::custom("no such value"))
    }
    fn to_value(&self) -> Value {
        Value::Enum(Name::new(self.0.code()))
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// A word as it is stored, as a nullable enum value. A code that this program does not know is null, with an error.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StoredWord<W> {
    None,
    Known(W),
    /// The column with the unknown code.
    Unknown(&'static str),
}

impl<W: Word> StoredWord<W> {
    pub(crate) fn of(column: &'static str, code: Option<&str>) -> Self {
        match code.map(W::from_code) {
            None => Self::None,
            Some(Some(word)) => Self::Known(word),
            Some(None) => Self::Unknown(column),
        }
    }
}

impl<W: Word> OutputType for StoredWord<W> {
    fn type_name() -> Cow<'static, str> {
        W::NAME.into()
    }
    fn qualified_type_name() -> String {
        W::NAME.to_owned()
    }
    fn create_type_info(registry: &mut Registry) -> String {
        <Option<WordEnum<W>> as OutputType>::create_type_info(registry)
    }
    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(match self {
            Self::None => Value::Null,
            Self::Known(word) => Value::Enum(Name::new(word.code())),
            Self::Unknown(column) => unreadable(ctx, column),
        })
    }
}
