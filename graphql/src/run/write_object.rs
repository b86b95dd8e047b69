//! Gap: each field of each row is a future on the heap. Upstream: issue #1842.
//!
//! Writes objects and lists in place, as the final JSON. Each field is resolved by its ordinary resolver.
//!
//! The engine allocates a future for each field of each row, schedules these futures, and keeps the response as a tree
//! of maps until it is written. That takes half of the time of a list. For the types that are written here, the plan
//! has fetched all values, so no field waits: each future is polled once, and its value is appended to the JSON.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Deref;
use std::pin::pin;
use std::task::{self, Poll, Waker};

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{resolve_container, resolve_list};
use async_graphql::{
    ContainerType, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult, Value,
};
use uuid::Uuid;

use crate::error::masked;
use crate::json::{self, PLACEHOLDER};
use crate::run::session::Session;

/// An object that is written in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteObject<T>(pub(crate) T);

/// A list of objects, `Vec<T>` or `&[T]`, that is written in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteList<S>(pub(crate) S);

impl<T: ObjectType> OutputType for WriteObject<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        resolve_object(ctx, &self.0, |_, _| false).await
    }
}

impl<S: Deref<Target = [T]> + Send + Sync, T: ObjectType> OutputType for WriteList<S> {
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
        if Session::of(ctx).needs_engine_merge() {
            return Box::pin(resolve_list(ctx, field, self.0.iter(), Some(self.0.len()))).await;
        }
        let fields = Fields::of(ctx, &T::type_name());
        // Objects have some hundred bytes each. Without the reservation the vector is copied whenever it grows.
        let mut json = Vec::with_capacity(self.0.len() * 768 + 2);
        json.push(b'[');
        for (index, object) in self.0.iter().enumerate() {
            let ctx = ctx.with_index(index);
            json::next(&mut json);
            write_fields(&ctx, object, fields.as_deref(), |_, _| false, &mut json)
                .map_err(|error| ctx.set_error_path(error))?;
        }
        json.push(b']');
        Ok(json::written(json))
    }
}

/// Resolves an object in place. `write` may write fields that have neither arguments nor a selection, and returns
/// whether it did so. All other fields are resolved by their resolvers.
pub(crate) async fn resolve_object<T: ContainerType>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    write: impl Fn(&str, &mut Vec<u8>) -> bool,
) -> ServerResult<Value> {
    if Session::of(ctx).needs_engine_merge() {
        // On the heap: otherwise the future of every field would contain the futures of all fields below it.
        return Box::pin(resolve_container(ctx, object)).await;
    }
    let fields = Fields::of(ctx, &object.introspection_type_name());
    let mut json = Vec::with_capacity(512);
    write_fields(ctx, object, fields.as_deref(), write, &mut json)?;
    Ok(json::written(json))
}

/// Writes an object as the engine would. If a field fails, its error is added to the response and the object is null.
fn write_fields<T: ContainerType>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    fields: Option<&[&Positioned<Field>]>,
    write: impl Fn(&str, &mut Vec<u8>) -> bool,
    json: &mut Vec<u8>,
) -> ServerResult<()> {
    let Some(fields) = fields else {
        json::write(&poll_once(resolve_container(ctx, object))?, json);
        return Ok(());
    };
    let (from, mut failed) = (json.len(), false);
    json.push(b'{');
    for field in fields {
        json::key(&field.node.response_key().node, json);
        let name = &field.node.name.node;
        if name == "__typename" {
            json::text(&object.introspection_type_name(), json);
        } else if !write(name, json) {
            match poll_once(object.resolve_field(&ctx.with_field(field))) {
                Ok(value) => json::write(&value.unwrap_or_default(), json),
                Err(error) => {
                    ctx.add_error(error);
                    failed = true;
                }
            }
        }
    }
    json.push(b'}');
    if failed {
        json.truncate(from);
        json::null(json);
    }
    Ok(())
}

/// The result of a future that does not wait. A future that waits is an internal error.
fn poll_once<T>(resolving: impl Future<Output = ServerResult<T>>) -> ServerResult<T> {
    match pin!(resolving).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(resolved) => resolved,
        Poll::Pending => {
            let id = Uuid::now_v7();
            tracing::error!(error_id = %id, kind = "waiting", "a field of an object that is written in place waits");
            Err(masked(id, false).into_server_error(async_graphql::Pos::default()))
        }
    }
}

/// The fields of a selection and of the fragments that apply to the type, each response key once.
struct Fields<'c> {
    all: Vec<&'c Positioned<Field>>,
    keys: HashSet<&'c Name>,
}

impl<'c> Fields<'c> {
    /// `None` if the selection must be resolved by the engine, because it has directives or an unknown fragment.
    fn of(ctx: &ContextSelectionSet<'c>, type_name: &str) -> Option<Vec<&'c Positioned<Field>>> {
        let set = &ctx.item.node;
        let mut fields = Self { all: Vec::with_capacity(set.items.len()), keys: HashSet::new() };
        // Without fragments the keys are unique, because repeated fields were merged.
        let is_field = |item: &Positioned<Selection>| matches!(item.node, Selection::Field(_));
        fields.add(ctx, set, type_name, set.items.iter().all(is_field)).then_some(fields.all)
    }

    fn add(&mut self, ctx: &ContextSelectionSet<'c>, set: &'c SelectionSet, type_name: &str, unique: bool) -> bool {
        let interfaces = || ctx.schema_env.registry.implements.get(type_name);
        let applies = |on: &str| on == type_name || interfaces().is_some_and(|all| all.contains(on));
        set.items.iter().all(|item| {
            let (condition, inside) = match &item.node {
                Selection::Field(field) if field.node.directives.is_empty() => {
                    let key = &field.node.response_key().node;
                    if *key != PLACEHOLDER && (unique || self.keys.insert(key)) {
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
