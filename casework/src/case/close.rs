//! Closes a case (Entpflichtung): the retention clock starts.

use kim_domain::closing::CloseReason;
use kim_domain::field::FieldSet;
use kim_domain::referral::ReferralStatus;
use kim_domain::value::CasePhase;
use kim_entity::case_file::{CaseChange, Closed};
use kim_entity::referral;
use uuid::Uuid;

use super::{Done, Target, own_open, touch};
use crate::referral as referrals;
use crate::refusal::Refusal;
use crate::text::text;
use crate::work::Work;

/// How a case is closed.
#[derive(Clone, Debug)]
pub struct CloseCase {
    /// Why.
    pub reason: CloseReason,
    /// What came of it, in words.
    pub result: Option<String>,
    /// Withdraws what is still handed over, and discards drafts.
    pub withdraw_referrals: bool,
}

/// Closes it, in the last phase. What is still handed over from it must have ended, or is withdrawn with it: whoever was asked
/// would otherwise wait for a sender who is gone. A transfer that its receiver has started goes on (§ 86c SGB VIII).
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED if it is closed already or referrals are open, BAD_INPUT.
pub async fn close(work: &mut Work<'_>, target: Target, input: &CloseCase) -> Result<Done, Refusal> {
    let case = own_open(work, target, FieldSet::EMPTY).await?;
    let result = input.result.as_deref().map(|result| text("result", result)).transpose()?;
    let open = still_open(work, case.id, input.reason).await?;
    if !open.is_empty() && !input.withdraw_referrals {
        return Err(still_handed_over(open.len()));
    }
    // Referrals are locked before their case, as in an offer, so that the two never wait for each other.
    let rows = work.writes().referrals(&open).await?;
    if rows.len() != open.len() {
        return Err(still_handed_over(rows.len()));
    }
    let closed = Closed { on: work.today(), reason: input.reason, result };
    let change = CaseChange { phase: Some(CasePhase::Evaluation), closed: Some(closed), ..Default::default() };
    touch(work, &case, change).await?;
    // What a colleague drafted or offered meanwhile was not meant.
    let now = still_open(work, case.id, input.reason).await?;
    if now.iter().any(|id| !open.contains(id)) {
        return Err(still_handed_over(now.len()));
    }
    for row in rows.iter().filter(|row| now.contains(&row.id)) {
        let target = referrals::Target { id: Some(row.id), expected_version: row.rest.version };
        if row.status == ReferralStatus::Draft {
            referrals::discard(work, target).await?;
        } else {
            referrals::withdraw(work, target, input.reason.withdraws_because()).await?;
        }
    }
    Ok(Done { case: case.id })
}

/// The case's referrals that have not ended, but for those that may go on. Of those that the token is not for nothing is
/// told but that there are some: nobody can end what it does not see.
async fn still_open(work: &Work<'_>, case_id: Uuid, reason: CloseReason) -> Result<Vec<Uuid>, Refusal> {
    let rows = work.writes().referrals_of_case(case_id).await?;
    let is_open = |row: &referral::Model| row.status.0.ball().is_some() && !reason.leaves(row.kind.0, row.standing());
    let open: Vec<_> = rows.iter().filter(|row| is_open(row)).collect();
    if open.iter().any(|row| work.within_token(row.purpose.0).is_err()) {
        return Err(Refusal::not_allowed(
            "Aus diesem Fall ist noch etwas offen oder entworfen, wofür Ihr Token nicht gilt. Bitte jemanden den Fall \
             abschließen lassen, der alle seine Übergaben sieht.",
        ));
    }
    Ok(open.iter().map(|row| row.id).collect())
}

fn still_handed_over(count: usize) -> Refusal {
    Refusal::not_allowed(format!(
        "Aus diesem Fall sind noch Übergaben offen oder entworfen ({count}). Bitte abwarten, sie zurückziehen oder verwerfen, \
         oder „withdrawReferrals: true“ angeben."
    ))
}
