//! A proposal becomes the next version of the agreement, in the transaction of the last signature or opinion.

use kim_domain::agreement::{AgreementSide, is_complete};
use kim_domain::disclosure::Agreement;
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_entity::agreement;
use kim_entity::agreement_proposal::Model;
use kim_entity::database::is_unique_violation;
use kim_entity::unscoped::Unscoped;
use kim_entity::write::{ProposalChange, Tx};
use uuid::Uuid;

use super::count_on;
use super::narrow::Running;
use crate::refusal::Refusal;
use crate::work::Work;

/// Concludes the agreement if nothing is missing any more; counts the proposal's version on in any case.
pub(super) async fn if_complete(
    work: &mut Work<'_>,
    row: &Model,
    signed: &[AgreementSide],
    heard: &[AgreementSide],
) -> Result<(), Refusal> {
    if !is_complete(signed, heard) {
        return count_on(work, row, ProposalChange::Counted).await;
    }
    let agreement_id = next_version(work, row).await?;
    give_to_drafts(work, row, agreement_id).await?;
    count_on(work, row, ProposalChange::Concluded { agreement_id, at: work.now() }).await
}

async fn next_version(work: &mut Work<'_>, row: &Model) -> Result<Uuid, Refusal> {
    // Locked, so that nobody ends the version before this one meanwhile.
    let latest = work.writes().lock_latest_agreement(row.receiver_id, row.purpose.0).await?;
    let id = new_uuid();
    // Nothing is agreed on for days that were over when the last one signed.
    let valid_from = row.valid_from.max(work.today());
    let running = match row.narrows_running {
        true => Some(Running::find(work, row.receiver_id, row.purpose.0).await?),
        false => None,
    };
    let version = agreement::Model {
        id,
        ags: row.ags.clone(),
        receiver_id: row.receiver_id,
        purpose: row.purpose,
        version: latest.map_or(1, |latest| latest.version + 1),
        valid_from,
        valid_until: row.valid_until,
        respond_working_days: row.respond_working_days,
        access_days: row.access_days,
        contact: row.contact.clone(),
        legal_ground: row.legal_ground.clone(),
        fields: row.fields,
        ticked_only: row.ticked_only,
        statutory_fields: row.statutory_fields,
        narrows_running: row.narrows_running,
        terminated_for_cause_on: None,
        created_at: work.now(),
    };
    match work.tx().insert_agreement(version).await {
        Ok(()) => {}
        // An import brought the same version in at this moment.
        Err(error) if is_unique_violation(&error) => return Err(Refusal::conflict(row.version)),
        Err(error) => return Err(error.into()),
    }
    if let Some(running) = running {
        let narrower = Agreement {
            fields: FieldSet::from_i64(row.fields),
            ticked_only: FieldSet::from_i64(row.ticked_only),
            statutory: FieldSet::from_i64(row.statutory_fields),
        };
        // Later it begins with a day, and no answer outlives one.
        if valid_from <= work.today() {
            work.closes(row.receiver_id);
        }
        running.narrow(work, valid_from, |row| row.terms.agreement.narrowed_by(narrower)).await?;
    }
    Ok(id)
}

/// Drafts that wait for an agreement show what it would carry. What was offered keeps its version.
#[expect(
    clippy::disallowed_methods,
    reason = "the drafts of all senders wait for the agreement; nothing of them is answered"
)]
async fn give_to_drafts(work: &Work<'_>, row: &Model, agreement_id: Uuid) -> Result<(), Refusal> {
    let give =
        async |all: &Unscoped<&Tx>| all.give_agreement_to_drafts(row.receiver_id, row.purpose.0, agreement_id).await;
    Ok(work.writes().unscoped(give).await?)
}
