//! A receiver reports that a value is wrong, and the sender decides (§ 84 SGB X). Whoever was shown the value is told
//! (Art. 19 DSGVO), by the sender and of nobody else.

use kim_domain::change::ChangeKind;
use kim_domain::correction::{CorrectionDecision, CorrectionState, is_of_the_case, same_fact};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::id::new_uuid;
use kim_domain::life::{ReferralAction, Refused as Unmoved};
use kim_entity::code::Code;
use kim_entity::read::{ReferralRow, Side, Values};
use kim_entity::{correction, correction_notice, disclosed, handover, referral};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait as _, ActiveValue::Set, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Done, Target, copy};
use crate::refusal::Refusal;
use crate::text::{optional_line, text};
use crate::work::Work;

/// What is wrong.
#[derive(Clone, Debug)]
pub struct Report {
    /// The field.
    pub field: F,
    /// What is wrong with it.
    pub text: String,
    /// What would be right.
    pub suggested: Option<String>,
}

/// What the sender decides.
#[derive(Clone, Debug)]
pub struct Decide {
    /// The report; `None` for an id that cannot be one's.
    pub correction: Option<Uuid>,
    /// Right or wrong.
    pub decision: CorrectionDecision,
    /// What there is to say to it.
    pub text: Option<String>,
}

/// Reports a wrong value: from now on it is marked as disputed wherever the case's referrals show it.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION once it is closed, BAD_INPUT; ACTION_NOT_ALLOWED for the sender, for a field
/// that the receiver does not see now, and for one whose report is still open.
pub async fn report_wrong_value(work: &mut Work<'_>, target: Target, report: &Report) -> Result<Done, Refusal> {
    let of_case = same_case(work, target).await?;
    let row = work.referral(target.id, target.expected_version).await?;
    let field = report.field;
    if row.side == Side::Sender {
        return Err(Refusal::unmoved(Unmoved::NotYours, ReferralAction::ReportWrongValue, row.standing.status));
    }
    let said = text("text", &report.text)?;
    let suggested = optional_line("suggestedValue", report.suggested.as_deref())?;
    let detail = json!({ "disputed": codes(FieldSet::of(&[field])) });
    work.happen(&row, ReferralAction::ReportWrongValue, ChangeKind::Correction, Some(detail), Default::default())
        .await?;
    if !row.visible().fields().contains(field) {
        return Err(Refusal::not_allowed(format!("„{}“ zeigt Ihnen diese Übergabe jetzt nicht.", field.label())));
    }
    let open = correction::Entity::find()
        .filter(correction::Column::ReferralId.eq(row.id))
        .filter(correction::Column::Field.eq(field.code()))
        .filter(correction::Column::State.eq(CorrectionState::Open.code()));
    if open.one(work.tx()).await?.is_some() {
        return Err(Refusal::not_allowed(format!(
            "Zu „{}“ ist schon eine Meldung offen. Bitte die Entscheidung abwarten oder eine Nachricht schreiben.",
            field.label()
        )));
    }
    let id = new_uuid();
    let copied = handover::Entity::find_by_id(row.id).one(work.tx()).await?.ok_or_else(Refusal::not_found)?;
    let reported = correction::ActiveModel {
        id: Set(id),
        referral_id: Set(row.id),
        case_id: Set(row.case_id),
        field: Set(Code(field)),
        agency_id: Set(work.own_id()),
        staff: Set(Some(work.viewer().subject().to_owned())),
        reported_at: Set(work.now()),
        text: Set(said),
        suggested: Set(suggested),
        value_mark: Set(mark(work, id, copied.text(field).as_deref())),
        state: Set(Code(CorrectionState::Open)),
        decided_at: Set(None),
        decided_text: Set(None),
        decided_staff: Set(None),
    };
    correction::Entity::insert(reported).exec_without_returning(work.tx()).await?;
    let others: Vec<_> = of_case.iter().filter(|other| other.id != row.id && carries(other, field)).collect();
    tell(work, id, &others, ReferralAction::ReportWrongValue, "disputed", field).await?;
    Ok(Done { referral: row.id })
}

