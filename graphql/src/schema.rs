//! A schema for each pair of kind and role: built once from the whole, less what this viewer has no business with.
//!
//! The narrowing works on the engine's registry (docs/adr/0005-schema-per-viewer.md). It is a wall at validation; the
//! rule is the wall behind it, and resolvers ask the rule again.

use std::borrow::Cow;
use std::sync::OnceLock;

use async_graphql::registry::{MetaType, Registry};
use async_graphql::{
    ContextDirective, CustomDirective, CustomDirectiveFactory, EmptySubscription, SDLExportOptions, ServerError,
    ServerResult, ValidationMode,
};
use kim_domain::agency::{AgencyKind, Role};
use kim_domain::disclosure::known_to;
use kim_domain::field::{FieldSet, HandoverField};

use crate::mutation::Mutation;
use crate::query::Query;

/// What requests are executed on.
pub(crate) type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema of a kind and role.
pub(crate) fn of(kind: AgencyKind, role: Role) -> &'static Schema {
    static SCHEMAS: [[OnceLock<Schema>; Role::ALL.len()]; AgencyKind::ALL.len()] =
        [const { [const { OnceLock::new() }; Role::ALL.len()] }; AgencyKind::ALL.len()];
    SCHEMAS[kind as usize][role as usize].get_or_init(|| build(Some((kind, role))))
}

/// The schema in GraphQL's own language, as this kind and role see it; the whole of it for `None`.
#[must_use]
pub fn sdl(pair: Option<(AgencyKind, Role)>) -> String {
    build(pair).sdl_with_options(SDLExportOptions::new().sorted_enum_items().prefer_single_line_descriptions())
}

fn build(pair: Option<(AgencyKind, Role)>) -> Schema {
    let schema = Schema::build(Query, Mutation::default(), EmptySubscription)
        // Never Fast: it answers a pruned field.
        .validation_mode(ValidationMode::Strict);
    match pair {
        Some((kind, role)) => schema.directive(Narrowing { kind, role }).finish(),
        None => schema.finish(),
    }
}

/// Not a directive: the engine lets a directive's factory change the registry, and that is the one hook it has.
struct Narrowing {
    kind: AgencyKind,
    role: Role,
}

impl CustomDirectiveFactory for Narrowing {
    fn name(&self) -> Cow<'static, str> {
        "narrowing".into()
    }

    fn register(&self, registry: &mut Registry) {
        let mut prune = Prune(registry);
        if !self.role.works_on_referrals() {
            for field in ["referrals", "referral", "referralCounts"] {
                prune.field("Query", field);
            }
            prune.node("Referral");
        }
        if !(self.role.works_on_referrals() && self.kind.sends()) {
            prune.field("Query", "cases");
            prune.field("Query", "case");
            prune.node("Case");
            prune.field("Referral", "case");
            prune.field("Referral", "disclosure");
            prune.field("Referral", "offerCheck");
            prune.field("Referral", "withdrawalReason");
            prune.value("Direction", "OUTGOING");
            prune.value("ReferralStatus", "DRAFT");
        }
        if !self.role.works_on_referrals() {
            OF_RECEIVERS.iter().chain(OF_SENDERS).for_each(|field| prune.field("Mutation", field));
        } else if !self.kind.sends() {
            OF_SENDERS.iter().for_each(|field| prune.field("Mutation", field));
            prune.value("ReferralAction", "DISCARD");
        }
        prune.root_without_fields();
        let known = known_to(self.kind);
        if known.is_empty() {
            prune.field("AgreementField", "field");
        }
        for field in FieldSet::ALL.without(known).iter().map(|field: HandoverField| (field.name(), field.code())) {
            prune.field("Handover", field.0);
            prune.value("HandoverField", field.1);
        }
        prune.0.remove_unused_types();
    }

    fn create(
        &self,
        ctx: &ContextDirective<'_>,
        _: &async_graphql::parser::types::Directive,
    ) -> ServerResult<Box<dyn CustomDirective>> {
        Err(ServerError::new("unknown directive", Some(ctx.item.pos)))
    }
}

/// Changes of those who work on referrals, as either side or as the receiver.
const OF_RECEIVERS: &[&str] = &[
    "acknowledgeReferral",
    "acceptReferral",
    "declineReferral",
    "forwardReferral",
    "requestInformation",
    "startReferral",
    "completeReferral",
    "failReferral",
    "returnReferral",
    "postMessage",
    "recordAppointment",
    "recordTalk",
];

/// Changes of senders alone.
const OF_SENDERS: &[&str] = &[
    "draftReferral",
    "discardReferral",
    "offerReferral",
    "offerAgain",
    "answerInformation",
    "withdrawReferral",
    "changeHandover",
];

/// Removes by name, and panics on a name that is not there: a renamed field must not stay visible.
struct Prune<'r>(&'r mut Registry);

impl Prune<'_> {
    fn field(&mut self, type_name: &str, field: &str) {
        let removed = match self.0.types.get_mut(type_name) {
            Some(MetaType::Object { fields, .. }) => fields.shift_remove(field).is_some(),
            _ => false,
        };
        assert!(removed, "there is no field {type_name}.{field} to prune");
    }

    fn value(&mut self, type_name: &str, value: &str) {
        let removed = match self.0.types.get_mut(type_name) {
            Some(MetaType::Enum { enum_values, .. }) => enum_values.shift_remove(value).is_some(),
            _ => false,
        };
        assert!(removed, "there is no value {type_name}.{value} to prune");
    }

    /// A viewer who can change nothing has no root for it.
    fn root_without_fields(&mut self) {
        if let Some(MetaType::Object { fields, .. }) = self.0.types.get("Mutation")
            && fields.is_empty()
        {
            self.0.types.remove("Mutation");
            self.0.mutation_type = None;
        }
    }

    /// Takes a type out of what `node` can find.
    fn node(&mut self, type_name: &str) {
        let removed = match self.0.types.get_mut("Node") {
            Some(MetaType::Interface { possible_types, .. }) => possible_types.shift_remove(type_name),
            _ => false,
        };
        assert!(removed, "{type_name} is not a node");
        self.0.implements.remove(type_name);
    }
}

#[cfg(test)]
mod tests;
