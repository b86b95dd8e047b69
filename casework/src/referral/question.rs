//! A question to the sender. The sender has to act next, with its own due date, until it answers.

use kim_domain::deadline::{after_working_days, working_days_until};
use kim_domain::life::ReferralAction;
use kim_domain::referral::ReferralStatus;
use kim_entity::referral::NO_DUE_DATE;
use kim_entity::write::ReferralChange;

use super::{ReferralResult, Target, message};
use crate::refusal::WorkError;
use crate::work::{Move, Work};

/// Working days to answer a question if there is no agreement.
const DEFAULT_ANSWER_DAYS: i16 = 10;

/// Asks the sender. The receiver's remaining days are stored, and the sender's period begins.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED, ILLEGAL_TRANSITION, BAD_INPUT.
pub async fn ask(work: &mut Work<'_>, target: Target, question: &str) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    let today = work.today();
    let agreement = match row.rest.agreement_id {
        Some(id) => work.writes().agreement(id).await?,
        None => None,
    };
    let days = agreement.map_or(DEFAULT_ANSWER_DAYS, |agreement| agreement.respond_working_days);
    let with = ReferralChange {
        paused_days: Some(row.due_on.map(|due| working_days_until(today, due))),
        due_on: Some(after_working_days(today, days)),
        ..Default::default()
    };
    work.advance(&row, Move { with, ..Move::by(&row, ReferralAction::RequestInformation) }).await?;
    message::write(work, &row, "question", question).await?;
    Ok(ReferralResult { referral: row.id })
}

/// Answers the question. The receiver's period continues with its remaining days.
///
/// # Errors
/// As [`ask`].
pub async fn reply(work: &mut Work<'_>, target: Target, answer: &str) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    let kept = work.writes().referral_as_stored(&row).await?.and_then(|row| row.paused_days);
    // An imported list contains the receiver's due date but no stored remaining days.
    let imported = row.status == ReferralStatus::InfoRequested && row.rest.standing.asked_from.is_none();
    let due_on = match kept {
        Some(days) => after_working_days(work.today(), days),
        None if imported => row.due_on.unwrap_or(NO_DUE_DATE),
        None => NO_DUE_DATE,
    };
    let with = ReferralChange { paused_days: Some(None), due_on: Some(due_on), ..Default::default() };
    work.advance(&row, Move { with, ..Move::by(&row, ReferralAction::AnswerInformation) }).await?;
    message::write(work, &row, "answer", answer).await?;
    Ok(ReferralResult { referral: row.id })
}
