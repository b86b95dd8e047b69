//! A schema for each pair of kind and role: built once from the whole, less what this viewer has no business with.
//!
//! The narrowing works on the engine's registry (docs/adr/0005-schema-per-viewer.md). It is a wall at validation; the
//! rule is the wall behind it, and resolvers ask the rule again.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

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
use crate::vocabulary::{Shared, Vocabulary};

/// What requests are executed on.
pub(crate) type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// The schema of a kind and role.
pub(crate) fn of(kind: AgencyKind, role: Role) -> &'static Schema {
    static SCHEMAS: [[OnceLock<Schema>; Role::ALL.len()]; AgencyKind::ALL.len()] =
        [const { [const { OnceLock::new() }; Role::ALL.len()] }; AgencyKind::ALL.len()];
    SCHEMAS[kind as usize][role as usize].get_or_init(|| build(Some((kind, role))))
}

/// The words of a narrowed schema.
pub(crate) fn known(schema: &Schema) -> &Vocabulary {
    static NONE: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::default);
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
        // Ours are as good and cost a document of wrong names nothing (`wording.rs`).
        .disable_suggestions();
    match pair {
        Some((kind, role)) => {
            let known = Shared::default();
            schema.data(Shared::clone(&known)).directive(Narrowing { kind, role, known }).finish()
        }
        None => schema.finish(),
    }
}

/// Not a directive: the engine lets a directive's factory change the registry, and that is the one hook it has.
struct Narrowing {
    kind: AgencyKind,
    role: Role,
    known: Shared,
}

impl CustomDirectiveFactory for Narrowing {
    fn name(&self) -> Cow<'static, str> {
        "narrowing".into()
    }

    fn register(&self, registry: &mut Registry) {
        let mut prune = Prune(registry);
        let outside = EXISTS_FOR.iter().filter(|(whom, _, _)| !whom.includes(self.kind, self.role));
        for (_, type_name, parts) in outside {
            parts.iter().for_each(|part| prune.part(type_name, part));
        }
        prune.root_without_fields();
        let known = known_to(self.kind);
        if known.is_empty() {
            prune.part("AgreementField", "field");
            prune.part("AgreementFieldInput", "field");
        }
        for field in FieldSet::ALL.without(known).iter().map(|field: HandoverField| (field.name(), field.code())) {
            prune.part("Handover", field.0);
            prune.part("HandoverField", field.1);
        }
        prune.0.remove_unused_types();
        // A factory registers once.
        let _first = self.known.set(Vocabulary::of(prune.0));
    }

    fn create(
        &self,
        ctx: &ContextDirective<'_>,
        _: &async_graphql::parser::types::Directive,
    ) -> ServerResult<Box<dyn CustomDirective>> {
        Err(ServerError::new("unknown directive", Some(ctx.item.pos)))
    }
}

/// Who has business with a part of the schema.
#[derive(Clone, Copy)]
enum Whom {
    /// Whoever works on referrals, from either side.
    Work,
    /// Those of them whose kind of agency hands cases over.
    Senders,
    /// Whoever works on agreements in the making.
    Agreements,
    /// Those of them who propose.
    Proposers,
    /// Those who sign for their agency.
    Signers,
    /// Those who advise on data protection.
    Officers,
    /// Who oversees data protection where cases are handed over.
    SendersOfficers,
    /// Whoever steers: agreements and statistics, no person.
    Coordination,
}

impl Whom {
    fn includes(self, kind: AgencyKind, role: Role) -> bool {
        match self {
            Self::Work => role.works_on_referrals(),
            Self::Senders => role.works_on_referrals() && kind.sends(),
            Self::Agreements => role.works_on_agreements(),
            Self::Proposers => matches!(role, Role::Administrator | Role::Coordinator),
            Self::Signers => role == Role::Administrator,
            Self::Officers => role == Role::DataProtectionOfficer,
            Self::SendersOfficers => role == Role::DataProtectionOfficer && kind.sends(),
            Self::Coordination => role == Role::Coordinator,
        }
    }
}

/// What exists for some and not for others: fields of a type, values of an enum, and what `node` finds.
const EXISTS_FOR: &[(Whom, &str, &[&str])] = &[
    (Whom::Work, "Query", &["referrals", "referral", "referralCounts", "referralStatistics"]),
    (Whom::Work, "Query", &["changes"]),
    (Whom::Work, "Node", &["Referral"]),
    (
        Whom::Work,
        "Mutation",
        &[
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
            "bulkAnswerReferrals",
            "reportWrongValue",
        ],
    ),
    (Whom::Coordination, "Query", &["municipalityStatistics"]),
    (Whom::Senders, "ReasonStatistics", &["withdrawn"]),
    (Whom::Senders, "Query", &["supportNotices"]),
    (Whom::Senders, "Mutation", &["recordSupportConsent", "supportCheck"]),
    (Whom::Senders, "Query", &["cases", "case"]),
    (Whom::Senders, "Query", &["upcomingDeadlines", "eligibilityRules", "eligibilityCheck"]),
    (Whom::Senders, "Node", &["Case"]),
    (Whom::Senders, "Referral", &["case", "disclosure", "offerCheck", "withdrawalReason"]),
    (Whom::Senders, "Correction", &["told"]),
    (Whom::Senders, "Node", &["Consent"]),
    (Whom::Senders, "Referral", &["consent"]),
    (Whom::Senders, "Mutation", &["recordConsent", "renewConsent", "withdrawConsent"]),
    (Whom::SendersOfficers, "Query", &["consentFacts"]),
    (Whom::Senders, "Direction", &["OUTGOING"]),
    (Whom::Senders, "ReferralStatus", &["DRAFT"]),
    (Whom::Senders, "ReferralAction", &["DISCARD"]),
    (
        Whom::Senders,
        "Mutation",
        &[
            "draftReferral",
            "discardReferral",
            "offerReferral",
            "offerAgain",
            "answerInformation",
            "withdrawReferral",
            "changeHandover",
            "bulkOfferReferrals",
            "decideCorrection",
        ],
    ),
    (Whom::Agreements, "Query", &["agreementProposals"]),
    (Whom::Agreements, "Node", &["AgreementProposal"]),
    (Whom::Agreements, "Agreement", &["opinions"]),
    (Whom::Proposers, "Mutation", &["proposeAgreement", "rejectAgreement"]),
    (Whom::Signers, "Mutation", &["signAgreement", "terminateAgreement"]),
    (Whom::Officers, "Mutation", &["giveOpinion"]),
    (Whom::Senders, "Mutation", &["openCase", "updateCase", "closeCase", "addNote", "setPlan", "decideEligibility"]),
];

/// Removes by name, and panics on a name that is not there: a renamed field must not stay visible.
struct Prune<'r>(&'r mut Registry);

impl Prune<'_> {
    /// A field of an object or an input, a value of an enum, or a type that `node` finds.
    fn part(&mut self, type_name: &str, part: &str) {
        let removed = match self.0.types.get_mut(type_name) {
            Some(MetaType::Object { fields, .. }) => fields.shift_remove(part).is_some(),
            Some(MetaType::Enum { enum_values, .. }) => enum_values.shift_remove(part).is_some(),
            Some(MetaType::InputObject { input_fields, .. }) => input_fields.shift_remove(part).is_some(),
            Some(MetaType::Interface { possible_types, .. }) => possible_types.shift_remove(part),
            _ => false,
        };
        assert!(removed, "there is no {type_name}.{part} to prune");
        if type_name == "Node" {
            self.0.implements.remove(part);
        }
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
}

#[cfg(test)]
mod tests;
