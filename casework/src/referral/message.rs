//! Messages between the two sides.

use kim_domain::change::ChangeKind;
use kim_domain::life::ReferralAction;
use kim_entity::read::{ReferralRow, Side};

use super::{ReferralResult, Target};
use crate::refusal::WorkError;
use crate::text::text;
use crate::work::Work;

/// Sends a message to the other side.
///
/// # Errors
/// NOT_FOUND, CONFLICT, BAD_INPUT; ILLEGAL_TRANSITION for a closed referral.
pub async fn post(work: &mut Work<'_>, target: Target, body: &str) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    // A receiver that can see no field can neither read nor send messages.
    if row.side == Side::Receiver && row.visible().fields().is_empty() {
        return Err(WorkError::not_allowed("Diese Übergabe zeigt Ihnen zurzeit nichts; Nachrichten sind ausgesetzt."));
    }
    work.write_action(&row, ReferralAction::PostMessage, ChangeKind::Message, None, Default::default()).await?;
    write(work, &row, "text", body).await?;
    Ok(ReferralResult { referral: row.id })
}

/// Writes a message of the viewer. `name` is the name of the input.
pub(super) async fn write(work: &Work<'_>, row: &ReferralRow, name: &str, body: &str) -> Result<(), WorkError> {
    Ok(work.writes().post_message(row, text(name, body)?, work.now()).await?)
}
