//! The copy that the receiver reads, with the current values of the case.

use chrono::NaiveDate;
use kim_domain::birth_date::BirthDate;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::fingerprint::{ClientFingerprints, can_be_found};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::handover::HandoverRow;
use kim_entity::read::CaseRow;
use kim_entity::values::Values;
use uuid::Uuid;

use crate::refusal::WorkError;
use crate::work::Work;

/// Fields whose values every offer needs.
const NEEDED: FieldSet =
    FieldSet::of(&[F::FamilyName, F::BirthDate, F::Aufenthaltstitel, F::AufenthaltstitelValidUntil]);

/// The case's values of these fields, and of those that every offer needs.
pub(super) async fn values(work: &Work<'_>, case_id: Uuid, fields: FieldSet) -> Result<Values, WorkError> {
    let case = records(work, &[case_id], fields).await?.pop().ok_or_else(WorkError::not_found)?;
    Ok(case.record)
}

/// The same for many cases of the viewer.
pub(super) async fn records(work: &Work<'_>, cases: &[Uuid], fields: FieldSet) -> Result<Vec<CaseRow>, WorkError> {
    let fields = fields.or(NEEDED).without(FieldSet::of(&[F::CounsellingNotes]));
    Ok(work.reads().cases_by_id(cases, fields).await?)
}

/// The default concern of a referral with this purpose.
pub(super) fn default_concern(purpose: ReferralPurpose) -> String {
    format!("Es geht um: {}.", purpose.label())
}

/// Sets these fields of the copy. The concern belongs to the referral; the client's own words stay in the case.
pub(super) fn set(copy: &mut HandoverRow, fields: FieldSet, values: &Values, concern: &str) {
    for field in fields.iter() {
        copy.values.set(field, if field == F::Concern { Some(concern) } else { values.get(field) });
    }
}

/// The client's fingerprints for the search at the desk. `None` unless both name and birth date are handed over.
pub(super) fn fingerprints(work: &Work<'_>, offered: FieldSet, values: &Values) -> Option<ClientFingerprints> {
    fingerprints_of_copy(work, |field| values.get(field).filter(|_| offered.contains(field)))
}

/// The same, from the values of the copy, because the desk must not find a client by current values of the case.
pub(super) fn fingerprints_of_copy<'v>(
    work: &Work<'_>,
    says: impl Fn(F) -> Option<&'v str>,
) -> Option<ClientFingerprints> {
    let born: BirthDate = says(F::BirthDate)?.parse().ok()?;
    let name = says(F::FamilyName).filter(|name| can_be_found(name))?;
    Some(work.key().client_name(name, born))
}

/// Whether the residence title has expired or is missing. A public body may have to report this (§ 87 AufenthG).
pub(super) fn title_is_expired_or_missing(values: &Values, today: NaiveDate) -> bool {
    match (values.get(F::Aufenthaltstitel), values.get(F::AufenthaltstitelValidUntil)) {
        (None, _) => true,
        (Some(_), Some(until)) => until.parse::<NaiveDate>().is_ok_and(|until| until < today),
        (Some(_), None) => false,
    }
}
