//! Offers a draft. From now on the receiver has its copy.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use kim_domain::deadline::after_working_days;
use kim_domain::disclosure::{self, Stage, Terms};
use kim_domain::field::FieldSet;
use kim_domain::life::ReferralAction;
use kim_domain::purpose::ReferralPurpose;
use kim_entity::handover::HandoverRow;
use kim_entity::keys::{CaseKey, ClientKey, ReferralKey};
use kim_entity::read::{CaseRow, Contact, ReferralRow};
use kim_entity::write::{ConsentScope, OfferColumns, ReferralChange};
use kim_entity::{agency, agreement, consent};
use uuid::Uuid;

use super::duty::{needs_acknowledgement, unacknowledged};
use super::{ReferralResult, Target, copy};
use crate::refusal::WorkError;
use crate::work::{Move, Work};

/// Calendar days within which a body must check whether it is competent (§ 14(1) SGB IX).
const COMPETENCE_CHECK_DAYS: u64 = 14;

/// Input of an offer.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// The draft.
    pub target: Target,
    /// The fields to offer; `None`: the drafted ones.
    pub fields: Option<FieldSet>,
    /// Whether the sender acknowledges the reporting duty of public bodies (§ 87 AufenthG).
    pub acknowledge_reporting_duty: bool,
}

/// The parties of an offer, with today's agreement and consent.
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
        case: CaseKey,
        receiver: agency::Model,
        purpose: ReferralPurpose,
    ) -> Result<Self, WorkError> {
        Ok(Self {
            sender: work.writes().own_agency().await?,
            agreement: work.writes().agreement_in_force(receiver.id, purpose).await?,
            consent: work.writes().consent_of(case, receiver.id, purpose).await?,
            receiver,
            purpose,
        })
    }

    /// The inputs of the disclosure rule at a stage.
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
/// NOT_FOUND, CONFLICT, ILLEGAL_TRANSITION, NO_AGREEMENT, NO_LEGAL_GROUND with the fields that lack one, BAD_INPUT if
/// the reporting duty must be acknowledged first.
pub async fn offer(work: &mut Work<'_>, input: Offer) -> Result<ReferralResult, WorkError> {
    let row = work.referral(input.target.id, input.target.expected_version).await?;
    offer_row(work, &row, input).await
}

pub(super) async fn offer_row(
    work: &mut Work<'_>,
    row: &ReferralRow,
    input: Offer,
) -> Result<ReferralResult, WorkError> {
    let grounds = Grounds::find(work, &[(row, input.fields)]).await?;
    let prepared = grounds.prepare(work, row, input.fields, input.acknowledge_reporting_duty)?;
    write(work, vec![prepared]).await?;
    Ok(ReferralResult { referral: row.id })
}

/// A checked offer, with everything that it writes.
pub(super) struct PreparedOffer<'r> {
    row: &'r ReferralRow,
    copy: HandoverRow,
    with: ReferralChange,
}

/// Writes the offers. None can be refused any more: the drafts are locked, and each was checked.
pub(super) async fn write(work: &mut Work<'_>, mut prepared: Vec<PreparedOffer<'_>>) -> Result<(), WorkError> {
    let copies = prepared.iter_mut().map(|one| (one.row.key(), std::mem::take(&mut one.copy))).collect();
    work.writes().replace_handovers(copies).await?;
    for PreparedOffer { row, with, .. } in prepared {
        work.advance(row, Move { with, ..Move::by(row, ReferralAction::Offer) }).await?;
    }
    Ok(())
}

/// The data on which offers of drafts depend. The number of statements grows only with the number of pairs of receiver
/// and purpose.
pub(super) struct Grounds {
    sender: agency::Model,
    receivers: HashMap<(Uuid, ReferralPurpose), (Option<agency::Model>, Option<agreement::Model>)>,
    /// Cases that are open, and locked until the commit.
    open: BTreeSet<Uuid>,
    cases: HashMap<Uuid, CaseRow>,
    consents: HashMap<ConsentScope, consent::Model>,
    concerns: HashMap<ReferralKey, String>,
}

