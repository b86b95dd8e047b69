//! The mutations of consents. They stand with the case, whose consents and referrals their payloads contain: in the folder of
//! consents, which referrals import, they would make a circle.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kim_casework::consent as casework;
use kim_casework::refusal::WorkError;
use kim_casework::work::Work;
use kim_domain::agency::Scope;
use kim_domain::consent::ConsentForm;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::value::Language;

use crate::consent::{self, Consent, ConsentPlan};
use crate::error::or_null;
use crate::referral::Referral;
use crate::referral::load;
use crate::referral::plan::ReferralPlan;
use crate::run::change::{change, local_or_refused};
use crate::run::inputs::inputs;
use crate::run::plan::Plan as _;
use crate::run::planned::alike;
use crate::run::session::Session;
use crate::schema::scalar::Date;
use crate::schema::word_enum::WordEnum;

/// Was die Klientin oder der Klient erklärt hat, und wie.
#[derive(InputObject)]
#[graphql(tag = "for senders")]
pub(crate) struct ConsentInput {
    /// Felder, in die als Ganzes eingewilligt wurde.
    #[graphql(default)]
    fields: Vec<WordEnum<HandoverField>>,
    /// Felder, die einzeln angekreuzt wurden: immer bei besonderen Kategorien, und wo Obergrenze oder Vereinbarung es wollen.
    #[graphql(default)]
    ticked: Vec<WordEnum<HandoverField>>,
    /// Einwilligung nach Datenschutzrecht (Art. 6 Abs. 1 lit. a DSGVO, § 67b Abs. 2 SGB X).
    data_protection: bool,
    /// Schweigepflichtentbindung (§ 203 StGB).
    release_from_secrecy: bool,
    /// Tag der Schweigepflichtentbindung; ohne Angabe der erste Tag der Einwilligung.
    release_on: Option<Date>,
    /// Ausdrücklich auch in besondere Kategorien (Art. 9 Abs. 2 lit. a DSGVO).
    #[graphql(default)]
    art9: bool,
    /// Erster Tag; ohne Angabe heute, nie in der Zukunft.
    valid_from: Option<Date>,
    /// Letzter Tag; ohne Angabe nach zwölf Monaten, spätestens nach 24.
    valid_until: Option<Date>,
    /// Ob die empfangende Stelle das Ergebnis zurückmelden darf; sonst sehen Sie nur den Stand.
    #[graphql(default)]
    report_outcome: bool,
    /// Form; bei Gesundheitsdaten schriftlich oder elektronisch (§ 67b Abs. 2 SGB X).
    form: WordEnum<ConsentForm>,
    /// Warum sie nicht schriftlich sein konnte; nötig, wenn sie mündlich ist.
    form_reason: Option<String>,
    /// Sprache, in der erklärt wurde, worum es geht.
    language: WordEnum<Language>,
    /// Ob jemand gedolmetscht hat.
    #[graphql(default)]
    interpreter: bool,
    /// Fassung des Textes, der erklärt wurde.
    text_version: Option<String>,
    /// Wer für die Klientin oder den Klienten eingewilligt hat; nötig bei Minderjährigen, die nicht selbst verstehen.
    guardian: Option<String>,
    /// Die Klientin oder der Klient ist minderjährig und versteht selbst, worum es geht.
    #[graphql(default)]
    understands: bool,
    /// Wer dabei war; nötig, wenn sie mündlich ist.
    witness: Option<String>,
    /// SHA-256 des eingescannten Papiers, hexadezimal.
    scan_sha256: Option<String>,
}

impl From<ConsentInput> for casework::DeclaredConsent {
    fn from(input: ConsentInput) -> Self {
        Self {
            fields: input.fields.iter().map(|field| field.0).collect(),
            ticked: input.ticked.iter().map(|field| field.0).collect(),
            data_protection: input.data_protection,
            release_from_secrecy: input.release_from_secrecy,
            release_on: input.release_on.map(|day| day.0),
            art9: input.art9,
            valid_from: input.valid_from.map(|day| day.0),
            valid_until: input.valid_until.map(|day| day.0),
            report_outcome: input.report_outcome,
            form: input.form.0,
            form_reason: input.form_reason,
            language: input.language.0,
            interpreter: input.interpreter,
            text_version: input.text_version,
            guardian: input.guardian,
            understands: input.understands,
            witness: input.witness,
            scan_sha256: input.scan_sha256,
        }
    }
}

