//! The mutations that prevent double support (Vermeidung von Doppelförderung).

use async_graphql::{Context, ID, Object, SimpleObject};
use kim_casework::support as casework;
use kim_domain::agency::Scope;
use kim_domain::id::Kind;

use crate::error::or_null;
use crate::run::change::{change, local_or_refused};
use crate::run::inputs::inputs;
use crate::run::session::Session;
use crate::schema::scalar::{Date, global};

inputs! {
    /// Was die Klientin oder der Klient zum Abgleich sagt.
    "for senders" RecordSupportConsentInput {
        /// Kennung Ihres Falls.
        case_id: ID,
        /// Einverstanden; false: nicht einverstanden, oder Widerruf.
        given: bool,
        /// Letzter Tag; ohne Angabe bis zum Widerruf.
        valid_until: Option<Date>,
    }
}

/// Was erfasst ist.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct SupportConsentPayload {
    /// Kennung Ihres Falls.
    case_id: ID,
    /// Einverstanden.
    given: bool,
    /// Letzter Tag; null: bis zum Widerruf.
    valid_until: Option<Date>,
}

inputs! {
    /// Ein Fall, der abgeglichen werden soll.
    "for senders" SupportCheckInput {
        /// Kennung Ihres Falls.
        case_id: ID,
    }
}

/// Was der Abgleich ergab.
#[derive(SimpleObject)]
#[graphql(tag = "for senders")]
pub(crate) struct SupportCheckPayload {
    /// Ob wahrscheinlich noch ein Träger Ihrer Kommune dieselbe Person begleitet und sie das bei beiden sagen lässt.
    found: bool,
    /// Das Zeichen des Hinweises, den beide Seiten bekommen haben.
    reference: Option<String>,
}

/// The mutations of support checks.
#[derive(Default)]
pub(crate) struct SupportMutation;

#[Object]
impl SupportMutation {
    /// Erfasst, ob die Klientin oder der Klient mit dem Abgleich einverstanden ist: dass andere Träger der Kommune erfahren
    /// dürfen, dass sie oder er im Case Management ist, und Sie danach fragen dürfen. Das Neueste gilt.
    #[graphql(tag = "for senders")]
    async fn record_support_consent(
        &self,
        ctx: &Context<'_>,
        input: RecordSupportConsentInput,
    ) -> Option<SupportConsentPayload> {
        let key = input.idempotency_key.clone();
        let recorded = change(ctx, Scope::ConsentWrite, "recordSupportConsent", key, async |work| {
            let consent = casework::SupportConsent {
                case: local_or_refused(Kind::Case, &input.case_id)?,
                given: input.given,
                valid_until: input.valid_until.map(|day| day.0),
            };
            casework::record_consent(work, consent).await
        });
        let payload = recorded.await.map(|recorded: casework::RecordedConsent| {
            Some(SupportConsentPayload {
                case_id: global(Kind::Case, recorded.case),
                given: recorded.given,
                valid_until: recorded.valid_until.map(Date),
            })
        });
        or_null(ctx, payload)
    }

    /// Fragt, ob wahrscheinlich noch ein Träger Ihrer Kommune einen offenen Fall derselben Person führt, und gibt dann beiden
    /// einen Hinweis mit demselben Zeichen. Nur mit dem Einverständnis der Klientin oder des Klienten auf beiden Seiten; fehlt
    /// es auf der anderen, ist die Antwort wie sonst: nicht gefunden; nach einem Widerruf auch auf eine Wiederholung mit demselben
    /// Schlüssel. Wird protokolliert; höchstens 30 in der Stunde und 3 zu
    /// einem Fall am Tag.
    #[graphql(tag = "for senders")]
    async fn support_check(&self, ctx: &Context<'_>, input: SupportCheckInput) -> Option<SupportCheckPayload> {
        let key = input.idempotency_key.clone();
        let payload = async {
            let checked: casework::CheckResult = change(ctx, Scope::CaseWrite, "supportCheck", key, async |work| {
                casework::check(work, local_or_refused(Kind::Case, &input.case_id)?).await
            })
            .await?;
            // A repeat with the same key gets the stored result. A client may have withdrawn since, so the notice is checked
            // again.
            let mut reference = checked.reference;
            if let Some(known) = &reference {
                let snapshot = Session::of(ctx).after().await?;
                let still_valid = snapshot.has_support_notice(known).await?;
                drop(snapshot);
                reference = reference.filter(|_| still_valid);
            }
            Ok(Some(SupportCheckPayload { found: reference.is_some(), reference }))
        };
        or_null(ctx, Box::pin(payload).await)
    }
}
