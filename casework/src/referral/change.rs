//! Adds fields to a handover, removes them, or copies their current values. The history shows the fields to both sides.

use kim_domain::change::ChangeKind;
use kim_domain::disclosure::{self, Stage, Terms, ceiling};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::life::ReferralAction;
use kim_entity::handover::HandoverRow;
use kim_entity::read::ReferralRow;
use kim_entity::unscoped::Unscoped;
use kim_entity::write::{ReferralChange, Tx};
use serde_json::json;

use super::duty::refuse_unacknowledged;
use super::offer::refuse_without_ground;
use super::{ReferralResult, Target, copy};
use crate::refusal::WorkError;
use crate::text::text;
use crate::work::{Work, require_permitted};

/// The requested changes.
#[derive(Clone, Debug, Default)]
pub struct ChangeHandover {
    /// Fields to add, with the current values of the case.
    pub add: FieldSet,
    /// Fields to remove.
    pub remove: FieldSet,
    /// Fields whose current values are copied.
    pub refresh: FieldSet,
    /// New text of the concern.
    pub concern: Option<String>,
    /// Whether the sender acknowledges the reporting duty of public bodies (§ 87 AufenthG).
    pub acknowledge_reporting_duty: bool,
}

/// Changes the handover. This is the only way in which edits of the case reach it. A request without any effect
/// succeeds and writes no event.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for the receiver, ILLEGAL_TRANSITION for a closed referral; NO_LEGAL_GROUND
/// for a field that may not be handed over now; BAD_INPUT, also if the reporting duty must be acknowledged first.
pub async fn change_handover(
    work: &mut Work<'_>,
    target: Target,
    input: &ChangeHandover,
) -> Result<ReferralResult, WorkError> {
    let row = work.referral(target.id, target.expected_version).await?;
    require_permitted(&row, ReferralAction::ChangeHandover)?;
    let stored = work.writes().handover(&row).await?.ok_or_else(WorkError::not_found)?;
    let concern = input.concern.as_deref().map(|concern| text("concern", concern)).transpose()?;
    let before = row.terms.offered;
    let mut change = Change {
        added: input.add.without(before),
        removed: input.remove.and(before).without(input.add),
        refreshed: FieldSet::EMPTY,
        concern: concern.filter(|concern| stored.values.get(F::Concern) != Some(concern)),
    };
    let mut copied = stored.clone();
    if row.rest.offered_at.is_some() {
        change.copy(work, &row, input, &stored, &mut copied).await?;
    } else {
        let never = change.added.without(ceiling(row.terms.receiver, Stage::Full));
        if !never.is_empty() {
            return Err(WorkError::no_ground(never));
        }
    }
    if change.is_none() {
        return Ok(ReferralResult { referral: row.id });
    }
    if let Some(concern) = &change.concern {
        copied.values.set(F::Concern, Some(concern));
    }
    work.writes().update_handover(&row, copied).await?;
    let offered = before.or(change.added).without(change.removed);
    let reporting_duty_acknowledged = input.acknowledge_reporting_duty.then_some(true);
    let with = ReferralChange { offered: Some(offered), reporting_duty_acknowledged, ..Default::default() };
    let what = (ReferralAction::ChangeHandover, ChangeKind::HandoverChanged);
    if row.rest.offered_at.is_some() {
        let known = known_to_receiver(work, &row, offered, &change).await?;
        let parts = [change.part(known), change.part(change.fields().without(known))];
        // After acceptance a field is hidden only because its ground is missing, and the sender can find that out.
        let counts = parts[0].is_some() || row.rest.standing.ever_accepted;
        work.write_action_in_parts(&row, what, parts, with, counts).await?;
    } else {
        work.write_action(&row, what.0, what.1, Some(change.detail(FieldSet::ALL)), with).await?;
    }
    if !change.removed.is_empty() && row.rest.offered_at.is_some() {
        work.mark_closed_to(row.receiver_id);
    }
    Ok(ReferralResult { referral: row.id })
}

