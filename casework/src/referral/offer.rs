//! Offers a draft: from here on the receiver has its copy.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use kim_domain::deadline::after_working_days;
use kim_domain::disclosure::{self, Stage, Terms};
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::handover::HandoverRow;
use kim_entity::read::{CaseRow, Contact, ReferralRow};
use kim_entity::write::{ConsentKey, OfferColumns, ReferralChange};
use kim_entity::{agency, agreement, consent};
use uuid::Uuid;

use super::duty::{needs_acknowledgement, unacknowledged};
use super::{Done, Target, copy};
use crate::refusal::Refusal;
use crate::work::{Move, Work};

/// Days within which a body checks whether it is competent (§ 14(1) SGB IX), calendar days.
const COMPETENCE_CHECK: u64 = 14;

/// How a draft is offered.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// The draft.
    pub target: Target,
    /// Other fields than those drafted.
    pub fields: Option<FieldSet>,
    /// The sender knows what § 87 AufenthG makes public bodies tell.
    pub acknowledge_reporting_duty: bool,
}

/// Those whom an offer concerns, and what carries it today.
#[derive(Debug)]
pub(super) struct Parties {
    pub(super) sender: agency::Model,
    pub(super) receiver: agency::Model,
    pub(super) purpose: ReferralPurpose,
    pub(super) agreement: Option<agreement::Model>,
    pub(super) consent: Option<consent::Model>,
}

impl Parties {
    pub(super) async fn find(
        work: &Work<'_>,
        case_id: Uuid,
        receiver: agency::Model,
        purpose: ReferralPurpose,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            sender: work.writes().own_agency().await?,
            agreement: work.writes().agreement_in_force(receiver.id, purpose).await?,
            consent: work.writes().consent_of(case_id, receiver.id, purpose).await?,
            receiver,
            purpose,
        })
    }

    /// The inputs of the rule at a stage.
    pub(super) fn terms(&self, stage: Stage, offered: FieldSet, today: NaiveDate) -> Terms {
        Terms {
            receiver: self.receiver.kind.0,
            sender: self.sender.kind.0,
            sender_bound_by_203: self.sender.bound_by_203,
            purpose: self.purpose,
            stage,
            agreement: self.agreement.as_ref().map_or(NOTHING_AGREED, Into::into),
            consent: self.consent.as_ref().map(Into::into),
            offered,
            today,
        }
    }
}

const NOTHING_AGREED: disclosure::Agreement =
    disclosure::Agreement { fields: FieldSet::EMPTY, ticked_only: FieldSet::EMPTY, statutory: FieldSet::EMPTY };

/// Offers a draft.
///
/// # Errors
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION, NO_AGREEMENT, NO_LEGAL_GROUND with the fields that lack one, BAD_INPUT where
/// the reporting duty is to be acknowledged first.
pub async fn offer(work: &mut Work<'_>, input: Offer) -> Result<Done, Refusal> {
    let row = work.referral(input.target.id, input.target.expected_version).await?;
    offer_row(work, &row, input).await
}

pub(super) async fn offer_row(work: &mut Work<'_>, row: &ReferralRow, input: Offer) -> Result<Done, Refusal> {
    let grounds = Grounds::find(work, &[(row, input.fields)]).await?;
    let ready = grounds.prepare(work, row, input.fields, input.acknowledge_reporting_duty)?;
    write(work, vec![ready]).await?;
    Ok(Done { referral: row.id })
}

/// An offer that may be made, and what it writes.
pub(super) struct Ready<'r> {
    row: &'r ReferralRow,
    copy: HandoverRow,
    with: ReferralChange,
}

/// Makes these offers. Nothing of them is refused any more: the drafts are locked, and each was prepared.
pub(super) async fn write(work: &mut Work<'_>, mut ready: Vec<Ready<'_>>) -> Result<(), Refusal> {
    let copies: Vec<_> = ready.iter_mut().map(|one| std::mem::take(&mut one.copy)).collect();
    work.tx().replace_handovers(&copies).await?;
    for Ready { row, with, .. } in ready {
        work.advance(row, Move { with, ..Move::by(row, ReferralAction::Offer) }).await?;
    }
    Ok(())
}

/// What offers of drafts rest on: read in some few statements, of which only those for each receiver and purpose grow in
/// number.
pub(super) struct Grounds {
    sender: agency::Model,
    asked: HashMap<(Uuid, ReferralPurpose), (Option<agency::Model>, Option<agreement::Model>)>,
    /// Nobody closes these before the work is done.
    open: BTreeSet<Uuid>,
    cases: HashMap<Uuid, CaseRow>,
    consents: HashMap<ConsentKey, consent::Model>,
    concerns: HashMap<Uuid, String>,
}

