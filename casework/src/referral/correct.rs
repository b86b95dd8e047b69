//! A receiver reports a wrong value, and the sender decides (§ 84 SGB X). All receivers who saw the value are notified
//! by the sender (Art. 19 DSGVO), without learning of each other.

use kim_domain::change::ChangeKind;
use kim_domain::correction::{CorrectionDecision, CorrectionState, is_of_the_case, same_fact};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::id::new_uuid;
use kim_domain::life::{MoveError, ReferralAction};
use kim_domain::referral::ReferralStatus;
use kim_entity::code::Code;
use kim_entity::read::{ReferralRow, Side};
use kim_entity::unscoped::Unscoped;
use kim_entity::viewer::Author;
use kim_entity::write::Tx;
use kim_entity::{correction, referral};
use serde_json::json;
use uuid::Uuid;

use super::corrected::{KnownFields, digest, known, refresh};
use super::{ReferralResult, Target};
use crate::refusal::WorkError;
use crate::text::{optional_line, text};
use crate::work::Work;

/// A report of a wrong value.
#[derive(Clone, Debug)]
pub struct Report {
    /// The field.
    pub field: F,
    /// What is wrong with the value.
    pub text: String,
    /// A suggested correct value.
    pub suggested: Option<String>,
}

/// The sender's decision on a report.
#[derive(Clone, Debug)]
pub struct Decide {
    /// The report; `None` for an id that cannot belong to one.
    pub correction: Option<Uuid>,
    /// The decision.
    pub decision: CorrectionDecision,
    /// The sender's explanation.
    pub text: Option<String>,
    /// Whether the sender acknowledges the reporting duty of public bodies (§ 87 AufenthG).
    pub acknowledge_reporting_duty: bool,
}

/// Reports a wrong value. From now on all referrals of the case show it as disputed.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION for a closed referral, BAD_INPUT; ACTION_NOT_ALLOWED for the sender, for a
/// field that the receiver cannot see now, and for a field with an open report.
pub async fn report_wrong_value(
    work: &mut Work<'_>,
    target: Target,
    report: &Report,
) -> Result<ReferralResult, WorkError> {
    let of_case = same_case(work, target).await?;
    let row = work.referral(target.id, target.expected_version).await?;
    let field = report.field;
    if row.side == Side::Sender {
        return Err(WorkError::unmoved(MoveError::NotYours, ReferralAction::ReportWrongValue, row.status));
    }
    let said = text("text", &report.text)?;
    let suggested = optional_line("suggestedValue", report.suggested.as_deref())?;
    let detail = json!({ DISPUTED: codes(FieldSet::of(&[field])) });
    work.write_action(&row, ReferralAction::ReportWrongValue, ChangeKind::Correction, Some(detail), Default::default())
        .await?;
    if !row.visible().fields().contains(field) {
        return Err(WorkError::not_allowed(format!("„{}“ zeigt Ihnen diese Übergabe jetzt nicht.", field.label())));
    }
    if work.writes().has_open_correction(&row, field).await? {
        return Err(WorkError::not_allowed(format!(
            "Zu „{}“ ist schon eine Meldung offen. Bitte die Entscheidung abwarten oder eine Nachricht schreiben.",
            field.label()
        )));
    }
    let id = new_uuid();
    let copied = work.writes().handover(&row).await?.ok_or_else(WorkError::not_found)?;
    let Author { agency_id, staff, acting_for } = work.viewer().author();
    let reported = correction::Model {
        id,
        referral_id: row.id,
        case_id: row.rest.case_id(),
        field: Code(field),
        agency_id,
        staff: Some(staff),
        acting_for,
        reported_at: work.now(),
        text: said,
        suggested,
        value_mark: digest(work, id, copied.values.get(field)),
        state: Code(CorrectionState::Open),
        decided_at: None,
        decided_text: None,
        decided_staff: None,
        decided_acting_for: None,
    };
    work.writes().insert_correction(&row, reported).await?;
    let others: Vec<_> = of_case.iter().filter(|other| other.id != row.id && hands_over(other, field)).collect();
    let known = known(work, &of_case, field).await?;
    notify(work, id, &others, ReferralAction::ReportWrongValue, DISPUTED, field, &known).await?;
    Ok(ReferralResult { referral: row.id })
}

