//! The words that a viewer's schema knows, for checks and hints of ours: the engine keeps its own to itself.
//!
//! Taken from the narrowed registry, so that no check and no hint knows more than the viewer may.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use async_graphql::OutputType;
use async_graphql::context::ContextBase;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::OperationType;
use async_graphql::registry::{MetaField, MetaInputValue, MetaType, MetaTypeName, Registry};

/// Filled when a schema is narrowed, and kept among its data.
pub(crate) type Shared = Arc<OnceLock<Vocabulary>>;

/// Types, and directives with their arguments.
#[derive(Default)]
pub(crate) struct Vocabulary {
    types: BTreeMap<String, MetaType>,
    directives: BTreeMap<String, IndexMap<String, MetaInputValue>>,
    query: String,
    mutation: Option<String>,
    subscription: Option<String>,
}

impl Vocabulary {
    /// Of what is left in a registry.
    pub(crate) fn of(registry: &Registry) -> Self {
        let directives = registry.directives.iter().map(|(name, known)| (name.clone(), known.args.clone()));
        Self {
            types: registry.types.clone(),
            directives: directives.collect(),
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

    pub(crate) fn directive(&self, name: &str) -> Option<&IndexMap<String, MetaInputValue>> {
        self.directives.get(name)
    }

    /// A field of a type; the engine's own fields of the root are among them.
    pub(crate) fn field<'v>(of: Option<&'v MetaType>, name: &str) -> Option<&'v MetaField> {
        of?.field_by_name(name)
    }
}