/// Decides over a report. ACCEPTED: every open referral of the case gets the value that the case has by now; others that
/// showed the old one are told.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ACTION_NOT_ALLOWED for the receiver, ILLEGAL_TRANSITION for what is decided; BAD_INPUT for a
/// rejection without a text, and for a value that was not corrected in the case.
pub async fn decide_correction(work: &mut Work<'_>, target: Target, input: &Decide) -> Result<Done, Refusal> {
    let of_case = same_case(work, target).await?;
    let row = work.referral(target.id, target.expected_version).await?;
    if row.side == Side::Receiver {
        return Err(Refusal::unmoved(Unmoved::NotYours, ReferralAction::DecideCorrection, row.standing.status));
    }
    let found = match input.correction {
        Some(id) => correction::Entity::find_by_id(id).one(work.tx()).await?.filter(|one| one.referral_id == row.id),
        None => None,
    };
    let found = found.ok_or_else(Refusal::not_found)?;
    if found.state.0 != CorrectionState::Open {
        return Err(Refusal::decided());
    }
    let said = match (input.decision, input.text.as_deref()) {
        (CorrectionDecision::Accepted, None) => None,
        (CorrectionDecision::Rejected, None) => {
            return Err(Refusal::bad_input("Wer eine Meldung zurückweist, sagt in „text“, warum."));
        }
        (CorrectionDecision::Accepted | CorrectionDecision::Rejected, Some(said)) => Some(text("text", said)?),
    };
    let field = found.field.0;
    let (word, fields) = match input.decision {
        CorrectionDecision::Accepted => {
            refresh(work, &row, &found, &of_case).await?;
            ("corrected", same_fact(field).and(row.terms.offered))
        }
        CorrectionDecision::Rejected => ("upheld", FieldSet::of(&[field])),
    };
    let decided = correction::ActiveModel {
        id: Set(found.id),
        state: Set(Code(input.decision.into())),
        decided_at: Set(Some(work.now())),
        decided_text: Set(said),
        decided_staff: Set(Some(work.viewer().subject().to_owned())),
        ..Default::default()
    };
    correction::Entity::update(decided).exec(work.tx()).await?;
    let detail = Some(json!({ word: codes(fields) }));
    work.happen(&row, ReferralAction::DecideCorrection, ChangeKind::Correction, detail, Default::default()).await?;

    let ids: Vec<Uuid> = of_case.iter().filter(|other| other.id != row.id).map(|other| other.id).collect();
    let shown = disclosed::shown(work.database(), work.tx(), &ids, same_fact(field)).await?;
    let accepted = input.decision == CorrectionDecision::Accepted;
    let concerned = |other: &&referral::Model| {
        let got = accepted && is_of_the_case(field) && shown.contains(&other.id);
        other.id != row.id && (carries(other, field) || got)
    };
    let others: Vec<_> = of_case.iter().filter(concerned).collect();
    tell(work, found.id, &others, ReferralAction::DecideCorrection, word, field).await?;
    Ok(Done { referral: row.id })
}

/// All referrals of the target's case, locked before any of them is.
async fn same_case(work: &Work<'_>, target: Target) -> Result<Vec<referral::Model>, Refusal> {
    match target.id {
        Some(id) => Ok(work.writing().same_case(id).await?),
        None => Ok(Vec::new()),
    }
}

/// Whether an open referral of the same case hands over the disputed fact.
fn carries(other: &referral::Model, field: F) -> bool {
    let offered = FieldSet::from_i64(other.offered_fields);
    is_of_the_case(field) && other.status.0.is_open() && !offered.and(same_fact(field)).is_empty()
}

