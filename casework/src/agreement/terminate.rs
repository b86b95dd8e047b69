//! Ends an agreement: from a day on nothing new is offered under it; for cause, what runs is closed at once too.

use chrono::NaiveDate;
use kim_domain::agreement::ProposalStatus;
use kim_domain::disclosure::Agreement;
use kim_domain::field::FieldSet;
use kim_domain::id::new_uuid;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::agreement_termination;
use kim_entity::code::Code;
use kim_entity::database::is_unique_violation;
use kim_entity::write::ProposalChange;
use uuid::Uuid;

use super::narrow::Running;
use super::{AgreementDone, count_on, standpoint};
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
    let open = match input.for_cause {
        true => work.writes().lock_open_proposal(row.receiver_id, row.purpose).await?,
        false => None,
    };
    refuse_unless_latest(work, row.receiver_id, row.purpose, row.id).await?;
    let ended = work.writes().terminations_of(row.id).await?;
    // Who gave notice in the ordinary way may still have cause; more than that is too late.
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
    match work.writes().insert_termination(termination).await {
        Ok(()) => {}
        Err(error) if is_unique_violation(&error) => return Err(already()),
        Err(error) => return Err(error.into()),
    }
    if input.for_cause {
        close(work, row.receiver_id, row.purpose, ends_on).await?;
        if let Some(open) = open {
            // What was signed before the breach is not meant to hold after it.
            let (status, at) = (ProposalStatus::Rejected, work.now());
            count_on(work, &open, ProposalChange::Closed { status, reason: Some(reason), at }).await?;
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

/// Locks the versions: none comes after them until this is committed.
async fn refuse_unless_latest(
    work: &Work<'_>,
    receiver_id: Uuid,
    purpose: ReferralPurpose,
    id: Uuid,
) -> Result<(), Refusal> {
    match work.writes().lock_agreements(receiver_id, purpose).await? {
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
    let running = Running::find(work, receiver_id, purpose).await?;
    work.writes().end_agreements_for_cause(receiver_id, purpose, on).await?;
    work.closes(receiver_id);
    Ok(running.narrow(work, on, |row| Agreement { fields: FieldSet::EMPTY, ..row.terms.agreement }).await?)
}
