//! Adds referrals that continue another one, which case lists cannot express: the draft that a forwarding creates, and a
//! new offer after a decline. Both keep the day of first receipt (§ 16 SGB I).

use chrono::{Days, Months, NaiveDate};
use kim_domain::Word;
use kim_domain::birth_date::BirthDate;
use kim_domain::calendar::{Clock, noon_micros};
use kim_domain::disclosure;
use kim_domain::field::{FieldSet, HandoverField as F};
use kim_domain::id::new_uuid;
use kim_domain::purpose::ReferralPurpose;
use kim_domain::referral::{ReferralKind, ReferralStatus};
use kim_entity::code::Code;
use kim_entity::database::Database;
use kim_entity::handover::HandoverRow;
use kim_entity::unscoped::{DemoCase, DemoClient, ListedConsent, NewCases};
use kim_entity::{agreement, referral, referral_event};
use uuid::Uuid;

use super::enrich::{Cases, begin, rows, wrong};
use crate::failure::Failure;

/// Writes the referrals of `continued_demo.csv`: case number, receiver, purpose, days since the offer, reference. A row
/// without days is the draft of a forwarding, which contains no data of the client yet.
pub(super) async fn referrals(database: &Database, clock: &Clock, file: &[u8]) -> Result<(), Failure> {
    let all = begin(database, clock).await.map_err(Failure::failed)?;
    let cases = Cases::load(&all).await?;
    for [number, to, purpose, days_ago, reference] in rows(file)? {
        let case = cases.get(&number)?;
        let purpose = ReferralPurpose::from_code(&purpose).ok_or_else(|| wrong(&number, &purpose))?;
        let agreement = all.latest_agreement(&to, purpose).await.map_err(Failure::failed)?;
        let agreement = agreement.ok_or_else(|| wrong(&number, &to))?;
        let next = Continuation { id: new_uuid(), case, agreement, reference };
        let rows = match (case.referral.status.0, days_ago.parse()) {
            (ReferralStatus::Forwarded, Err(_)) => next.draft(),
            (ReferralStatus::Declined, Ok(days)) => {
                let day = clock.today().checked_sub_days(Days::new(days)).ok_or_else(|| wrong(&number, &days_ago))?;
                let client = all.demo_client(case.person_id).await.map_err(Failure::failed)?;
                next.offer(&client.ok_or_else(|| wrong(&number, "no such person"))?, day)
            }
            (status, _) => return Err(wrong(&number, status.code())),
        };
        all.insert_cases(rows).await.map_err(Failure::failed)?;
    }
    all.into_tx().commit().await.map_err(Failure::failed)
}

/// A referral to create, and the case with the referral that it continues.
struct Continuation<'a> {
    id: Uuid,
    case: &'a DemoCase,
    agreement: agreement::Model,
    reference: String,
}

impl Continuation<'_> {
    /// A draft that was created at the moment of the forwarding.
    fn draft(&self) -> NewCases {
        let previous = &self.case.referral;
        let at = previous.closed_at.unwrap_or(previous.updated_at);
        NewCases {
            referrals: vec![referral::Model { hops: previous.hops + 1, ..self.referral(at) }],
            handovers: vec![HandoverRow::blank(self.id)],
            events: vec![self.event(at, None, ReferralStatus::Draft)],
            ..Default::default()
        }
    }

    fn offer(&self, client: &DemoClient, day: NaiveDate) -> NewCases {
        let (at, consent) = (noon_micros(day), self.consent(day));
        let offered = referral::Model {
            status: Code(ReferralStatus::Offered),
            pending: true,
            consent_id: Some(consent.id),
            offered_at: at,
            due_on: day + Days::new(14),
            ..self.referral(at)
        };
        NewCases {
            consents: vec![consent],
            referrals: vec![offered],
            handovers: vec![self.handover(client, day)],
            events: vec![self.event(at, Some(ReferralStatus::Draft), ReferralStatus::Offered)],
            ..Default::default()
        }
    }

    /// A draft to the receiver of the agreement that continues the previous referral.
    fn referral(&self, at: i64) -> referral::Model {
        referral::Model {
            id: self.id,
            receiver_id: self.agreement.receiver_id,
            purpose: self.agreement.purpose,
            kind: Code(ReferralKind::Referral),
            status: Code(ReferralStatus::Draft),
            version: 1,
            reference: self.reference.clone(),
            receiver_reference: None,
            agreement_id: Some(self.agreement.id),
            consent_id: None,
            offered_fields: self.fields_without_tick().to_i64(),
            ever_accepted: false,
            pending: false,
            offered_at: 0,
            accepted_at: None,
            closed_at: None,
            closed_on: None,
            due_on: referral::NO_DUE_DATE,
            reason: None,
            suspended_from: None,
            receiver_contact_name: None,
            receiver_contact_phone: None,
            receiver_contact_email: Some(self.agreement.contact.clone()),
            previous_id: Some(self.case.referral.id),
            created_at: at,
            updated_at: at,
            // Case, sender, the sender's contact and the day of first receipt stay the same.
            ..self.case.referral.clone()
        }
    }

    /// Fields that the agreement allows and the client need not tick.
    fn fields_without_tick(&self) -> FieldSet {
        FieldSet::from_i64(self.agreement.fields).without(FieldSet::from_i64(self.agreement.ticked_only))
    }

    fn consent(&self, day: NaiveDate) -> ListedConsent {
        let given = disclosure::Consent {
            fields: self.fields_without_tick(),
            ticked: FieldSet::EMPTY,
            data_protection: true,
            release_from_secrecy: true,
            art9: false,
            valid_from: day,
            valid_until: day.checked_add_months(Months::new(12)),
            withdrawn: false,
        };
        ListedConsent {
            id: new_uuid(),
            person_id: self.case.person_id,
            receiver_id: self.agreement.receiver_id,
            purpose: self.agreement.purpose.0,
            given,
            release_on: Some(day),
            report_outcome: false,
            created_at: noon_micros(day),
        }
    }

    /// The copy that the receiver reads, in the form in which an import writes it.
    fn handover(&self, client: &DemoClient, day: NaiveDate) -> HandoverRow {
        let mut copy = HandoverRow { client: client.fingerprints.clone(), ..HandoverRow::blank(self.id) };
        for field in self.fields_without_tick().iter() {
            let text = if field == F::Concern {
                Some(format!("Es geht um: {}.", self.agreement.purpose.0.label()))
            } else if field == F::Age {
                let born = client.values.get(F::BirthDate);
                born.and_then(|born| Some(born.parse::<BirthDate>().ok()?.age_on(day)?.to_string()))
            } else if field == F::HouseholdMembers {
                // The lists of the example data name nobody of a household.
                None
            } else {
                let values = if self.case.has(field) { &self.case.values } else { &client.values };
                values.get(field).map(str::to_owned)
            };
            copy.values.set(field, text.as_deref());
        }
        copy
    }

    fn event(&self, at: i64, from: Option<ReferralStatus>, to: ReferralStatus) -> referral_event::Model {
        referral_event::Model {
            id: new_uuid(),
            referral_id: self.id,
            at,
            from_status: from.map(Code),
            to_status: Code(to),
            reason: None,
            agency_id: self.case.referral.sender_id,
            staff: None,
            acting_for: None,
            imported: true,
            action: None,
            detail: None,
            senders_alone: false,
        }
    }
}
