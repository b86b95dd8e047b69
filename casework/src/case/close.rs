//! Closes a case (Entpflichtung). The retention period begins.

use kim_domain::case_closing::CloseReason;
use kim_domain::field::FieldSet;
use kim_domain::referral::ReferralStatus;
use kim_domain::value::CasePhase;
use kim_entity::case_file::{CaseChange, Closed};
use kim_entity::referral;
use uuid::Uuid;

use super::{CaseResult, Target, own_open, update_row};
use crate::referral as referrals;
use crate::refusal::WorkError;
use crate::text::text;
use crate::work::Work;

/// Input of closing a case.
#[derive(Clone, Debug)]
pub struct CloseCase {
    /// The reason.
    pub reason: CloseReason,
    /// The result, as text.
    pub result: Option<String>,
    /// Withdraws open referrals and discards drafts.
    pub withdraw_referrals: bool,
}

/// Closes the case in its last phase. Its referrals must have ended, or are withdrawn with it: otherwise their
/// receivers would wait for a sender that no longer acts. A transfer that its receiver has started continues (§ 86c SGB
/// VIII).
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED if it is closed already or referrals are open, BAD_INPUT.
pub async fn close(work: &mut Work<'_>, target: Target, input: &CloseCase) -> Result<CaseResult, WorkError> {
    let case = own_open(work, target, FieldSet::EMPTY).await?;
    let result = input.result.as_deref().map(|result| text("result", result)).transpose()?;
    let open = open_referrals(work, case.id, input.reason).await?;
    if !open.is_empty() && !input.withdraw_referrals {
        return Err(refuse_open_referrals(open.len()));
    }
    // Referrals are locked before their case, as in an offer, to avoid deadlocks.
    let rows = work.writes().referrals(&open).await?;
    if rows.len() != open.len() {
        return Err(refuse_open_referrals(rows.len()));
    }
    let closed = Closed { on: work.today(), reason: input.reason, result };
    let change = CaseChange { phase: Some(CasePhase::Evaluation), closed: Some(closed), ..Default::default() };
    update_row(work, &case, change).await?;
    // Referrals that a colleague drafted or offered meanwhile must not be ended unseen.
    let now = open_referrals(work, case.id, input.reason).await?;
    if now.iter().any(|id| !open.contains(id)) {
        return Err(refuse_open_referrals(now.len()));
    }
    for row in rows.iter().filter(|row| now.contains(&row.id)) {
        let target = referrals::Target { id: Some(row.id), expected_version: row.rest.version };
        if row.status == ReferralStatus::Draft {
            referrals::discard(work, target).await?;
        } else {
            referrals::withdraw(work, target, input.reason.withdrawal_reason()).await?;
        }
    }
    Ok(CaseResult { case: case.id })
}

/// Referrals of the case that have not ended and may not continue. If the token does not include the purpose of one of
/// them, the request is refused without details, because nobody can end what the token does not show.
async fn open_referrals(work: &Work<'_>, case_id: Uuid, reason: CloseReason) -> Result<Vec<Uuid>, WorkError> {
    let rows = work.writes().referrals_of_case(case_id).await?;
    let is_open = |row: &referral::Model| row.status.0.ball().is_some() && !reason.leaves(row.kind.0, row.standing());
    let open: Vec<_> = rows.iter().filter(|row| is_open(row)).collect();
    if open.iter().any(|row| work.require_purpose(row.purpose.0).is_err()) {
        return Err(WorkError::not_allowed(
            "Aus diesem Fall ist noch etwas offen oder entworfen, wofür Ihr Token nicht gilt. Bitte jemanden den Fall \
             abschließen lassen, der alle seine Übergaben sieht.",
        ));
    }
    Ok(open.iter().map(|row| row.id).collect())
}

fn refuse_open_referrals(count: usize) -> WorkError {
    WorkError::not_allowed(format!(
        "Aus diesem Fall sind noch Übergaben offen oder entworfen ({count}). Bitte abwarten, sie zurückziehen oder verwerfen, \
         oder „withdrawReferrals: true“ angeben."
    ))
}
