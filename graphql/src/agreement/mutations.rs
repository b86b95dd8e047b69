//! The mutations of interface agreements.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kim_casework::agreement as casework;
use kim_casework::refusal::WorkError;
use kim_casework::work::Work;
use kim_domain::agency::Scope;
use kim_domain::agreement::OpinionVerdict;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;
use kim_domain::purpose::ReferralPurpose;

use crate::agreement::proposal::{AgreementProposal, ProposalPlan, proposals};
use crate::agreement::{Agreement, AgreementPlan, agreement_after_change};
use crate::error::or_null;
use crate::run::change::{change, local_or_refused};
use crate::run::inputs::inputs;
use crate::run::plan::Plan as _;
use crate::run::session::Session;
use crate::schema::scalar::Date;
use crate::schema::word_enum::WordEnum;

/// Ein Feld, das vereinbart werden soll.
#[derive(InputObject)]
#[graphql(tag = "for proposers")]
pub(crate) struct AgreementFieldInput {
    /// Das Feld.
    #[graphql(tag = "for any-field")]
    field: Option<WordEnum<HandoverField>>,
    /// Oder seine Bezeichnung.
    label: Option<String>,
    /// Nur, wenn die Klientin oder der Klient es einzeln ankreuzt. Wo die Obergrenze es verlangt, ist es immer so.
    #[graphql(default)]
    ticked_only: bool,
    /// Auf gesetzlicher Grundlage, ohne Einwilligung: nur zwischen Stellen nach § 35 SGB I.
    #[graphql(default)]
    statutory: bool,
}

inputs! {
    /// Was vereinbart werden soll.
    "for proposers" ProposeAgreementInput {
        /// Kennung der Stelle, an die übergeben werden soll.
        receiver_id: ID,
        /// Zweck.
        purpose: WordEnum<ReferralPurpose>,
        /// Soll gelten ab; nie rückwirkend.
        valid_from: Date,
        /// Soll gelten bis einschließlich; ohne Angabe unbefristet.
        valid_until: Option<Date>,
        /// Frist zur Antwort in Arbeitstagen, 1 bis 250.
        respond_working_days: i32,
        /// Wie viele Kalendertage nach dem Abschluss noch gelesen werden darf, 0 bis 3650.
        access_days: i32,
        /// Ansprechstelle (E-Mail).
        contact: String,
        /// Rechtsgrundlage.
        legal_ground: String,
        /// Die Felder, keines über der Obergrenze der empfangenden Art von Stelle.
        fields: Vec<AgreementFieldInput>,
        /// Ob auch eingeschränkt werden soll, was unter früheren Fassungen läuft.
        #[graphql(default)]
        narrows_running: bool,
        /// Weitere Abreden.
        terms: Option<String>,
    }

    /// Ein Vorschlag, der unterschrieben wird.
    "for signers" SignAgreementInput of proposal {}

    /// Ein Vorschlag, zu dem die oder der Datenschutzbeauftragte Stellung nimmt.
    "for officers" GiveOpinionInput of proposal {
        /// Das Ergebnis.
        verdict: WordEnum<OpinionVerdict>,
        /// Die Begründung; bei Bedenken nötig.
        reasons: Option<String>,
    }

    /// Ein Vorschlag, der abgelehnt oder, wenn er von Ihrer Stelle ist, zurückgenommen wird.
    "for proposers" RejectAgreementInput of proposal {
        /// Warum.
        reason: Option<String>,
    }

    /// Eine Schnittstellenvereinbarung, die gekündigt wird.
    "for signers" TerminateAgreementInput {
        /// Kennung der letzten Fassung.
        agreement_id: ID,
        /// Aus wichtigem Grund: sofort, und auch laufende Übergaben schließen sich.
        #[graphql(default)]
        for_cause: bool,
        /// Der Tag, von dem an nichts mehr angeboten wird; nicht bei `forCause`.
        ends_on: Option<Date>,
        /// Warum.
        reason: String,
    }
}

/// Was aus einem Vorschlag wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for agreements")]
pub(crate) struct AgreementProposalPayload {
    /// Der Vorschlag, wie Sie ihn jetzt sehen.
    proposal: Option<AgreementProposal>,
}

/// Was aus einer Schnittstellenvereinbarung wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for signers")]
pub(crate) struct AgreementPayload {
    /// Die Fassung, wie Sie sie jetzt sehen.
    agreement: Option<Agreement>,
}

