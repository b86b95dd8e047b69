//! Answers objects and lists whose fields do not wait one after the other, in place.
//!
//! The engine puts a future on the heap for each field of each row, and asks a scheduler which of them goes on first: for
//! fields that wait for nothing, a third of a list's time. What these types answer was fetched by a plan.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{
    ContainerType, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult, Value,
};

/// An object of the schema, answered in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Straight<T>(pub(crate) T);

/// Rows of a list, answered in place.
#[derive(Clone, Debug)]
pub(crate) struct Rows<T>(pub(crate) Vec<T>);

impl<T: ObjectType> OutputType for Straight<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        object(ctx, &self.0).await
    }
}

impl<T: ObjectType> OutputType for Rows<T> {
    fn type_name() -> Cow<'static, str> {
        <Vec<T>>::type_name()
    }

    fn qualified_type_name() -> String {
        <Vec<T>>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Vec<T>>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let mut rows = Vec::with_capacity(self.0.len());
        for (index, row) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            rows.push(object(&ctx, row).await.map_err(|error| ctx.set_error_path(error))?);
        }
        Ok(Value::List(rows))
    }
}

/// The answer of an object, as the engine would give it.
pub(crate) async fn object<T: ContainerType>(ctx: &ContextSelectionSet<'_>, object: &T) -> ServerResult<Value> {
    let items = &ctx.item.node.items;
    let is_plain = |item: &Positioned<Selection>| matches!(&item.node, Selection::Field(field) if field.node.directives.is_empty());
    if !items.iter().all(is_plain) {
        // Fragments and directives are the engine's business.
        return Box::pin(resolve_container(ctx, object)).await;
    }
    let mut answer: IndexMap<Name, Value> = IndexMap::with_capacity(items.len());
    for item in items {
        let Selection::Field(field) = &item.node else { continue };
        let key = field.node.response_key().node.clone();
        if field.node.name.node == "__typename" {
            answer.insert(key, Value::String(object.introspection_type_name().into_owned()));
            continue;
        }
        match object.resolve_field(&ctx.with_field(field)).await {
            // What a document says twice was made one before.
            Ok(value) => drop(answer.insert(key, value.unwrap_or_default())),
            Err(error) => ctx.add_error(error),
        }
    }
    Ok(if answer.is_empty() { Value::Null } else { Value::Object(answer) })
}
