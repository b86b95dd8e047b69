//! A receiver reports that a value is wrong, and the sender decides (§ 84 SGB X). Whoever was shown the value is told
//! (Art. 19 DSGVO), by the sender and of nobody else.

use kim_domain::change::ChangeKind;
use kim_domain::correction::{CorrectionDecision, CorrectionState, is_of_the_case, same_fact};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::id::new_uuid;
use kim_domain::life::{ReferralAction, Refused as Unmoved};
use kim_domain::referral::ReferralStatus;
use kim_entity::code::Code;
use kim_entity::read::{ReferralRow, Side};
use kim_entity::unscoped::Unscoped;
use kim_entity::write::Tx;
use kim_entity::{correction, referral};
use serde_json::json;
use uuid::Uuid;

use super::corrected::{Known, known, mark, refresh};
use super::{Done, Target};
use crate::refusal::Refusal;
use crate::text::{optional_line, text};
use crate::work::Work;

/// What is wrong.
#[derive(Clone, Debug)]
pub struct Report {
    /// The field.
    pub field: F,
    /// What is wrong with it.
    pub text: String,
    /// What would be right.
    pub suggested: Option<String>,
}

/// What the sender decides.
#[derive(Clone, Debug)]
pub struct Decide {
    /// The report; `None` for an id that cannot be one's.
    pub correction: Option<Uuid>,
    /// Right or wrong.
    pub decision: CorrectionDecision,
    /// What there is to say to it.
    pub text: Option<String>,
    /// The sender knows what § 87 AufenthG makes public bodies tell.
    pub acknowledge_reporting_duty: bool,
}

/// Reports a wrong value: from now on it is marked as disputed wherever the case's referrals show it.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION once it is closed, BAD_INPUT; ACTION_NOT_ALLOWED for the sender, for a field
/// that the receiver does not see now, and for one whose report is still open.
pub async fn report_wrong_value(work: &mut Work<'_>, target: Target, report: &Report) -> Result<Done, Refusal> {
    let of_case = same_case(work, target).await?;
    let row = work.referral(target.id, target.expected_version).await?;
    let field = report.field;
    if row.side == Side::Sender {
        return Err(Refusal::unmoved(Unmoved::NotYours, ReferralAction::ReportWrongValue, row.status));
    }
    let said = text("text", &report.text)?;
    let suggested = optional_line("suggestedValue", report.suggested.as_deref())?;
    let detail = json!({ DISPUTED: codes(FieldSet::of(&[field])) });
    work.happen(&row, ReferralAction::ReportWrongValue, ChangeKind::Correction, Some(detail), Default::default())
        .await?;
    if !row.visible().fields().contains(field) {
        return Err(Refusal::not_allowed(format!("„{}“ zeigt Ihnen diese Übergabe jetzt nicht.", field.label())));
    }
    if work.writes().has_open_correction(row.id, field).await? {
        return Err(Refusal::not_allowed(format!(
            "Zu „{}“ ist schon eine Meldung offen. Bitte die Entscheidung abwarten oder eine Nachricht schreiben.",
            field.label()
        )));
    }
    let id = new_uuid();
    let copied = work.tx().handover(row.id).await?.ok_or_else(Refusal::not_found)?;
    let reported = correction::Model {
        id,
        referral_id: row.id,
        case_id: row.rest.case_id,
        field: Code(field),
        agency_id: work.own_id(),
        staff: Some(work.viewer().subject().to_owned()),
        reported_at: work.now(),
        text: said,
        suggested,
        value_mark: mark(work, id, copied.values.get(field)),
        state: Code(CorrectionState::Open),
        decided_at: None,
        decided_text: None,
        decided_staff: None,
    };
    work.writes().insert_correction(reported).await?;
    let others: Vec<_> = of_case.iter().filter(|other| other.id != row.id && carries(other, field)).collect();
    let known = known(work, &of_case, field).await?;
    tell(work, id, &others, ReferralAction::ReportWrongValue, DISPUTED, field, &known).await?;
    Ok(Done { referral: row.id })
}