/// Runs a use case on a proposal and reads the proposal again.
async fn with_proposal(
    ctx: &Context<'_>,
    mutation: &'static str,
    key: String,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<casework::ProposalResult, WorkError>,
) -> Option<AgreementProposalPayload> {
    let payload = async {
        let changed: casework::ProposalResult = change(ctx, Scope::AgreementWrite, mutation, key, work).await?;
        let plan = ProposalPlan::below::<AgreementProposalPayload>(ctx);
        let snapshot = Session::of(ctx).after().await?;
        let rows = snapshot.proposals_by_id(&[changed.proposal]).await?;
        let proposal = proposals(&snapshot, &rows, plan).await?.pop();
        drop(snapshot);
        Ok(Some(AgreementProposalPayload { proposal }))
    };
    or_null(ctx, Box::pin(payload).await)
}

/// The mutations of agreements and proposals.
#[derive(Default)]
pub(crate) struct AgreementMutation;

#[Object]
impl AgreementMutation {
    /// Schlägt eine Schnittstellenvereinbarung oder ihre nächste Fassung vor. Nichts geht über die Obergrenze hinaus.
    #[graphql(tag = "for proposers")]
    async fn propose_agreement(
        &self,
        ctx: &Context<'_>,
        input: ProposeAgreementInput,
    ) -> Option<AgreementProposalPayload> {
        with_proposal(ctx, "proposeAgreement", input.idempotency_key.clone(), async |work| {
            let proposed = |field: AgreementFieldInput| casework::ProposedField {
                field: field.field.map(|field| field.0),
                label: field.label,
                ticked_only: field.ticked_only,
                statutory: field.statutory,
            };
            let proposal = casework::Proposal {
                receiver: local_or_refused(Kind::Agency, &input.receiver_id)?,
                purpose: input.purpose.0,
                valid_from: input.valid_from.0,
                valid_until: input.valid_until.map(|day| day.0),
                respond_working_days: input.respond_working_days,
                access_days: input.access_days,
                contact: input.contact,
                legal_ground: input.legal_ground,
                fields: input.fields.into_iter().map(proposed).collect(),
                narrows_running: input.narrows_running,
                terms: input.terms,
            };
            casework::propose(work, &proposal).await
        })
        .await
    }

    /// Unterschreibt für Ihre Seite. Niemand unterschreibt für beide. Mit der letzten Unterschrift und Stellungnahme ist die
    /// Vereinbarung geschlossen.
    #[graphql(tag = "for signers")]
    async fn sign_agreement(&self, ctx: &Context<'_>, input: SignAgreementInput) -> Option<AgreementProposalPayload> {
        with_proposal(ctx, "signAgreement", input.idempotency_key.clone(), async |work| {
            casework::sign(work, input.target()?).await
        })
        .await
    }

    /// Nimmt als Datenschutzbeauftragte oder Datenschutzbeauftragter Ihrer Seite Stellung. Bedenken halten die Vereinbarung
    /// nicht auf, bleiben aber bei ihr.
    #[graphql(tag = "for officers")]
    async fn give_opinion(&self, ctx: &Context<'_>, input: GiveOpinionInput) -> Option<AgreementProposalPayload> {
        with_proposal(ctx, "giveOpinion", input.idempotency_key.clone(), async |work| {
            let opinion = casework::Opinion { verdict: input.verdict.0, reasons: input.reasons.clone() };
            casework::give_opinion(work, input.target()?, &opinion).await
        })
        .await
    }

    /// Lehnt einen Vorschlag ab, oder nimmt den eigenen zurück.
    #[graphql(tag = "for proposers")]
    async fn reject_agreement(
        &self,
        ctx: &Context<'_>,
        input: RejectAgreementInput,
    ) -> Option<AgreementProposalPayload> {
        with_proposal(ctx, "rejectAgreement", input.idempotency_key.clone(), async |work| {
            casework::reject(work, input.target()?, input.reason.as_deref()).await
        })
        .await
    }

    /// Kündigt: Von einem Tag an wird nichts mehr angeboten, und was läuft, geht weiter; aus wichtigem Grund schließt sich
    /// sofort auch, was läuft.
    #[graphql(tag = "for signers")]
    async fn terminate_agreement(&self, ctx: &Context<'_>, input: TerminateAgreementInput) -> Option<AgreementPayload> {
        let key = input.idempotency_key.clone();
        let payload = async {
            let changed: casework::AgreementResult =
                change(ctx, Scope::AgreementWrite, "terminateAgreement", key, async |work| {
                    let termination = casework::Termination {
                        agreement: local_or_refused(Kind::Agreement, &input.agreement_id)?,
                        for_cause: input.for_cause,
                        ends_on: input.ends_on.map(|day| day.0),
                        reason: input.reason,
                    };
                    casework::terminate(work, &termination).await
                })
                .await?;
            let plan = AgreementPlan::below::<AgreementPayload>(ctx);
            Ok(Some(AgreementPayload { agreement: agreement_after_change(ctx, changed.agreement, plan).await? }))
        };
        or_null(ctx, Box::pin(payload).await)
    }
}
