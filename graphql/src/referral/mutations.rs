//! The mutations of one referral.

mod input;

use async_graphql::{Context, Object};
use kim_casework::referral as casework;
use kim_domain::id::Kind;

use crate::referral::payload::{ReferralPayload, referral, with_referral};
use crate::run::change::local_or_refused;
use input::{
    AcceptReferralInput, AnswerInformationInput, ChangeHandoverInput, CompleteReferralInput, DeclineReferralInput,
    DraftReferralInput, FailReferralInput, ForwardReferralInput, OfferReferralInput, PostMessageInput,
    RecordAppointmentInput, RecordTalkInput, ReferralInput, RequestInformationInput, ReturnReferralInput,
    WithdrawReferralInput, set,
};

/// The mutations of one referral.
#[derive(Default)]
pub(crate) struct ReferralMutation;

#[Object]
impl ReferralMutation {
    /// Entwirft eine Übergabe. Niemand außer Ihrer Stelle erfährt davon.
    #[graphql(tag = "for senders")]
    async fn draft_referral(&self, ctx: &Context<'_>, input: DraftReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "draftReferral", input.idempotency_key.clone(), async |work| {
            let draft = casework::Draft {
                case: local_or_refused(Kind::Case, &input.case_id)?,
                receiver: local_or_refused(Kind::Agency, &input.receiver_id)?,
                purpose: input.purpose.0,
                kind: input.kind.0,
                fields: input.fields.as_deref().map(set),
                concern: input.concern,
                carries_application: input.carries_application,
                own_reference: input.own_reference,
                contact: input.contact.unwrap_or_default().into(),
            };
            casework::draft(work, &draft).await
        })
        .await
    }

    /// Verwirft einen Entwurf.
    #[graphql(tag = "for senders")]
    async fn discard_referral(&self, ctx: &Context<'_>, input: ReferralInput) -> Option<ReferralPayload> {
        referral!(ctx, "discardReferral", input, discard)
    }

    /// Bietet einen Entwurf an: Die empfangende Stelle bekommt ihre Kopie.
    #[graphql(tag = "for senders")]
    async fn offer_referral(&self, ctx: &Context<'_>, input: OfferReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "offerReferral", input.idempotency_key.clone(), async |work| {
            casework::offer(work, input.offer()?).await
        })
        .await
    }

    /// Bietet erneut an, was abgelehnt, abgelaufen oder zurückgezogen ist; der Tag des ersten Eingangs bleibt.
    #[graphql(tag = "for senders")]
    async fn offer_again(&self, ctx: &Context<'_>, input: OfferReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "offerAgain", input.idempotency_key.clone(), async |work| {
            casework::offer_again(work, input.offer()?).await
        })
        .await
    }

    /// Bestätigt den Eingang.
    #[graphql(tag = "for work")]
    async fn acknowledge_referral(&self, ctx: &Context<'_>, input: ReferralInput) -> Option<ReferralPayload> {
        referral!(ctx, "acknowledgeReferral", input, acknowledge)
    }

    /// Nimmt an.
    #[graphql(tag = "for work")]
    async fn accept_referral(&self, ctx: &Context<'_>, input: AcceptReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "acceptReferral", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let contact = input.contact.unwrap_or_default().into();
            casework::accept(work, target, input.own_reference.as_deref(), &contact).await
        })
        .await
    }

    /// Lehnt ab; die Daten schließen sich sofort.
    #[graphql(tag = "for work")]
    async fn decline_referral(&self, ctx: &Context<'_>, input: DeclineReferralInput) -> Option<ReferralPayload> {
        referral!(ctx, "declineReferral", input, decline, input.reason.0)
    }

    /// Leitet an die zuständige Stelle weiter: Diese Übergabe schließt sich, und die übergebende Stelle bekommt einen
    /// Entwurf für die andere.
    #[graphql(tag = "for work")]
    async fn forward_referral(&self, ctx: &Context<'_>, input: ForwardReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "forwardReferral", input.idempotency_key.clone(), async |work| {
            let forward = casework::Forward {
                target: input.target()?,
                to: local_or_refused(Kind::Agency, &input.to_agency_id)?,
                purpose: input.purpose.0,
                by_agreement: input.by_agreement,
            };
            casework::forward(work, forward).await
        })
        .await
    }

    /// Stellt eine Rückfrage: Die übergebende Stelle ist am Zug, und Ihre Frist ruht.
    #[graphql(tag = "for work")]
    async fn request_information(&self, ctx: &Context<'_>, input: RequestInformationInput) -> Option<ReferralPayload> {
        referral!(ctx, "requestInformation", input, ask, &input.question)
    }

    /// Beantwortet eine Rückfrage.
    #[graphql(tag = "for senders")]
    async fn answer_information(&self, ctx: &Context<'_>, input: AnswerInformationInput) -> Option<ReferralPayload> {
        referral!(ctx, "answerInformation", input, reply, &input.answer)
    }

    /// Beginnt die Bearbeitung; bei einer Fallübergabe geht damit die Verantwortung über (§ 86c SGB VIII).
    #[graphql(tag = "for work")]
    async fn start_referral(&self, ctx: &Context<'_>, input: ReferralInput) -> Option<ReferralPayload> {
        referral!(ctx, "startReferral", input, start)
    }

    /// Schließt mit einem Ergebnis ab.
    #[graphql(tag = "for work")]
    async fn complete_referral(&self, ctx: &Context<'_>, input: CompleteReferralInput) -> Option<ReferralPayload> {
        referral!(ctx, "completeReferral", input, complete, input.outcome.0)
    }

    /// Schließt als gescheitert ab.
    #[graphql(tag = "for work")]
    async fn fail_referral(&self, ctx: &Context<'_>, input: FailReferralInput) -> Option<ReferralPayload> {
        referral!(ctx, "failReferral", input, fail, input.reason.0)
    }

    /// Gibt zurück, was angenommen war.
    #[graphql(tag = "for work")]
    async fn return_referral(&self, ctx: &Context<'_>, input: ReturnReferralInput) -> Option<ReferralPayload> {
        referral!(ctx, "returnReferral", input, give_back, input.reason.0)
    }

    /// Zieht zurück; die empfangende Stelle sieht nichts mehr davon.
    #[graphql(tag = "for senders")]
    async fn withdraw_referral(&self, ctx: &Context<'_>, input: WithdrawReferralInput) -> Option<ReferralPayload> {
        referral!(ctx, "withdrawReferral", input, withdraw, input.reason.0)
    }

    /// Erweitert, verengt oder erneuert, was übergeben ist; beide Seiten sehen im Verlauf, welche Felder, die empfangende
    /// nur solche, die sie sehen konnte.
    #[graphql(tag = "for senders")]
    async fn change_handover(&self, ctx: &Context<'_>, input: ChangeHandoverInput) -> Option<ReferralPayload> {
        with_referral(ctx, "changeHandover", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let change = casework::ChangeHandover {
                add: set(&input.add),
                remove: set(&input.remove),
                refresh: set(&input.refresh),
                concern: input.concern,
                acknowledge_reporting_duty: input.acknowledge_reporting_duty,
            };
            casework::change_handover(work, target, &change).await
        })
        .await
    }

    /// Schreibt der anderen Seite.
    #[graphql(tag = "for work")]
    async fn post_message(&self, ctx: &Context<'_>, input: PostMessageInput) -> Option<ReferralPayload> {
        referral!(ctx, "postMessage", input, post, &input.text)
    }

    /// Trägt einen Termin ein.
    #[graphql(tag = "for work")]
    async fn record_appointment(&self, ctx: &Context<'_>, input: RecordAppointmentInput) -> Option<ReferralPayload> {
        with_referral(ctx, "recordAppointment", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let at = input.at.0.timestamp_micros();
            let appointment = casework::Appointment { at, place: input.place, bring: input.bring };
            casework::record_appointment(work, target, &appointment).await
        })
        .await
    }

    /// Hält das Gespräch fest, in dem ein Fall übergeben wurde.
    #[graphql(tag = "for work")]
    async fn record_talk(&self, ctx: &Context<'_>, input: RecordTalkInput) -> Option<ReferralPayload> {
        with_referral(ctx, "recordTalk", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let talk = casework::Talk {
                held_on: input.held_on.0,
                participants: input.participants,
                client_took_part: input.client_took_part,
            };
            casework::record_talk(work, target, &talk).await
        })
        .await
    }
}
