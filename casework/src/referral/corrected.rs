//! What an accepted report does to the copies: those that run get the case's value, those that have ended keep the old one.

use kim_domain::correction::{is_of_the_case, same_fact};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_entity::read::{ReferralRow, Values};
use kim_entity::{correction, disclosed, handover, referral};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use super::copy;
use super::correct::carries;
use super::duty::refuse_unacknowledged;
use crate::refusal::Refusal;
use crate::work::Work;

/// Copies what the case says by now into every handover that runs and has the old value. Returns the referrals whose
/// copies are frozen with it and were shown.
pub(super) async fn refresh<'c>(
    work: &mut Work<'_>,
    row: &ReferralRow,
    found: &correction::Model,
    of_case: &'c [referral::Model],
    acknowledge_reporting_duty: bool,
) -> Result<Vec<&'c referral::Model>, Refusal> {
    let field = found.field.0;
    if !is_of_the_case(field) {
        let copied = handover::Entity::find_by_id(row.id).one(work.tx()).await?;
        let now = copied.and_then(|copied| copied.text(field));
        refuse_uncorrected(
            work,
            found,
            now.as_deref(),
            "Das Anliegen ist noch dasselbe. Bitte zuerst mit „changeHandover“ neu fassen und dann entscheiden.",
        )?;
        return Ok(Vec::new());
    }
    let offered = of_case.iter().fold(FieldSet::EMPTY, |all, one| all.or(FieldSet::from_i64(one.offered_fields)));
    let values = copy::values(work, row.case_id, offered.or(same_fact(field))).await?;
    refuse_uncorrected(
        work,
        found,
        values.get(field),
        "Im Fall steht noch der gemeldete Wert. Bitte ihn zuerst dort berichtigen und dann entscheiden; stimmt er doch, \
         dann „REJECTED“.",
    )?;
    let runs: Vec<_> = of_case.iter().filter(|one| carries(one, field)).collect();
    if !acknowledge_reporting_duty {
        refuse_unacknowledged(work, runs.iter().map(|one| one.receiver_id), same_fact(field), &values).await?;
    }
    for one in runs {
        copy_anew(work, one, field, &values).await?;
    }
    frozen(work, of_case, field, &values).await
}

/// The referrals that have ended, showed the fact, and whose copies say something else than the case by now.
async fn frozen<'c>(
    work: &Work<'_>,
    of_case: &'c [referral::Model],
    field: F,
    values: &Values,
) -> Result<Vec<&'c referral::Model>, Refusal> {
    let ended: Vec<_> = of_case.iter().filter(|one| !carries(one, field)).collect();
    let ids: Vec<Uuid> = ended.iter().map(|one| one.id).collect();
    let shown = disclosed::shown(work.database(), work.tx(), &ids, same_fact(field)).await?;
    let of_shown = handover::Column::ReferralId.is_in(shown.iter().copied());
    let copies = handover::Entity::find().filter(of_shown).all(work.tx()).await?;
    let stale = |one: &referral::Model| {
        let said = same_fact(field).and(FieldSet::from_i64(one.offered_fields));
        let copy = copies.iter().find(|copy| copy.referral_id == one.id);
        copy.is_some_and(|copy| said.iter().any(|field| copy.text(field).as_deref() != values.get(field)))
    };
    Ok(ended.into_iter().filter(|one| stale(one)).collect())
}

/// Refuses if the value is still the one that was reported.
fn refuse_uncorrected(
    work: &Work<'_>,
    found: &correction::Model,
    now: Option<&str>,
    else_: &str,
) -> Result<(), Refusal> {
    if mark(work, found.id, now) == found.value_mark { Err(Refusal::bad_input(else_)) } else { Ok(()) }
}

async fn copy_anew(work: &mut Work<'_>, one: &referral::Model, field: F, values: &Values) -> Result<(), Refusal> {
    let offered = FieldSet::from_i64(one.offered_fields);
    let Some(stored) = handover::Entity::find_by_id(one.id).one(work.tx()).await? else { return Ok(()) };
    let mut copied = stored.clone().into_active_model();
    let stale = |field: &F| stored.text(*field).as_deref() != values.get(*field);
    let stale: FieldSet = same_fact(field).and(offered).iter().filter(stale).collect();
    if stale.is_empty() {
        return Ok(());
    }
    for field in stale.iter() {
        copied.set_text(field, values.get(field).map(str::to_owned));
    }
    // The desk finds the client by what this copy says from now on.
    copied.client_fingerprint = Set(copy::finds(work, |field| match stale.contains(field) {
        true => values.get(field).map(str::to_owned),
        false => stored.text(field),
    }));
    handover::Entity::update(copied.reset_all()).exec(work.tx()).await?;
    // An answer that was begun with the old value is made anew.
    work.closes(one.receiver_id);
    Ok(())
}

/// A mark of a value that says nothing without the key, and another one in each report.
pub(super) fn mark(work: &Work<'_>, correction: Uuid, value: Option<&str>) -> String {
    work.key().content(&["correction", &correction.to_string(), value.unwrap_or_default()])
}
