//! Removes from the schema the parts that do not exist for a viewer.

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaType, MetaTypeName, Registry};
use kim_domain::audience::Audience;

use crate::schema::declaration::{Declarations, is_of_the_engine};

/// Keeps the parts that exist for a viewer and can be reached.
///
/// # Errors
/// A field or argument exists for the viewer, but its type does not. Each is described.
pub(crate) fn narrow(
    registry: &mut Registry,
    declared: &Declarations,
    includes: impl Fn(Audience) -> bool,
) -> Result<(), Vec<String>> {
    let exists = |place: &str| match declared.get(place) {
        Some(one) => one.audiences.iter().any(|one| includes(*one)),
        // Only built-in types and introspection have no declarations. They exist for everyone.
        None => place.split(['.', '(']).take(2).any(is_of_the_engine),
    };
    for (of, ty) in &mut registry.types {
        let has = |part: &str| exists(&format!("{of}.{part}"));
        match ty {
            MetaType::Object { fields, .. } | MetaType::Interface { fields, .. } => fields.retain(|name, field| {
                field.args.retain(|argument, _| has(&format!("{name}({argument})")));
                has(name)
            }),
            MetaType::Enum { enum_values, .. } => enum_values.retain(|name, _| has(name)),
            MetaType::InputObject { input_fields, .. } => input_fields.retain(|name, _| has(name)),
            MetaType::Scalar { .. } | MetaType::Union { .. } => {}
        }
        if let MetaType::Interface { possible_types, .. } | MetaType::Union { possible_types, .. } = ty {
            possible_types.retain(|name| exists(name));
        }
    }
    // A viewer without mutations has no mutation root.
    let is_empty = |ty: &MetaType| ty.fields().is_some_and(IndexMap::is_empty);
    registry.types.retain(|name, ty| exists(name) && !is_empty(ty));
    registry.mutation_type.take_if(|root| !registry.types.contains_key(root));
    registry.implements.retain(|name, _| exists(name));
    let dead_ends = dead_ends(registry);
    registry.remove_unused_types();
    if dead_ends.is_empty() { Ok(()) } else { Err(dead_ends) }
}

/// Describes the fields and arguments whose types do not exist.
fn dead_ends(registry: &Registry) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |place: String, ty: &str| {
        let ty = MetaTypeName::concrete_typename(ty);
        if !registry.types.contains_key(ty) {
            found.push(format!("{place} has the type {ty}, which does not exist for the viewer"));
        }
    };
    for (name, ty) in &registry.types {
        for field in ty.fields().into_iter().flat_map(IndexMap::values) {
            check(format!("{name}.{}", field.name), &field.ty);
            field.args.values().for_each(|input| check(format!("{name}.{}({})", field.name, input.name), &input.ty));
        }
        if let MetaType::InputObject { input_fields, .. } = ty {
            input_fields.values().for_each(|input| check(format!("{name}.{}", input.name), &input.ty));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use async_graphql::{InputObject, Interface, Object, OutputType, SimpleObject, Union};

    use super::*;
    use crate::schema::declaration;

    /// The registry of a query root, narrowed to data protection officers, and the errors.
    fn narrowed<Q: OutputType>() -> (Registry, Vec<String>) {
        let mut registry = Registry { query_type: Q::type_name().into_owned(), ..Registry::default() };
        Q::create_type_info(&mut registry);
        let declared = declaration::read(&registry).expect("declarations");
        let result =
            narrow(&mut registry, &declared, |audience| matches!(audience, Audience::Officers | Audience::All));
        (registry, result.err().unwrap_or_default())
    }

    #[derive(SimpleObject)]
    #[graphql(tag = "for work")]
    struct Secret {
        id: i32,
    }

    #[derive(SimpleObject)]
    #[graphql(tag = "for officers")]
    struct Known {
        id: i32,
        #[graphql(tag = "for signers")]
        signed: i32,
    }

    #[derive(InputObject)]
    #[graphql(tag = "for work")]
    struct SecretInput {
        id: i32,
    }

    #[derive(Interface)]
    #[graphql(tag = "for all", field(name = "id", ty = "&i32"))]
    enum Found {
        Secret(Secret),
        Known(Known),
    }

    #[derive(Union)]
    #[graphql(tag = "for all")]
    enum Either {
        Secret(Secret),
        Known(Known),
    }

    struct Narrow;

    #[Object(tag = "for all")]
    impl Narrow {
        #[graphql(tag = "for work")]
        async fn secret(&self) -> Secret {
            Secret { id: 1 }
        }
        #[graphql(tag = "for all")]
        async fn found(&self, #[graphql(tag = "for work")] of: Option<SecretInput>) -> Found {
            Found::Known(Known { id: of.map_or(1, |of| of.id), signed: 1 })
        }
        #[graphql(tag = "for work|officers")]
        async fn either(&self) -> Either {
            Either::Known(Known { id: 1, signed: 1 })
        }
    }

    #[test]
    fn parts_for_other_viewers_are_removed_everywhere() {
        let (registry, problems) = narrowed::<Narrow>();
        assert_eq!(problems, [""; 0]);
        let fields = |name: &str| registry.types[name].fields().expect("fields");
        assert!(fields("Narrow").keys().eq(["found", "either"]) && fields("Known").keys().eq(["id"]));
        assert!(fields("Narrow")["found"].args.is_empty());
        assert!(!registry.types.contains_key("Secret") && !registry.types.contains_key("SecretInput"));
        for members in ["Found", "Either"] {
            assert!(registry.types[members].possible_types().expect("members").iter().eq(["Known"]), "{members}");
        }
    }

    struct Leading;

    #[Object(tag = "for officers")]
    impl Leading {
        #[graphql(tag = "for officers")]
        async fn leads(&self, of: Option<SecretInput>) -> Secret {
            Secret { id: of.map_or(1, |of| of.id) }
        }
    }

    #[test]
    fn a_visible_field_or_argument_of_a_hidden_type_is_an_error() {
        let hidden = |place: &str, ty: &str| format!("{place} has the type {ty}, which does not exist for the viewer");
        let problems = [hidden("Leading.leads", "Secret"), hidden("Leading.leads(of)", "SecretInput")];
        assert_eq!(narrowed::<Leading>().1, problems);
    }
}
