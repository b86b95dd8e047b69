//! The words that a viewer's schema knows, for checks and hints of ours: the engine keeps its own to itself.
//!
//! Taken from the narrowed registry, so that no check and no hint knows more than the viewer may.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use async_graphql::OutputType;
use async_graphql::context::ContextBase;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::OperationType;
use async_graphql::registry::{MetaField, MetaInputValue, MetaType, MetaTypeName, Registry};

use crate::schema::declaration::{Declaration, Declarations, Weight};

/// The fields of a type by their names.
pub(crate) type KnownFields = HashMap<String, KnownField>;

/// A field that exists for the viewer.
pub(crate) struct KnownField {
    /// The type of its value, whatever lists and exclamation marks are around it.
    pub(crate) leads_to: String,
    pub(crate) declared: Declaration,
}

/// Lists in what the engine tells of a schema. A type leads to its fields, each to its type, and so on: sixteen levels of
/// that would be an answer without end.
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

/// What the engine's own fields would declare.
fn introspection(place: &str) -> Declaration {
    let list = INTROSPECTION.iter().find(|(list, _)| *list == place);
    Declaration { weight: list.map_or(Weight::One, |(_, most)| Weight::List(*most)), ..Declaration::default() }
}

/// Filled when a schema is narrowed, and kept among its data.
pub(crate) type Shared = Arc<OnceLock<VisibleSchema>>;

/// Types, and directives with their arguments.
#[derive(Default)]
pub(crate) struct VisibleSchema {
    types: BTreeMap<String, MetaType>,
    directives: BTreeMap<String, IndexMap<String, MetaInputValue>>,
    fields: HashMap<String, KnownFields>,
    query: String,
    mutation: Option<String>,
    subscription: Option<String>,
}

impl VisibleSchema {
    /// Of what is left in a registry, with what is declared of it.
    pub(crate) fn of(registry: &Registry, declared: &Declarations) -> Self {
        let fields_of = |(name, ty): (&String, &MetaType)| {
            let fields = ty.fields()?.values().map(|field| {
                let place = format!("{name}.{}", field.name);
                let declared = declared.get(&place).cloned().unwrap_or_else(|| introspection(&place));
                let leads_to = MetaTypeName::concrete_typename(&field.ty).to_owned();
                (field.name.clone(), KnownField { leads_to, declared })
            });
            Some((name.clone(), fields.collect()))
        };
        let directives = registry.directives.iter().map(|(name, known)| (name.clone(), known.args.clone()));
        Self {
            types: registry.types.clone(),
            directives: directives.collect(),
            fields: registry.types.iter().filter_map(fields_of).collect(),
            query: registry.query_type.clone(),
            mutation: registry.mutation_type.clone(),
            subscription: registry.subscription_type.clone(),
        }
    }

    /// Of the schema on which a request is executed.
    pub(crate) fn of_request<'c, T>(ctx: &ContextBase<'c, T>) -> &'c Self {
        ctx.data_unchecked::<Shared>().get_or_init(Self::default)
    }

    /// Whether this type exists for the viewer.
    pub(crate) fn has<T: OutputType>(&self) -> bool {
        self.types.contains_key(&*T::type_name())
    }

    /// The type at the top of an operation.
    pub(crate) fn root(&self, operation: OperationType) -> Option<&MetaType> {
        let name = match operation {
            OperationType::Query => Some(&self.query),
            OperationType::Mutation => self.mutation.as_ref(),
            OperationType::Subscription => self.subscription.as_ref(),
        };
        self.types.get(name?)
    }

    /// The type of this name, whatever lists and exclamation marks are around it.
    pub(crate) fn named(&self, name: &str) -> Option<&MetaType> {
        self.types.get(MetaTypeName::concrete_typename(name))
    }

    /// What is known of the fields of an object or an interface.
    pub(crate) fn fields_of(&self, name: &str) -> Option<&KnownFields> {
        self.fields.get(name)
    }

    pub(crate) fn directive(&self, name: &str) -> Option<&IndexMap<String, MetaInputValue>> {
        self.directives.get(name)
    }

    /// A field of a type; the engine's own fields of the root are among them.
    pub(crate) fn field<'v>(of: Option<&'v MetaType>, name: &str) -> Option<&'v MetaField> {
        of?.field_by_name(name)
    }
}
