//! Answers objects and lists whose fields do not wait one after the other, in place, as the JSON that leaves.
//!
//! The engine puts a future on the heap for each field of each row, asks a scheduler which of them goes on first, and keeps
//! the answer as a tree of maps until it is written. What these types answer was fetched by a plan: for fields that wait for
//! nothing, all of that is half of a list's time.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Deref;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{resolve_container, resolve_list};
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult, Value,
};

use crate::json;
use crate::merge::KEPT;
use crate::session::Session;

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
        // On the heap: what answers this field shall not be as large as all that may be in it, for all of its siblings too.
        Box::pin(answer(ctx, &self.0)).await
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

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if in_pieces(ctx) {
            return Box::pin(resolve_list(ctx, field, self.0.iter(), Some(self.0.len()))).await;
        }
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

/// Whether the engine puts the answer together: what is written already it could not.
fn in_pieces(ctx: &ContextSelectionSet<'_>) -> bool {
    Session::of(ctx).in_pieces()
}

/// The answer of an object.
pub(crate) async fn answer<T: Direct>(ctx: &ContextSelectionSet<'_>, object: &T) -> ServerResult<Value> {
    if in_pieces(ctx) {
        return resolve_container(ctx, object).await;
    }
    let mut json = Vec::new();
    write(ctx, object, &mut json).await?;
    Ok(json::written(json))
}

/// Writes the value of a field, or has it resolved.
async fn resolve<T: Direct>(ctx: &Context<'_>, object: &T, json: &mut Vec<u8>) -> ServerResult<()> {
    if !object.write_object(ctx, json).await? {
        json::write(&object.resolve_field(ctx).await?.unwrap_or_default(), json);
    }
    Ok(())
}

/// The fields of a selection, each key once: those in its fragments too, where they apply to the type.
struct Fields<'c> {
    all: Vec<&'c Positioned<Field>>,
    keys: HashSet<&'c Name>,
}

impl<'c> Fields<'c> {
    /// `None` if something is the engine's business.
    fn of(ctx: &ContextSelectionSet<'c>, type_name: &str) -> Option<Vec<&'c Positioned<Field>>> {
        let set = &ctx.item.node;
        let mut fields = Self { all: Vec::with_capacity(set.items.len()), keys: HashSet::new() };
        // Without fragments no key is there twice: what a document says twice was made one before.
        let is_field = |item: &Positioned<Selection>| matches!(item.node, Selection::Field(_));
        fields.add(ctx, set, type_name, set.items.iter().all(is_field)).then_some(fields.all)
    }

    fn add(&mut self, ctx: &ContextSelectionSet<'c>, set: &'c SelectionSet, type_name: &str, once: bool) -> bool {
        let kinds = || ctx.schema_env.registry.implements.get(type_name);
        let applies = |on: &str| on == type_name || kinds().is_some_and(|kinds| kinds.contains(on));
        set.items.iter().all(|item| {
            let (condition, inside) = match &item.node {
                Selection::Field(field) if field.node.directives.is_empty() => {
                    let key = &field.node.response_key().node;
                    if *key != KEPT && (once || self.keys.insert(key)) {
                        self.all.push(field);
                    }
                    return true;
                }
                Selection::FragmentSpread(spread) if spread.node.directives.is_empty() => {
                    let Some(fragment) = ctx.query_env.fragments.get(&spread.node.fragment_name.node) else {
                        return false;
                    };
                    (Some(&fragment.node.type_condition), &fragment.node.selection_set.node)
                }
                Selection::InlineFragment(inline) if inline.node.directives.is_empty() => {
                    (inline.node.type_condition.as_ref(), &inline.node.selection_set.node)
                }
                Selection::Field(_) | Selection::FragmentSpread(_) | Selection::InlineFragment(_) => return false,
            };
            !condition.is_none_or(|condition| applies(&condition.node.on.node))
                || self.add(ctx, inside, type_name, false)
        })
    }
}

/// Writes the answer of an object, as the engine would give it; null if a field failed, which the errors then tell.
pub(crate) async fn write<T: Direct>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    json: &mut Vec<u8>,
) -> ServerResult<()> {
    let type_name = object.introspection_type_name();
    let Some(fields) = Fields::of(ctx, &type_name) else {
        json::write(&Box::pin(resolve_container(ctx, object)).await?, json);
        return Ok(());
    };
    let (from, mut failed) = (json.len(), false);
    json.push(b'{');
    for field in fields {
        json::key(&field.node.response_key().node, json);
        let name = &field.node.name.node;
        if name == "__typename" {
            json::text(&type_name, json);
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
