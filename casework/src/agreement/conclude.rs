//! A proposal becomes the next version of the agreement, in the transaction of the last signature or opinion.

use kim_domain::agreement::{AgreementSide, ProposalStatus, is_complete};
use kim_domain::disclosure::Agreement;
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_domain::referral::ReferralStatus;
use kim_entity::agreement_proposal::{self, Model};
use kim_entity::code::Code;
use kim_entity::{agreement, referral};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::narrow::Running;
use super::{count_on, is_taken};
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
        return count_on(work, row, agreement_proposal::ActiveModel::default()).await;
    }
    let agreement_id = next_version(work, row).await?;
    give_to_drafts(work, row, agreement_id).await?;
    let with = agreement_proposal::ActiveModel {
        status: Set(Code(ProposalStatus::Concluded)),
        agreement_id: Set(Some(agreement_id)),
        closed_at: Set(Some(work.now())),
        ..Default::default()
    };
    count_on(work, row, with).await
}

async fn next_version(work: &mut Work<'_>, row: &Model) -> Result<Uuid, Refusal> {
    use agreement::Column;
    // Locked, so that nobody ends the version before this one meanwhile.
    let latest = agreement::Entity::find()
        .filter(Column::ReceiverId.eq(row.receiver_id))
        .filter(Column::Purpose.eq(row.purpose.0.code()))
        .order_by_desc(Column::Version)
        .lock(LockType::NoKeyUpdate)
        .one(work.legacy_tx())
        .await?;
    let id = new_uuid();
    // Nothing is agreed on for days that were over when the last one signed.
    let valid_from = row.valid_from.max(work.today());
    let running = match row.narrows_running {
        true => Some(Running::find(work, row.receiver_id, row.purpose.0).await?),
        false => None,
    };
    let version = agreement::ActiveModel {
        id: Set(id),
        ags: Set(row.ags.clone()),
        receiver_id: Set(row.receiver_id),
        purpose: Set(row.purpose),
        version: Set(latest.map_or(1, |latest| latest.version + 1)),
        valid_from: Set(valid_from),
        valid_until: Set(row.valid_until),
        respond_working_days: Set(row.respond_working_days),
        access_days: Set(row.access_days),
        contact: Set(row.contact.clone()),
        legal_ground: Set(row.legal_ground.clone()),
        fields: Set(row.fields),
        ticked_only: Set(row.ticked_only),
        statutory_fields: Set(row.statutory_fields),
        narrows_running: Set(row.narrows_running),
        terminated_for_cause_on: Set(None),
        created_at: Set(work.now()),
    };
    match agreement::Entity::insert(version).exec_without_returning(work.legacy_tx()).await {
        Ok(_) => {}
        // An import brought the same version in at this moment.
        Err(error) if is_taken(&error) => return Err(Refusal::conflict(row.version)),
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
async fn give_to_drafts(work: &Work<'_>, row: &Model, agreement_id: Uuid) -> Result<(), Refusal> {
    use referral::Column;
    // Locked in the order of their ids, as everywhere.
    let waiting: Vec<Uuid> = referral::Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ReceiverId.eq(row.receiver_id))
        .filter(Column::Purpose.eq(row.purpose.0.code()))
        .filter(Column::Status.eq(ReferralStatus::Draft.code()))
        .filter(Column::AgreementId.is_null())
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(work.legacy_tx())
        .await?;
    for ids in waiting.chunks(1_000) {
        referral::Entity::update_many()
            .set(referral::ActiveModel { agreement_id: Set(Some(agreement_id)), ..Default::default() })
            .filter(Column::Id.is_in(ids.iter().copied()))
            .exec(work.legacy_tx())
            .await?;
    }
    Ok(())
}
