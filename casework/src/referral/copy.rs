//! The copy that the receiver reads: values of the case as they are now.

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::handover::HandoverRow;
use kim_entity::read::CaseRow;
use kim_entity::values::Values;
use uuid::Uuid;

use crate::refusal::Refusal;
use crate::work::Work;

/// Fields whose values the offer itself needs, whatever is handed over.
const NEEDED: FieldSet =
    FieldSet::of(&[F::FamilyName, F::BirthDate, F::Aufenthaltstitel, F::AufenthaltstitelValidUntil]);

/// The case's values of these fields, and of those that the offer itself needs.
pub(super) async fn values(work: &Work<'_>, case_id: Uuid, fields: FieldSet) -> Result<Values, Refusal> {
    let case = records(work, &[case_id], fields).await?.pop().ok_or_else(Refusal::not_found)?;
    Ok(case.record)
}

/// The same for many cases of the viewer's.
pub(super) async fn records(work: &Work<'_>, cases: &[Uuid], fields: FieldSet) -> Result<Vec<CaseRow>, Refusal> {
    let asked = fields.or(NEEDED).without(FieldSet::of(&[F::CounsellingNotes]));
    Ok(work.reads().cases_by_id(cases, asked).await?)
}

/// What a referral of this purpose is about, if its sender does not say.
pub(super) fn usual_concern(purpose: ReferralPurpose) -> String {
    format!("Es geht um: {}.", purpose.label())
}

/// Sets these fields of the copy. The concern is the referral's own: what the client said stays in the case.
pub(super) fn set(copy: &mut HandoverRow, fields: FieldSet, values: &Values, concern: &str) {
    for field in fields.iter() {
        copy.values.set(field, if field == F::Concern { Some(concern) } else { values.get(field) });
    }
}

/// What finds the client at the desk: only where both name and birth date were handed over.
pub(super) fn fingerprint(work: &Work<'_>, offered: FieldSet, values: &Values) -> Option<String> {
    finds(work, |field| values.get(field).filter(|_| offered.contains(field)))
}

/// The same from what the copy itself says. What the case says by now is nobody's at the desk.
pub(super) fn finds<'v>(work: &Work<'_>, says: impl Fn(F) -> Option<&'v str>) -> Option<String> {
    let born: NaiveDate = says(F::BirthDate)?.parse().ok()?;
    Some(work.key().client(says(F::FamilyName)?, born))
}

/// Whether the title has expired, or there is none: what § 87 AufenthG may make a public body tell.
pub(super) fn title_is_open(values: &Values, today: NaiveDate) -> bool {
    match (values.get(F::Aufenthaltstitel), values.get(F::AufenthaltstitelValidUntil)) {
        (None, _) => true,
        (Some(_), Some(until)) => until.parse::<NaiveDate>().is_ok_and(|until| until < today),
        (Some(_), None) => false,
    }
}
