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
use std::sync::{Mutex, PoisonError};
use std::task::{self, Poll, Waker};

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::{resolve_container, resolve_list};
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, QueryPathSegment,
    ServerResult, Value,
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

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        resolve_object(ctx, field, &self.0, |_, _| false).await
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
        write_value(ctx, field, |json| {
            // Objects have some hundred bytes each. Without the reservation the vector is copied whenever it grows.
            json.reserve(self.0.len() * 768 + 2);
            json.push(b'[');
            for (index, object) in self.0.iter().enumerate() {
                let ctx = ctx.with_index(index);
                json::next(json);
                write_fields(&ctx, object, fields.as_deref(), |_, _| false, json)
                    .map_err(|error| ctx.set_error_path(error))?;
            }
            json.push(b']');
            Ok(())
        })
    }
}

/// Resolves an object in place. `write` may write fields that have neither arguments nor a selection, and returns
/// whether it did so. All other fields are resolved by their resolvers.
pub(crate) async fn resolve_object<T: ContainerType>(
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    object: &T,
    write: impl Fn(&str, &mut Vec<u8>) -> bool,
) -> ServerResult<Value> {
    if Session::of(ctx).needs_engine_merge() {
        // On the heap: otherwise the future of every field would contain the futures of all fields below it.
        return Box::pin(resolve_container(ctx, object)).await;
    }
    let fields = Fields::of(ctx, &object.introspection_type_name());
    write_value(ctx, field, |json| write_fields(ctx, object, fields.as_deref(), write, json))
}

/// The JSON of the object that is being written, lent to the resolver of one of its fields. The engine's resolvers
/// return values and have no other way to append to the JSON.
#[derive(Default)]
pub(crate) struct LentBuffer(Mutex<Option<Lent>>);

/// The JSON, and the address of the field that may append to it.
struct Lent {
    to: usize,
    json: Vec<u8>,
}

impl LentBuffer {
    fn replace(&self, lent: Option<Lent>) -> Option<Lent> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), lent)
    }
}

fn address(field: &Positioned<Field>) -> usize {
    std::ptr::from_ref(field).addr()
}

/// Appends the value of a field to the JSON of its object if that is lent to the field, or returns the value as
/// separate JSON.
fn write_value(
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    write: impl FnOnce(&mut Vec<u8>) -> ServerResult<()>,
) -> ServerResult<Value> {
    let buffer = Session::of(ctx).lent_buffer();
    // If the engine resolves a list, its items have the address of the list's field, but must not append to the object.
    let is_item = ctx.path_node.is_some_and(|node| matches!(node.segment, QueryPathSegment::Index(_)));
    match buffer.replace(None) {
        Some(mut lent) if lent.to == address(field) && !is_item => {
            let written = write(&mut lent.json);
            buffer.replace(Some(lent));
            written.map(|()| json::written(Vec::new()))
        }
        other => {
            buffer.replace(other);
            let mut json = Vec::new();
            write(&mut json).map(|()| json::written(json))
        }
    }
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
        } else if !write(name, json)
            && let Err(error) = write_field(&ctx.with_field(field), object, json)
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

fn write_field<T: ContainerType>(ctx: &Context<'_>, object: &T, json: &mut Vec<u8>) -> ServerResult<()> {
    let value = if ctx.item.node.selection_set.node.items.is_empty() {
        poll_once(object.resolve_field(ctx))?
    } else {
        let buffer = Session::of(ctx).lent_buffer();
        let outer = buffer.replace(Some(Lent { to: address(ctx.item), json: std::mem::take(json) }));
        let value = poll_once(object.resolve_field(ctx));
        *json = buffer.replace(outer).map(|lent| lent.json).unwrap_or_default();
        value?
    };
    json::write(&value.unwrap_or_default(), json);
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
