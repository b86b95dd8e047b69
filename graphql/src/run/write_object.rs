//! Gap: each field of each row is a future on the heap. Upstream: issue #1842.
//!
//! Writes objects and lists in place, as the JSON that leaves, each field through its one resolver.
//!
//! The engine puts a future on the heap for each field of each row, asks a scheduler which of them goes on first, and keeps
//! the answer as a tree of maps until it is written: half of a list's time. A plan has fetched what these types answer, so
//! that no field waits. Each is polled once, and its value is written behind what is there.

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
use crate::json::{self, KEPT};
use crate::run::session::Session;

/// An object of the schema, written in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteObject<T>(pub(crate) T);

/// Objects of a list, `Vec<T>` or `&[T]`, written in place.
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
            // Some hundred bytes for each: a vector that doubles copies all that was written again and again.
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

/// The answer of an object that may write some of its fields by itself: those without arguments and without a selection,
/// for which `write` says that it did.
pub(crate) async fn resolve_object<T: ContainerType>(
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    object: &T,
    write: impl Fn(&str, &mut Vec<u8>) -> bool,
) -> ServerResult<Value> {
    if Session::of(ctx).needs_engine_merge() {
        // On the heap: what answers a field shall not be as large as all that may be in it, for all of its siblings too.
        return Box::pin(resolve_container(ctx, object)).await;
    }
    let fields = Fields::of(ctx, &object.introspection_type_name());
    write_value(ctx, field, |json| write_fields(ctx, object, fields.as_deref(), write, json))
}

/// The text of an object that is being written, lent to the value of one of its fields: the engine's resolvers return
/// values and have no other way to hand text over.
#[derive(Default)]
pub(crate) struct Lending(Mutex<Option<Lent>>);

/// A text, and the address of the field that may write on.
struct Lent {
    to: usize,
    json: Vec<u8>,
}

impl Lending {
    fn replace(&self, lent: Option<Lent>) -> Option<Lent> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), lent)
    }
}

fn address(field: &Positioned<Field>) -> usize {
    std::ptr::from_ref(field).addr()
}

/// Writes the value of a field behind what its object has written, or as a piece of its own.
fn write_value(
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
    write: impl FnOnce(&mut Vec<u8>) -> ServerResult<()>,
) -> ServerResult<Value> {
    let lending = Session::of(ctx).lending();
    // An item of a list that the engine resolves is of the list's field, and no member of the object.
    let is_item = ctx.path_node.is_some_and(|node| matches!(node.segment, QueryPathSegment::Index(_)));
    match lending.replace(None) {
        Some(mut lent) if lent.to == address(field) && !is_item => {
            let written = write(&mut lent.json);
            lending.replace(Some(lent));
            written.map(|()| json::written(Vec::new()))
        }
        other => {
            lending.replace(other);
            let mut json = Vec::new();
            write(&mut json).map(|()| json::written(json))
        }
    }
}

/// Writes an object as the engine would answer it; null if a field failed, which the errors then tell.
fn write_fields<T: ContainerType>(
    ctx: &ContextSelectionSet<'_>,
    object: &T,
    fields: Option<&[&Positioned<Field>]>,
    write: impl Fn(&str, &mut Vec<u8>) -> bool,
    json: &mut Vec<u8>,
) -> ServerResult<()> {
    let Some(fields) = fields else {
        json::write(&now(resolve_container(ctx, object))?, json);
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
        now(object.resolve_field(ctx))?
    } else {
        let lending = Session::of(ctx).lending();
        let outer = lending.replace(Some(Lent { to: address(ctx.item), json: std::mem::take(json) }));
        let value = now(object.resolve_field(ctx));
        *json = lending.replace(outer).map(|lent| lent.json).unwrap_or_default();
        value?
    };
    json::write(&value.unwrap_or_default(), json);
    Ok(())
}

/// What does not wait.
fn now<T>(resolving: impl Future<Output = ServerResult<T>>) -> ServerResult<T> {
    match pin!(resolving).poll(&mut task::Context::from_waker(Waker::noop())) {
        Poll::Ready(resolved) => resolved,
        Poll::Pending => {
            let id = Uuid::now_v7();
            tracing::error!(error_id = %id, kind = "waiting", "a field of an object that is written in place waits");
            Err(masked(id, false).into_server_error(async_graphql::Pos::default()))
        }
    }
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
