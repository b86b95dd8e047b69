//! The bulk mutations: many referrals in one call, with a result for each.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use kim_casework::referral::{self as casework, Answer, BulkOffer, BulkOutcome};
use kim_casework::refusal::{Refused, WorkError};
use kim_casework::work::Work;
use kim_domain::Word as _;
use kim_domain::agency::{AgencyKind, Scope};
use kim_domain::bulk::BulkAnswer;
use kim_domain::disclosure::known_to;
use kim_domain::field::HandoverField;
use kim_domain::referral::{DeclineReason, FailReason, Outcome, ReferralStatus, ReturnReason};

use crate::error::or_null;
use crate::referral::payload::target;
use crate::run::change::change;
use crate::run::inputs::inputs;
use crate::run::session::Session;
use crate::schema::word_enum::WordEnum;

/// Ein Entwurf unter vielen.
#[derive(InputObject)]
#[graphql(tag = "for senders")]
pub(crate) struct BulkOfferItem {
    /// Kennung der Übergabe.
    referral_id: ID,
    /// Die Version, die Sie gesehen haben.
    expected_version: i32,
    /// Sie wissen, dass öffentliche Stellen der Ausländerbehörde Mitteilung machen müssen (§ 87 AufenthG).
    #[graphql(default)]
    acknowledge_reporting_duty: bool,
}

inputs! {
    /// Entwürfe, die angeboten werden sollen.
    "for senders" BulkOfferReferralsInput {
        /// Die Entwürfe: höchstens 1.000, jeder einmal.
        items: Vec<BulkOfferItem>,
    }
}

/// Eine Übergabe unter vielen.
#[derive(InputObject)]
#[graphql(tag = "for work")]
pub(crate) struct BulkAnswerItem {
    /// Kennung der Übergabe.
    referral_id: ID,
    /// Die Version, die Sie gesehen haben.
    expected_version: i32,
}

inputs! {
    /// Eine Antwort auf viele Übergaben.
    "for work" BulkAnswerReferralsInput {
        /// Die Antwort.
        action: WordEnum<BulkAnswer>,
        /// Warum Sie ablehnen; nur mit DECLINE.
        decline_reason: Option<WordEnum<DeclineReason>>,
        /// Das Ergebnis; nur mit COMPLETE.
        outcome: Option<WordEnum<Outcome>>,
        /// Warum es gescheitert ist; nur mit FAIL.
        fail_reason: Option<WordEnum<FailReason>>,
        /// Warum Sie zurückgeben; nur mit RETURN.
        return_reason: Option<WordEnum<ReturnReason>>,
        /// Die Übergaben: höchstens 1.000, jede einmal.
        items: Vec<BulkAnswerItem>,
    }
}

impl BulkAnswerReferralsInput {
    /// The answer with its reason. Refuses a missing reason and a reason that belongs to another answer.
    fn answer(&self) -> Result<Answer, WorkError> {
        let (answer, expected_reasons) = match self.action.0 {
            BulkAnswer::Acknowledge => (Some(Answer::Acknowledge), 0),
            BulkAnswer::Accept => (Some(Answer::Accept), 0),
            BulkAnswer::Decline => (self.decline_reason.map(|reason| Answer::Decline(reason.0)), 1),
            BulkAnswer::Start => (Some(Answer::Start), 0),
            BulkAnswer::Complete => (self.outcome.map(|outcome| Answer::Complete(outcome.0)), 1),
            BulkAnswer::Fail => (self.fail_reason.map(|reason| Answer::Fail(reason.0)), 1),
            BulkAnswer::Return => (self.return_reason.map(|reason| Answer::GiveBack(reason.0)), 1),
        };
        let reasons = [
            self.decline_reason.is_some(),
            self.outcome.is_some(),
            self.fail_reason.is_some(),
            self.return_reason.is_some(),
        ];
        let given_reasons = reasons.into_iter().filter(|is_given| *is_given).count();
        answer.filter(|_| given_reasons == expected_reasons).ok_or_else(|| {
            WorkError::bad_input(
                "DECLINE braucht „declineReason“, COMPLETE „outcome“, FAIL „failReason“, RETURN „returnReason“; ein \
                 anderer Grund gehört nicht dazu.",
            )
        })
    }
}

/// Was aus vielen Übergaben wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct BulkPayload {
    /// Eine Zeile für jede, in der Reihenfolge der Anfrage.
    #[graphql(tag = "bulk", tag = "conveyed")]
    results: Vec<BulkResult>,
}

