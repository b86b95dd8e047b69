//! The names and declarations in a viewer's schema, for kim's own checks and suggestions. The engine exposes its
//! registry only while it executes a request.
//!
//! They are copied from the narrowed registry, so that no check and no suggestion reveals a hidden name.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use async_graphql::OutputType;
use async_graphql::context::ContextBase;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::OperationType;
use async_graphql::registry::{MetaField, MetaInputValue, MetaType, MetaTypeName, Registry};

use crate::schema::declaration::{Declaration, Declarations, Weight};

/// The fields of a type by name.
pub(crate) type VisibleFields = HashMap<String, VisibleField>;

/// A field that exists for the viewer.
pub(crate) struct VisibleField {
    /// The name of the field's type, without list and non-null markers.
    pub(crate) type_name: String,
    pub(crate) declared: Declaration,
}

/// The weights of the lists in introspection. Types have fields, which have types again: without weights a nested query
/// could produce an enormous response.
const INTROSPECTION: [(&str, u64); 10] = [
    ("__Schema.types", 70),
    ("__Schema.directives", 4),
    ("__Type.fields", 8),
    ("__Type.enumValues", 8),
    ("__Type.inputFields", 3),
    ("__Type.possibleTypes", 3),
    ("__Type.interfaces", 2),
    ("__Field.args", 2),
    ("__Directive.args", 2),
    ("__Directive.locations", 4),
];

/// The declaration of a field of the engine.
fn introspection(place: &str) -> Declaration {
    let list = INTROSPECTION.iter().find(|(list, _)| *list == place);
    Declaration { weight: list.map_or(Weight::One, |(_, most)| Weight::List(*most)), ..Declaration::default() }
}

/// The visible schema in the data of an engine's schema. It is set when the registry is narrowed.
pub(crate) type Shared = Arc<OnceLock<VisibleSchema>>;

/// The types, fields and directives that exist for a viewer.
#[derive(Default)]
pub(crate) struct VisibleSchema {
    types: BTreeMap<String, MetaType>,
    directives: BTreeMap<String, IndexMap<String, MetaInputValue>>,
    fields: HashMap<String, VisibleFields>,
    query: String,
    mutation: Option<String>,
    subscription: Option<String>,
}

impl VisibleSchema {
    /// Copies a narrowed registry, and adds the declarations.
    pub(crate) fn of(registry: &Registry, declared: &Declarations) -> Self {
        let fields_of = |(name, ty): (&String, &MetaType)| {
            let fields = ty.fields()?.values().map(|field| {
                let place = format!("{name}.{}", field.name);
                let declared = declared.get(&place).cloned().unwrap_or_else(|| introspection(&place));
                let type_name = MetaTypeName::concrete_typename(&field.ty).to_owned();
                (field.name.clone(), VisibleField { type_name, declared })
            });
            Some((name.clone(), fields.collect()))
        };
        let directives = registry.directives.iter().map(|(name, directive)| (name.clone(), directive.args.clone()));
        Self {
            types: registry.types.clone(),
            directives: directives.collect(),
            fields: registry.types.iter().filter_map(fields_of).collect(),
            query: registry.query_type.clone(),
            mutation: registry.mutation_type.clone(),
            subscription: registry.subscription_type.clone(),
        }
    }

    /// The visible schema of the current request.
    pub(crate) fn of_request<'c, T>(ctx: &ContextBase<'c, T>) -> &'c Self {
        ctx.data_unchecked::<Shared>().get_or_init(Self::default)
    }

    /// Whether this type exists for the viewer.
    pub(crate) fn has<T: OutputType>(&self) -> bool {
        self.types.contains_key(&*T::type_name())
    }

    /// The root type of an operation.
    pub(crate) fn root(&self, operation: OperationType) -> Option<&MetaType> {
        let name = match operation {
            OperationType::Query => Some(&self.query),
            OperationType::Mutation => self.mutation.as_ref(),
            OperationType::Subscription => self.subscription.as_ref(),
        };
        self.types.get(name?)
    }

    /// The type with this name. List and non-null markers in the name are ignored.
    pub(crate) fn named(&self, name: &str) -> Option<&MetaType> {
        self.types.get(MetaTypeName::concrete_typename(name))
    }

    /// The fields of an object or an interface, with their declarations.
    pub(crate) fn fields_of(&self, name: &str) -> Option<&VisibleFields> {
        self.fields.get(name)
    }

    pub(crate) fn directive(&self, name: &str) -> Option<&IndexMap<String, MetaInputValue>> {
        self.directives.get(name)
    }

    /// A field of a type, including the root fields of introspection.
    pub(crate) fn field<'v>(of: Option<&'v MetaType>, name: &str) -> Option<&'v MetaField> {
        of?.field_by_name(name)
    }
}
