//! Builds the schema of each pair of kind and role once: the whole schema without the parts that are hidden from it.
//!
//! The engine's registry is narrowed (docs/adr/0005-schema-per-viewer.md), so validation refuses hidden fields. The
//! resolvers check the disclosure rule independently of that.

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

/// A schema of the engine, on which requests are executed.
pub(crate) type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema of a kind and role.
pub(crate) fn of(kind: AgencyKind, role: Role) -> &'static Schema {
    static SCHEMAS: [[OnceLock<Schema>; Role::ALL.len()]; AgencyKind::ALL.len()] =
        [const { [const { OnceLock::new() }; Role::ALL.len()] }; AgencyKind::ALL.len()];
    SCHEMAS[kind as usize][role as usize].get_or_init(|| build(Some((kind, role))))
}

/// The names and declarations in a narrowed schema.
pub(crate) fn visible(schema: &Schema) -> &VisibleSchema {
    static NONE: LazyLock<VisibleSchema> = LazyLock::new(VisibleSchema::default);
    schema.data::<Shared>().and_then(|shared| shared.get()).unwrap_or(&NONE)
}

/// The SDL of the schema of this kind and role, or of the whole schema for `None`.
#[must_use]
pub fn sdl(pair: Option<(AgencyKind, Role)>) -> String {
    build(pair).sdl_with_options(SDLExportOptions::new().sorted_enum_items().prefer_single_line_descriptions())
}

fn build(pair: Option<(AgencyKind, Role)>) -> Schema {
    let schema = Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        // Never `Fast`: this mode resolves fields that were removed from the registry.
        .validation_mode(ValidationMode::Strict)
        // kim makes its own suggestions, in a limited number (`engine/suggestions.rs`).
        .disable_suggestions();
    let visible = Shared::default();
    schema.data(Shared::clone(&visible)).directive(Narrowing { pair, visible }).finish()
}

/// Not a real directive. The factory of a directive is the engine's only hook that can change the registry.
struct Narrowing {
    pair: Option<(AgencyKind, Role)>,
    visible: Shared,
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
        // A missing declaration must not make a field visible, so the schema is not built.
        let declared = read.unwrap_or_else(|problems| panic!("{}", problems.join("\n")));
        // The engine calls `register` once per schema.
        let _first = self.visible.set(VisibleSchema::of(registry, &declared));
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
