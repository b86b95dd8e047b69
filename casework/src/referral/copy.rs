//! The copy that the receiver reads: values of the case as they are now.

use chrono::NaiveDate;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::purpose::ReferralPurpose;
use kim_entity::handover;
use kim_entity::read::{CaseRow, Values};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use crate::import::insert;
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
pub(super) fn set(copy: &mut handover::ActiveModel, fields: FieldSet, values: &Values, concern: &str) {
    for field in fields.iter() {
        let text = if field == F::Concern { Some(concern) } else { values.get(field) }.map(str::to_owned);
        copy.set_text(field, text);
    }
}

/// What finds the client at the desk: only where both name and birth date were handed over.
pub(super) fn fingerprint(work: &Work<'_>, offered: FieldSet, values: &Values) -> Option<String> {
    finds(work, |field| values.get(field).filter(|_| offered.contains(field)).map(str::to_owned))
}

/// The same from what the copy itself says. What the case says by now is nobody's at the desk.
pub(super) fn finds(work: &Work<'_>, says: impl Fn(F) -> Option<String>) -> Option<String> {
    let born: NaiveDate = says(F::BirthDate)?.parse().ok()?;
    Some(work.key().client(&says(F::FamilyName)?, born))
}

/// Whether the title has expired, or there is none: what § 87 AufenthG may make a public body tell.
pub(super) fn title_is_open(values: &Values, today: NaiveDate) -> bool {
    match (values.get(F::Aufenthaltstitel), values.get(F::AufenthaltstitelValidUntil)) {
        (None, _) => true,
        (Some(_), Some(until)) => until.parse::<NaiveDate>().is_ok_and(|until| until < today),
        (Some(_), None) => false,
    }
}

/// Puts these copies in the place of what the drafts had.
pub(super) async fn replace(work: &Work<'_>, copies: Vec<handover::ActiveModel>) -> Result<(), Refusal> {
    let ids: Vec<Uuid> = copies.iter().filter_map(|copy| copy.referral_id.clone().take()).collect();
    handover::Entity::delete_many().filter(handover::Column::ReferralId.is_in(ids)).exec(work.tx()).await?;
    Ok(insert(work.tx(), copies).await?)
}

/// What the draft, or the handover so far, says that it is about.
pub(super) async fn concern(work: &Work<'_>, id: Uuid) -> Result<Option<String>, Refusal> {
    Ok(handover::Entity::find_by_id(id).one(work.tx()).await?.and_then(|row| row.concern))
}

/// An empty copy: every field is set, so that many can be written in one statement.
pub(super) fn empty(id: Uuid) -> handover::ActiveModel {
    let mut copy = handover::ActiveModel { referral_id: Set(id), ..Default::default() };
    F::ALL.iter().for_each(|&field| _ = copy.set_text(field, None));
    copy
}
