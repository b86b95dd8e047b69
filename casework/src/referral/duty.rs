//! What § 87 AufenthG asks of a sender: it says that it knows the duty before facts of residence go to a body that has it.

use chrono::NaiveDate;
use kim_domain::agency::LegalForm;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_entity::agency;
use kim_entity::read::Values;
use uuid::Uuid;

use super::copy;
use crate::refusal::Refusal;
use crate::work::Work;

/// Facts of residence: each tells, or lets one find out, by what title somebody is here.
const OF_RESIDENCE: FieldSet = FieldSet::of(&[
    F::Nationalities,
    F::Aufenthaltstitel,
    F::AufenthaltstitelValidUntil,
    F::Wohnsitzauflage,
    F::WorkPermission,
    F::InGermanySince,
    F::AuslaenderbehoerdeFileNumber,
]);

/// Whether the sender must first say that it knows § 87 AufenthG: facts of residence go from a private body to a public
/// one, and the title has expired or is missing.
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
        && copy::title_is_open(values, today)
}

/// The same for what goes to the receivers of referrals that run. An earlier acknowledgement was of other facts.
pub(super) async fn refuse_unacknowledged(
    work: &Work<'_>,
    receivers: impl IntoIterator<Item = Uuid>,
    going: FieldSet,
    values: &Values,
) -> Result<(), Refusal> {
    let sender = work.writes().own_agency().await?.legal_form.0;
    let asked = work.writes().agencies(receivers).await?;
    let needs =
        |receiver: &agency::Model| needs_acknowledgement(sender, receiver.legal_form.0, going, values, work.today());
    if asked.iter().any(needs) { Err(unacknowledged()) } else { Ok(()) }
}

pub(super) fn unacknowledged() -> Refusal {
    Refusal::bad_input(
        "Der Aufenthaltstitel ist abgelaufen oder fehlt, und die Angaben gehen an eine öffentliche Stelle, die der \
         Ausländerbehörde davon Mitteilung machen muss (§ 87 AufenthG). Bitte mit der Klientin oder dem Klienten klären \
         und „acknowledgeReportingDuty: true“ angeben.",
    )
}