impl Grounds {
    /// Of these drafts, each with other fields than drafted or without.
    pub(super) async fn find(work: &Work<'_>, drafts: &[(&ReferralRow, Option<FieldSet>)]) -> Result<Self, Refusal> {
        let writes = work.writes();
        let fields = |&(row, fields): &(&ReferralRow, Option<FieldSet>)| fields.unwrap_or(row.terms.offered);
        let fields = drafts.iter().map(fields).fold(FieldSet::EMPTY, FieldSet::or);
        let cases: BTreeSet<Uuid> = drafts.iter().map(|(row, _)| row.rest.case_id).collect();
        let open = writes.open_cases(&cases).await?;
        let cases = copy::records(work, &cases.into_iter().collect::<Vec<_>>(), fields).await?;
        let pairs: BTreeSet<_> = drafts.iter().map(|(row, _)| (row.receiver_id, row.purpose)).collect();
        let mut asked = HashMap::new();
        for &(receiver_id, purpose) in &pairs {
            let receiver = writes.receiver(receiver_id, purpose).await?;
            let agreement = writes.agreement_in_force(receiver_id, purpose).await?;
            asked.insert((receiver_id, purpose), (receiver, agreement));
        }
        let clients: BTreeSet<Uuid> = cases.iter().map(|case| case.person_id).collect();
        let referrals: Vec<Uuid> = drafts.iter().map(|(row, _)| row.id).collect();
        let concerns = work.tx().handovers(&referrals, FieldSet::of(&[F::Concern])).await?;
        let concern_of = |row: HandoverRow| Some((row.referral_id, row.values.get(F::Concern)?.to_owned()));
        Ok(Self {
            sender: writes.own_agency().await?,
            asked,
            open,
            consents: writes.consents_of(&clients, &pairs).await?,
            cases: cases.into_iter().map(|case| (case.id, case)).collect(),
            concerns: concerns.into_iter().filter_map(concern_of).collect(),
        })
    }

    /// What this offer would write, or why it may not be made. Nothing is written yet.
    pub(super) fn prepare<'r>(
        &self,
        work: &Work<'_>,
        row: &'r ReferralRow,
        fields: Option<FieldSet>,
        acknowledge_reporting_duty: bool,
    ) -> Result<Ready<'r>, Refusal> {
        let today = work.today();
        row.rest
            .standing
            .after(ReferralAction::Offer, crate::work::mover(row))
            .map_err(|why| Refusal::unmoved(why, ReferralAction::Offer, row.status))?;
        if !self.open.contains(&row.rest.case_id) {
            return Err(Refusal::not_allowed("Der Fall ist abgeschlossen."));
        }
        let case = self.cases.get(&row.rest.case_id).ok_or_else(Refusal::not_found)?;
        let Some((Some(receiver), Some(agreement))) = self.asked.get(&(row.receiver_id, row.purpose)) else {
            return Err(Refusal::no_agreement());
        };
        let parties = Parties {
            sender: self.sender.clone(),
            receiver: receiver.clone(),
            purpose: row.purpose,
            agreement: Some(agreement.clone()),
            consent: self.consents.get(&(case.person_id, row.receiver_id, row.purpose)).cloned(),
        };
        let offered = match fields {
            Some(fields) => parties.within_ceiling(fields)?,
            None => row.terms.offered,
        };
        refuse_without_ground(&parties.terms(Stage::Full, offered, today))?;

        let values = &case.record;
        let forms = (parties.sender.legal_form.0, parties.receiver.legal_form.0);
        if needs_acknowledgement(forms.0, forms.1, offered, values, today) && !acknowledge_reporting_duty {
            return Err(unacknowledged());
        }
        let concern = self.concerns.get(&row.id).cloned().unwrap_or_else(|| copy::usual_concern(row.purpose));
        let client_fingerprint = copy::fingerprint(work, offered, values);
        let mut copy = HandoverRow { referral_id: row.id, client_fingerprint, ..Default::default() };
        copy::set(&mut copy, offered, values, &concern);

        let first_received_on = row.rest.first_received_on.unwrap_or(today);
        let with = ReferralChange {
            consent_id: Some(parties.consent.as_ref().map(|consent| consent.id)),
            offered: Some(offered),
            due_on: Some(after_working_days(today, agreement.respond_working_days)),
            receiver_contact: Contact { email: Some(agreement.contact.clone()), ..Contact::default() },
            reporting_duty_acknowledged: Some(acknowledge_reporting_duty),
            offer: Some(OfferColumns {
                agreement_id: agreement.id,
                offered_at: work.now(),
                first_received_on,
                statutory_due_on: statutory_due_on(row, first_received_on),
            }),
            ..Default::default()
        };
        Ok(Ready { row, copy, with })
    }
}

/// Refuses what has no ground: the offer as a whole, or the fields that would be withheld even once accepted.
pub(super) fn refuse_without_ground(terms: &Terms) -> Result<(), Refusal> {
    if !disclosure::consent_holds(terms) && disclosure::statutory(terms).is_empty() {
        return Err(Refusal::no_ground(FieldSet::EMPTY));
    }
    let carried = disclosure::visible(terms).fields();
    let lacking = terms.offered.without(carried);
    if carried.is_empty() || !lacking.is_empty() { Err(Refusal::no_ground(lacking)) } else { Ok(()) }
}

/// The day by which the law wants competence checked, for an application for Eingliederungshilfe.
fn statutory_due_on(row: &ReferralRow, first_received_on: NaiveDate) -> Option<NaiveDate> {
    match (row.rest.carries_application, row.purpose) {
        (true, ReferralPurpose::ParticipationSupport) => {
            first_received_on.checked_add_days(Days::new(COMPETENCE_CHECK))
        }
        (_, _) => None,
    }
}
