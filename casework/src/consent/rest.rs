//! Lets a referral rest on a consent: it goes on, goes on as it was, or is suspended.

use kim_domain::disclosure::{self, Stage, Terms};
use kim_domain::referral::ReferralStatus;
use kim_entity::consent;
use kim_entity::read::ReferralRow;

use crate::referral::{resume, suspend};
use crate::refusal::Refusal;
use crate::work::Work;

/// Lets it rest on this consent. What the new one does not carry is closed with this work.
pub(super) async fn on(work: &mut Work<'_>, row: &ReferralRow, consent: &consent::Model) -> Result<(), Refusal> {
    let terms = Terms { consent: Some(consent.into()), ..row.terms };
    if row.status == ReferralStatus::Suspended && carries_something(&terms) {
        return resume(work, row, consent.id).await;
    }
    work.rests_on(row, consent.id).await?;
    let mut moved = ReferralRow { terms, ..row.clone() };
    (moved.rest.version, moved.rest.consent_id) = (row.rest.version + 1, Some(consent.id));
    if row.status.is_open() && !carries_something(&terms) {
        suspend(work, &moved).await?;
    }
    if !row.visible().fields().is_within(moved.visible().fields()) {
        work.closes(row.receiver_id);
    }
    Ok(())
}

/// Whether the receiver would see anything of what was offered, had it accepted.
pub(super) fn carries_something(terms: &Terms) -> bool {
    !disclosure::visible(&Terms { stage: Stage::Full, ..*terms }).fields().is_empty()
}