inputs! {
    /// Eine neue Einwilligung.
    "for senders" RecordConsentInput {
        /// Kennung Ihres Falls.
        case_id: ID,
        /// Kennung der Stelle, die etwas bekommen darf.
        receiver_id: ID,
        /// Zweck.
        purpose: WordEnum<ReferralPurpose>,
        /// Was erklärt wurde.
        given: ConsentInput,
    }

    /// Eine Einwilligung, an deren Stelle eine neue tritt.
    "for senders" RenewConsentInput {
        /// Kennung der bisherigen Einwilligung.
        consent_id: ID,
        /// Was jetzt erklärt wurde.
        given: ConsentInput,
    }

    /// Ein Widerruf. Er fragt nach keiner Version: er gilt sofort, wer auch immer sonst etwas geändert hat.
    "for senders" WithdrawConsentInput {
        /// Kennung der Einwilligung.
        consent_id: ID,
        /// Nur diese Felder; ohne Angabe alles.
        fields: Option<Vec<WordEnum<HandoverField>>>,
    }
}

/// Was aus einer Änderung an einer Einwilligung wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct ConsentPayload {
    /// Die Einwilligung, wie sie jetzt ist.
    consent: Option<Consent>,
    /// Die Übergaben, für die sich etwas geändert hat: sie beruhen jetzt darauf, gehen weiter, ruhen oder zeigen weniger.
    #[graphql(tag = "rows 20")]
    referrals: Vec<Referral>,
}

/// Runs a use case on a consent, and reads the consent and the referrals that it changed.
async fn with_consent(
    ctx: &Context<'_>,
    mutation: &'static str,
    key: String,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<casework::ConsentResult, WorkError>,
) -> Option<ConsentPayload> {
    let payload = async {
        let changed: casework::ConsentResult = change(ctx, Scope::ConsentWrite, mutation, key, work).await?;
        let consent_plan = ConsentPlan::below::<ConsentPayload>(ctx);
        let referral_plan = ReferralPlan::below::<ConsentPayload>(ctx);
        let snapshot = Session::of(ctx).after().await?;
        let rows = snapshot.consents_by_id(&[changed.consent]).await?;
        let consent = consent::load(&snapshot, &rows, consent_plan).await?.pop();
        let mut rows = snapshot.referrals_by_id(&changed.referrals).await?;
        rows.sort_by_key(|row| row.id);
        let referrals = load::referrals(&snapshot, alike(rows, &referral_plan)).await?;
        drop(snapshot);
        Ok(Some(ConsentPayload { consent, referrals }))
    };
    or_null(ctx, Box::pin(payload).await)
}

/// The mutations of consents.
#[derive(Default)]
pub(crate) struct ConsentMutation;

#[Object]
impl ConsentMutation {
    /// Erfasst eine Einwilligung. Entwürfe für diese Stelle und diesen Zweck beruhen von jetzt an auf ihr, und was
    /// ausgesetzt war, geht weiter.
    #[graphql(tag = "for senders")]
    async fn record_consent(&self, ctx: &Context<'_>, input: RecordConsentInput) -> Option<ConsentPayload> {
        with_consent(ctx, "recordConsent", input.idempotency_key.clone(), async |work| {
            let record = casework::Record {
                case: local_or_refused(Kind::Case, &input.case_id)?,
                receiver: local_or_refused(Kind::Agency, &input.receiver_id)?,
                purpose: input.purpose.0,
                given: input.given.into(),
            };
            casework::record(work, &record).await
        })
        .await
    }

    /// Setzt eine neue Einwilligung an die Stelle einer früheren: Was auf der alten beruhte, beruht auf der neuen, und was
    /// ausgesetzt war, geht weiter.
    #[graphql(tag = "for senders")]
    async fn renew_consent(&self, ctx: &Context<'_>, input: RenewConsentInput) -> Option<ConsentPayload> {
        with_consent(ctx, "renewConsent", input.idempotency_key.clone(), async |work| {
            let consent = local_or_refused(Kind::Consent, &input.consent_id)?;
            casework::renew(work, consent, &input.given.into()).await
        })
        .await
    }

    /// Widerruft eine Einwilligung, als Ganzes oder für einzelne Felder; sie schließen sich in demselben Augenblick. Was
    /// vorher abgerufen wurde, holt das nicht zurück.
    #[graphql(tag = "for senders")]
    async fn withdraw_consent(&self, ctx: &Context<'_>, input: WithdrawConsentInput) -> Option<ConsentPayload> {
        with_consent(ctx, "withdrawConsent", input.idempotency_key.clone(), async |work| {
            let consent = local_or_refused(Kind::Consent, &input.consent_id)?;
            let fields = input.fields.map(|fields| fields.iter().map(|field| field.0).collect());
            casework::withdraw(work, consent, fields).await
        })
        .await
    }
}
