//! Ends an agreement: from a day on nothing new is offered under it; for cause, what runs is closed at once too.

use chrono::NaiveDate;
use kim_domain::agreement::ProposalStatus;
use kim_domain::disclosure::Agreement;
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::code::Code;
use kim_entity::{agreement, agreement_proposal, agreement_termination};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::narrow::Running;
use super::{AgreementDone, count_on, is_taken, reject, standpoint};
use crate::refusal::{Because, Refusal};
use crate::text::text;
use crate::work::Work;

/// How it is ended.
#[derive(Clone, Debug)]
pub struct Termination {
    /// The latest version; `None` for an id that cannot be an agreement's.
    pub agreement: Option<Uuid>,
    /// For cause: at once, and what runs is closed.
    pub for_cause: bool,
    /// First day on which nothing is offered; for cause it is today.
    pub ends_on: Option<NaiveDate>,
    /// Why.
    pub reason: String,
}

/// Ends it, with every earlier version.
///
/// # Errors
/// NOT_FOUND, ACTION_NOT_ALLOWED for whoever is no party's administrator, ILLEGAL_TRANSITION for an earlier version or what
/// was ended already, BAD_INPUT.
pub async fn terminate(work: &mut Work<'_>, input: &Termination) -> Result<AgreementDone, Refusal> {
    let found = match input.agreement {
        Some(id) => work.reads().agreements_by_id(&[id]).await?.pop(),
        None => None,
    };
    let row = found.ok_or_else(Refusal::not_found)?;
    let at = standpoint(work, row.receiver_id);
    let side = at.side().filter(|_| at.may_terminate()).ok_or_else(|| {
        Refusal::not_allowed("Kündigen kann nur die Administration der empfangenden oder der Koordinierenden Stelle.")
    })?;
    let (ends_on, reason) = (day(input, work.today())?, text("reason", &input.reason)?);
    // Before the versions, as whoever signs does.
    let open = if input.for_cause { open_proposal(work, row.receiver_id, row.purpose.code()).await? } else { None };
    refuse_unless_latest(work, row.receiver_id, row.purpose.code(), row.id).await?;
    let of_version = agreement_termination::Column::AgreementId.eq(row.id);
    let ended = agreement_termination::Entity::find().filter(of_version).all(work.legacy_tx()).await?;
    // Who gave notice in the ordinary way may still have cause; more than that is too late.
    if ended.iter().any(|one| one.for_cause || !input.for_cause) || row.for_cause {
        return Err(already());
    }
    let termination = agreement_termination::ActiveModel {
        id: Set(new_uuid()),
        agreement_id: Set(row.id),
        for_cause: Set(input.for_cause),
        ends_on: Set(ends_on),
        reason: Set(reason.clone()),
        side: Set(Code(side)),
        agency_id: Set(work.own_id()),
        staff: Set(work.viewer().subject().to_owned()),
        created_at: Set(work.now()),
    };
    match agreement_termination::Entity::insert(termination).exec_without_returning(work.legacy_tx()).await {
        Ok(_) => {}
        Err(error) if is_taken(&error) => return Err(already()),
        Err(error) => return Err(error.into()),
    }
    if input.for_cause {
        close(work, row.receiver_id, row.purpose, ends_on).await?;
        if let Some(open) = open {
            // What was signed before the breach is not meant to hold after it.
            let with = agreement_proposal::ActiveModel {
                close_reason: Set(Some(reason)),
                ..reject::closed(work, ProposalStatus::Rejected)
            };
            count_on(work, &open, with).await?;
        }
    }
    Ok(AgreementDone { agreement: row.id })
}

fn already() -> Refusal {
    Refusal::because(Because::IllegalTransition, "Diese Vereinbarung ist schon gekündigt.")
}

fn day(input: &Termination, today: NaiveDate) -> Result<NaiveDate, Refusal> {
    match (input.for_cause, input.ends_on) {
        (true, None) => Ok(today),
        (true, Some(_)) => Err(Refusal::bad_input(
            "Eine Kündigung aus wichtigem Grund („forCause“) gilt sofort: Bitte „endsOn“ weglassen.",
        )),
        (false, Some(day)) if day >= today => Ok(day),
        (false, Some(_)) => Err(Refusal::bad_input("„endsOn“ liegt in der Vergangenheit.")),
        (false, None) => Err(Refusal::bad_input("Bitte mit „endsOn“ angeben, ab wann nichts mehr angeboten wird.")),
    }
}

async fn open_proposal(
    work: &Work<'_>,
    receiver_id: Uuid,
    purpose: &str,
) -> Result<Option<agreement_proposal::Model>, Refusal> {
    use agreement_proposal::Column;
    let open = agreement_proposal::Entity::find()
        .filter(Column::ReceiverId.eq(receiver_id))
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::Status.eq(ProposalStatus::Open.code()));
    Ok(open.lock(LockType::NoKeyUpdate).one(work.legacy_tx()).await?)
}

/// Locks the versions: none comes after them until this is committed.
async fn refuse_unless_latest(work: &Work<'_>, receiver_id: Uuid, purpose: &str, id: Uuid) -> Result<(), Refusal> {
    use agreement::Column;
    let versions =
        || agreement::Entity::find().filter(Column::ReceiverId.eq(receiver_id)).filter(Column::Purpose.eq(purpose));
    versions().order_by_asc(Column::Version).lock(LockType::NoKeyUpdate).all(work.legacy_tx()).await?;
    // Asked anew: whoever held the lock may have added one.
    let latest = versions().order_by_desc(Column::Version).one(work.legacy_tx()).await?;
    match latest {
        Some(latest) if latest.id == id => Ok(()),
        Some(latest) => Err(Refusal::because(
            Because::IllegalTransition,
            format!("Es gibt eine neuere Fassung ({}): Bitte diese kündigen.", latest.version),
        )),
        None => Err(Refusal::not_found()),
    }
}

/// Closes what runs, also under earlier versions.
async fn close(work: &mut Work<'_>, receiver_id: Uuid, purpose: ReferralPurpose, on: NaiveDate) -> Result<(), Refusal> {
    use agreement::Column;
    let running = Running::find(work, receiver_id, purpose).await?;
    agreement::Entity::update_many()
        .set(agreement::ActiveModel { terminated_for_cause_on: Set(Some(on)), ..Default::default() })
        .filter(Column::ReceiverId.eq(receiver_id))
        .filter(Column::Purpose.eq(purpose.code()))
        .filter(Column::TerminatedForCauseOn.is_null())
        .exec(work.legacy_tx())
        .await?;
    work.closes(receiver_id);
    Ok(running.narrow(work, on, |row| Agreement { fields: FieldSet::EMPTY, ..row.terms.agreement }).await?)
}
