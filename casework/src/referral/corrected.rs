//! The effect of an accepted report on copies: running referrals get the case's value, ended ones keep the old value.
//! Also determines which receivers know the old value.

use std::collections::HashMap;

use kim_domain::correction::{is_of_the_case, same_fact};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::fingerprint::FingerprintKey;
use kim_entity::read::ReferralRow;
use kim_entity::unscoped::Unscoped;
use kim_entity::values::Values;
use kim_entity::write::Tx;
use kim_entity::{correction, referral};
use uuid::Uuid;

use super::copy;
use super::correct::{hands_over, offered_fields_of};
use super::duty::refuse_unacknowledged;
use crate::refusal::WorkError;
use crate::work::Work;

/// By referral: the fields of a fact that its receiver sees now or was ever shown. It is only notified about these,
/// because other fields would disclose what was offered.
pub(super) type KnownFields = HashMap<Uuid, FieldSet>;

/// The fields of this fact that the receivers of a case's referrals know.
#[expect(
    clippy::disallowed_methods,
    reason = "receivers who know a value must be notified that it is wrong (Art. 19 DSGVO)"
)]
pub(super) async fn known(work: &Work<'_>, of_case: &[referral::Model], field: F) -> Result<KnownFields, WorkError> {
    let Some(any) = of_case.first() else { return Ok(KnownFields::new()) };
    let ids: Vec<Uuid> = of_case.iter().map(|one| one.id).collect();
    let find = async |all: &Unscoped<&Tx>| {
        let known = all.ever_disclosed(&ids, same_fact(field)).await?;
        Ok::<_, WorkError>((known, all.shown_of_case(any.case_id).await?))
    };
    let (mut known, shown) = work.writes().unscoped(find).await?;
    for (id, seen) in shown {
        let all = known.entry(id).or_default();
        *all = all.or(seen.and(same_fact(field)));
    }
    Ok(known)
}

/// Copies the current value of the case to every running handover that has the old one. Returns the referrals that keep
/// the old value and whose receivers know it.
pub(super) async fn refresh<'c>(
    work: &mut Work<'_>,
    row: &ReferralRow,
    found: &correction::Model,
    of_case: &'c [referral::Model],
    known: &KnownFields,
    acknowledge_reporting_duty: bool,
) -> Result<Vec<&'c referral::Model>, WorkError> {
    let field = found.field.0;
    if !is_of_the_case(field) {
        let copied = work.writes().handover(row).await?;
        let now = copied.as_ref().and_then(|copied| copied.values.get(field));
        refuse_uncorrected(
            work,
            found,
            now,
            "Das Anliegen ist noch dasselbe. Bitte zuerst mit „changeHandover“ neu fassen und dann entscheiden.",
        )?;
        return Ok(Vec::new());
    }
    let offered = of_case.iter().fold(FieldSet::EMPTY, |all, one| all.or(FieldSet::from_i64(one.offered_fields)));
    let values = copy::values(work, row.rest.case_id(), offered.or(same_fact(field))).await?;
    refuse_uncorrected(
        work,
        found,
        values.get(field),
        "Im Fall steht noch der gemeldete Wert. Bitte ihn zuerst dort berichtigen und dann entscheiden; stimmt er doch, \
         dann „REJECTED“.",
    )?;
    let runs: Vec<_> = of_case.iter().filter(|one| hands_over(one, field)).collect();
    if !acknowledge_reporting_duty {
        refuse_unacknowledged(work, runs.iter().map(|one| one.receiver_id), same_fact(field), &values).await?;
    }
    for one in runs {
        copy_anew(work, one, field, &values).await?;
    }
    stale(work, of_case, field, known, &values).await
}

/// The referrals that have ended or no longer hand over the fact, and whose receivers know a value that differs from
/// the case's. A value that was removed from the handover cannot be compared, so every receiver that was shown it is
/// included.
#[expect(
    clippy::disallowed_methods,
    reason = "the copies of the case's other referrals are compared, and not returned"
)]
async fn stale<'c>(
    work: &Work<'_>,
    of_case: &'c [referral::Model],
    field: F,
    known: &KnownFields,
    values: &Values,
) -> Result<Vec<&'c referral::Model>, WorkError> {
    let left: Vec<_> = of_case.iter().filter(|one| !hands_over(one, field)).collect();
    let of_left: Vec<Uuid> = left.iter().map(|one| one.id).collect();
    let find = async |all: &Unscoped<&Tx>| all.handovers(&of_left, same_fact(field)).await;
    let copies = work.writes().unscoped(find).await?;
    let stale = |one: &referral::Model| {
        let known = known.get(&one.id).copied().unwrap_or_default();
        let has = offered_fields_of(one, field);
        let copy = copies.iter().find(|copy| copy.referral_id == one.id);
        let differs = |field| copy.is_some_and(|copy| copy.values.get(field) != values.get(field));
        known.iter().any(|field| !has.contains(field) || differs(field))
    };
    Ok(left.into_iter().filter(|one| stale(one)).collect())
}

/// Refuses if the case still has the reported value.
fn refuse_uncorrected(
    work: &Work<'_>,
    found: &correction::Model,
    now: Option<&str>,
    else_: &str,
) -> Result<(), WorkError> {
    if digest(work, found.id, now) == found.value_mark { Err(WorkError::bad_input(else_)) } else { Ok(()) }
}

/// Copies the current value of the case to one running handover.
#[expect(clippy::disallowed_methods, reason = "every running copy of the case gets the corrected value")]
async fn copy_anew(work: &mut Work<'_>, one: &referral::Model, field: F, values: &Values) -> Result<(), WorkError> {
    let offered = FieldSet::from_i64(one.offered_fields);
    let find = async |all: &Unscoped<&Tx>| all.handover(one.id).await;
    let Some(mut copied) = work.writes().unscoped(find).await? else { return Ok(()) };
    let stale = |field: &F| copied.values.get(*field) != values.get(*field);
    let stale: FieldSet = same_fact(field).and(offered).iter().filter(stale).collect();
    if stale.is_empty() {
        return Ok(());
    }
    for field in stale.iter() {
        copied.values.set(field, values.get(field));
    }
    // The desk now finds the client by the corrected values of this copy.
    copied.client = copy::fingerprints_of_copy(work, |field| copied.values.get(field));
    work.writes().unscoped(async |all: &Unscoped<&Tx>| all.update_handover(&copied).await).await?;
    // Answers that were started with the old value are computed again.
    work.mark_closed_to(one.receiver_id);
    Ok(())
}

/// A keyed digest of a value. It reveals nothing without the key, and differs between reports.
pub(super) fn digest(work: &Work<'_>, correction: Uuid, value: Option<&str>) -> String {
    value_mark(work.key(), correction, value.unwrap_or_default())
}

/// The keyed mark of a value that a correction disputes.
pub(crate) fn value_mark(key: &FingerprintKey, correction: Uuid, value: &str) -> String {
    key.content(&["correction", &correction.to_string(), value])
}
