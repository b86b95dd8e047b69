//! What an accepted report does to the copies: those that run get the case's value, those that have ended keep the old one.
//! And who knows of the old one.

use std::collections::HashMap;

use kim_domain::correction::{is_of_the_case, same_fact};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_entity::read::{ReferralRow, Values};
use kim_entity::{correction, disclosed, handover, referral};
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use uuid::Uuid;

use super::copy;
use super::correct::{carries, offers};
use super::duty::refuse_unacknowledged;
use crate::refusal::Refusal;
use crate::work::Work;

/// What of a fact the receiver of each referral sees now or was shown ever. Only of that it is told: from anything else it
/// would learn what was offered.
pub(super) type Known = HashMap<Uuid, FieldSet>;

/// What of this fact the receivers of a case's referrals know.
pub(super) async fn known(work: &Work<'_>, of_case: &[referral::Model], field: F) -> Result<Known, Refusal> {
    let Some(any) = of_case.first() else { return Ok(Known::new()) };
    let ids: Vec<Uuid> = of_case.iter().map(|one| one.id).collect();
    let mut known = disclosed::shown(work.database(), work.tx(), &ids, same_fact(field)).await?;
    for (id, seen) in work.writing().shown_of_case(any.case_id).await? {
        let all = known.entry(id).or_default();
        *all = all.or(seen.and(same_fact(field)));
    }
    Ok(known)
}

/// Copies what the case says by now into every handover that runs and has the old value. Returns the referrals that take
/// over nothing, and whose receivers know the old value.
pub(super) async fn refresh<'c>(
    work: &mut Work<'_>,
    row: &ReferralRow,
    found: &correction::Model,
    of_case: &'c [referral::Model],
    known: &Known,
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
    stale(work, of_case, field, known, &values).await
}

/// The referrals that have ended or hand over the fact no longer, whose receivers know something else than the case says by
/// now. What was taken out of a handover nobody can compare any more: whoever was shown it is told.
async fn stale<'c>(
    work: &Work<'_>,
    of_case: &'c [referral::Model],
    field: F,
    known: &Known,
    values: &Values,
) -> Result<Vec<&'c referral::Model>, Refusal> {
    let left: Vec<_> = of_case.iter().filter(|one| !carries(one, field)).collect();
    let of_left = handover::Column::ReferralId.is_in(left.iter().map(|one| one.id));
    let copies = handover::Entity::find().filter(of_left).all(work.tx()).await?;
    let stale = |one: &referral::Model| {
        let known = known.get(&one.id).copied().unwrap_or_default();
        let has = offers(one, field);
        let copy = copies.iter().find(|copy| copy.referral_id == one.id);
        let differs = |field| copy.is_some_and(|copy| copy.text(field).as_deref() != values.get(field));
        known.iter().any(|field| !has.contains(field) || differs(field))
    };
    Ok(left.into_iter().filter(|one| stale(one)).collect())
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
