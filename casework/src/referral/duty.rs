//! § 87 AufenthG: before a sender hands over facts of residence to a body with a reporting duty, it must acknowledge
//! that duty.

use chrono::NaiveDate;
use kim_domain::agency::LegalForm;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_entity::agency;
use kim_entity::read::Values;
use uuid::Uuid;

use super::copy;
use crate::refusal::WorkError;
use crate::work::Work;

/// Facts of residence. Each discloses the residence title, or allows conclusions about it.
const OF_RESIDENCE: FieldSet = FieldSet::of(&[
    F::Nationalities,
    F::Aufenthaltstitel,
    F::AufenthaltstitelValidUntil,
    F::Wohnsitzauflage,
    F::WorkPermission,
    F::InGermanySince,
    F::AuslaenderbehoerdeFileNumber,
]);

/// Whether the sender must acknowledge § 87 AufenthG first: if a private body hands over facts of residence to a public
/// body, and the title has expired or is missing.
#[must_use]
pub fn needs_acknowledgement(
    sender: LegalForm,
    receiver: LegalForm,
    going: FieldSet,
    values: &Values,
    today: NaiveDate,
) -> bool {
    sender != LegalForm::Public
        && receiver == LegalForm::Public
        && !going.and(OF_RESIDENCE).is_empty()
        && copy::title_is_expired_or_missing(values, today)
}

/// The same for fields that are copied to running referrals. An earlier acknowledgement does not count, because it
/// concerned other facts.
pub(super) async fn refuse_unacknowledged(
    work: &Work<'_>,
    receivers: impl IntoIterator<Item = Uuid>,
    going: FieldSet,
    values: &Values,
) -> Result<(), WorkError> {
    let sender = work.writes().own_agency().await?.legal_form.0;
    let agencies = work.writes().agencies(receivers).await?;
    let needs =
        |receiver: &agency::Model| needs_acknowledgement(sender, receiver.legal_form.0, going, values, work.today());
    if agencies.iter().any(needs) { Err(unacknowledged()) } else { Ok(()) }
}

pub(super) fn unacknowledged() -> WorkError {
    WorkError::bad_input(
        "Der Aufenthaltstitel ist abgelaufen oder fehlt, und die Angaben gehen an eine öffentliche Stelle, die der \
         Ausländerbehörde davon Mitteilung machen muss (§ 87 AufenthG). Bitte mit der Klientin oder dem Klienten klären \
         und „acknowledgeReportingDuty: true“ angeben.",
    )
}
