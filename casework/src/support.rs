//! Support checks (Vermeidung von Doppelförderung): whether another Träger of the municipality probably manages a case
//! of the same person.
//!
//! It is a secret that somebody is a client of a Träger (§ 203 StGB), and a match is only probable.
//! Therefore both clients must have consented, each at their own Träger. If the other client has not, the answer is the
//! same as without a match. Both case managers get only a common reference. They give it to the coordination, which
//! brings them together.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kim_domain::field::FieldSet;
use kim_entity::DbErr;
use kim_entity::keys::CaseKey;
use kim_entity::read::CaseRow;
use kim_entity::unscoped::{CaseElsewhere, ConsentLock, Unscoped};
use kim_entity::write::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::matching;
use crate::refusal::{ErrorCode, WorkError};
use crate::work::Work;

/// Maximum number of checks that one person or program may make per hour.
pub const MAX_PER_HOUR: u64 = 30;
/// Maximum number of checks of one case per day.
pub const MAX_PER_CASE_AND_DAY: u64 = 3;

const HOUR: i64 = 3_600_000_000;

/// A client's consent to support checks, or its refusal.
#[derive(Clone, Copy, Debug)]
pub struct SupportConsent {
    /// One of the viewer's cases.
    pub case: Option<Uuid>,
    /// True: the client consents. False: the client refuses or withdraws.
    pub given: bool,
    /// Last day of the consent; `None`: until it is withdrawn.
    pub valid_until: Option<NaiveDate>,
}

/// The recorded consent or refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedConsent {
    /// The case.
    pub case: Uuid,
    /// Whether the client consents.
    pub given: bool,
    /// Last day of the consent.
    pub valid_until: Option<NaiveDate>,
}

/// Result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// Whether there is a match.
    pub found: bool,
    /// The common reference of all sides.
    pub reference: Option<String>,
}

/// Records the client's consent or refusal. A withdrawal deletes the fingerprints in the same transaction.
///
/// # Errors
/// NOT_FOUND for a case that is not the viewer's; BAD_INPUT for a last day in the past.
pub async fn record_consent(work: &mut Work<'_>, consent: SupportConsent) -> Result<RecordedConsent, WorkError> {
    let case = own_case(work, consent.case).await?;
    let valid_until = consent.valid_until.filter(|_| consent.given);
    if valid_until.is_some_and(|day| day < work.today()) {
        return Err(WorkError::bad_input("„validUntil“ liegt in der Vergangenheit."));
    }
    lock(work, &[case.client().id()], ConsentLock::Exclusive).await?;
    work.writes().insert_support_consent(case.client(), consent.given, valid_until, work.now()).await?;
    matching::refresh(work, case.client()).await?;
    Ok(RecordedConsent { case: case.id, given: consent.given, valid_until })
}

/// Checks whether the client of an own open case has a case at another Träger, and notifies all sides of a match.
///
/// # Errors
/// NOT_FOUND for a case that is not the viewer's; ACTION_NOT_ALLOWED for a closed one; NO_LEGAL_GROUND without the client's
/// consent; RATE_LIMITED.
pub async fn check(work: &mut Work<'_>, case: Option<Uuid>) -> Result<CheckResult, WorkError> {
    let case = own_case(work, case).await?;
    if case.closed_on.is_some() {
        return Err(WorkError::not_allowed("Der Fall ist abgeschlossen."));
    }
    lock(work, &[case.client().id()], ConsentLock::Shared).await?;
    if !work.reads().agrees_to_support_checks(case.client()).await? {
        return Err(WorkError::with_code(
            ErrorCode::NoLegalGround,
            "Für den Abgleich fehlt die Einwilligung der Klientin oder des Klienten. Bitte erst mit \
             „recordSupportConsent“ erfassen.",
        ));
    }
    limit(work, case.key()).await?;
    let fingerprints = matching::refresh(work, case.client()).await?;
    let mut elsewhere = open_cases_elsewhere(work, &fingerprints).await?;
    if !elsewhere.is_empty() {
        // One of the clients may have withdrawn meanwhile. The lock prevents further withdrawals.
        let clients: Vec<Uuid> = elsewhere.iter().map(|other| other.person_id).collect();
        lock(work, &clients, ConsentLock::Shared).await?;
        let still = open_cases_elsewhere(work, &fingerprints).await?;
        elsewhere.retain(|other| still.contains(other));
    }
    let reference = match elsewhere.is_empty() {
        true => None,
        false => Some(notify(work, &case, &elsewhere).await?),
    };
    work.writes().insert_support_check(case.key(), reference.clone(), work.now()).await?;
    Ok(CheckResult { found: reference.is_some(), reference })
}

async fn own_case(work: &Work<'_>, id: Option<Uuid>) -> Result<CaseRow, WorkError> {
    let found = match id {
        Some(id) => work.reads().cases_by_id(&[id], FieldSet::EMPTY).await?.pop(),
        None => None,
    };
    found.ok_or_else(WorkError::not_found)
}

/// Without a limit, one could find out who is a client of another Träger by recording cases of people who are no
/// clients.
async fn limit(work: &Work<'_>, case: CaseKey) -> Result<(), WorkError> {
    work.writes().queue_support_checks().await?;
    if work.writes().count_own_support_checks(work.now() - HOUR).await? >= MAX_PER_HOUR {
        return Err(WorkError::rate_limited(format!(
            "Sie haben in der letzten Stunde schon {MAX_PER_HOUR} Mal abgeglichen: höchstens so oft. Bitte später noch \
             einmal."
        )));
    }
    if work.writes().count_support_checks_of_case(case, work.now() - 24 * HOUR).await? >= MAX_PER_CASE_AND_DAY {
        return Err(WorkError::rate_limited(format!(
            "Dieser Fall wurde in den letzten 24 Stunden schon {MAX_PER_CASE_AND_DAY} Mal abgeglichen: höchstens so oft."
        )));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "clients who may be the same person belong to other agencies")]
async fn lock(work: &Work<'_>, clients: &[Uuid], lock: ConsentLock) -> Result<(), DbErr> {
    work.writes().unscoped(async |all: &Unscoped<&Tx>| all.lock_support_consents(clients, lock).await).await
}

#[expect(clippy::disallowed_methods, reason = "the check asks for cases at other agencies")]
async fn open_cases_elsewhere(work: &Work<'_>, fingerprints: &[String]) -> Result<Vec<CaseElsewhere>, DbErr> {
    let asks = work.viewer().agency();
    work.writes().unscoped(async |all: &Unscoped<&Tx>| all.open_cases_elsewhere(asks, fingerprints).await).await
}

/// Gives all sides a reference: the existing one of the same cases, or a new one.
#[expect(clippy::disallowed_methods, reason = "the other sides of the match are other agencies")]
async fn notify(work: &Work<'_>, own: &CaseRow, elsewhere: &[CaseElsewhere]) -> Result<String, DbErr> {
    let mut sides = BTreeSet::from([(own.id, work.own_id())]);
    sides.extend(elsewhere.iter().map(|other| (other.case_id, other.agency_id)));
    let new = crate::import::random_reference(&mut rand::rng());
    let tell = async |all: &Unscoped<&Tx>| {
        if let Some(known) = all.known_support_reference(own.id, &sides).await? {
            return Ok(known);
        }
        all.insert_support_notices(&new, &sides, work.now()).await?;
        Ok(new.clone())
    };
    work.writes().unscoped(tell).await
}
