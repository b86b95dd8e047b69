//! Answers objects and lists whose fields do not wait one after the other, in place, as the JSON that leaves.
//!
//! The engine puts a future on the heap for each field of each row, asks a scheduler which of them goes on first, and keeps
//! the answer as a tree of maps until it is written. What these types answer was fetched by a plan: for fields that wait for
//! nothing, all of that is half of a list's time.

use std::borrow::Cow;
use std::ops::Deref;

use async_graphql::parser::types::{Field, Selection};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
};

use crate::json;

/// An object that may write some of its fields by itself.
pub(crate) trait Direct: ContainerType {
    /// Writes the value of a field that has neither arguments nor a selection, and says whether it did. What it leaves, and
    /// what is wrong with a value, is its resolvers' to say.
    fn write(&self, _field: &str, _json: &mut Vec<u8>) -> bool {
        false
    }

    /// Writes the value of a field that has a selection and no arguments, and says whether it did.
    fn write_object(&self, _ctx: &Context<'_>, _json: &mut Vec<u8>) -> impl Future<Output = ServerResult<bool>> + Send {
        std::future::ready(Ok(false))
    }
}

impl<T: Direct> Direct for &T {
    fn write(&self, field: &str, json: &mut Vec<u8>) -> bool {
        T::write(self, field, json)
    }

    fn write_object(&self, ctx: &Context<'_>, json: &mut Vec<u8>) -> impl Future<Output = ServerResult<bool>> + Send {
        T::write_object(self, ctx, json)
    }
}

/// An object of the schema, answered in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Straight<T>(pub(crate) T);

/// Rows of a list, `Vec<T>` or `&[T]`, answered in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<S>(pub(crate) S);

impl<T: Direct + ObjectType> OutputType for Straight<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let mut json = Vec::new();
        // On the heap: what answers this field shall not be as large as all that may be in it, for all of its siblings too.
        Box::pin(write(ctx, &self.0, &mut json)).await?;
        Ok(json::written(json))
    }
}

impl<S: Deref<Target = [T]> + Send + Sync, T: Direct + ObjectType> OutputType for Rows<S> {
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
        // Some hundred bytes for each: a vector that doubles copies all that was written again and again.
        let mut json = Vec::with_capacity(self.0.len() * 768 + 2);
        json.push(b'[');
        for (index, row) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            json::next(&mut json);
            write(&ctx, row, &mut json).await.map_err(|error| ctx.set_error_path(error))?;
        }
        json.push(b']');
        Ok(json::written(json))
    }
}

/// Writes the value of a field, or has it resolved.
async fn resolve<T: Direct>(ctx: &Context<'_>, object: &T, json: &mut Vec<u8>) -> ServerResult<()> {
    if !object.write_object(ctx, json).await? {
        json::write(&object.resolve_field(ctx).await?.unwrap_or_default(), json);
    }
    Ok(())
}

/// Writes the answer of an object, as the engine would give it; null if a field failed, which the errors then tell.
pub(crate) async fn write<T: Direct>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    json: &mut Vec<u8>,
) -> ServerResult<()> {
    let items = &ctx.item.node.items;
    let is_plain = |item: &Positioned<Selection>| matches!(&item.node, Selection::Field(field) if field.node.directives.is_empty());
    if !items.iter().all(is_plain) {
        // Fragments and directives are the engine's business.
        json::write(&Box::pin(resolve_container(ctx, object)).await?, json);
        return Ok(());
    }
    let (from, mut failed) = (json.len(), false);
    json.push(b'{');
    for item in items {
        let Selection::Field(field) = &item.node else { continue };
        // No key is there twice: what a document says twice was made one before.
        json::key(&field.node.response_key().node, json);
        let name = &field.node.name.node;
        if name == "__typename" {
            json::text(&object.introspection_type_name(), json);
        } else if !object.write(name, json)
            && let Err(error) = resolve(&ctx.with_field(field), object, json).await
        {
            ctx.add_error(error);
            failed = true;
        }
    }
    json.push(b'}');
    if failed {
        json.truncate(from);
        json::null(json);
    }
    Ok(())
}