/// Was aus einer von vielen wurde.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct BulkResult {
    /// Kennung der Übergabe, wie Sie sie genannt haben.
    referral_id: ID,
    /// Ihr Stand jetzt; null, wenn es sie nicht gibt oder sie nicht Ihre ist.
    status: Option<WordEnum<ReferralStatus>>,
    /// Ihre Version jetzt.
    version: Option<i32>,
    /// Warum nichts geschah; null, wenn es getan ist.
    error: Option<BulkError>,
}

/// Warum mit einer von vielen nichts geschah.
#[derive(SimpleObject)]
#[graphql(tag = "for work")]
pub(crate) struct BulkError {
    /// Fehlercode, aus derselben Liste wie `extensions.code`.
    code: &'static str,
    /// Was zu tun ist.
    message: String,
    /// Die Felder, um die es geht.
    #[graphql(tag = "list 5")]
    fields: Vec<WordEnum<HandoverField>>,
}

impl BulkError {
    /// The error of a row. Fields that are not in the viewer's schema are omitted.
    fn of(refused: Refused, kind: AgencyKind) -> Self {
        let known = known_to(kind);
        let fields = refused.fields.iter().filter_map(|code| HandoverField::from_code(code));
        let fields = fields.filter(|field| known.contains(*field)).map(WordEnum).collect();
        Self { code: refused.code.code(), message: refused.text, fields }
    }
}

/// The bulk mutations.
#[derive(Default)]
pub(crate) struct BulkMutation;

#[Object]
impl BulkMutation {
    /// Bietet viele Entwürfe an, jeden mit den Feldern, die er nennt. Was geht, geschieht; jede Zeile sagt, was aus ihr
    /// wurde.
    #[graphql(tag = "for senders")]
    async fn bulk_offer_referrals(&self, ctx: &Context<'_>, input: BulkOfferReferralsInput) -> Option<BulkPayload> {
        let ids = input.items.iter().map(|item| item.referral_id.clone()).collect();
        bulk(ctx, "bulkOfferReferrals", input.idempotency_key, ids, async |work| {
            casework::require_size(input.items.len())?;
            let offer = |item: &BulkOfferItem| {
                Ok(BulkOffer {
                    target: target(&item.referral_id, item.expected_version)?,
                    acknowledge_reporting_duty: item.acknowledge_reporting_duty,
                })
            };
            let offers: Vec<BulkOffer> = input.items.iter().map(offer).collect::<Result<_, WorkError>>()?;
            casework::bulk_offer(work, &offers).await
        })
        .await
    }

    /// Beantwortet viele Übergaben gleich. Was geht, geschieht; jede Zeile sagt, was aus ihr wurde.
    #[graphql(tag = "for work")]
    async fn bulk_answer_referrals(&self, ctx: &Context<'_>, input: BulkAnswerReferralsInput) -> Option<BulkPayload> {
        let ids = input.items.iter().map(|item| item.referral_id.clone()).collect();
        bulk(ctx, "bulkAnswerReferrals", input.idempotency_key.clone(), ids, async |work| {
            casework::require_size(input.items.len())?;
            let answer = input.answer()?;
            let targets = input.items.iter().map(|item| target(&item.referral_id, item.expected_version));
            let targets: Vec<_> = targets.collect::<Result<_, WorkError>>()?;
            casework::bulk_answer(work, answer, &targets).await
        })
        .await
    }
}

/// Runs a use case on many referrals and reads the current status and version of each.
async fn bulk(
    ctx: &Context<'_>,
    mutation: &'static str,
    key: String,
    ids: Vec<ID>,
    work: impl AsyncFnOnce(&mut Work<'_>) -> Result<BulkOutcome, WorkError>,
) -> Option<BulkPayload> {
    let payload = async {
        let changed = change(ctx, Scope::ReferralWrite, mutation, key, work).await?;
        let session = Session::of(ctx);
        let snapshot = session.after().await?;
        let own: Vec<_> = changed.rows.iter().filter_map(|row| row.referral).collect();
        let rows = snapshot.referrals_by_id(&own).await?;
        drop(snapshot);
        let rows: std::collections::HashMap<_, _> = rows.into_iter().map(|row| (row.id, row)).collect();
        let kind = session.viewer().agency().kind;
        let result = |(referral_id, outcome): (ID, casework::RowOutcome)| {
            let row = outcome.referral.and_then(|id| rows.get(&id));
            BulkResult {
                referral_id,
                status: row.map(|row| WordEnum(row.status)),
                version: row.map(|row| row.rest.version),
                error: outcome.refused.map(|refused| BulkError::of(refused, kind)),
            }
        };
        // A repeat has the same hash of its input, so its rows have the same order as the stored results.
        Ok(Some(BulkPayload { results: ids.into_iter().zip(changed.rows).map(result).collect() }))
    };
    or_null(ctx, Box::pin(payload).await)
}