/// The changed fields of which the receiver may learn: it sees them before or after the change, or it was shown them.
/// A handover in preview has fields that the receiver does not know of.
#[expect(clippy::disallowed_methods, reason = "whether a field was disclosed is only in the log, which has no viewer")]
async fn known_to_receiver(
    work: &Work<'_>,
    row: &ReferralRow,
    offered: FieldSet,
    change: &Change,
) -> Result<FieldSet, WorkError> {
    let after = disclosure::visible(&Terms { offered, ..row.terms });
    let seen = row.visible().fields().or(after.fields());
    let unseen = change.removed.without(seen);
    if unseen.is_empty() {
        return Ok(seen);
    }
    let ever = async |all: &Unscoped<&Tx>| all.ever_disclosed(&[row.id], unseen).await;
    let ever = work.writes().unscoped(ever).await?;
    Ok(ever.get(&row.id).copied().unwrap_or_default().or(seen))
}

/// The effective changes.
struct Change {
    added: FieldSet,
    removed: FieldSet,
    refreshed: FieldSet,
    concern: Option<String>,
}

impl Change {
    /// Changes the receiver's copy. Every copied field needs a ground now, even if it was handed over before.
    async fn copy(
        &mut self,
        work: &Work<'_>,
        row: &ReferralRow,
        input: &ChangeHandover,
        stored: &HandoverRow,
        copied: &mut HandoverRow,
    ) -> Result<(), WorkError> {
        let offered = row.terms.offered.or(self.added).without(self.removed);
        let anew = if input.concern.is_some() { FieldSet::of(&[F::Concern]) } else { FieldSet::EMPTY };
        refuse_not_offered("concern", anew.without(offered))?;
        refuse_not_offered("refresh", input.refresh.without(offered))?;
        let now = input.add.or(input.refresh).or(anew);
        if !now.is_empty() {
            refuse_without_ground(&Terms { stage: Stage::Full, offered: now, ..row.terms })?;
        }
        let values = copy::values(work, row.rest.case_id(), self.added.or(input.refresh)).await?;
        let stale = |field: &F| *field != F::Concern && stored.values.get(*field) != values.get(*field);
        self.refreshed = input.refresh.without(self.added).iter().filter(stale).collect();
        let going = self.added.or(self.refreshed);
        if !input.acknowledge_reporting_duty {
            refuse_unacknowledged(work, [row.receiver_id], going, &values).await?;
        }

        let about = stored.values.get(F::Concern).map_or_else(|| copy::default_concern(row.purpose), str::to_owned);
        copy::set(copied, going, &values, &about);
        for field in self.removed.iter() {
            copied.values.set(field, None);
        }
        copied.client = copy::fingerprints_of_copy(work, |field| copied.values.get(field));
        if self.concern.is_some() && !self.added.contains(F::Concern) {
            self.refreshed.insert(F::Concern);
        }
        Ok(())
    }

    fn is_none(&self) -> bool {
        self.concern.is_none() && self.fields().is_empty()
    }

    fn fields(&self) -> FieldSet {
        self.added.or(self.removed).or(self.refreshed)
    }

    /// The details of the event about these fields; `None` if none of them was changed.
    fn part(&self, fields: FieldSet) -> Option<serde_json::Value> {
        (!self.fields().and(fields).is_empty()).then(|| self.detail(fields))
    }

    /// The details of the event about these fields.
    fn detail(&self, fields: FieldSet) -> serde_json::Value {
        let codes = |set: FieldSet| set.and(fields).iter().map(F::code).collect::<Vec<_>>();
        json!({"added": codes(self.added), "removed": codes(self.removed), "refreshed": codes(self.refreshed)})
    }
}

fn refuse_not_offered(name: &str, fields: FieldSet) -> Result<(), WorkError> {
    let labels: Vec<_> = fields.iter().map(F::label).collect();
    match labels.is_empty() {
        true => Ok(()),
        false => Err(WorkError::bad_input(format!(
            "„{name}“ nennt, was nicht übergeben ist: {}. Bitte mit „add“ dazunehmen.",
            labels.join(", ")
        ))),
    }
}
