//! What the receiver answers, and what it does with what it accepted.

use kim_domain::life::ReferralAction;
use kim_domain::referral::{DeclineReason, FailReason, Outcome, ReturnReason};
use kim_entity::referral::{self, NO_DUE_DATE};
use sea_orm::ActiveValue::Set;

use super::draft::Contact;
use super::{Done, Target};
use crate::refusal::Refusal;
use crate::text::optional_line;
use crate::work::{Move, Work};

/// Confirms that it arrived.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED, ILLEGAL_TRANSITION: as all moves here.
pub async fn acknowledge(work: &mut Work<'_>, target: Target) -> Result<Done, Refusal> {
    plainly(work, target, ReferralAction::Acknowledge, None, Default::default()).await
}

/// Accepts it; its response is given, and so no longer due.
///
/// # Errors
/// As [`acknowledge`]; BAD_INPUT for a reference or contact.
pub async fn accept(
    work: &mut Work<'_>,
    target: Target,
    own_reference: Option<&str>,
    contact: &Contact,
) -> Result<Done, Refusal> {
    let contact = contact.checked()?;
    let mut with = referral::ActiveModel {
        accepted_at: Set(Some(work.now())),
        due_on: Set(NO_DUE_DATE),
        receiver_reference: Set(optional_line("ownReference", own_reference)?),
        ..Default::default()
    };
    // The agreement's contact stays unless somebody is named.
    if contact.name.is_some() {
        with.receiver_contact_name = Set(contact.name);
    }
    if contact.phone.is_some() {
        with.receiver_contact_phone = Set(contact.phone);
    }
    if contact.email.is_some() {
        with.receiver_contact_email = Set(contact.email);
    }
    plainly(work, target, ReferralAction::Accept, None, with).await
}

/// Declines it.
///
/// # Errors
/// As [`acknowledge`]; ACTION_NOT_ALLOWED where an application must be forwarded instead (§ 16 SGB I).
pub async fn decline(work: &mut Work<'_>, target: Target, reason: DeclineReason) -> Result<Done, Refusal> {
    let row = work.referral(target.id, target.expected_version).await?;
    let bound = work.viewer().agency().kind.is_sgb_body();
    if row.carries_application && reason == DeclineReason::NotCompetent && bound {
        return Err(Refusal::not_allowed(
            "Diese Übergabe enthält einen Antrag. Wer nicht zuständig ist, leitet ihn unverzüglich weiter (§ 16 SGB I): \
             bitte „forwardReferral“ benutzen.",
        ));
    }
    work.advance(&row, Move { reason: Some(reason.code()), ..Move::by(&row, ReferralAction::Decline) }).await?;
    Ok(Done { referral: row.id })
}

/// Begins the work: in a TRANSFER the responsibility moves now (§ 86c SGB VIII).
///
/// # Errors
/// As [`acknowledge`].
pub async fn start(work: &mut Work<'_>, target: Target) -> Result<Done, Refusal> {
    plainly(work, target, ReferralAction::Start, None, Default::default()).await
}

/// Ends it with an outcome.
///
/// # Errors
/// As [`acknowledge`].
pub async fn complete(work: &mut Work<'_>, target: Target, outcome: Outcome) -> Result<Done, Refusal> {
    plainly(work, target, ReferralAction::Complete, Some(outcome.code()), Default::default()).await
}

/// Ends it because it came to nothing.
///
/// # Errors
/// As [`acknowledge`].
pub async fn fail(work: &mut Work<'_>, target: Target, reason: FailReason) -> Result<Done, Refusal> {
    plainly(work, target, ReferralAction::Fail, Some(reason.code()), Default::default()).await
}

/// Gives back what was accepted.
///
/// # Errors
/// As [`acknowledge`].
pub async fn give_back(work: &mut Work<'_>, target: Target, reason: ReturnReason) -> Result<Done, Refusal> {
    plainly(work, target, ReferralAction::Return, Some(reason.code()), Default::default()).await
}

async fn plainly(
    work: &mut Work<'_>,
    target: Target,
    action: ReferralAction,
    reason: Option<&'static str>,
    with: referral::ActiveModel,
) -> Result<Done, Refusal> {
    let row = work.referral(target.id, target.expected_version).await?;
    work.advance(&row, Move { reason, with, ..Move::by(&row, action) }).await?;
    Ok(Done { referral: row.id })
}
