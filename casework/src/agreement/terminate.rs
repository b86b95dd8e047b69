//! Terminates an agreement. From the last day on nothing new is offered under it; a termination for cause also closes
//! running referrals immediately.

use chrono::NaiveDate;
use kim_domain::agreement::ProposalStatus;
use kim_domain::disclosure::Agreement;
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_entity::agreement_termination;
use kim_entity::code::Code;
use kim_entity::database::is_unique_violation;
use kim_entity::read::AgreementRow;
use kim_entity::write::ProposalChange;
use uuid::Uuid;

use super::narrow::Running;
use super::{AgreementResult, position, update_proposal};
use crate::refusal::{ErrorCode, WorkError};
use crate::text::text;
use crate::work::Work;

/// Input of a termination.
#[derive(Clone, Debug)]
pub struct Termination {
    /// The latest version; `None` for an id that cannot belong to an agreement.
    pub agreement: Option<Uuid>,
    /// Whether it is terminated for cause: with immediate effect, and running referrals are closed.
    pub for_cause: bool,
    /// First day on which nothing can be offered. For cause this is today, and must be `None` here.
    pub ends_on: Option<NaiveDate>,
    /// The reason.
    pub reason: String,
}

/// Terminates the agreement with all its versions.
///
/// # Errors
/// NOT_FOUND, ACTION_NOT_ALLOWED for viewers who are no party's administrator, ILLEGAL_TRANSITION if it is not the
/// latest version or is terminated already, BAD_INPUT.
pub async fn terminate(work: &mut Work<'_>, input: &Termination) -> Result<AgreementResult, WorkError> {
    let found = match input.agreement {
        Some(id) => work.reads().agreements_by_id(&[id]).await?.pop(),
        None => None,
    };
    let row = found.ok_or_else(WorkError::not_found)?;
    let at = position(work, row.receiver_id);
    let side = at.side().filter(|_| at.may_terminate()).ok_or_else(|| {
        WorkError::not_allowed("Kündigen kann nur die Administration der empfangenden oder der Koordinierenden Stelle.")
    })?;
    let (ends_on, reason) = (day(input, work.today())?, text("reason", &input.reason)?);
    // The proposal is locked before the versions, in the same order as when it is signed.
    let open = match input.for_cause {
        true => work.writes().lock_open_proposal(&row).await?,
        false => None,
    };
    refuse_unless_latest(work, &row).await?;
    let ended = work.writes().terminations_of(&row).await?;
    // An ordinary termination can be followed by one for cause, but by no other.
    if ended.iter().any(|one| one.for_cause || !input.for_cause) || row.for_cause {
        return Err(already());
    }
    let termination = agreement_termination::Model {
        id: new_uuid(),
        agreement_id: row.id,
        for_cause: input.for_cause,
        ends_on,
        reason: reason.clone(),
        side: Code(side),
        agency_id: work.own_id(),
        staff: work.viewer().subject().to_owned(),
        created_at: work.now(),
    };
    match work.writes().insert_termination(&row, termination).await {
        Ok(()) => {}
        Err(error) if is_unique_violation(&error) => return Err(already()),
        Err(error) => return Err(error.into()),
    }
    if input.for_cause {
        close(work, &row, ends_on).await?;
        if let Some(open) = open {
            // A proposal that was signed before the breach must not become an agreement after it.
            let (status, at) = (ProposalStatus::Rejected, work.now());
            update_proposal(work, &open, ProposalChange::Closed { status, reason: Some(reason), at }).await?;
        }
    }
    Ok(AgreementResult { agreement: row.id })
}

fn already() -> WorkError {
    WorkError::with_code(ErrorCode::IllegalTransition, "Diese Vereinbarung ist schon gekündigt.")
}

fn day(input: &Termination, today: NaiveDate) -> Result<NaiveDate, WorkError> {
    match (input.for_cause, input.ends_on) {
        (true, None) => Ok(today),
        (true, Some(_)) => Err(WorkError::bad_input(
            "Eine Kündigung aus wichtigem Grund („forCause“) gilt sofort: Bitte „endsOn“ weglassen.",
        )),
        (false, Some(day)) if day >= today => Ok(day),
        (false, Some(_)) => Err(WorkError::bad_input("„endsOn“ liegt in der Vergangenheit.")),
        (false, None) => Err(WorkError::bad_input("Bitte mit „endsOn“ angeben, ab wann nichts mehr angeboten wird.")),
    }
}

/// Locks the versions, so that no new version is written before the commit.
async fn refuse_unless_latest(work: &Work<'_>, row: &AgreementRow) -> Result<(), WorkError> {
    match work.writes().lock_agreements(row).await? {
        Some(latest) if latest.id == row.id => Ok(()),
        Some(latest) => Err(WorkError::with_code(
            ErrorCode::IllegalTransition,
            format!("Es gibt eine neuere Fassung ({}): Bitte diese kündigen.", latest.version),
        )),
        None => Err(WorkError::not_found()),
    }
}

/// Closes running referrals, also those under earlier versions.
async fn close(work: &mut Work<'_>, row: &AgreementRow, on: NaiveDate) -> Result<(), WorkError> {
    let running = Running::find(work, row.receiver_id, row.purpose).await?;
    work.writes().end_agreements_for_cause(row, on).await?;
    work.mark_closed_to(row.receiver_id);
    Ok(running.narrow(work, on, |row| Agreement { fields: FieldSet::EMPTY, ..row.terms.agreement }).await?)
}
