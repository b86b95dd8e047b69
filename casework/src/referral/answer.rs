//! The receiver's answers, and its actions after acceptance.

use kim_domain::life::ReferralAction;
use kim_domain::referral::{DeclineReason, FailReason, Outcome, ReturnReason};
use kim_entity::read::ReferralRow;
use kim_entity::referral::NO_DUE_DATE;
use kim_entity::write::ReferralChange;

use super::draft::{Contact, checked};
use super::{ReferralResult, Target};
use crate::refusal::WorkError;
use crate::text::optional_number;
use crate::work::{Move, Work, mover};

/// An answer without free text, so that it can be given to many referrals at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The referral arrived.
    Acknowledge,
    /// The receiver accepts.
    Accept,
    /// The receiver declines, with a reason.
    Decline(DeclineReason),
    /// The work begins.
    Start,
    /// The work is completed, with an outcome.
    Complete(Outcome),
    /// The work failed, with a reason.
    Fail(FailReason),
    /// The receiver gives the referral back, with a reason.
    GiveBack(ReturnReason),
}

/// Gives an answer to a locked referral.
pub(super) async fn answer_row(
    work: &mut Work<'_>,
    row: &ReferralRow,
    answer: Answer,
) -> Result<ReferralResult, WorkError> {
    let (action, reason, with) = match answer {
        Answer::Acknowledge => (ReferralAction::Acknowledge, None, Default::default()),
        Answer::Accept => (ReferralAction::Accept, None, accepted(work)),
        Answer::Decline(reason) => return decline_row(work, row, reason).await,
        Answer::Start => (ReferralAction::Start, None, Default::default()),
        Answer::Complete(outcome) => (ReferralAction::Complete, Some(outcome.code()), Default::default()),
        Answer::Fail(reason) => (ReferralAction::Fail, Some(reason.code()), Default::default()),
        Answer::GiveBack(reason) => {
            check_forwarding_duty(work, row, reason == ReturnReason::NotCompetent)?;
            (ReferralAction::Return, Some(reason.code()), Default::default())
        }
    };
    work.advance(row, Move { reason, with, ..Move::by(row, action) }).await?;
    Ok(ReferralResult { referral: row.id })
}

/// Columns that change with an acceptance. The answer is given, so no answer is due any more.
fn accepted(work: &Work<'_>) -> ReferralChange {
    ReferralChange { accepted_at: Some(work.now()), due_on: Some(NO_DUE_DATE), ..Default::default() }
}

/// Confirms the receipt.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED, ILLEGAL_TRANSITION, like all moves in this file.
pub async fn acknowledge(work: &mut Work<'_>, target: Target) -> Result<ReferralResult, WorkError> {
    answer(work, target, Answer::Acknowledge).await
}

/// Accepts the referral. No answer is due any more.
///
/// # Errors
/// As [`acknowledge`]; BAD_INPUT for an invalid reference or contact.
pub async fn accept(
    work: &mut Work<'_>,
    target: Target,
    own_reference: Option<&str>,
    contact: &Contact,
) -> Result<ReferralResult, WorkError> {
    let with = ReferralChange {
        receiver_reference: optional_number("ownReference", own_reference)?,
        // Without a named contact, the agreement's contact stays.
        receiver_contact: checked(contact)?,
        ..accepted(work)
    };
    let row = work.referral(target.id, target.expected_version).await?;
    work.advance(&row, Move { with, ..Move::by(&row, ReferralAction::Accept) }).await?;
    Ok(ReferralResult { referral: row.id })
}

/// Declines the referral.
///
/// # Errors
/// As [`acknowledge`]; ACTION_NOT_ALLOWED if it contains an application that must be forwarded instead (§ 16 SGB I).
pub async fn decline(work: &mut Work<'_>, target: Target, reason: DeclineReason) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    decline_row(work, &row, reason).await
}

async fn decline_row(
    work: &mut Work<'_>,
    row: &ReferralRow,
    reason: DeclineReason,
) -> Result<ReferralResult, WorkError> {
    check_forwarding_duty(work, row, reason == DeclineReason::NotCompetent)?;
    work.advance(row, Move { reason: Some(reason.code()), ..Move::by(row, ReferralAction::Decline) }).await?;
    Ok(ReferralResult { referral: row.id })
}

/// A body under § 35 SGB I that is not competent must forward an application, before and after acceptance. If it were
/// sent back, no body would be responsible for it.
fn check_forwarding_duty(work: &Work<'_>, row: &ReferralRow, not_competent: bool) -> Result<(), WorkError> {
    let bound = work.viewer().agency().kind.is_sgb_body();
    let forwards = row.rest.standing.permits(ReferralAction::Forward, mover(row));
    if row.rest.carries_application && not_competent && bound && forwards {
        return Err(WorkError::not_allowed(
            "Diese Übergabe enthält einen Antrag. Wer nicht zuständig ist, leitet ihn unverzüglich weiter (§ 16 SGB I): \
             bitte „forwardReferral“ benutzen.",
        ));
    }
    Ok(())
}

/// Begins the work. In a TRANSFER the responsibility moves now (§ 86c SGB VIII).
///
/// # Errors
/// As [`acknowledge`].
pub async fn start(work: &mut Work<'_>, target: Target) -> Result<ReferralResult, WorkError> {
    answer(work, target, Answer::Start).await
}

/// Completes the work with an outcome.
///
/// # Errors
/// As [`acknowledge`].
pub async fn complete(work: &mut Work<'_>, target: Target, outcome: Outcome) -> Result<ReferralResult, WorkError> {
    answer(work, target, Answer::Complete(outcome)).await
}

/// Ends the work as failed.
///
/// # Errors
/// As [`acknowledge`].
pub async fn fail(work: &mut Work<'_>, target: Target, reason: FailReason) -> Result<ReferralResult, WorkError> {
    answer(work, target, Answer::Fail(reason)).await
}

/// Gives an accepted referral back.
///
/// # Errors
/// As [`decline`].
pub async fn give_back(work: &mut Work<'_>, target: Target, reason: ReturnReason) -> Result<ReferralResult, WorkError> {
    answer(work, target, Answer::GiveBack(reason)).await
}

async fn answer(work: &mut Work<'_>, target: Target, answer: Answer) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    answer_row(work, &row, answer).await
}
