//! Widens, narrows or refreshes a handover. Both sides see which fields, in the history.

use kim_domain::change::ChangeKind;
use kim_domain::disclosure::{Stage, Terms};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::life::ReferralAction;
use kim_entity::{handover, referral};
use sea_orm::{ActiveModelTrait as _, ActiveValue::Set, EntityTrait as _, IntoActiveModel as _};
use serde_json::json;

use super::offer::refuse_without_ground;
use super::{Done, Target, copy};
use crate::refusal::Refusal;
use crate::text::text;
use crate::work::Work;

/// What is to change.
#[derive(Clone, Debug, Default)]
pub struct ChangeHandover {
    /// Fields to hand over as well, with the case's values of now.
    pub add: FieldSet,
    /// Fields to hand over no longer.
    pub remove: FieldSet,
    /// Fields to copy anew.
    pub refresh: FieldSet,
    /// What it is about, in other words.
    pub concern: Option<String>,
}

/// Changes it: an edit of the case flows nowhere by itself.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for the receiver, ILLEGAL_TRANSITION once it is closed, NO_LEGAL_GROUND for a
/// field that may not be added, BAD_INPUT.
pub async fn change_handover(work: &mut Work<'_>, target: Target, input: &ChangeHandover) -> Result<Done, Refusal> {
    let row = work.referral(target.id, target.expected_version).await?;
    let before = row.terms.offered;
    let added = input.add.without(before);
    let removed = input.remove.and(before).without(input.add);
    let offered = before.or(added).without(removed);
    let concern = input.concern.as_deref().map(|concern| text("concern", concern)).transpose()?;
    let refresh = input.refresh.and(offered);
    let is_draft = row.offered_at.is_none();
    if !added.is_empty() && !is_draft {
        refuse_without_ground(&Terms { stage: Stage::Full, offered: added, ..row.terms })?;
    }
    let never = added.without(kim_domain::disclosure::ceiling(row.terms.receiver, Stage::Full));
    if !never.is_empty() {
        return Err(Refusal::no_ground(never));
    }

    let mut refreshed = FieldSet::EMPTY;
    let stored = handover::Entity::find_by_id(row.id).one(work.tx()).await?.ok_or_else(Refusal::not_found)?;
    let mut copied = stored.clone().into_active_model();
    if !is_draft {
        let values = copy::values(work, row.case_id, added.or(refresh)).await?;
        let about = stored.concern.clone().unwrap_or_else(|| copy::usual_concern(row.purpose));
        copy::set(&mut copied, added, &values, &about);
        for field in refresh.without(added).iter().filter(|field| *field != F::Concern) {
            if stored.text(field).as_deref() != values.get(field) {
                copied.set_text(field, values.get(field).map(str::to_owned));
                refreshed.insert(field);
            }
        }
        for field in removed.iter() {
            copied.set_text(field, None);
        }
        copied.client_fingerprint = Set(match copy_finds_client(offered) {
            // Name or birth date may have been written anew.
            true => copy::fingerprint(work, offered, &copy::values(work, row.case_id, offered).await?),
            false => None,
        });
    }
    if let Some(concern) = concern
        && (is_draft || offered.contains(F::Concern))
        && stored.concern.as_deref() != Some(concern.as_str())
    {
        copied.concern = Set(Some(concern));
        refreshed.insert(F::Concern);
    }
    handover::Entity::update(copied.reset_all()).exec(work.tx()).await?;
    let codes = |set: FieldSet| set.iter().map(F::code).collect::<Vec<_>>();
    let detail = json!({"added": codes(added), "removed": codes(removed), "refreshed": codes(refreshed)});
    let with = referral::ActiveModel { offered_fields: Set(offered.to_i64()), ..Default::default() };
    work.happen(&row, ReferralAction::ChangeHandover, ChangeKind::HandoverChanged, Some(detail), with).await?;
    if !removed.is_empty() {
        work.closes(row.receiver_id);
    }
    Ok(Done { referral: row.id })
}

fn copy_finds_client(offered: FieldSet) -> bool {
    offered.contains(F::FamilyName) && offered.contains(F::BirthDate)
}