/// Tells the sides of other referrals, and notes that they were told.
async fn tell(
    work: &mut Work<'_>,
    correction: Uuid,
    others: &[&referral::Model],
    action: ReferralAction,
    word: &str,
    field: F,
) -> Result<(), Refusal> {
    for other in others {
        let detail: Value = json!({ word: codes(same_fact(field).and(FieldSet::from_i64(other.offered_fields))) });
        work.affect(other, action, ChangeKind::Correction, &detail).await?;
    }
    if others.is_empty() {
        return Ok(());
    }
    let notices = others.iter().map(|other| correction_notice::ActiveModel {
        correction_id: Set(correction),
        referral_id: Set(other.id),
        told_at: Set(work.now()),
    });
    correction_notice::Entity::insert_many(notices)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(work.tx())
        .await?;
    Ok(())
}

/// Copies what the case says by now into every open handover that has the old value.
async fn refresh(
    work: &mut Work<'_>,
    row: &ReferralRow,
    found: &correction::Model,
    of_case: &[referral::Model],
) -> Result<(), Refusal> {
    let field = found.field.0;
    if !is_of_the_case(field) {
        let copied = handover::Entity::find_by_id(row.id).one(work.tx()).await?;
        let now = copied.and_then(|copied| copied.text(field));
        return corrected(
            work,
            found,
            now.as_deref(),
            "Das Anliegen ist noch dasselbe. Bitte zuerst mit \
             „changeHandover“ neu fassen und dann entscheiden.",
        );
    }
    let offered = of_case.iter().fold(FieldSet::EMPTY, |all, one| all.or(FieldSet::from_i64(one.offered_fields)));
    let values = copy::values(work, row.case_id, offered.or(same_fact(field))).await?;
    corrected(
        work,
        found,
        values.get(field),
        "Im Fall steht noch der gemeldete Wert. Bitte ihn zuerst dort \
         berichtigen und dann entscheiden; stimmt er doch, dann „REJECTED“.",
    )?;
    for one in of_case.iter().filter(|one| carries(one, field)) {
        copy_anew(work, one, field, &values).await?;
    }
    Ok(())
}

/// Refuses if the value is still the one that was reported.
fn corrected(work: &Work<'_>, found: &correction::Model, now: Option<&str>, else_: &str) -> Result<(), Refusal> {
    if mark(work, found.id, now) == found.value_mark { Err(Refusal::bad_input(else_)) } else { Ok(()) }
}

async fn copy_anew(work: &mut Work<'_>, one: &referral::Model, field: F, values: &Values) -> Result<(), Refusal> {
    let offered = FieldSet::from_i64(one.offered_fields);
    let Some(stored) = handover::Entity::find_by_id(one.id).one(work.tx()).await? else { return Ok(()) };
    let mut copied = stored.clone().into_active_model();
    let stale = |field: &F| stored.text(*field).as_deref() != values.get(*field);
    let stale: FieldSet = same_fact(field).and(offered).iter().filter(stale).collect();
    if stale.is_empty() {
        return Ok(());
    }
    for field in stale.iter() {
        copied.set_text(field, values.get(field).map(str::to_owned));
    }
    // The desk finds the client by what this copy says from now on.
    let text = |field| if stale.contains(field) { values.get(field).map(str::to_owned) } else { stored.text(field) };
    let born = text(F::BirthDate).and_then(|born| born.parse().ok());
    let client = text(F::FamilyName).zip(born).map(|(name, born)| work.key().client(&name, born));
    copied.client_fingerprint = Set(client);
    handover::Entity::update(copied.reset_all()).exec(work.tx()).await?;
    // An answer that was begun with the old value is made anew.
    work.closes(one.receiver_id);
    Ok(())
}

/// A mark of a value that says nothing without the key, and another one in each report.
fn mark(work: &Work<'_>, correction: Uuid, value: Option<&str>) -> String {
    work.key().content(&["correction", &correction.to_string(), value.unwrap_or_default()])
}

fn codes(fields: FieldSet) -> Vec<&'static str> {
    fields.iter().map(F::code).collect()
}
