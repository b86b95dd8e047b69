//! Takes out of the whole schema what does not exist for a viewer.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaField, MetaInputValue, MetaType, MetaTypeName, Registry};
use kim_domain::audience::Audience;

use crate::declaration::{Declaration, DeclaredPart, DeclaredType};

/// Leaves what exists for a viewer and can be reached.
///
/// # Panics
/// If something that exists for the viewer leads to a type that does not.
pub(crate) fn narrow(
    registry: &mut Registry,
    declared: &BTreeMap<String, DeclaredType>,
    includes: impl Fn(Audience) -> bool,
) {
    let exists = |audiences: &[Audience]| audiences.iter().any(|audience| includes(*audience));
    let hidden: BTreeSet<&String> =
        declared.iter().filter(|(_, ty)| !exists(&ty.audiences)).map(|(name, _)| name).collect();
    for (name, ty) in &mut registry.types {
        // The engine's own types are for everyone.
        let Some(DeclaredType { parts, .. }) = declared.get(name) else { continue };
        let has = |part: &String| parts.get(part).is_none_or(|part| exists(&part.own.audiences));
        match ty {
            MetaType::Object { fields, .. } => keep_fields(fields, parts, exists),
            MetaType::Interface { fields, possible_types, .. } => {
                keep_fields(fields, parts, exists);
                possible_types.retain(|name| !hidden.contains(name));
            }
            MetaType::Union { possible_types, .. } => possible_types.retain(|name| !hidden.contains(name)),
            MetaType::Enum { enum_values, .. } => enum_values.retain(|name, _| has(name)),
            MetaType::InputObject { input_fields, .. } => input_fields.retain(|name, _| has(name)),
            MetaType::Scalar { .. } => {}
        }
    }
    registry.types.retain(|name, _| !hidden.contains(name));
    registry.implements.retain(|name, _| !hidden.contains(name));
    remove_empty_mutation(registry);
    let dead_ends = dead_ends(registry);
    assert!(dead_ends.is_empty(), "{}", dead_ends.join("\n"));
    registry.remove_unused_types();
}

fn keep_fields(
    fields: &mut IndexMap<String, MetaField>,
    declared: &BTreeMap<String, DeclaredPart>,
    exists: impl Fn(&[Audience]) -> bool,
) {
    fields.retain(|name, field| {
        // The engine's own fields are for everyone.
        let Some(DeclaredPart { own, arguments }) = declared.get(name) else { return true };
        let has = |argument: Option<&Declaration>| argument.is_some_and(|argument| exists(&argument.audiences));
        field.args.retain(|name, _| has(arguments.get(name)));
        exists(&own.audiences)
    });
}

/// A viewer who can change nothing has no root for it.
fn remove_empty_mutation(registry: &mut Registry) {
    if let Some(MetaType::Object { fields, .. }) = registry.types.get("Mutation")
        && fields.is_empty()
    {
        registry.types.remove("Mutation");
        registry.mutation_type = None;
    }
}

/// Fields and arguments of types that are not there.
fn dead_ends(registry: &Registry) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: String, ty: &str| {
        let ty = MetaTypeName::concrete_typename(ty);
        if !registry.types.contains_key(ty) {
            found.push(format!("{place} leads to {ty}, which does not exist for the viewer"));
        }
    };
    for (name, ty) in &registry.types {
        for field in ty.fields().into_iter().flat_map(IndexMap::values) {
            look(format!("{name}.{}", field.name), &field.ty);
            field.args.values().for_each(|input| look(format!("{name}.{}({})", field.name, input.name), &input.ty));
        }
        if let MetaType::InputObject { input_fields, .. } = ty {
            input_fields.values().for_each(|input: &MetaInputValue| look(format!("{name}.{}", input.name), &input.ty));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use async_graphql::{InputObject, Interface, Object, OutputType, SimpleObject, Union};

    use super::*;
    use crate::declaration;

    /// What is left of a root for data protection officers.
    fn left<Q: OutputType>() -> Registry {
        let mut registry = Registry { query_type: Q::type_name().into_owned(), ..Registry::default() };
        Q::create_type_info(&mut registry);
        let declared = declaration::read(&registry).expect("declarations");
        narrow(&mut registry, &declared, |audience| matches!(audience, Audience::Officers | Audience::All));
        registry
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
    fn what_is_for_others_is_gone_wherever_it_stands() {
        let registry = left::<Narrow>();
        let fields = |name: &str| registry.types[name].fields().expect("fields").keys().cloned().collect::<Vec<_>>();
        assert_eq!(fields("Narrow"), ["found", "either"]);
        assert_eq!(fields("Known"), ["id"]);
        assert!(registry.types["Narrow"].fields().expect("fields")["found"].args.is_empty());
        assert!(!registry.types.contains_key("Secret") && !registry.types.contains_key("SecretInput"));
        for members in ["Found", "Either"] {
            assert!(registry.types[members].possible_types().expect("members").iter().eq(["Known"]), "{members}");
        }
    }

    struct Leading;

    #[Object(tag = "for all")]
    impl Leading {
        #[graphql(tag = "for officers")]
        async fn leads(&self) -> Secret {
            Secret { id: 1 }
        }
    }

    #[test]
    #[should_panic(expected = "Leading.leads leads to Secret")]
    fn a_field_that_leads_to_a_hidden_type_is_an_error() {
        left::<Leading>();
    }

    struct Taking;

    #[Object(tag = "for all")]
    impl Taking {
        #[graphql(tag = "for officers")]
        async fn takes(&self, of: Option<SecretInput>) -> i32 {
            of.map_or(1, |of| of.id)
        }
    }

    #[test]
    #[should_panic(expected = "Taking.takes(of) leads to SecretInput")]
    fn an_argument_of_a_hidden_type_is_an_error() {
        left::<Taking>();
    }
}
