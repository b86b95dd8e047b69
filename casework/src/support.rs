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
use kim_domain::id::new_uuid;
use kim_entity::code::Code;
use kim_entity::read::{CaseRow, Elsewhere, Hold};
use kim_entity::{support_check, support_consent, support_notice};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, DbErr, EntityTrait as _, ExprTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _,
};
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
    work.reads().hold_support_consents(&[case.person_id], Hold::Change).await?;
    let row = support_consent::ActiveModel {
        id: Set(new_uuid()),
        person_id: Set(case.person_id),
        given: Set(said.given),
        valid_until: Set(valid_until),
        recorded_at: Set(work.now()),
        staff: Set(work.viewer().subject().to_owned()),
    };
    support_consent::Entity::insert(row).exec_without_returning(work.legacy_tx()).await?;
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
    work.reads().hold_support_consents(&[case.person_id], Hold::Rely).await?;
    if !work.reads().agrees_to_support_checks(case.person_id).await? {
        return Err(Refusal::because(
            Because::NoLegalGround,
            "Für den Abgleich fehlt die Einwilligung der Klientin oder des Klienten. Bitte erst mit \
             „recordSupportConsent“ erfassen.",
        ));
    }
    limit(work, case.id).await?;
    let fingerprints = matching::refresh(work, case.person_id).await?;
    let mut elsewhere = work.reads().open_elsewhere(&fingerprints).await?;
    if !elsewhere.is_empty() {
        // One of them may have withdrawn meanwhile: from here on nobody can.
        let clients: Vec<Uuid> = elsewhere.iter().map(|other| other.person_id).collect();
        work.reads().hold_support_consents(&clients, Hold::Rely).await?;
        let still = work.reads().open_elsewhere(&fingerprints).await?;
        elsewhere.retain(|other| still.contains(other));
    }
    let reference = match elsewhere.is_empty() {
        true => None,
        false => Some(notify(work, &case, &elsewhere).await?),
    };
    let viewer = work.viewer();
    let row = support_check::ActiveModel {
        id: Set(new_uuid()),
        agency_id: Set(work.own_id()),
        case_id: Set(case.id),
        role: Set(Code(viewer.role())),
        subject: Set(viewer.subject().to_owned()),
        acting_for: Set(viewer.acting_for().map(str::to_owned)),
        at: Set(work.now()),
        found: Set(reference.is_some()),
        reference: Set(reference.clone()),
    };
    support_check::Entity::insert(row).exec_without_returning(work.legacy_tx()).await?;
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
    use support_check::Column;
    work.reads().queue_support_checks().await?;
    let of_subject = Column::AgencyId
        .eq(work.own_id())
        .and(Column::Subject.eq(work.viewer().subject()))
        .and(Column::At.gt(work.now() - HOUR));
    let of_case = Column::CaseId.eq(case_id).and(Column::At.gt(work.now() - 24 * HOUR));
    for (made, most, text) in [
        (of_subject, MOST_PER_HOUR, "Sie haben in der letzten Stunde zu oft abgeglichen. Bitte später noch einmal."),
        (of_case, MOST_PER_CASE_AND_DAY, "Dieser Fall wurde in den letzten 24 Stunden oft genug abgeglichen."),
    ] {
        if support_check::Entity::find().filter(made).count(work.legacy_tx()).await? >= most {
            return Err(Refusal::rate_limited(text));
        }
    }
    Ok(())
}

/// Gives all sides a reference: the one that the very same cases have already, or a new one.
async fn notify(work: &Work<'_>, own: &CaseRow, elsewhere: &[Elsewhere]) -> Result<String, DbErr> {
    let mut sides = BTreeSet::from([(own.id, work.own_id())]);
    sides.extend(elsewhere.iter().map(|other| (other.case_id, other.agency_id)));
    if let Some(known) = known(work, own.id, &sides).await? {
        return Ok(known);
    }
    let reference = crate::import::random_reference(&mut rand::rng());
    let rows = sides.into_iter().map(|(case_id, agency_id)| support_notice::ActiveModel {
        id: Set(new_uuid()),
        reference: Set(reference.clone()),
        agency_id: Set(agency_id),
        case_id: Set(case_id),
        at: Set(work.now()),
    });
    support_notice::Entity::insert_many(rows).exec_without_returning(work.legacy_tx()).await?;
    Ok(reference)
}

/// The reference that these sides were told last, if there is one.
async fn known(work: &Work<'_>, own: Uuid, sides: &BTreeSet<(Uuid, Uuid)>) -> Result<Option<String>, DbErr> {
    use support_notice::Column;
    let last = support_notice::Entity::find()
        .filter(Column::CaseId.eq(own))
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .one(work.legacy_tx())
        .await?;
    let Some(last) = last else { return Ok(None) };
    let told =
        support_notice::Entity::find().filter(Column::Reference.eq(&last.reference)).all(work.legacy_tx()).await?;
    let told: BTreeSet<_> = told.into_iter().map(|notice| (notice.case_id, notice.agency_id)).collect();
    Ok((told == *sides).then_some(last.reference))
}