/// Decides over a report. ACCEPTED: every referral of the case that runs gets the value that the case has by now; those
/// that have ended and showed the old one are told that it was wrong.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for the receiver, ILLEGAL_TRANSITION for what is decided; BAD_INPUT for a
/// rejection without a text, for a value that was not corrected in the case, and where the reporting duty is to be
/// acknowledged first.
pub async fn decide_correction(work: &mut Work<'_>, target: Target, input: &Decide) -> Result<Done, Refusal> {
    let of_case = same_case(work, target).await?;
    let row = work.referral(target.id, target.expected_version).await?;
    if row.side == Side::Receiver {
        return Err(Refusal::unmoved(Unmoved::NotYours, ReferralAction::DecideCorrection, row.status));
    }
    let found = match input.correction {
        Some(id) => work.writes().correction(id, row.id).await?,
        None => None,
    };
    let found = found.ok_or_else(Refusal::not_found)?;
    if found.state.0 != CorrectionState::Open {
        return Err(Refusal::decided());
    }
    let said = match (input.decision, input.text.as_deref()) {
        (CorrectionDecision::Accepted, None) => None,
        (CorrectionDecision::Rejected, None) => {
            return Err(Refusal::bad_input("Wer eine Meldung zurückweist, sagt in „text“, warum."));
        }
        (CorrectionDecision::Accepted | CorrectionDecision::Rejected, Some(said)) => Some(text("text", said)?),
    };
    let field = found.field.0;
    let runs: Vec<_> = of_case.iter().filter(|other| other.id != row.id && carries(other, field)).collect();
    let known = known(work, &of_case, field).await?;
    let state = input.decision.into();
    match input.decision {
        CorrectionDecision::Accepted => {
            let stale = refresh(work, &row, &found, &of_case, &known, input.acknowledge_reporting_duty).await?;
            work.writes().decide_correction(found.id, state, said, work.now()).await?;
            let (own, others): (Vec<_>, Vec<_>) = stale.into_iter().partition(|one| one.id == row.id);
            let word = if own.is_empty() { CORRECTED } else { OUTDATED };
            let its = known.get(&row.id).copied().unwrap_or_default().or(FieldSet::of(&[field]));
            decide(work, &row, word, its).await?;
            tell(work, found.id, &runs, ReferralAction::DecideCorrection, CORRECTED, field, &known).await?;
            tell(work, found.id, &others, ReferralAction::DecideCorrection, OUTDATED, field, &known).await?;
            // What a handover no longer has it does not show with a mark either, should it be handed over again.
            let frozen = own.into_iter().chain(others).filter(|one| !offers(one, field).is_empty());
            let frozen: Vec<Uuid> = frozen.map(|one| one.id).collect();
            work.writes().insert_correction_notices(found.id, &frozen, true, work.now()).await?;
        }
        CorrectionDecision::Rejected => {
            work.writes().decide_correction(found.id, state, said, work.now()).await?;
            decide(work, &row, UPHELD, FieldSet::of(&[field])).await?;
            tell(work, found.id, &runs, ReferralAction::DecideCorrection, UPHELD, field, &known).await?;
        }
    }
    Ok(Done { referral: row.id })
}

/// What the history says of a fact: it was reported; the copy was corrected; what was shown is known to be wrong, and no
/// copy takes that over; it stays.
const DISPUTED: &str = "disputed";
const CORRECTED: &str = "corrected";
const OUTDATED: &str = "outdated";
const UPHELD: &str = "upheld";

/// Writes the decision into the history of the referral by which it was reported.
async fn decide(work: &mut Work<'_>, row: &ReferralRow, word: &str, fields: FieldSet) -> Result<(), Refusal> {
    let detail = Some(json!({ word: codes(fields) }));
    work.happen(row, ReferralAction::DecideCorrection, ChangeKind::Correction, detail, Default::default()).await
}

/// All referrals of the target's case, locked before any of them is; none if the target is not the viewer's.
#[expect(
    clippy::disallowed_methods,
    reason = "a report concerns the other referrals of the case; only their own sides are told"
)]
async fn same_case(work: &Work<'_>, target: Target) -> Result<Vec<referral::Model>, Refusal> {
    let Some(id) = target.id else { return Ok(Vec::new()) };
    // Not locked yet: to hold one while waiting for an earlier one could be a circle. A case does not change.
    let Some(row) = work.reads().referrals_by_id(&[id]).await?.pop() else { return Ok(Vec::new()) };
    let lock = async |all: &Unscoped<&Tx>| all.lock_referrals_of_case(row.rest.case_id).await;
    Ok(work.writes().unscoped(lock).await?)
}

/// Whether a referral of the same case hands over the disputed fact, or will again: one that is suspended goes on with
/// the copy that it has.
pub(super) fn carries(other: &referral::Model, field: F) -> bool {
    let runs = other.status.0.is_open() || other.status.0 == ReferralStatus::Suspended;
    is_of_the_case(field) && runs && !offers(other, field).is_empty()
}

/// What of a fact a referral hands over.
pub(super) fn offers(one: &referral::Model, field: F) -> FieldSet {
    same_fact(field).and(FieldSet::from_i64(one.offered_fields))
}

/// Tells the sides of other referrals, and notes that they were told: a receiver only of what it knows, its sender of
/// all.
async fn tell(
    work: &mut Work<'_>,
    correction: Uuid,
    others: &[&referral::Model],
    action: ReferralAction,
    word: &str,
    field: F,
    known: &Known,
) -> Result<(), Refusal> {
    let mut told = Vec::with_capacity(others.len());
    for other in others {
        let known = known.get(&other.id).copied().unwrap_or_default();
        for (fields, senders_alone) in [(known, false), (offers(other, field).without(known), true)] {
            if !fields.is_empty() {
                let detail = json!({ word: codes(fields) });
                work.affect(other, action, ChangeKind::Correction, &detail, senders_alone).await?;
            }
        }
        if !known.is_empty() {
            told.push(other.id);
        }
    }
    Ok(work.writes().insert_correction_notices(correction, &told, false, work.now()).await?)
}

fn codes(fields: FieldSet) -> Vec<&'static str> {
    fields.iter().map(F::code).collect()
}
