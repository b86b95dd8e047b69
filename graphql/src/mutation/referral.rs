//! What senders and receivers do with referrals.

use async_graphql::{Context, ID, InputObject, Object};
use kim_casework::referral as casework;
use kim_casework::refusal::Refusal;
use kim_domain::field::{FieldSet, HandoverField};
use kim_domain::id::Kind;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{DeclineReason, FailReason, Outcome, ReferralKind, ReturnReason, WithdrawalReason};

use super::done::{ReferralPayload, local_or_refused, target, with_referral};
use crate::coded::Coded;
use crate::scalar::{Date, DateTime};

/// Declares an input about one referral: which, in which version, under which key, and what else it says.
macro_rules! input {
    ($(#[doc = $about:literal])+ $name:ident { $($(#[$attribute:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[doc = $about])+
        #[derive(InputObject)]
        pub(crate) struct $name {
            /// Ihr Schlüssel für diese Anfrage, für jede andere ein anderer.
            idempotency_key: String,
            /// Kennung der Übergabe.
            referral_id: ID,
            /// Die Version, die Sie gesehen haben.
            expected_version: i32,
            $($(#[$attribute])* $field: $ty,)*
        }
        impl $name {
            fn target(&self) -> Result<casework::Target, Refusal> {
                target(&self.referral_id, self.expected_version)
            }
        }
    };
}

/// Eine Ansprechperson.
#[derive(Default, InputObject)]
pub(crate) struct ContactInput {
    /// Name.
    name: Option<String>,
    /// Telefon.
    phone: Option<String>,
    /// E-Mail.
    email: Option<String>,
}

impl From<ContactInput> for casework::Contact {
    fn from(input: ContactInput) -> Self {
        Self { name: input.name, phone: input.phone, email: input.email }
    }
}

/// Was übergeben werden soll.
#[derive(InputObject)]
pub(crate) struct DraftReferralInput {
    /// Ihr Schlüssel für diese Anfrage, für jede andere ein anderer.
    idempotency_key: String,
    /// Kennung Ihres Falls.
    case_id: ID,
    /// Kennung der Stelle, die gebeten werden soll.
    receiver_id: ID,
    /// Zweck.
    purpose: Coded<ReferralPurpose>,
    /// Art der Übergabe.
    #[graphql(default_with = "Coded(ReferralKind::Referral)")]
    kind: Coded<ReferralKind>,
    /// Die Felder; ohne Angabe alle, für die es eine Grundlage gibt.
    fields: Option<Vec<Coded<HandoverField>>>,
    /// Das Anliegen in einem Satz; ohne Angabe aus dem Zweck gebildet.
    concern: Option<String>,
    /// Ob die Übergabe einen Antrag enthält (§ 16 SGB I).
    #[graphql(default)]
    carries_application: bool,
    /// Ihr Aktenzeichen dazu.
    own_reference: Option<String>,
    /// Ihre Ansprechperson.
    contact: Option<ContactInput>,
}

input! {
    /// Eine Übergabe, mit der etwas geschehen soll.
    ReferralInput {}
}

input! {
    /// Ein Entwurf, der angeboten werden soll.
    OfferReferralInput {
        /// Andere Felder als im Entwurf.
        fields: Option<Vec<Coded<HandoverField>>>,
        /// Sie wissen, dass öffentliche Stellen der Ausländerbehörde Mitteilung machen müssen (§ 87 AufenthG).
        #[graphql(default)]
        acknowledge_reporting_duty: bool,
    }
}

input! {
    /// Eine Übergabe, die angenommen wird.
    AcceptReferralInput {
        /// Ihr Aktenzeichen dazu; die andere Seite sieht es nie.
        own_reference: Option<String>,
        /// Ihre Ansprechperson.
        contact: Option<ContactInput>,
    }
}

input! {
    /// Eine Übergabe, die abgelehnt wird.
    DeclineReferralInput {
        /// Warum.
        reason: Coded<DeclineReason>,
    }
}

input! {
    /// Eine Übergabe, für die eine andere Stelle zuständig ist.
    ForwardReferralInput {
        /// Kennung der zuständigen Stelle.
        to_agency_id: ID,
        /// Der Zweck dort.
        purpose: Coded<ReferralPurpose>,
        /// Im Einvernehmen mit ihr (§ 14 Abs. 3 SGB IX).
        #[graphql(default)]
        by_agreement: bool,
    }
}

input! {
    /// Eine Rückfrage an die übergebende Stelle.
    RequestInformationInput {
        /// Die Frage.
        question: String,
    }
}

input! {
    /// Die Antwort auf eine Rückfrage.
    AnswerInformationInput {
        /// Die Antwort.
        answer: String,
    }
}

input! {
    /// Eine Übergabe, die erledigt ist.
    CompleteReferralInput {
        /// Das Ergebnis.
        outcome: Coded<Outcome>,
    }
}

input! {
    /// Eine Übergabe, die gescheitert ist.
    FailReferralInput {
        /// Warum.
        reason: Coded<FailReason>,
    }
}

input! {
    /// Eine Übergabe, die zurückgegeben wird.
    ReturnReferralInput {
        /// Warum.
        reason: Coded<ReturnReason>,
    }
}

input! {
    /// Eine Übergabe, die zurückgezogen wird.
    WithdrawReferralInput {
        /// Warum.
        reason: Coded<WithdrawalReason>,
    }
}

input! {
    /// Was an einer Übergabe anders werden soll. Eine Änderung am Fall fließt nie von selbst.
    ChangeHandoverInput {
        /// Felder, die dazukommen; jedes braucht heute eine Grundlage.
        #[graphql(default)]
        add: Vec<Coded<HandoverField>>,
        /// Felder, die wegfallen.
        #[graphql(default)]
        remove: Vec<Coded<HandoverField>>,
        /// Felder, deren Wert neu aus dem Fall übernommen wird; jedes ist übergeben und braucht heute eine Grundlage.
        #[graphql(default)]
        refresh: Vec<Coded<HandoverField>>,
        /// Das Anliegen mit anderen Worten.
        concern: Option<String>,
        /// Sie wissen, dass öffentliche Stellen der Ausländerbehörde Mitteilung machen müssen (§ 87 AufenthG).
        #[graphql(default)]
        acknowledge_reporting_duty: bool,
    }
}

input! {
    /// Eine Nachricht an die andere Seite.
    PostMessageInput {
        /// Der Text.
        text: String,
    }
}

input! {
    /// Ein Termin mit der Klientin oder dem Klienten.
    RecordAppointmentInput {
        /// Wann.
        at: DateTime,
        /// Wo.
        place: String,
        /// Was mitzubringen ist.
        bring: Option<String>,
    }
}

input! {
    /// Das Gespräch, in dem ein Fall übergeben wurde.
    RecordTalkInput {
        /// Wann es war.
        held_on: Date,
        /// Wer dabei war, nach Funktion.
        participants: Vec<String>,
        /// Ob die Klientin oder der Klient dabei war.
        client_took_part: bool,
    }
}

fn set(fields: &[Coded<HandoverField>]) -> FieldSet {
    fields.iter().map(|field| field.0).collect()
}

impl OfferReferralInput {
    fn offer(&self) -> Result<casework::Offer, Refusal> {
        Ok(casework::Offer {
            target: self.target()?,
            fields: self.fields.as_deref().map(set),
            acknowledge_reporting_duty: self.acknowledge_reporting_duty,
        })
    }
}

#[derive(Default)]
pub(crate) struct ReferralMutation;

#[Object]
impl ReferralMutation {
    /// Entwirft eine Übergabe. Niemand außer Ihrer Stelle erfährt davon.
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
    async fn discard_referral(&self, ctx: &Context<'_>, input: ReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "discardReferral", input.idempotency_key.clone(), async |work| {
            casework::discard(work, input.target()?).await
        })
        .await
    }

    /// Bietet einen Entwurf an: Die empfangende Stelle bekommt ihre Kopie.
    async fn offer_referral(&self, ctx: &Context<'_>, input: OfferReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "offerReferral", input.idempotency_key.clone(), async |work| {
            casework::offer(work, input.offer()?).await
        })
        .await
    }

    /// Bietet erneut an, was abgelehnt, abgelaufen oder zurückgezogen ist; der Tag des ersten Eingangs bleibt.
    async fn offer_again(&self, ctx: &Context<'_>, input: OfferReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "offerAgain", input.idempotency_key.clone(), async |work| {
            casework::offer_again(work, input.offer()?).await
        })
        .await
    }

    /// Bestätigt den Eingang.
    async fn acknowledge_referral(&self, ctx: &Context<'_>, input: ReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "acknowledgeReferral", input.idempotency_key.clone(), async |work| {
            casework::acknowledge(work, input.target()?).await
        })
        .await
    }

    /// Nimmt an.
    async fn accept_referral(&self, ctx: &Context<'_>, input: AcceptReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "acceptReferral", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let contact = input.contact.unwrap_or_default().into();
            casework::accept(work, target, input.own_reference.as_deref(), &contact).await
        })
        .await
    }

    /// Lehnt ab; die Daten schließen sich sofort.
    async fn decline_referral(&self, ctx: &Context<'_>, input: DeclineReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "declineReferral", input.idempotency_key.clone(), async |work| {
            casework::decline(work, input.target()?, input.reason.0).await
        })
        .await
    }

    /// Leitet an die zuständige Stelle weiter: Diese Übergabe schließt sich, und die übergebende Stelle bekommt einen
    /// Entwurf für die andere.
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
    async fn request_information(&self, ctx: &Context<'_>, input: RequestInformationInput) -> Option<ReferralPayload> {
        with_referral(ctx, "requestInformation", input.idempotency_key.clone(), async |work| {
            casework::ask(work, input.target()?, &input.question).await
        })
        .await
    }

    /// Beantwortet eine Rückfrage.
    async fn answer_information(&self, ctx: &Context<'_>, input: AnswerInformationInput) -> Option<ReferralPayload> {
        with_referral(ctx, "answerInformation", input.idempotency_key.clone(), async |work| {
            casework::reply(work, input.target()?, &input.answer).await
        })
        .await
    }

    /// Beginnt die Bearbeitung; bei einer Fallübergabe geht damit die Verantwortung über (§ 86c SGB VIII).
    async fn start_referral(&self, ctx: &Context<'_>, input: ReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "startReferral", input.idempotency_key.clone(), async |work| {
            casework::start(work, input.target()?).await
        })
        .await
    }

    /// Schließt mit einem Ergebnis ab.
    async fn complete_referral(&self, ctx: &Context<'_>, input: CompleteReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "completeReferral", input.idempotency_key.clone(), async |work| {
            casework::complete(work, input.target()?, input.outcome.0).await
        })
        .await
    }

    /// Schließt als gescheitert ab.
    async fn fail_referral(&self, ctx: &Context<'_>, input: FailReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "failReferral", input.idempotency_key.clone(), async |work| {
            casework::fail(work, input.target()?, input.reason.0).await
        })
        .await
    }

    /// Gibt zurück, was angenommen war.
    async fn return_referral(&self, ctx: &Context<'_>, input: ReturnReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "returnReferral", input.idempotency_key.clone(), async |work| {
            casework::give_back(work, input.target()?, input.reason.0).await
        })
        .await
    }

    /// Zieht zurück; die empfangende Stelle sieht nichts mehr davon.
    async fn withdraw_referral(&self, ctx: &Context<'_>, input: WithdrawReferralInput) -> Option<ReferralPayload> {
        with_referral(ctx, "withdrawReferral", input.idempotency_key.clone(), async |work| {
            casework::withdraw(work, input.target()?, input.reason.0).await
        })
        .await
    }

    /// Erweitert, verengt oder erneuert, was übergeben ist; beide Seiten sehen im Verlauf, welche Felder. Was nichts ändert,
    /// zählt nicht als Änderung.
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
    async fn post_message(&self, ctx: &Context<'_>, input: PostMessageInput) -> Option<ReferralPayload> {
        with_referral(ctx, "postMessage", input.idempotency_key.clone(), async |work| {
            casework::post(work, input.target()?, &input.text).await
        })
        .await
    }

    /// Trägt einen Termin ein.
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