impl Grounds {
    /// Reads the data for these drafts, each with the fields to offer if they differ from the drafted ones.
    pub(super) async fn find(work: &Work<'_>, drafts: &[(&ReferralRow, Option<FieldSet>)]) -> Result<Self, WorkError> {
        let writes = work.writes();
        let fields = |&(row, fields): &(&ReferralRow, Option<FieldSet>)| fields.unwrap_or(row.terms.offered);
        let fields = drafts.iter().map(fields).fold(FieldSet::EMPTY, FieldSet::or);
        let cases: BTreeSet<Uuid> = drafts.iter().map(|(row, _)| row.rest.case_id()).collect();
        let open = writes.open_cases(&cases).await?;
        let cases = copy::records(work, &cases.into_iter().collect::<Vec<_>>(), fields).await?;
        let pairs: BTreeSet<_> = drafts.iter().map(|(row, _)| (row.receiver_id, row.purpose)).collect();
        let mut receivers = HashMap::new();
        for &(receiver_id, purpose) in &pairs {
            let receiver = writes.receiver(receiver_id, purpose).await?;
            let agreement = writes.agreement_in_force(receiver_id, purpose).await?;
            receivers.insert((receiver_id, purpose), (receiver, agreement));
        }
        let clients: BTreeSet<ClientKey> = cases.iter().map(CaseRow::client).collect();
        let referrals: Vec<ReferralKey> = drafts.iter().map(|(row, _)| row.key()).collect();
        Ok(Self {
            sender: writes.own_agency().await?,
            receivers,
            open,
            consents: writes.consents_of(&clients, &pairs).await?,
            cases: cases.into_iter().map(|case| (case.id, case)).collect(),
            concerns: writes.concerns(&referrals).await?,
        })
    }

    /// Checks an offer and returns what it writes. Writes nothing.
    pub(super) fn prepare<'r>(
        &self,
        work: &Work<'_>,
        row: &'r ReferralRow,
        fields: Option<FieldSet>,
        acknowledge_reporting_duty: bool,
    ) -> Result<PreparedOffer<'r>, WorkError> {
        let today = work.today();
        row.rest
            .standing
            .after(ReferralAction::Offer, crate::work::mover(row))
            .map_err(|why| WorkError::unmoved(why, ReferralAction::Offer, row.status))?;
        if !self.open.contains(&row.rest.case_id()) {
            return Err(WorkError::not_allowed("Der Fall ist abgeschlossen."));
        }
        let case = self.cases.get(&row.rest.case_id()).ok_or_else(WorkError::not_found)?;
        let Some((Some(receiver), Some(agreement))) = self.receivers.get(&(row.receiver_id, row.purpose)) else {
            return Err(WorkError::no_agreement());
        };
        let parties = Parties {
            sender: self.sender.clone(),
            receiver: receiver.clone(),
            purpose: row.purpose,
            agreement: Some(agreement.clone()),
            consent: self.consents.get(&(case.client(), row.receiver_id, row.purpose)).cloned(),
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
        let concern = self.concerns.get(&row.key()).cloned().unwrap_or_else(|| copy::default_concern(row.purpose));
        let client = copy::fingerprints(work, offered, values);
        let mut copy = HandoverRow { client, ..HandoverRow::blank(row.id) };
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
        Ok(PreparedOffer { row, copy, with })
    }
}

/// Refuses an offer without a ground, or fields that would be withheld even after acceptance.
pub(super) fn refuse_without_ground(terms: &Terms) -> Result<(), WorkError> {
    if !disclosure::consent_holds(terms) && disclosure::statutory(terms).is_empty() {
        return Err(WorkError::no_ground(FieldSet::EMPTY));
    }
    let carried = disclosure::visible(terms).fields();
    let lacking = terms.offered.without(carried);
    if carried.is_empty() || !lacking.is_empty() { Err(WorkError::no_ground(lacking)) } else { Ok(()) }
}

/// The day until which competence must be checked for an application for Eingliederungshilfe.
fn statutory_due_on(row: &ReferralRow, first_received_on: NaiveDate) -> Option<NaiveDate> {
    match (row.rest.carries_application, row.purpose) {
        (true, ReferralPurpose::ParticipationSupport) => {
            first_received_on.checked_add_days(Days::new(COMPETENCE_CHECK_DAYS))
        }
        (_, _) => None,
    }
}
