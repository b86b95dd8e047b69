//! The copy that the receiver reads: values of the case as they are now.

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::handover;
use kim_entity::read::Values;
use sea_orm::{ActiveValue::Set, EntityTrait as _};
use uuid::Uuid;

use crate::refusal::Refusal;
use crate::work::Work;

/// Fields whose values the offer itself needs, whatever is handed over.
const NEEDED: FieldSet =
    FieldSet::of(&[F::FamilyName, F::BirthDate, F::Aufenthaltstitel, F::AufenthaltstitelValidUntil]);

/// The case's values of these fields, and of those that the offer itself needs.
pub(super) async fn values(work: &Work<'_>, case_id: Uuid, fields: FieldSet) -> Result<Values, Refusal> {
    let asked = fields.or(NEEDED).without(FieldSet::of(&[F::CounsellingNotes]));
    let case = work.reads().cases_by_id(&[case_id], asked).await?.pop().ok_or_else(Refusal::not_found)?;
    Ok(case.record)
}

/// What a referral of this purpose is about, if its sender does not say.
pub(super) fn usual_concern(purpose: ReferralPurpose) -> String {
    format!("Es geht um: {}.", purpose.label())
}

/// Sets these fields of the copy. The concern is the referral's own: what the client said stays in the case.
pub(super) fn set(copy: &mut handover::ActiveModel, fields: FieldSet, values: &Values, concern: &str) {
    for field in fields.iter() {
        let text = if field == F::Concern { Some(concern) } else { values.get(field) }.map(str::to_owned);
        copy.set_text(field, text);
    }
}

/// What finds the client at the desk: only where both name and birth date were handed over.
pub(super) fn fingerprint(work: &Work<'_>, offered: FieldSet, values: &Values) -> Option<String> {
    let name = values.get(F::FamilyName).filter(|_| offered.contains(F::FamilyName))?;
    let born: NaiveDate = values.get(F::BirthDate).filter(|_| offered.contains(F::BirthDate))?.parse().ok()?;
    Some(work.key().client(name, born))
}

/// Whether the title has expired, or there is none: what § 87 AufenthG may make a public body tell.
pub(super) fn title_is_open(values: &Values, today: NaiveDate) -> bool {
    match (values.get(F::Aufenthaltstitel), values.get(F::AufenthaltstitelValidUntil)) {
        (None, _) => true,
        (Some(_), Some(until)) => until.parse::<NaiveDate>().is_ok_and(|until| until < today),
        (Some(_), None) => false,
    }
}

/// Puts the copy in the place of what the draft had.
pub(super) async fn replace(work: &Work<'_>, copy: handover::ActiveModel) -> Result<(), Refusal> {
    let id = copy.referral_id.clone().take().unwrap_or_default();
    handover::Entity::delete_by_id(id).exec(work.tx()).await?;
    handover::Entity::insert(copy).exec_without_returning(work.tx()).await?;
    Ok(())
}

/// What the draft, or the handover so far, says that it is about.
pub(super) async fn concern(work: &Work<'_>, id: Uuid) -> Result<Option<String>, Refusal> {
    Ok(handover::Entity::find_by_id(id).one(work.tx()).await?.and_then(|row| row.concern))
}

/// An empty copy.
pub(super) fn empty(id: Uuid) -> handover::ActiveModel {
    handover::ActiveModel { referral_id: Set(id), ..Default::default() }
}
