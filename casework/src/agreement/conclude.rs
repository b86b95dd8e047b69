//! Turns a proposal into the next version of the agreement, in the transaction of the last signature or opinion.

use kim_domain::agreement::{AgreementSide, is_complete};
use kim_domain::disclosure::Agreement;
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_entity::agreement;
use kim_entity::database::is_unique_violation;
use kim_entity::unscoped::Unscoped;
use kim_entity::write::{LockedProposal, ProposalChange, Tx};
use uuid::Uuid;

use super::narrow::Running;
use super::update_proposal;
use crate::refusal::WorkError;
use crate::work::Work;

/// Concludes the agreement if nothing is missing. Increments the version of the proposal in any case.
pub(super) async fn if_complete(
    work: &mut Work<'_>,
    row: &LockedProposal,
    signed: &[AgreementSide],
    heard: &[AgreementSide],
) -> Result<(), WorkError> {
    if !is_complete(signed, heard) {
        return update_proposal(work, row, ProposalChange::Counted).await;
    }
    let agreement_id = next_version(work, row).await?;
    give_to_drafts(work, row, agreement_id).await?;
    update_proposal(work, row, ProposalChange::Concluded { agreement_id, at: work.now() }).await
}

async fn next_version(work: &mut Work<'_>, row: &LockedProposal) -> Result<Uuid, WorkError> {
    // Locked, so that nobody terminates the previous version meanwhile.
    let latest = work.writes().lock_latest_agreement(row).await?;
    let id = new_uuid();
    // An agreement is never valid before the day on which it is concluded.
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
    match work.writes().insert_agreement(row, version).await {
        Ok(()) => {}
        // An import wrote the same version at the same time.
        Err(error) if is_unique_violation(&error) => return Err(WorkError::conflict(row.version)),
        Err(error) => return Err(error.into()),
    }
    if let Some(running) = running {
        let narrower = Agreement {
            fields: FieldSet::from_i64(row.fields),
            ticked_only: FieldSet::from_i64(row.ticked_only),
            statutory: FieldSet::from_i64(row.statutory_fields),
        };
        // If the agreement begins later, the change of day ends every answer that was started before.
        if valid_from <= work.today() {
            work.mark_closed_to(row.receiver_id);
        }
        running.narrow(work, valid_from, |row| row.terms.agreement.narrowed_by(narrower)).await?;
    }
    Ok(id)
}

/// Updates drafts that wait for an agreement. Offered referrals keep the version of their offer.
#[expect(
    clippy::disallowed_methods,
    reason = "the drafts of all senders wait for the agreement; no data of them is returned"
)]
async fn give_to_drafts(work: &Work<'_>, row: &LockedProposal, agreement_id: Uuid) -> Result<(), WorkError> {
    let give =
        async |all: &Unscoped<&Tx>| all.give_agreement_to_drafts(row.receiver_id, row.purpose.0, agreement_id).await;
    Ok(work.writes().unscoped(give).await?)
}
