//! Support checks (Vermeidung von Doppelförderung): does another Träger of the municipality manage a case of what is probably
//! the same person?
//!
//! That somebody is a client of a Träger is itself a secret (§ 203 StGB), and a match is only probable. So both clients must
//! have agreed, each at its own Träger; where the other has not, the answer is the same as where there is nobody. Both case
//! managers get the same reference and nothing else: they name it to the coordination, which then brings together those who
//! call.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kim_domain::field::FieldSet;
use kim_entity::DbErr;
use kim_entity::read::CaseRow;
use kim_entity::unscoped::{CaseElsewhere, ConsentLock, Unscoped};
use kim_entity::write::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::matching;
use crate::refusal::{Because, Refusal};
use crate::work::Work;

/// So many checks one person or program may make in an hour.
pub const MOST_PER_HOUR: u64 = 30;
/// So many checks may be made of one case in a day.
pub const MOST_PER_CASE_AND_DAY: u64 = 3;

const HOUR: i64 = 3_600_000_000;

/// What a client says about being checked.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// One of the viewer's cases.
    pub case: Option<Uuid>,
    /// Agrees; otherwise refuses, or withdraws.
    pub given: bool,
    /// Last day; until it is withdrawn if none.
    pub valid_until: Option<NaiveDate>,
}

/// What was recorded of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The case.
    pub case: Uuid,
    /// Agreed.
    pub given: bool,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
}

/// What a check answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Whether there is somebody.
    pub found: bool,
    /// The reference that both sides have.
    pub reference: Option<String>,
}

/// Records what a client says. A withdrawal takes the fingerprints with it, in the same instant.
///
/// # Errors
/// NOT_FOUND for a case that is not the viewer's; BAD_INPUT for a last day that is past.
pub async fn record_consent(work: &mut Work<'_>, said: Said) -> Result<Recorded, Refusal> {
    let case = own_case(work, said.case).await?;
    let valid_until = said.valid_until.filter(|_| said.given);
    if valid_until.is_some_and(|day| day < work.today()) {
        return Err(Refusal::bad_input("„validUntil“ liegt in der Vergangenheit."));
    }
    lock(work, &[case.person_id], ConsentLock::Exclusive).await?;
    work.writes().insert_support_consent(case.person_id, said.given, valid_until, work.now()).await?;
    matching::refresh(work, case.person_id).await?;
    Ok(Recorded { case: case.id, given: said.given, valid_until })
}

/// Asks whether the client of an own open case has another one elsewhere, and tells both sides if so.
///
/// # Errors
/// NOT_FOUND for a case that is not the viewer's; ACTION_NOT_ALLOWED for a closed one; NO_LEGAL_GROUND without the client's
/// consent; RATE_LIMITED.
pub async fn check(work: &mut Work<'_>, case: Option<Uuid>) -> Result<Checked, Refusal> {
    let case = own_case(work, case).await?;
    if case.closed_on.is_some() {
        return Err(Refusal::not_allowed("Der Fall ist abgeschlossen."));
    }
    lock(work, &[case.person_id], ConsentLock::Shared).await?;
    if !work.reads().agrees_to_support_checks(case.person_id).await? {
        return Err(Refusal::because(
            Because::NoLegalGround,
            "Für den Abgleich fehlt die Einwilligung der Klientin oder des Klienten. Bitte erst mit \
             „recordSupportConsent“ erfassen.",
        ));
    }
    limit(work, case.id).await?;
    let fingerprints = matching::refresh(work, case.person_id).await?;
    let mut elsewhere = open_cases_elsewhere(work, &fingerprints).await?;
    if !elsewhere.is_empty() {
        // One of them may have withdrawn meanwhile: from here on nobody can.
        let clients: Vec<Uuid> = elsewhere.iter().map(|other| other.person_id).collect();
        lock(work, &clients, ConsentLock::Shared).await?;
        let still = open_cases_elsewhere(work, &fingerprints).await?;
        elsewhere.retain(|other| still.contains(other));
    }
    let reference = match elsewhere.is_empty() {
        true => None,
        false => Some(notify(work, &case, &elsewhere).await?),
    };
    work.writes().insert_support_check(case.id, reference.clone(), work.now()).await?;
    Ok(Checked { found: reference.is_some(), reference })
}

async fn own_case(work: &Work<'_>, id: Option<Uuid>) -> Result<CaseRow, Refusal> {
    let found = match id {
        Some(id) => work.reads().cases_by_id(&[id], FieldSet::EMPTY).await?.pop(),
        None => None,
    };
    found.ok_or_else(Refusal::not_found)
}

/// Who asks often could find out who is a client where by recording cases of people who are none.
async fn limit(work: &Work<'_>, case_id: Uuid) -> Result<(), Refusal> {
    work.writes().queue_support_checks().await?;
    if work.writes().count_own_support_checks(work.now() - HOUR).await? >= MOST_PER_HOUR {
        let text = "Sie haben in der letzten Stunde zu oft abgeglichen. Bitte später noch einmal.";
        return Err(Refusal::rate_limited(text));
    }
    if work.writes().count_support_checks_of_case(case_id, work.now() - 24 * HOUR).await? >= MOST_PER_CASE_AND_DAY {
        return Err(Refusal::rate_limited("Dieser Fall wurde in den letzten 24 Stunden oft genug abgeglichen."));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the clients that may be the same person are other agencies'")]
async fn lock(work: &Work<'_>, clients: &[Uuid], lock: ConsentLock) -> Result<(), DbErr> {
    work.writes().unscoped(async |all: &Unscoped<&Tx>| all.lock_support_consents(clients, lock).await).await
}

#[expect(clippy::disallowed_methods, reason = "whether the person has a case at another agency is what is asked")]
async fn open_cases_elsewhere(work: &Work<'_>, fingerprints: &[String]) -> Result<Vec<CaseElsewhere>, DbErr> {
    let asks = work.viewer().agency();
    work.writes().unscoped(async |all: &Unscoped<&Tx>| all.open_cases_elsewhere(asks, fingerprints).await).await
}

/// Gives all sides a reference: the one that the very same cases have already, or a new one.
#[expect(clippy::disallowed_methods, reason = "the other sides are other agencies")]
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
