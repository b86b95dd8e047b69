//! The mutations that report a wrong value and decide on a report.

use async_graphql::{Context, ID, Object};
use kim_casework::referral as casework;
use kim_domain::correction::CorrectionDecision;
use kim_domain::field::HandoverField;
use kim_domain::id::Kind;

use crate::referral::payload::{ReferralPayload, target, with_referral};
use crate::run::change::local_or_refused;
use crate::run::inputs::inputs;
use crate::schema::word_enum::WordEnum;

inputs! {
    /// Eine Angabe, die falsch ist.
    "for work" ReportWrongValueInput of referral {
        /// Das Feld; eines, das Sie jetzt sehen.
        field: WordEnum<HandoverField>,
        /// Was daran falsch ist.
        text: String,
        /// Was richtig wäre.
        suggested_value: Option<String>,
    }

    /// Was über eine gemeldete Angabe entschieden wird.
    "for senders" DecideCorrectionInput {
        /// Kennung der Übergabe.
        referral_id: ID,
        /// Die Version der Übergabe, die Sie gesehen haben.
        expected_version: i32,
        /// Kennung der Meldung.
        correction_id: ID,
        /// Die Entscheidung.
        decision: WordEnum<CorrectionDecision>,
        /// Was dazu zu sagen ist; bei einer Zurückweisung, warum.
        text: Option<String>,
        /// Sie wissen, dass öffentliche Stellen der Ausländerbehörde Mitteilung machen müssen (§ 87 AufenthG).
        #[graphql(default)]
        acknowledge_reporting_duty: bool,
    }
}

/// The mutations of corrections.
#[derive(Default)]
pub(crate) struct CorrectionMutation;

#[Object]
impl CorrectionMutation {
    /// Meldet eine falsche Angabe. Bis zur Entscheidung ist sie als bestritten gekennzeichnet, wo immer sie gezeigt wird
    /// (§ 84 Abs. 2 SGB X).
    #[graphql(tag = "for work")]
    async fn report_wrong_value(&self, ctx: &Context<'_>, input: ReportWrongValueInput) -> Option<ReferralPayload> {
        with_referral(ctx, "reportWrongValue", input.idempotency_key.clone(), async |work| {
            let target = input.target()?;
            let report = casework::Report { field: input.field.0, text: input.text, suggested: input.suggested_value };
            casework::report_wrong_value(work, target, &report).await
        })
        .await
    }

    /// Entscheidet über eine gemeldete Angabe. Angenommen wird, was im Fall schon berichtigt ist: Der neue Wert geht in
    /// jede laufende oder ausgesetzte Übergabe des Falls. Wer den alten gesehen hat, wird unterrichtet (Art. 19 DSGVO); wo die
    /// Übergabe zu Ende ist, bleibt er stehen und gekennzeichnet.
    #[graphql(tag = "for senders")]
    async fn decide_correction(&self, ctx: &Context<'_>, input: DecideCorrectionInput) -> Option<ReferralPayload> {
        with_referral(ctx, "decideCorrection", input.idempotency_key.clone(), async |work| {
            let target = target(&input.referral_id, input.expected_version)?;
            let decide = casework::Decide {
                correction: local_or_refused(Kind::Correction, &input.correction_id)?,
                decision: input.decision.0,
                text: input.text,
                acknowledge_reporting_duty: input.acknowledge_reporting_duty,
            };
            casework::decide_correction(work, target, &decide).await
        })
        .await
    }
}
