//! A schema for each pair of kind and role: built once from the whole, less what this viewer has no business with.
//!
//! The narrowing works on the engine's registry (docs/adr/0005-schema-per-viewer.md). It is a wall at validation; the
//! rule is the wall behind it, and resolvers ask the rule again.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use async_graphql::registry::Registry;
use async_graphql::{
    ContextDirective, CustomDirective, CustomDirectiveFactory, EmptySubscription, SDLExportOptions, ServerError,
    ServerResult, ValidationMode,
};
use kim_domain::agency::{AgencyKind, Role};

use crate::root::mutation::Mutation;
use crate::root::query::Query;
use crate::schema::declaration;
use crate::schema::visibility::narrow;
use crate::schema::visible_schema::{Shared, VisibleSchema};

/// What requests are executed on.
pub(crate) type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema of a kind and role.
pub(crate) fn of(kind: AgencyKind, role: Role) -> &'static Schema {
    static SCHEMAS: [[OnceLock<Schema>; Role::ALL.len()]; AgencyKind::ALL.len()] =
        [const { [const { OnceLock::new() }; Role::ALL.len()] }; AgencyKind::ALL.len()];
    SCHEMAS[kind as usize][role as usize].get_or_init(|| build(Some((kind, role))))
}

/// The words of a narrowed schema.
pub(crate) fn known(schema: &Schema) -> &VisibleSchema {
    static NONE: LazyLock<VisibleSchema> = LazyLock::new(VisibleSchema::default);
    schema.data::<Shared>().and_then(|known| known.get()).unwrap_or(&NONE)
}

/// The schema in GraphQL's own language, as this kind and role see it; the whole of it for `None`.
#[must_use]
pub fn sdl(pair: Option<(AgencyKind, Role)>) -> String {
    build(pair).sdl_with_options(SDLExportOptions::new().sorted_enum_items().prefer_single_line_descriptions())
}

fn build(pair: Option<(AgencyKind, Role)>) -> Schema {
    let schema = Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        // Never Fast: it answers a pruned field.
        .validation_mode(ValidationMode::Strict)
        // Ours are as good and cost a document of wrong names nothing (`engine/error_text.rs`).
        .disable_suggestions();
    let known = Shared::default();
    schema.data(Shared::clone(&known)).directive(Narrowing { pair, known }).finish()
}

/// Not a directive: the engine lets a directive's factory change the registry, and that is the one hook it has.
struct Narrowing {
    pair: Option<(AgencyKind, Role)>,
    known: Shared,
}

impl CustomDirectiveFactory for Narrowing {
    fn name(&self) -> Cow<'static, str> {
        "narrowing".into()
    }

    fn register(&self, registry: &mut Registry) {
        let read = declaration::read(registry).and_then(|declared| {
            if let Some((kind, role)) = self.pair {
                narrow(registry, &declared, |audience| audience.includes(kind, role))?;
            }
            Ok(declared)
        });
        // Closed by default: without a declaration there is no schema.
        let declared = read.unwrap_or_else(|problems| panic!("{}", problems.join("\n")));
        // A factory registers once.
        let _first = self.known.set(VisibleSchema::of(registry, &declared));
    }

    fn create(
        &self,
        ctx: &ContextDirective<'_>,
        _: &async_graphql::parser::types::Directive,
    ) -> ServerResult<Box<dyn CustomDirective>> {
        Err(ServerError::new("unknown directive", Some(ctx.item.pos)))
    }
}

#[cfg(test)]
mod tests;
