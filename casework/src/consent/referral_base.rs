//! Bases a referral on a consent: the referral continues, is resumed, or is suspended.

use kim_domain::disclosure::{self, Stage, Terms};
use kim_domain::referral::ReferralStatus;
use kim_entity::consent;
use kim_entity::read::ReferralRow;

use crate::referral::{resume, suspend};
use crate::refusal::WorkError;
use crate::work::Work;

/// Bases the referral on this consent. Fields that the new consent does not include are closed with this work. The
/// receiver learns of it only if it sees more or less than before.
pub(super) async fn base_on(work: &mut Work<'_>, row: &ReferralRow, consent: &consent::Model) -> Result<(), WorkError> {
    let terms = Terms { consent: Some(consent.into()), ..row.terms };
    if row.status == ReferralStatus::Suspended && shows_anything(&terms) {
        return resume(work, row, consent.id).await;
    }
    let mut moved = row.clone().under(terms);
    moved.rest.consent_id = Some(consent.id);
    if row.status == ReferralStatus::Draft || row.visible() != moved.visible() {
        work.base_on_consent(row, consent.id).await?;
        moved.rest.version += 1;
    } else {
        work.base_on_consent_unnoticed(row, consent.id).await?;
    }
    if row.status.is_open() && !shows_anything(&terms) {
        suspend(work, &moved).await?;
    }
    if !row.visible().fields().is_within(moved.visible().fields()) {
        work.mark_closed_to(row.receiver_id);
    }
    Ok(())
}

/// Whether the receiver would see any offered field after acceptance.
pub(super) fn shows_anything(terms: &Terms) -> bool {
    !disclosure::visible(&Terms { stage: Stage::Full, ..*terms }).fields().is_empty()
}