/// Decides on a report. If it is accepted, every running referral of the case gets the case's current value, and the
/// receivers of ended referrals that showed the old value are notified that it was wrong.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for the receiver, ILLEGAL_TRANSITION for a decided report; BAD_INPUT for a
/// rejection without a text, for a value that was not corrected in the case, and if the reporting duty must be
/// acknowledged first.
pub async fn decide_correction(
    work: &mut Work<'_>,
    target: Target,
    input: &Decide,
) -> Result<ReferralResult, WorkError> {
    let of_case = same_case(work, target).await?;
    let row = work.referral(target.id, target.expected_version).await?;
    if row.side == Side::Receiver {
        return Err(WorkError::unmoved(MoveError::NotYours, ReferralAction::DecideCorrection, row.status));
    }
    let found = match input.correction {
        Some(id) => work.writes().correction(&row, id).await?,
        None => None,
    };
    let found = found.ok_or_else(WorkError::not_found)?;
    if found.state.0 != CorrectionState::Open {
        return Err(WorkError::decided());
    }
    let said = match (input.decision, input.text.as_deref()) {
        (CorrectionDecision::Accepted, None) => None,
        (CorrectionDecision::Rejected, None) => {
            return Err(WorkError::bad_input("Wer eine Meldung zurückweist, sagt in „text“, warum."));
        }
        (CorrectionDecision::Accepted | CorrectionDecision::Rejected, Some(said)) => Some(text("text", said)?),
    };
    let field = found.field.0;
    let runs: Vec<_> = of_case.iter().filter(|other| other.id != row.id && hands_over(other, field)).collect();
    let known = known(work, &of_case, field).await?;
    let state = input.decision.into();
    match input.decision {
        CorrectionDecision::Accepted => {
            let stale = refresh(work, &row, &found, &of_case, &known, input.acknowledge_reporting_duty).await?;
            work.writes().decide_correction(&row, found.id, state, said, work.now()).await?;
            let (own, others): (Vec<_>, Vec<_>) = stale.into_iter().partition(|one| one.id == row.id);
            let word = if own.is_empty() { CORRECTED } else { OUTDATED };
            let its = known.get(&row.id).copied().unwrap_or_default().or(FieldSet::of(&[field]));
            decide(work, &row, word, its).await?;
            notify(work, found.id, &runs, ReferralAction::DecideCorrection, CORRECTED, field, &known).await?;
            notify(work, found.id, &others, ReferralAction::DecideCorrection, OUTDATED, field, &known).await?;
            // A field that is no longer handed over is not marked, even if it is handed over again later.
            let frozen = own.into_iter().chain(others).filter(|one| !offered_fields_of(one, field).is_empty());
            let frozen: Vec<Uuid> = frozen.map(|one| one.id).collect();
            write_notices(work, found.id, &frozen, true).await?;
        }
        CorrectionDecision::Rejected => {
            work.writes().decide_correction(&row, found.id, state, said, work.now()).await?;
            decide(work, &row, UPHELD, FieldSet::of(&[field])).await?;
            notify(work, found.id, &runs, ReferralAction::DecideCorrection, UPHELD, field, &known).await?;
        }
    }
    Ok(ReferralResult { referral: row.id })
}

/// Words of the events about a fact: it was reported; the copy was corrected; a shown value is known to be wrong and
/// its copy stays; the report was rejected.
const DISPUTED: &str = "disputed";
const CORRECTED: &str = "corrected";
const OUTDATED: &str = "outdated";
const UPHELD: &str = "upheld";

/// Writes the decision to the history of the reported referral.
async fn decide(work: &mut Work<'_>, row: &ReferralRow, word: &str, fields: FieldSet) -> Result<(), WorkError> {
    let detail = Some(json!({ word: codes(fields) }));
    work.write_action(row, ReferralAction::DecideCorrection, ChangeKind::Correction, detail, Default::default()).await
}

/// All referrals of the target's case, locked; none if the target is not the viewer's.
#[expect(
    clippy::disallowed_methods,
    reason = "a report concerns the other referrals of the case; only their own sides are notified"
)]
async fn same_case(work: &Work<'_>, target: Target) -> Result<Vec<referral::Model>, WorkError> {
    let Some(id) = target.id else { return Ok(Vec::new()) };
    // Not locked here, because locking one row before an earlier one could deadlock. A referral's case never changes.
    let Some(row) = work.reads().referrals_by_id(&[id]).await?.pop() else { return Ok(Vec::new()) };
    let lock = async |all: &Unscoped<&Tx>| all.lock_referrals_of_case(row.rest.case_id()).await;
    Ok(work.writes().unscoped(lock).await?)
}

/// Whether a referral of the same case hands over the disputed fact, or may again: a suspended referral is resumed with
/// its old copy.
pub(super) fn hands_over(other: &referral::Model, field: F) -> bool {
    let runs = other.status.0.is_open() || other.status.0 == ReferralStatus::Suspended;
    is_of_the_case(field) && runs && !offered_fields_of(other, field).is_empty()
}

/// The fields of a fact that a referral hands over.
pub(super) fn offered_fields_of(one: &referral::Model, field: F) -> FieldSet {
    same_fact(field).and(FieldSet::from_i64(one.offered_fields))
}

/// Notifies the sides of other referrals and records that in their histories. A receiver is only notified about fields
/// that it knows; the sender about all.
async fn notify(
    work: &mut Work<'_>,
    correction: Uuid,
    others: &[&referral::Model],
    action: ReferralAction,
    word: &str,
    field: F,
    known: &KnownFields,
) -> Result<(), WorkError> {
    let mut notified = Vec::with_capacity(others.len());
    for other in others {
        let known = known.get(&other.id).copied().unwrap_or_default();
        for (fields, senders_alone) in [(known, false), (offered_fields_of(other, field).without(known), true)] {
            if !fields.is_empty() {
                let detail = json!({ word: codes(fields) });
                work.write_action_elsewhere(other, action, ChangeKind::Correction, &detail, senders_alone).await?;
            }
        }
        if !known.is_empty() {
            notified.push(other.id);
        }
    }
    write_notices(work, correction, &notified, false).await
}

/// Records that the receivers of these referrals were notified, and whether their copies stay wrong.
#[expect(clippy::disallowed_methods, reason = "the other referrals of the case have other receivers")]
async fn write_notices(work: &Work<'_>, correction: Uuid, referrals: &[Uuid], outdated: bool) -> Result<(), WorkError> {
    let now = work.now();
    let write = async |all: &Unscoped<&Tx>| all.insert_correction_notices(correction, referrals, outdated, now).await;
    Ok(work.writes().unscoped(write).await?)
}

fn codes(fields: FieldSet) -> Vec<&'static str> {
    fields.iter().map(F::code).collect()
}
